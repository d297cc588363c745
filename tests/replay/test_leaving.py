"""A drop on a busy flow ends: statements are revised for ever in both runs, and no reader misses the last of one."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from streams.bus import following, jobs
from streams.bus.errors import BusError
from streams.bus.interface import TopicPartition
from streams.bus.views import Watch
from streams.core.outcome import Usage
from streams.core.replay.view import held, is_production, left, moved, runs
from streams.replay import leaving, moving
from streams.stages import group_of
from streams.topics import FOUND, shadow
from tests.replay.test_owing import (  # noqa: F401  # bus is a fixture
    BACK,
    CUT,
    JOB,
    NOW,
    OWN,
    OWN_RAW,
    OWN_STATEMENTS,
    PLAN,
    RAW,
    STATEMENTS,
    bus,
    commit,
    drop,
    last,
    publish,
    write,
)

OUT = left(BACK, JOB, [(STATEMENTS, 0, 7)])


@pytest.mark.parametrize(("number", "run", "offset", "seen"), [
    (4, JOB, 99, True), (4, None, 6, False), (4, None, 7, True),  # of its part: its own, and what comes now there
    (2, None, 0, True), (2, JOB, 99, False), (6, None, 0, True), (6, JOB, 99, False),  # others are as they were
])
def test_of_a_replay_that_leaves_both_runs_are_production_from_where_readers_waited(number, run, offset, seen) -> None:
    place = (STATEMENTS if run is None else OWN_STATEMENTS, 0, offset)
    assert is_production(OUT, f"{RAW}-0-{number}", run, place) is seen
    assert is_production(OUT, f"{RAW}-0-4", None, (STATEMENTS, 1, 0))  # a partition that was not there then


def test_a_move_leaves_what_leaves_as_it_is() -> None:
    assert moved(held(OUT, None, "x"), "other-2", {0: 9}).leaving == OUT.leaving


async def revise(bus, wanted: list[str], over: asyncio.Event) -> None:  # noqa: F811
    """Revise a statement of the part until told to stop; the replay is level, the run before a little later."""
    async with bus.producer(client_id="test") as producer:
        for number in range(5000):
            for name, revision in ((OWN_STATEMENTS, number), (STATEMENTS, number - 2)):
                if revision >= 0 and name in wanted:
                    headers = (("ce_origin", f"{RAW}-0-4".encode()),)
                    await producer.send(name, b"%d" % revision, key=b"s", partition=0, headers=headers)
            await producer.flush()
            if over.is_set():
                return
            await asyncio.sleep(0.01)


async def test_a_drop_ends_while_statements_of_the_part_are_revised_and_a_group_misses_none(bus) -> None:  # noqa: F811
    over, seen, wanted = asyncio.Event(), [], [STATEMENTS, OWN_STATEMENTS]

    async def read() -> None:
        async with Watch(bus) as watch:
            reading = following.in_group(bus, watch, STATEMENTS, "mine", at_end=False, room=lambda: None)
            async with aclosing(reading):
                async for records in reading:
                    seen.extend((int(each.value), each.topic) for each in records)
                    await asyncio.sleep(0.2)  # so it always has some unread, in both runs

    revising, reader = asyncio.create_task(revise(bus, wanted, over)), asyncio.create_task(read())
    await asyncio.sleep(1)
    await asyncio.wait_for(drop(bus, patience=20), 60)
    assert runs(await last(bus)) == (None,)
    wanted.remove(OWN_STATEMENTS)
    await asyncio.sleep(0.2)
    async with bus.admin() as admin:
        await admin.delete_topic(OWN_STATEMENTS)
    await asyncio.sleep(0.5)
    over.set()
    await revising
    end = (await _ends(bus))[TopicPartition(STATEMENTS, 0)]
    async with asyncio.timeout(20):
        while (end - 1, STATEMENTS) not in seen:
            await asyncio.sleep(0.05)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    assert {revision for revision, _ in seen} == {*range(end)}
    assert {topic for _, topic in seen} == {STATEMENTS, OWN_STATEMENTS}


async def _ends(bus):  # noqa: F811
    async with bus.admin() as admin:
        return await admin.end_offsets([STATEMENTS])


async def test_a_replay_that_is_behind_readers_is_not_dropped_and_says_what_to_do(bus) -> None:  # noqa: F811
    await write(bus, RAW, range(8, 11))
    with pytest.raises(BusError, match=f"{JOB} is not dropped: it is 3 records behind .* start `communique run`"):
        await drop(bus)
    await write(bus, OWN_RAW, range(8, 11))
    await commit_stage(bus, "clean", OWN_RAW, 11)
    await write(bus, OWN, range(8, 11))
    with pytest.raises(BusError, match=f"{JOB} is not dropped: it is 3 records behind"):
        await drop(bus)
    assert await last(bus) == BACK
    await commit_stage(bus, "statements", OWN, 11)
    await drop(bus)
    assert runs(await last(bus)) == (None,)


async def commit_stage(bus, stage, topic, offset, job=JOB):  # noqa: F811
    async with bus.admin() as admin:
        await admin.commit_offsets(group_of(stage, job), {TopicPartition(topic, 0): offset})


@pytest.mark.parametrize("run", [None, JOB])
async def test_what_is_found_in_repeats_of_an_article_of_the_part_is_not_waited_for_but_by_the_replay(bus, run) -> None:  # noqa: F811
    """It has the article's origin; the run before goes on with it after the drop."""
    name = shadow(FOUND.name, run)
    async with bus.admin() as admin:
        await admin.create_topic(name, 1, {})
    await write(bus, name, [4, 4])
    if run is not None:
        with pytest.raises(BusError, match=f"{JOB} is not dropped: it is 2 records behind"):
            await drop(bus)
        await commit_stage(bus, "statements", name, 2)
    await drop(bus)
    assert runs(await last(bus)) == (None,)


