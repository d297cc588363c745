"""A replay whose source goes away, is damaged, or is crowded: it says so, and copies no part of it as the whole."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import orjson
import pytest

from schemas.replay_job import ReplayEstimate, ReplayJob, ReplayRange, ReplaySource, ReplayState
from streams import topics
from streams.archive.errors import ArchiveError
from streams.archive.process import Archiving
from streams.bus import admin as catalogue
from streams.bus import jobs
from streams.bus.connect import connect
from streams.bus.interface import Record
from streams.bus.scan import scan
from streams.cli import exits, replay_run
from streams.core.outcome import Usage
from streams.replay import feed, readers, standing
from streams.replay.planning import Asked, plan
from streams.settings import Settings, TopicSettings
from streams.topics import shadow

NOW = datetime(2024, 5, 9, tzinfo=UTC)
COUNT = 60


@pytest.fixture
async def yard(tmp_path):
    settings = Settings(bus=f"sqlite://{tmp_path}/log.db", state=tmp_path, topics=TopicSettings(partitions=1))
    bus = connect(settings)
    async with bus.admin() as admin:
        await catalogue.ensure(admin, settings.topics)
    await put(bus, range(COUNT))
    return bus, settings


async def put(bus, numbers):
    async with bus.producer(client_id="test") as producer:
        for number in numbers:
            body = orjson.dumps({"content": f"Text {number}.", "source_id": str(number)})
            await producer.send(topics.RAW.name, body, key=str(number).encode(), partition=0)
        await producer.flush()


async def planned(yard, **asked):
    bus, settings = yard
    job = await plan(bus, settings, Asked(**asked), datetime.now(UTC))
    await standing.create(bus, settings, job)
    return job


async def copies(bus, job):
    return [record async for records in scan(bus, [shadow(topics.RAW.name, job.job_id)]) for record in records]


async def retain(bus, settings):
    """Let retention take all that is there now, on the embedded log."""
    async with bus.admin() as admin:
        (spec,) = [each for each in catalogue.wanted(settings.topics) if each.name == topics.RAW.name]
        await admin.alter_topic(topics.RAW.name, {**spec.config, "retention.ms": "0"})
        await asyncio.sleep(0.01)  # what is kept for 0 ms is a millisecond old
        assert (await admin.upkeep()).expired == COUNT
        await admin.alter_topic(topics.RAW.name, spec.config)


async def archived(yard):
    bus, settings = yard
    archiving = Archiving(bus, settings, time.monotonic, asyncio.Event(), lambda *_: None, lambda _: None)
    assert await archiving.run(until_drained=True) == COUNT
    return settings.state / "archive"


async def test_what_retention_takes_while_it_is_read_is_told_and_not_passed_over(yard) -> None:
    bus, settings = yard
    job = await planned(yard)
    reading = feed.selected(bus, job, {0: 0})
    assert (await anext(reading)).offset == 0
    await retain(bus, settings)
    await put(bus, range(COUNT, COUNT + 5))
    with pytest.raises(Usage, match="retention took offsets 20 to 59 of partition 0"):
        [each async for each in reading]


async def test_a_plan_on_a_topic_that_lost_its_beginning_reads_what_is_kept(yard) -> None:
    bus, settings = yard
    await retain(bus, settings)
    with pytest.raises(Usage, match="selects no raw record"):
        await planned(yard)
    await put(bus, range(COUNT, COUNT + 5))
    job = await planned(yard)
    assert [(each.context, each.start, each.end) for each in job.ranges] == [(COUNT, COUNT, COUNT + 5)]
    await feed.Feeder(bus, job, Settings()).run()
    assert len(await copies(bus, job)) == 5
    assert await feed.fed(bus, job)


async def test_two_replays_that_are_fed_at_once_have_all_of_their_own(yard) -> None:
    bus, _ = yard
    both = [await planned(yard, name=name) for name in ("one", "two")]
    await asyncio.gather(*(feed.Feeder(bus, job, Settings()).run() for job in both))
    for job in both:
        found = await copies(bus, job)
        assert [orjson.loads(each.value)["source_id"] for each in found] == [str(n) for n in range(COUNT)]


async def test_a_damaged_archive_ends_the_feeder_and_copies_nothing_as_the_whole(yard) -> None:
    folder = await archived(yard)
    job = await planned(yard, source=ReplaySource.ARCHIVE, folder=str(folder))
    (file,) = folder.rglob("*.parquet")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ArchiveError, match=file.name):
        await feed.Feeder(yard[0], job, Settings()).run()
    assert not await copies(yard[0], job)
    file.write_bytes(whole)
    await feed.Feeder(yard[0], job, Settings()).run()
    assert len(await copies(yard[0], job)) == COUNT


async def test_an_archive_may_go_once_all_of_it_is_copied(yard) -> None:
    """Else a replay that is production could not go on with what comes in live."""
    bus, settings = yard
    folder = await archived(yard)
    job = await planned(yard, source=ReplaySource.ARCHIVE, folder=str(folder))
    await feed.Feeder(bus, job, Settings()).run()
    folder.rename(settings.state / "elsewhere")
    assert await feed.fed(bus, job)
    await put(bus, range(COUNT, COUNT + 5))
    going_on = feed.Feeder(bus, job.model_copy(update={"follows": True}), Settings())
    following = asyncio.create_task(going_on.run())
    async with asyncio.timeout(20):
        while len(await copies(bus, job)) < COUNT + 5:
            assert not following.done(), following.result()
            await asyncio.sleep(0.05)
    following.cancel()


async def test_a_run_from_a_damaged_archive_fails_and_says_which_file(yard) -> None:
    """The feeder is a real process; it would be started again for ever if it said `try again`."""
    bus, settings = yard
    folder = await archived(yard)
    job = await jobs.put(bus, await planned(yard, source=ReplaySource.ARCHIVE, folder=str(folder)), NOW)
    (file,) = folder.rglob("*.parquet")
    file.unlink()
    async with asyncio.timeout(60):
        assert await replay_run.run_job(settings, job.job_id, [], as_json=True) == exits.WRONG_USAGE
    stands = await jobs.read(bus, job.job_id)
    assert stands.state is ReplayState.FAILED
    assert file.name in stands.reason


def a_job(number, **more):
    return ReplayJob(**{
        "job_id": f"raw-{number:08}", "source": "raw", "pipeline_version": "x", "settings_digest": "0",
        "ranges": (ReplayRange(partition=0, context=0, start=0, end=9),),
        "estimate": ReplayEstimate(records=9, bytes=1, seconds=1), **more})


async def test_of_hundreds_of_jobs_only_the_one_that_is_watched_is_decoded(yard, monkeypatch) -> None:
    bus, _ = yard
    async with bus.producer(client_id="test") as producer:
        for number in range(300):
            job = a_job(number)
            await producer.send(topics.REPLAY_JOBS.name, job.model_dump_json().encode(), key=job.job_id.encode())
        await producer.flush()
    decoded, decode = [], ReplayJob.model_validate_json
    monkeypatch.setattr(ReplayJob, "model_validate_json", lambda body: decoded.append(body) or decode(body))
    assert len(await jobs.read_all(bus)) == 300 == len(decoded)
    decoded.clear()
    job = await jobs.read(bus, "raw-00000007")
    watch = jobs.Watch(bus, job)
    assert await watch.latest() == job
    paused = await jobs.put(bus, job.model_copy(update={"state": ReplayState.PAUSED}), NOW)
    assert await watch.latest() == paused
    assert len(decoded) == 6  # the read, the watch's two looks, two reads of a put: one of them sees both revisions
    decoded.clear()
    assert await watch.latest() == paused
    assert not decoded
    with pytest.raises(Usage, match="it may be raw-00000010, raw-00000011"):
        await jobs.read(bus, "raw-0000001")


async def test_a_name_or_a_key_that_is_no_text_stops_nobody(yard) -> None:
    bus, _ = yard
    async with bus.producer(client_id="test") as producer:
        await producer.send(topics.REPLAY_JOBS.name, None, key=b"\xff")
        await producer.flush()
    assert await jobs.read_all(bus) == {}
    with pytest.raises(Usage, match="there is no replay"):
        await jobs.read(bus, "raw-\udcff")


@pytest.mark.parametrize(("size", "count", "most"), [
    (100, 10, readers.CHUNK), (80_000, 3, 50), (9_000_000, 1, 1), (0, 4, readers.CHUNK)])
def test_large_records_are_read_few_at_a_time(size, count, most) -> None:
    records = [Record("raw", 0, number, 0, None, bytes(size)) for number in range(count)]
    assert readers.most_of(records) == most
