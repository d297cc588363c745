"""What is planned, and how it is copied: on the embedded log, without any stage."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import orjson
import pytest

from schemas.ids import digest
from schemas.registry import type_name
from schemas.replay_job import OffsetRange, ReplaySelector, ReplaySource, ReplayState
from schemas.takedown import Takedown
from streams import topics
from streams.archive.process import Archiving
from streams.audit.dead import dead_letters
from streams.bus import admin as catalogue
from streams.bus import envelope, jobs
from streams.bus.blank import taken_down
from streams.bus.connect import connect
from streams.bus.interface import Record, TopicPartition
from streams.bus.scan import scan
from streams.core.outcome import Usage
from streams.replay import feed, moving, settled, standing
from streams.replay.planning import Asked, _earliest, plan
from streams.replay.source import merged
from streams.settings import Settings, TopicSettings
from streams.topics import shadow

NOW = datetime(2024, 5, 9, tzinfo=UTC)
OPTIONS = Settings()


@pytest.fixture
async def bus(tmp_path):
    settings = Settings(bus=f"sqlite://{tmp_path}/log.db", state=tmp_path, topics=TopicSettings(partitions=2))
    found = connect(settings)
    async with found.admin() as admin:
        await catalogue.ensure(admin, settings.topics)
    return SimpleNamespace(bus=found, settings=settings)


async def put(bus, count, *, first=0, partition=None, headers=(), outlet="Gazette"):
    async with bus.producer(client_id="test") as producer:
        for number in range(first, first + count):
            body = orjson.dumps({"content": f"Text {number}.", "source_id": str(number), "outlet": outlet})
            await producer.send(
                topics.RAW.name, body, key=str(number).encode(), headers=headers,
                partition=number % 2 if partition is None else partition)
        await producer.flush()


async def planned(yard, **asked):
    job = await plan(yard.bus, yard.settings, Asked(**asked), datetime.now(UTC))
    await standing.create(yard.bus, yard.settings, job)
    return job


async def copies(bus, job):
    return [record async for records in scan(bus, [shadow(topics.RAW.name, job.job_id)]) for record in records]


async def fed(yard, job):
    feeder = feed.Feeder(yard.bus, job, OPTIONS)
    await feeder.run()
    return feeder


async def test_every_record_is_copied_into_its_partition_with_its_origin_and_first_mode(bus):
    await put(bus.bus, 5, headers=(("ce_deliverymode", b"backfill"), ("ce_origin", b"x-0-0"), ("mine", b"1")))
    job = await planned(bus)
    await put(bus.bus, 3, first=5)
    assert (await fed(bus, job)).copied == 5
    for copy in await copies(bus.bus, job):
        its = envelope.of_fed(copy, "news.article.raw.v1")
        assert its.origin == f"{topics.RAW.name}-{copy.partition}-{copy.offset}"
        assert (its.delivery_mode, its.origin_mode, its.replay_job_id) == ("replay", "backfill", job.job_id)
        assert dict(copy.headers)["mine"] == b"1"
        assert copy.key == orjson.loads(copy.value)["source_id"].encode()


@pytest.mark.parametrize("died_after", [1, 4, 6, 7])
async def test_a_feeder_that_died_goes_on_behind_its_last_copy(bus, died_after):
    await put(bus.bus, 7)
    job = await planned(bus)
    async with bus.bus.producer(client_id="test") as producer:
        done = 0
        async for record in feed.selected(bus.bus, job, {0: 0, 1: 0}):
            if done < died_after:
                await feed.Feeder(bus.bus, job, OPTIONS)._copy(producer, record, live=False)
                done += 1
        await producer.flush()
    assert (await fed(bus, job)).copied == 7 - died_after
    found = [dict(copy.headers)["ce_fedfrom"] for copy in await copies(bus.bus, job)]
    assert len(found) == len(set(found)) == 7
    assert await feed.fed(bus.bus, job)


async def test_a_redriven_record_is_copied_once_though_its_origin_lies_before(bus):
    await put(bus.bus, 2, partition=0)
    job = await planned(bus)
    assert (await fed(bus, job)).copied == 2
    last = (await copies(bus.bus, job))[-1]
    async with bus.bus.producer(client_id="test") as producer:
        its = envelope.of_raw(Record(topics.RAW.name, 0, 2, 0, None, b"{}"), type_name(topics.RAW.model))
        redriven = its.model_copy(update={"origin": f"{topics.RAW.name}-0-0"})
        record = Record(topics.RAW.name, 0, 2, 0, last.key, last.value)
        await producer.send(
            shadow(topics.RAW.name, job.job_id), last.value, partition=0,
            headers=envelope.fed(record, redriven, job.job_id))
        await producer.flush()
    assert (await feed.resume_at(bus.bus, job))[0] == 3


async def test_a_part_may_begin_at_an_offset_that_holds_no_record():
    class Holes:
        async def read(self, partition, start, end):
            return [Record("raw", partition, 7, 5_000 + partition, None, b"")] if start <= 7 < end else []

    assert (await _earliest(Holes(), {0: (3, 9), 1: (3, 9), 2: (3, 5)})).timestamp() == 5
    with pytest.raises(Usage, match="no raw record"):
        await _earliest(Holes(), {0: (3, 5)})


async def test_records_come_oldest_first_over_all_partitions():
    rows = {0: [1, 5, 6], 1: [2, 3, 9]}

    class Two:
        async def read(self, partition, start, end):
            return [Record("raw", partition, n, rows[partition][n], None, b"") for n in range(start, min(end, start + 2))]

    found = [(each.partition, each.offset) async for each in merged(Two(), {0: 0, 1: 0}, {0: 3, 1: 3})]
    assert found == [(0, 0), (1, 0), (1, 1), (0, 1), (0, 2), (1, 2)]


async def test_a_replay_that_follows_goes_on_with_what_comes_in_live(bus):
    await put(bus.bus, 4)
    job = await planned(bus)
    await fed(bus, job)
    await put(bus.bus, 2, first=4)
    following = asyncio.create_task(fed(bus, job.model_copy(update={"follows": True})))
    try:
        async with asyncio.timeout(20):
            while len(await copies(bus.bus, job)) < 6:
                await asyncio.sleep(0.05)
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
    modes = [envelope.of_fed(copy, "t").delivery_mode for copy in await copies(bus.bus, job)]
    assert sorted(modes) == ["live"] * 2 + ["replay"] * 4


async def takes_back(bus, source_id, *origins):
    article = digest("article", "source", source_id)
    event = Takedown(takedown_id=f"t{source_id}", article_id=article, state="done", reason="x", taken_at=NOW, origins=origins)
    async with bus.producer(client_id="test") as producer:
        await producer.send(topics.TAKEDOWNS.name, event.model_dump_json().encode(), key=article.encode())
        await producer.flush()


async def test_what_was_taken_back_is_fed_as_a_stub_also_where_raw_still_has_it_whole(bus):
    """As Kafka does; and what comes again under its name, while live records are followed."""
    await put(bus.bus, 4)
    job = await planned(bus)
    await takes_back(bus.bus, "2", f"{topics.RAW.name}-0-1")
    await fed(bus, job)
    assert [taken_down(each) for each in sorted(await copies(bus.bus, job), key=lambda each: (each.partition, each.offset))] == [None, "t2", None, None]
    following = asyncio.create_task(fed(bus, job.model_copy(update={"follows": True})))
    try:
        async with asyncio.timeout(20):
            await put(bus.bus, 2, first=2)
            while len(await copies(bus.bus, job)) < 6:
                await asyncio.sleep(0.05)
            await takes_back(bus.bus, "3", f"{topics.RAW.name}-1-1")
            while not taken_down((await copies(bus.bus, job))[-1]):
                await put(bus.bus, 1, first=3)
                await asyncio.sleep(0.05)
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
    again = [each for each in await copies(bus.bus, job) if b'"source_id":"2"' in (each.value or b"")]
    assert again == []
    assert all(envelope.of_fed(each, "t").replay_job_id == job.job_id for each in await copies(bus.bus, job))


@pytest.mark.parametrize(("refuse_again", "stubs"), [(True, 2), (False, 1)])
async def test_what_comes_again_is_fed_whole_where_it_may_come_again(bus, refuse_again, stubs):
    await put(bus.bus, 4)
    await put(bus.bus, 1, first=2)
    await takes_back(bus.bus, "2", f"{topics.RAW.name}-0-1")
    job = await planned(bus)
    await feed.Feeder(bus.bus, job, Settings(takedown={"refuse_again": refuse_again})).run()
    assert sum(taken_down(each) is not None for each in await copies(bus.bus, job)) == stubs


async def test_what_raw_no_longer_keeps_is_not_passed_over(bus):
    await put(bus.bus, 4)
    job = await planned(bus)
    for beyond in (job.model_copy(update={"ranges": (job.ranges[0].model_copy(update={"end": 99}),)}),):
        with pytest.raises(Usage, match="plan anew, or from an archive"):
            await fed(bus, beyond)


async def test_the_same_plan_is_the_same_job_and_another_setting_is_another(bus):
    await put(bus.bus, 4)
    one, two = await planned(bus), await planned(bus)
    other = bus.settings.model_copy(update={"cleaning": bus.settings.cleaning.model_copy(update={"min_chars": 41})})
    assert one == two
    assert (await plan(bus.bus, other, Asked(), NOW)).job_id != one.job_id
    assert one.settings["dedup.lateness_hours"] == "null"
    assert one.settings == {name: value for name, value in one.settings.items() if isinstance(value, str)}


async def test_settings_that_a_plan_keeps_come_back_from_the_environment_as_they_were(bus, monkeypatch):
    kept = settled.settled(bus.settings)
    for name, value in settled.as_environment(kept, follows=False).items():
        monkeypatch.setenv(name, value)
    again = Settings(bus=bus.settings.bus, state=bus.settings.state)
    assert {group: getattr(again, group) for group in settled.GROUPS} == {
        group: getattr(bus.settings, group) for group in settled.GROUPS}


async def test_a_part_has_what_came_before_it_as_context(bus):
    await put(bus.bus, 6)
    await asyncio.sleep(0.005)  # another millisecond: the log stamps records by these
    await put(bus.bus, 4, first=6)
    job = await planned(bus, selector=ReplaySelector(offsets=(OffsetRange(partition=0, start=3, end=5),)))
    assert [(each.partition, each.context, each.start, each.end) for each in job.ranges] == [(0, 0, 3, 5), (1, 0, 5, 5)]
    assert job.compares(0, 3)
    assert not job.compares(0, 2)
    assert not job.compares(1, 4)
    none = await planned(bus, context_hours=0, selector=ReplaySelector(offsets=(OffsetRange(partition=0, start=3, end=5),)))
    assert none.range_of(0).context == 3


async def test_a_selection_by_outlet_ends_at_its_last_record_and_copies_no_other(bus):
    await put(bus.bus, 4)
    await put(bus.bus, 2, first=4, outlet="Harbour")
    await put(bus.bus, 4, first=6)
    job = await planned(bus, selector=ReplaySelector(outlets=("Harbour",)))
    assert job.estimate.records == 2
    assert [(each.start, each.end) for each in job.ranges] == [(2, 3), (2, 3)]
    assert (await fed(bus, job)).copied == 2
    ids = await planned(bus, selector=ReplaySelector(ids=("7", "1"), outlets=("Gazette",)))
    assert (await fed(bus, ids)).copied == 2


async def test_dead_letters_are_replayed_by_their_raw_records(bus):
    await put(bus.bus, 4)
    def told(topic):
        return (("__streams.errors.topic", topic.encode()), ("__streams.errors.partition", b"1"),
                ("__streams.errors.offset", b"0"), ("__streams.errors.code", b"BUG"))

    async with bus.bus.producer(client_id="test") as producer:
        await producer.send(topics.RAW.dead_letters, b"x", headers=told(topics.RAW.name), partition=1)
        await producer.send(
            topics.TAGGED.dead_letters, b"x", partition=0,
            headers=(("ce_origin", f"{topics.RAW.name}-0-1".encode()), *told(topics.TAGGED.name)))
        await producer.flush()
    job = await planned(bus, source=ReplaySource.DEAD_LETTERS)
    assert job.selector.origins == (f"{topics.RAW.name}-0-1", f"{topics.RAW.name}-1-0")
    assert (await fed(bus, job)).copied == 2


NONSENSE = [
    (Asked(selector=ReplaySelector(since=NOW, until=NOW - timedelta(days=1))), "is not before the end"),
    (Asked(selector=ReplaySelector(since=NOW + timedelta(days=36500))), "is not before the end"),
    (Asked(selector=ReplaySelector(offsets=(OffsetRange(partition=7, start=0, end=1),))), "partition 7 has 0 to 0"),
    (Asked(selector=ReplaySelector(offsets=(OffsetRange(partition=0, start=1, end=99),))), "partition 0 has 0 to 2"),
    (Asked(selector=ReplaySelector(outlets=("Nobody",))), "selects no raw record"),
    (Asked(source=ReplaySource.DEAD_LETTERS), "there is no dead letter"),
    (Asked(articles=("f00d",)), "no article has the id f00d"),
    (Asked(name="Not a name"), "--name Not a name"),
    (Asked(source=ReplaySource.ARCHIVE, folder="/nowhere/at/all"), "is no archive"),
]


@pytest.mark.parametrize(("asked", "told"), NONSENSE, ids=[told for _, told in NONSENSE])
async def test_nonsense_is_refused_and_said(bus, asked, told):
    await put(bus.bus, 4)
    with pytest.raises(Usage, match=told):
        await plan(bus.bus, bus.settings, asked, NOW)


async def test_of_two_who_change_a_job_one_is_told(bus):
    await put(bus.bus, 4)
    job = await jobs.put(bus.bus, await planned(bus), NOW)
    paused = await jobs.put(bus.bus, job.model_copy(update={"state": ReplayState.PAUSED}), NOW)
    assert (paused.revision, await jobs.read(bus.bus, job.job_id[:7])) == (2, paused)
    with pytest.raises(jobs.Changed, match="was changed meanwhile: it is paused"):
        await jobs.put(bus.bus, job.model_copy(update={"state": ReplayState.DROPPED}), NOW)


async def test_what_is_taken_down_is_the_replays_own_and_twice_is_fine(bus):
    await put(bus.bus, 4)
    job, other = await planned(bus), await planned(bus, name="other")
    await fed(bus, job)
    async with bus.bus.admin() as admin:
        before = set(await admin.describe_topics())
        deleted = await standing.take_down(bus.bus, bus.settings, job.job_id)
        after = set(await admin.describe_topics())
        assert len(before - after) == deleted == len(catalogue.wanted_of_job(bus.settings.topics, job.job_id))
        assert all(job.job_id in name for name in before - after)
        assert await standing.take_down(bus.bus, bus.settings, job.job_id) == 0
        assert any(other.job_id in name for name in after)
        ends = await admin.end_offsets([topics.RAW.name])
    assert ends == {TopicPartition(topics.RAW.name, 0): 2, TopicPartition(topics.RAW.name, 1): 2}


async def test_an_archive_is_replayed_as_the_topic_is(bus):
    await put(bus.bus, 6)
    archiving = Archiving(bus.bus, bus.settings, time.monotonic, asyncio.Event(), lambda *_: None, lambda _: None)
    assert await archiving.run(until_drained=True) == 6
    here = await planned(bus)
    there = await planned(bus, source=ReplaySource.ARCHIVE, folder=str(bus.settings.state / "archive"))
    assert there.ranges == here.ranges
    for job in (here, there):
        assert (await fed(bus, job)).copied == 6
        assert await feed.fed(bus.bus, job)

    def told(copy):
        return copy.key, copy.value, tuple(pair for pair in copy.headers if pair[0] != "ce_replayjobid")

    ours, theirs = [sorted(await copies(bus.bus, job), key=lambda each: each.at) for job in (here, there)]
    assert [told(each) for each in theirs] == [told(each) for each in ours]


async def test_a_partition_that_is_empty_at_the_plan_is_followed_too(bus):
    await put(bus.bus, 2, partition=0)
    job = await planned(bus)
    assert [(each.partition, each.end) for each in job.ranges] == [(0, 2), (1, 0)]
    await fed(bus, job)
    await put(bus.bus, 1, first=2, partition=1)
    following = asyncio.create_task(fed(bus, job.model_copy(update={"follows": True})))
    try:
        async with asyncio.timeout(20):
            while len(await copies(bus.bus, job)) < 3:
                await asyncio.sleep(0.05)
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


async def test_a_replay_that_leaves_records_out_never_becomes_production(bus):
    await put(bus.bus, 2)
    job = await planned(bus, selector=ReplaySelector(ids=("1",)))
    with pytest.raises(Usage, match="production needs them all"):
        await moving.follow(bus.bus, job, NOW)


async def test_dead_letters_of_a_replay_are_its_own(bus):
    await put(bus.bus, 2)
    job = await planned(bus)
    topic = shadow(topics.RAW.dead_letters, job.job_id)
    told = (("__streams.errors.topic", topic.removesuffix(".dlt").encode()), ("__streams.errors.partition", b"0"),
            ("__streams.errors.offset", b"0"), ("__streams.errors.code", b"BUG"))
    async with bus.bus.producer(client_id="test") as producer:
        await producer.send(topic, b"x", headers=told, partition=0)
        await producer.flush()
    assert [each async for each in dead_letters(bus.bus)] == []
    assert len([each async for each in dead_letters(bus.bus, topic)]) == 1
