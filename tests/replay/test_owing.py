"""A replay that was production is dropped once every group that follows has had all of it, and not before."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime

import pytest

from schemas.replay_job import ReplayEstimate, ReplayJob, ReplayRange, ReplayState
from streams import topics
from streams.bus import following, jobs
from streams.bus.connect import connect
from streams.bus.envelope import FED_FROM
from streams.bus.errors import BusError
from streams.bus.interface import TopicPartition
from streams.bus.views import Watch
from streams.core.replay.view import FIRST, held, moved, runs, stretches
from streams.replay import leaving
from streams.replay.owing import Owed, on_the_way, owing
from streams.settings import load_settings
from streams.stages import group_of
from streams.topics import shadow

JOB = "shorter-1"
NOW = datetime(2026, 11, 25, tzinfo=UTC)
RAW, ENRICHED, STATEMENTS = topics.RAW.name, topics.ENRICHED.name, topics.STATEMENTS.name
OWN_RAW, OWN, OWN_STATEMENTS = (shadow(name, JOB) for name in (RAW, ENRICHED, STATEMENTS))
CUT = moved(FIRST, JOB, {0: 3})
BACK = moved(CUT, None, {0: 6})
"""Raw records 3, 4 and 5 were the replay's part."""
PLAN = ReplayJob(
    job_id=JOB, source="raw", state=ReplayState.ROLLED_BACK, pipeline_version="x", settings_digest="0" * 32,
    follows=True, ranges=(ReplayRange(partition=0, context=0, start=0, end=2),),
    estimate=ReplayEstimate(records=2, bytes=1, seconds=1))


@pytest.fixture
async def bus(tmp_path):
    """Eight raw records; both runs are through with them; the replay was production for three of them."""
    bus = connect(load_settings(bus=f"sqlite://{tmp_path / 'log.db'}", state=tmp_path))
    async with bus.admin() as admin:
        for name in (RAW, OWN_RAW, ENRICHED, OWN, STATEMENTS, OWN_STATEMENTS, topics.VIEWS.name, topics.REPLAY_JOBS.name):
            await admin.create_topic(name, 1, {})
    for name in (RAW, OWN_RAW, ENRICHED, OWN):
        await write(bus, name, range(8))
    async with bus.admin() as admin:
        await admin.commit_offsets(group_of("clean", JOB), {TopicPartition(OWN_RAW, 0): 8})
        await admin.commit_offsets(group_of("statements", JOB), {TopicPartition(OWN, 0): 8})
        await admin.commit_offsets(group_of("clean"), {TopicPartition(RAW, 0): 8})
        await admin.commit_offsets(group_of("statements"), {TopicPartition(ENRICHED, 0): 8})  # reads its own run
    await publish(bus, BACK)
    return bus


async def write(bus, topic, offsets):
    async with bus.producer(client_id="test") as producer:
        for offset in offsets:
            origin = f"{RAW}-0-{offset}".encode()
            await producer.send(topic, b"{}", partition=0, headers=(("ce_origin", origin), (FED_FROM, origin)))
        await producer.flush()


async def publish(bus, view):
    async with bus.producer(client_id="test") as producer:
        await producer.send(topics.VIEWS.name, view.model_dump_json().encode(), key=b"production")
        await producer.flush()


async def commit(bus, group, **at):
    async with bus.admin() as admin:
        places = {"here": OWN, "there": ENRICHED, "alert": STATEMENTS, "alert_own": OWN_STATEMENTS}
        await admin.commit_offsets(group, {TopicPartition(places[name], 0): offset for name, offset in at.items()})


async def last(bus):
    async with Watch(bus) as watch:
        return await watch.latest()


HERE, THERE = Owed("mine", OWN, 3), Owed("mine", ENRICHED, 3)


@pytest.mark.parametrize(("at", "owed"), [
    ({"here": 8, "there": 8}, []),
    ({"here": 6, "there": 7}, []),  # what comes after its part is nobody's debt
    ({"here": 5, "there": 8}, [HERE._replace(records=1)]),
    ({"here": 0, "there": 8}, [HERE]),
    ({"here": 0, "there": 5}, [HERE._replace(records=2)]),  # of 5 it is past neither: it reads it there
    ({"here": 0, "there": 2}, []),
    ({"here": 8, "there": 3}, [THERE]),  # it would see them twice
    ({"there": 8}, []),  # reads one topic by its whole name: it follows nothing
    ({"here": 2}, []),
])
async def test_a_group_that_is_away_owes_what_it_would_miss_or_see_twice(bus, at, owed) -> None:
    await commit(bus, "mine", **at)
    assert await owing(bus, BACK, PLAN) == owed


