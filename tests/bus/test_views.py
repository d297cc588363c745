"""Readers follow the view: each raw record's events once, over cutovers, rollbacks and kill -9."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from schemas.view import View
from streams import topics
from streams.bus import following, jobs, scan
from streams.bus.connect import connect
from streams.bus.door import AgentBus, OwnRun
from streams.bus.errors import UnknownTopic
from streams.bus.interface import TopicPartition
from streams.bus.views import Produced, Watch, current, names
from streams.core.replay.view import (
    FIRST,
    given_up,
    held,
    job_now,
    moved,
    run_of,
    runs,
    runs_at_rest,
    without,
)
from streams.settings import load_settings
from streams.topics import shadow
from streams.worker import Ending

ENRICHED = topics.ENRICHED.name
JOB = "shorter-1"


@pytest.fixture
async def bus(tmp_path):
    bus = connect(load_settings(bus=f"sqlite://{tmp_path / 'log.db'}", state=tmp_path))
    async with bus.admin() as admin:
        for name, wide in ((ENRICHED, 2), (shadow(ENRICHED, JOB), 2), (topics.VIEWS.name, 1)):
            await admin.create_topic(name, wide, {})
    return bus


async def write(bus, run, origins):
    """Write an enriched event for each raw record (partition, offset), as a run would."""
    async with bus.producer(client_id="test") as producer:
        for partition, offset in origins:
            origin = f"{topics.RAW.name}-{partition}-{offset}".encode()
            await producer.send(
                shadow(ENRICHED, run), b"%s %s" % (origin, (run or "first").encode()),
                key=origin, headers=(("ce_origin", origin),))
        await producer.flush()


async def publish(bus, view: View):
    async with bus.producer(client_id="test") as producer:
        await producer.send(topics.VIEWS.name, view.model_dump_json().encode(), key=b"production")
        await producer.flush()
    return view


def told(records):
    """Return (partition, offset, run) of each record read."""
    return [
        (*map(int, origin.rsplit("-", 2)[1:]), run)
        for origin, run in (record.value.decode().split(" ") for record in records)
    ]


ALL = [(p, o) for o in range(12) for p in (0, 1)]
CUT = moved(held(FIRST, "Ann", "cutover"), JOB, {0: 5, 1: 7})
BACK = moved(held(CUT, "Ann", "rollback"), None, {0: 9, 1: 8})


def expected(view):
    return sorted((p, o, run_of(view, f"{topics.RAW.name}-{p}-{o}") or "first") for p, o in ALL)


async def test_a_look_has_no_fetch_of_its_own_to_wait_behind_and_sees_every_move(bus):
    async with Watch(bus) as watch:
        for view in (CUT, BACK, CUT):
            await publish(bus, view)
            assert await watch.fresh() == view
            assert watch._consumer.assignment() == frozenset()


@pytest.mark.parametrize(("view", "origin", "run"), [
    (FIRST, "r-0-4", None), (CUT, "r-0-4", None), (CUT, "r-0-5", JOB), (CUT, "r-1-6", None), (CUT, "r-1-7", JOB),
    (CUT, "r-2-0", JOB), (BACK, "r-0-8", JOB), (BACK, "r-0-9", None), (BACK, "r-1-7", JOB), (BACK, "r-1-8", None),
    (CUT, "", JOB), (CUT, "nonsense", JOB),
])
def test_each_raw_record_belongs_to_one_run(view, origin, run) -> None:
    assert run_of(view, origin) == run


def test_a_view_counts_its_changes_and_a_move_may_be_given_up() -> None:
    assert [each.revision for each in (FIRST, CUT, BACK)] == [1, 3, 5]
    assert runs(BACK) == (None, JOB)
    assert (job_now(CUT), job_now(BACK)) == (JOB, None)
    assert given_up(held(CUT, None, "x")).spans == CUT.spans
    assert not given_up(held(CUT, None, "x")).moving


def test_raw_and_alerts_follow_no_view() -> None:
    assert [names(CUT, each.name) for each in (topics.RAW, topics.ALERTS)] == [[topics.RAW.name], [topics.ALERTS.name]]
    assert names(CUT, ENRICHED) == [ENRICHED, shadow(ENRICHED, JOB)]


async def test_without_a_topic_of_views_everything_is_the_first_runs(tmp_path) -> None:
    bus = connect(load_settings(bus=f"sqlite://{tmp_path / 'log.db'}", state=tmp_path))
    assert await current(bus) == FIRST


@pytest.mark.parametrize("view", [FIRST, CUT, BACK])
async def test_what_there_is_comes_once_each_from_its_run(bus, view) -> None:
    for run in (None, JOB):
        await write(bus, run, ALL)
    found = [record async for records in following.to_end(bus, await publish(bus, view), ENRICHED) for record in records]
    assert sorted(told(found)) == expected(view)


async def test_a_reader_waits_while_the_view_is_moved(bus) -> None:
    await publish(bus, held(FIRST, "Ann", "cutover"))
    async with Watch(bus) as watch:
        waiting = asyncio.create_task(watch.fresh())
        await asyncio.wait({waiting}, timeout=0.3)
        assert not waiting.done()
        await publish(bus, CUT)
        assert await waiting == CUT


async def read_on(bus, seen, *, group=None, starts=None):
    """Read as `consume` does until cancelled; in a group, or from a place."""
    async with Watch(bus) as watch:
        await watch.fresh()
        reading = (
            following.in_group(bus, watch, ENRICHED, group, at_end=False, room=lambda: None)
            if group else following.on(bus, watch, ENRICHED, starts))
        async with aclosing(reading):
            async for records in reading:
                seen += told(records)


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("group", [None, "mine"])
async def test_a_running_reader_sees_each_article_once_over_cutover_and_rollback(bus, group) -> None:
    """Both runs process all; each is somewhere else when the pointer moves, and the old one is behind."""
    seen: list[tuple[int, int, str]] = []
    starts = await scan.starts_at_end(bus, [ENRICHED])
    reader = asyncio.create_task(read_on(bus, seen, group=group, starts=starts))
    await write(bus, None, [(0, 0), (1, 0), (1, 1)])
    await write(bus, JOB, ALL[:10])
    await until(lambda: len(seen) == 3)
    await publish(bus, held(FIRST, "Ann", "cutover"))
    await publish(bus, CUT)
    come = [(p, o) for p, o in ALL if run_of(BACK, f"r-{p}-{o}") or o < 7]  # before the rollback's cut
    await write(bus, JOB, [each for each in come if each not in ALL[:10]])
    await write(bus, None, [each for each in come if each not in {(0, 0), (1, 0), (1, 1)}])  # the old run, late
    await until(lambda: len(seen) >= len(come))
    await publish(bus, held(CUT, "Ann", "rollback"))
    await publish(bus, BACK)
    for run in (JOB, None):
        await write(bus, run, [each for each in ALL if each not in come])
    await until(lambda: len(seen) >= len(ALL))
    await asyncio.wait({reader}, timeout=0.7)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    assert sorted(seen) == expected(BACK)


@pytest.mark.parametrize("die_after", [0, 1, 7, 13, 21])
async def test_a_group_keeps_its_place_in_both_runs_when_a_reader_dies(bus, die_after) -> None:
    """What was committed is not read again; what a reader had in hand comes again: never less than once."""
    for run in (None, JOB):
        await write(bus, run, ALL)
    await publish(bus, CUT)
    committed: list[tuple[int, int, str]] = []
    for most in (die_after, 1000):
        in_hand: list[tuple[int, int, str]] = []
        async with Watch(bus) as watch:
            # `room` is asked after each commit: what was let out by then is committed
            def room(hand=in_hand, most=most):
                committed.extend(hand)
                hand.clear()
                return min(3, max(0, most - len(committed)))

            reading = following.in_group(bus, watch, ENRICHED, "mine", at_end=True, room=room)
            async with aclosing(reading):
                async for records in reading:
                    in_hand += told(records)
                    if len(committed) + len(in_hand) > die_after and most == die_after:
                        break
    committed += in_hand
    assert sorted(committed) == expected(CUT)


async def test_a_place_is_an_offset_in_every_topic(bus) -> None:
    for run in (None, JOB):
        await write(bus, run, ALL)
    await publish(bus, CUT)
    async with Watch(bus) as watch:
        async for _ in following.in_group(bus, watch, ENRICHED, "mine", at_end=True, room=lambda: None):
            pass
    async with bus.admin() as admin:
        places = await admin.committed_offsets("mine")
    assert {place.topic for place in places} == {ENRICHED, shadow(ENRICHED, JOB)}
    assert sum(places.values()) == 2 * len(ALL)
    assert TopicPartition(ENRICHED, 0) in places


async def produced(bus, view):
    await publish(bus, view)

    def die(why):
        raise SystemExit(why)

    return await Produced.open(bus, die)


async def records_of(bus, run):
    return [record async for records in scan.scan(bus, [shadow(ENRICHED, run)]) for record in records]


async def test_a_stage_that_never_forks_takes_each_from_its_run_and_knows_of_a_move_at_once(bus) -> None:
    """Over the cutover and back; what was polled before the pointer moved is judged by where it is now."""
    for run in (None, JOB):
        await write(bus, run, ALL)
    stage = await produced(bus, CUT)
    assert stage.runs == (None, JOB)
    polled = [record for run in stage.runs for record in await records_of(bus, run)]
    assert sorted(told(await stage.seen(polled))) == expected(CUT)
    await publish(bus, BACK)
    assert sorted(told(await stage.seen(polled))) == expected(BACK)
    await stage.watch.__aexit__()


async def test_a_stage_starts_again_to_read_a_run_that_it_does_not_know(bus) -> None:
    await write(bus, None, ALL)
    stage = await produced(bus, FIRST)
    polled = await records_of(bus, None)
    assert len(await stage.seen(polled)) == len(ALL)
    await publish(bus, CUT)
    with pytest.raises(SystemExit, match="production has moved"):
        await stage.seen(polled)
    ending = Ending()
    stage.move_on = ending.move_on
    assert sorted(told(await stage.seen(polled))) == [each for each in expected(CUT) if each[2] == "first"]
    assert (ending.told.is_set(), ending.code) == (True, 75)
    await stage.watch.__aexit__()


def test_a_worker_that_was_told_to_stop_stops_with_0_though_production_moves_meanwhile() -> None:
    ending = Ending()
    ending.told.set()
    ending.move_on("production has moved")
    assert ending.code == 0


@pytest.mark.parametrize(("runs_read", "job", "expected_names"), [
    ((None,), None, [ENRICHED]), ((None, JOB), None, [ENRICHED, shadow(ENRICHED, JOB)]),
    ((None,), JOB, [shadow(ENRICHED, JOB)]),
])
def test_an_agents_channel_is_all_runs_that_are_read(runs_read, job, expected_names) -> None:
    class Reads(OwnRun):
        runs = runs_read

    asked = []
    door = AgentBus(
        load_settings(run__job=job), "alert", None, None, lambda *names: asked.extend(names), None, None,
        production=Reads())
    door.topic(topics.ENRICHED)
    assert asked == expected_names == list(door.specs)


@pytest.mark.parametrize(("view", "order"), [
    (FIRST, (None,)), (CUT, (None, JOB)), (BACK, (JOB, None)), (moved(BACK, JOB, {0: 20, 1: 20}), (None, JOB)),
])
def test_of_what_several_runs_have_at_rest_that_of_production_counts(view, order) -> None:
    assert runs_at_rest(view) == order


async def test_a_replay_that_is_dropped_leaves_its_raw_records_to_the_run_before(bus) -> None:
    await write(bus, None, ALL)
    seen: list[tuple[int, int, str]] = []
    await publish(bus, BACK)
    starts = await scan.starts_since(bus, [ENRICHED, shadow(ENRICHED, JOB)], 0)
    reader = asyncio.create_task(read_on(bus, seen, starts=starts))
    await until(lambda: len(seen) == sum(run == "first" for _, _, run in expected(BACK)))
    await publish(bus, without(BACK, JOB))
    await asyncio.wait({reader}, timeout=1.2)
    assert not reader.done()
    async with bus.admin() as admin:
        await admin.delete_topic(shadow(ENRICHED, JOB))
    await write(bus, None, [(0, 12)])
    await until(lambda: (0, 12, "first") in seen)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    found = [record async for records in following.to_end(bus, await current(bus), ENRICHED) for record in records]
    assert sorted(told(found)) == sorted((p, o, "first") for p, o in [*ALL, (0, 12)])


async def test_what_a_stranger_writes_on_the_topics_of_views_and_jobs_stops_nobody(bus):
    async with bus.admin() as admin:
        await admin.create_topic(topics.REPLAY_JOBS.name, 1, {})
    view = await publish(bus, CUT)
    async with bus.producer(client_id="test") as producer:
        for body in (b"{", b'{"runs": 7}', b"[]"):
            await producer.send(topics.VIEWS.name, body, key=b"production")
            await producer.send(topics.REPLAY_JOBS.name, body, key=b"x")
        await producer.flush()
    assert await current(bus) == view
    assert await jobs.read_all(bus) == {}


@pytest.mark.parametrize("group", [None, "mine"])
async def test_a_running_reader_outlives_the_drop_of_a_run_and_loses_nothing_of_those_that_remain(bus, group) -> None:
    """The topic is deleted the moment the view leaves it out, as `replay drop` does: the reader waits in it."""
    for run in (None, JOB):
        await write(bus, run, ALL)
    await publish(bus, BACK)
    seen: list[tuple[int, int, str]] = []
    starts = await scan.starts_since(bus, [ENRICHED, shadow(ENRICHED, JOB)], 0)
    reader = asyncio.create_task(read_on(bus, seen, group=group, starts=starts))
    await until(lambda: len(seen) == len(ALL))
    await write(bus, None, [(0, 12)])
    await publish(bus, without(BACK, JOB))
    async with bus.admin() as admin:
        await admin.delete_topic(shadow(ENRICHED, JOB))
    await write(bus, None, [(1, 12)])
    await until(lambda: reader.done() or len(seen) >= len(ALL) + 2)
    await asyncio.wait({reader}, timeout=0.6)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    assert sorted(seen) == sorted([*expected(BACK), (0, 12, "first"), (1, 12, "first")])


async def test_a_topic_that_is_gone_although_its_run_is_read_is_an_error(bus) -> None:
    await publish(bus, BACK)
    reader = asyncio.create_task(read_on(bus, [], group="mine"))
    async with bus.admin() as admin:
        while "mine" not in await admin.live_groups():
            await asyncio.sleep(0.02)
        await admin.delete_topic(shadow(ENRICHED, JOB))
    with pytest.raises(UnknownTopic, match=JOB):
        await asyncio.wait_for(reader, 10)