async def test_of_two_statements_of_an_article_each_is_owed(bus) -> None:  # noqa: F811
    """The group passed both over in the run before, and then died; one of them was revised since."""
    async with bus.producer(client_id="test") as producer:
        for name, keys in ((STATEMENTS, b"abb"), (OWN_STATEMENTS, b"ab")):
            for key in keys:
                headers = (("ce_origin", f"{RAW}-0-4".encode()),)
                await producer.send(name, b"{}", key=bytes([key]), partition=0, headers=headers)
        await producer.flush()
    async with bus.admin() as admin:
        await admin.commit_offsets("mine", {TopicPartition(STATEMENTS, 0): 2, TopicPartition(OWN_STATEMENTS, 0): 0})
    with pytest.raises(BusError, match=f"group mine: 1 of {OWN_STATEMENTS}"):
        await drop(bus)


@pytest.mark.parametrize("view", [held(BACK, None, f"drop of {JOB}"), OUT, held(OUT, None, f"drop of {JOB}")])
async def test_a_drop_that_died_at_any_step_goes_on(bus, view, monkeypatch) -> None:  # noqa: F811
    monkeypatch.setattr(leaving, "DEAD_SECONDS", 0.1)
    await publish(bus, view)
    await commit(bus, "mine", here=8, there=8)
    await drop(bus)
    view = await last(bus)
    assert (runs(view), view.moving, view.leaving) == ((None,), False, None)


async def test_the_hold_of_a_drop_that_lives_is_nobody_elses(bus, monkeypatch) -> None:  # noqa: F811
    monkeypatch.setattr(leaving, "DEAD_SECONDS", 1)
    hold = held(BACK, None, f"drop of {JOB}")
    await publish(bus, hold)
    with pytest.raises(jobs.Changed, match="readers wait for the drop of"):
        await moving.move(bus, JOB, None, "cutover", NOW)
    with pytest.raises(jobs.Changed, match="somebody else drops it"):
        await leaving.let_go(bus, PLAN, NOW)
    second = asyncio.create_task(drop(bus))
    await asyncio.sleep(0.5)
    await publish(bus, left(hold, JOB, []))
    with pytest.raises(jobs.Changed, match="somebody else drops it"):
        await second
    assert (await last(bus)).leaving is not None


async def test_production_does_not_go_to_a_replay_that_leaves_and_one_leaves_at_a_time(bus) -> None:  # noqa: F811
    await publish(bus, OUT)
    with pytest.raises(Usage, match=f"{JOB} is being dropped"):
        await moving.move(bus, JOB, None, "again", NOW)
    await publish(bus, moved(moved(CUT, "other-2", {0: 5}), None, {0: 6}).model_copy(update={"leaving": OUT.leaving}))
    other = await jobs.put(bus, PLAN.model_copy(update={"job_id": "other-2"}), NOW)
    with pytest.raises(Usage, match=f"{JOB} is being dropped: `communique replay drop {JOB}` first"):
        await leaving.hand_back(bus, other, NOW)


async def test_what_a_group_has_not_read_of_the_replay_is_owed_after_it_was_handed_back(bus) -> None:  # noqa: F811
    await publish(bus, OUT)
    await commit(bus, "mine", here=4, there=8)
    with pytest.raises(BusError, match=f"group mine: 2 of {OWN}"):
        await drop(bus)
    view = await last(bus)
    assert (runs(view), view.moving, view.leaving.job_id) == ((None, JOB), False, JOB)