async def test_a_group_that_reads_at_this_moment_owes_all_that_it_is_not_past_in_both(bus) -> None:
    await commit(bus, "mine", here=4, there=4)
    async with bus.consumer(client_id="test", group="mine") as consumer:
        consumer.subscribe([ENRICHED, OWN])
        await consumer.getmany(timeout_ms=1000)
        assert await owing(bus, BACK, PLAN) == [HERE._replace(records=2), THERE._replace(records=2)]


async def test_the_alert_stage_follows_and_other_stages_do_not(bus) -> None:
    for name in (STATEMENTS, OWN_STATEMENTS):
        await write(bus, name, range(2, 8))
    assert await owing(bus, BACK, PLAN) == []
    await commit(bus, group_of("alert"), alert=6)
    assert await owing(bus, BACK, PLAN) == [Owed(group_of("alert"), OWN_STATEMENTS, 3)]
    await commit(bus, group_of("alert"), alert_own=6)
    assert await owing(bus, BACK, PLAN) == []


async def test_a_replay_owes_what_its_own_feeder_and_stages_have_not_done_of_its_part(bus) -> None:
    await write(bus, RAW, range(8, 10))
    wider = moved(CUT, None, {0: 10})
    assert list(stretches(wider, JOB)) == [(0, 3, 10)]
    async with bus.admin() as admin:
        await admin.commit_offsets(group_of("clean"), {TopicPartition(RAW, 0): 10})
    assert await on_the_way(bus, wider, PLAN) == [Owed(None, RAW, 2)]
    await write(bus, OWN_RAW, range(8, 10))
    assert await on_the_way(bus, wider, PLAN) == [Owed(None, OWN_RAW, 2)]
    assert await on_the_way(bus, BACK, PLAN) == []


@pytest.mark.parametrize(("group", "topic"), [("clean", RAW), ("statements", ENRICHED)])
async def test_what_the_run_before_has_on_the_way_of_it_would_be_seen_twice_after_the_drop(bus, group, topic) -> None:
    async with bus.admin() as admin:
        await admin.commit_offsets(group_of(group), {TopicPartition(topic, 0): 4})
    assert await on_the_way(bus, BACK, PLAN) == [Owed(group_of(group), topic, 2)]
    with pytest.raises(BusError, match=f"group {group_of(group)}: 2 of {topic}. To do: start `communique run`"):
        await drop(bus)
    async with bus.admin() as admin:
        await admin.commit_offsets(group_of(group), {TopicPartition(topic, 0): 6})
    assert await on_the_way(bus, BACK, PLAN) == []


async def drop(bus, patience=0.0):
    job = await jobs.read(bus, JOB) if JOB in await jobs.read_all(bus) else await jobs.put(bus, PLAN, NOW)
    told = []
    await leaving.let_go_when_read(bus, job, lambda: NOW, told.append, patience)
    return told


async def test_a_drop_says_who_has_not_read_how_much_and_leaves_all_as_it_is(bus) -> None:
    await commit(bus, "mine", here=4, there=8)
    await commit(bus, "yours", here=8, there=8)
    with pytest.raises(BusError, match=f"group mine: 2 of {OWN}.*consume enriched --group mine --exit-at-end.*--force"):
        await drop(bus)
    view = await last(bus)
    assert (runs(view), view.moving) == ((None, JOB), False)


async def test_a_drop_goes_on_when_they_have_read(bus) -> None:
    await commit(bus, "mine", here=4, there=8)
    dropping = asyncio.create_task(drop(bus, patience=30))
    await asyncio.sleep(0)
    await commit(bus, "mine", here=5)
    await commit(bus, "mine", here=6)
    told = await asyncio.wait_for(dropping, 20)
    assert told == sorted(told, reverse=True)
    assert runs(await last(bus)) == (None,)


async def test_what_is_owed_only_once_readers_wait_is_waited_for_too(bus, monkeypatch) -> None:
    """A group that began to read just then: looked at again while nobody reads on, it is seen."""
    await commit(bus, "mine", here=0, there=2)

    async def as_before(*_):
        await commit(bus, "mine", there=8)
        return []

    monkeypatch.setattr(leaving, "_owed", as_before)
    with pytest.raises(BusError, match=f"group mine: 3 of {OWN}"):
        await drop(bus)
    view = await last(bus)
    assert (runs(view), view.moving) == ((None, JOB), False)


async def test_with_force_it_goes_and_a_drop_that_died_between_its_steps_goes_on(bus) -> None:
    await commit(bus, "mine", here=0, there=8)
    job = await jobs.put(bus, PLAN, NOW)
    await publish(bus, held(BACK, None, "cutover of another"))
    with pytest.raises(jobs.Changed, match="is being moved"):
        await leaving.let_go(bus, job, NOW, force=True)
    await publish(bus, held(BACK, None, f"drop of {JOB}"))
    assert await leaving.let_go(bus, job, NOW, force=True) == []
    view = await last(bus)
    assert (runs(view), view.moving) == ((None,), False)


async def read(bus, seen, *, at_end=False):
    async with Watch(bus) as watch:
        reading = following.in_group(bus, watch, ENRICHED, "mine", at_end=at_end, room=lambda: None)
        async with aclosing(reading):
            async for records in reading:
                seen += [(record.headers[0][1].decode().rpartition("-")[2], record.topic) for record in records]


async def test_a_group_that_begins_to_read_is_known_before_it_has_read_anything(bus) -> None:
    async with bus.admin() as admin:
        reading = following._take_places(bus, [ENRICHED, OWN], "mine")
        assert [each async for each in reading if each] == []
        assert await admin.committed_offsets("mine") == {TopicPartition(OWN, 0): 0, TopicPartition(ENRICHED, 0): 0}
        await commit(bus, "mine", here=4, there=7)
        async for _ in following._take_places(bus, [ENRICHED, OWN], "mine"):
            pass
        assert await admin.committed_offsets("mine") == {TopicPartition(OWN, 0): 4, TopicPartition(ENRICHED, 0): 7}


@pytest.mark.parametrize("behind", [0, 1, 4, 8])
async def test_a_group_that_was_behind_sees_each_once_over_a_drop(bus, behind) -> None:
    """It is anywhere when the drop is asked for, and comes back; then the topics go."""
    await commit(bus, "mine", there=behind, here=0)
    seen = []
    reader = asyncio.create_task(read(bus, seen))
    await asyncio.wait_for(drop(bus, patience=30), 30)
    async with bus.admin() as admin:
        for name in (OWN, OWN_RAW, OWN_STATEMENTS):
            await admin.delete_topic(name)
    await write(bus, ENRICHED, [8])
    async with asyncio.timeout(20):
        while not any(origin == "8" for origin, _ in seen) and not reader.done():
            await asyncio.sleep(0.02)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    own = {"3", "4", "5"}
    first = [str(n) for n in range(behind, 9) if str(n) not in own]
    assert sorted(origin for origin, _ in seen) == sorted([*first, *own])


async def test_whoever_reads_to_the_end_while_a_run_is_dropped_ends_or_is_told(bus) -> None:
    """The topic goes while its records are read; what stood in it is in the run before, so reading again finds all."""
    reading = following.to_end(bus, BACK, ENRICHED)
    assert await anext(reading)  # of the first run's topic
    await leaving.let_go(bus, await jobs.put(bus, PLAN, NOW), NOW, force=True)
    async with bus.admin() as admin:
        await admin.delete_topic(OWN)
    with pytest.raises(BusError, match=r"was dropped while it was read.*Read again"):
        async for _ in reading:
            pass
    again = [record async for records in following.to_end(bus, await last(bus), ENRICHED) for record in records]
    assert len(again) == 8


async def test_a_group_that_reads_to_the_end_while_a_run_is_dropped_ends(bus) -> None:
    """It has a list in hand, which it cannot commit any more."""
    await commit(bus, "mine", there=8, here=4)
    async with Watch(bus) as watch:
        reading = following.in_group(bus, watch, ENRICHED, "mine", at_end=True, room=lambda: None)
        while not (in_hand := await anext(reading)):
            pass
        assert [record.offset for record in in_hand] == [4, 5]
        await leaving.let_go(bus, await jobs.put(bus, PLAN, NOW), NOW, force=True)
        async with bus.admin() as admin:
            await admin.delete_topic(OWN)
        async with asyncio.timeout(20):
            assert [record async for records in reading for record in records] == []
