"""Production moves in two steps, once, wherever the command dies; it moves back; what is not ready stays."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schemas.replay_job import ReplayEstimate, ReplayJob, ReplayRange, ReplayState
from streams import topics
from streams.bus import jobs
from streams.bus.connect import connect
from streams.bus.errors import BusError
from streams.bus.views import Watch
from streams.core.outcome import Usage
from streams.core.replay.view import FIRST, held, job_now, moved
from streams.replay import moving
from streams.settings import load_settings
from streams.topics import shadow

JOB = "shorter-1"
NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture
async def bus(tmp_path):
    bus = connect(load_settings(bus=f"sqlite://{tmp_path / 'log.db'}", state=tmp_path))
    async with bus.admin() as admin:
        for name in (topics.RAW.name, shadow(topics.RAW.name, JOB), topics.VIEWS.name, topics.REPLAY_JOBS.name):
            await admin.create_topic(name, 2 if "raw" in name else 1, {})
    await raw(bus, 3)
    return bus


async def raw(bus, count, partition=0):
    async with bus.producer(client_id="test") as producer:
        for _ in range(count):
            await producer.send(topics.RAW.name, b"{}", partition=partition)
        await producer.flush()


async def stored(bus, state=ReplayState.ACCEPTED, job_id=JOB):
    return await jobs.put(bus, ReplayJob(
        job_id=job_id, source="raw", state=state, pipeline_version="x", settings_digest="0" * 32, follows=True,
        ranges=(ReplayRange(partition=0, context=0, start=0, end=3), ReplayRange(partition=1, context=0, start=0, end=0)),
        estimate=ReplayEstimate(records=3, bytes=1, seconds=1)), NOW)


async def last(bus):
    async with Watch(bus) as watch:
        return await watch.latest()


def cuts(view):
    return [(span.job_id, [cut.offset for cut in span.since]) for span in view.spans]


async def test_a_cutover_begins_at_the_raw_topics_ends_and_a_rollback_at_those_of_its_day(bus) -> None:
    job = await stored(bus)
    await moving.cut_over(bus, job, "Ann", NOW)
    assert (await jobs.read(bus, JOB)).state is ReplayState.CUT_OVER
    await raw(bus, 2)
    await raw(bus, 1, 1)
    view = await moving.roll_back(bus, await jobs.read(bus, JOB), "Ann", NOW)
    assert cuts(view) == cuts(await last(bus)) == [(None, []), (JOB, [3, 0]), (None, [5, 1])]
    assert (view.revision, view.moving, view.by) == (5, False, "Ann")
    assert (await jobs.read(bus, JOB)).state is ReplayState.ROLLED_BACK


async def test_the_same_move_twice_changes_nothing(bus) -> None:
    job = await stored(bus)
    first = await moving.cut_over(bus, job, "Ann", NOW)
    await raw(bus, 2)
    assert await moving.cut_over(bus, await jobs.read(bus, JOB), "Ann", NOW) == first
    back = await moving.roll_back(bus, await jobs.read(bus, JOB), None, NOW)
    with pytest.raises(Usage, match="shorter-1 is not production: that is the first run"):
        await moving.roll_back(bus, await jobs.read(bus, JOB), None, NOW)
    assert await last(bus) == back


async def leave(bus, view):
    async with bus.producer(client_id="test") as producer:
        await producer.send(topics.VIEWS.name, view.model_dump_json().encode(), key=b"production")
        await producer.flush()


@pytest.mark.parametrize("again", ["cutover", "rollback"])
async def test_a_cutover_that_died_between_its_steps_is_ended_by_either_command(bus, again) -> None:
    job = await stored(bus)
    await leave(bus, held(FIRST, "Ann", "cutover"))
    view = await (moving.cut_over if again == "cutover" else moving.roll_back)(bus, job, "Ann", NOW)
    assert not view.moving
    assert cuts(view) == ([(None, []), (JOB, [3, 0])] if again == "cutover" else [(None, [])])


@pytest.mark.parametrize("again", ["cutover", "rollback"])
async def test_a_rollback_that_died_between_its_steps_is_ended_by_either_command(bus, again) -> None:
    job = await stored(bus, ReplayState.CUT_OVER)
    cut = moved(held(FIRST, None, "x"), JOB, {0: 1, 1: 0})
    await leave(bus, held(cut, "Ann", "rollback"))
    view = await (moving.cut_over if again == "cutover" else moving.roll_back)(bus, job, "Ann", NOW)
    assert not view.moving
    assert job_now(view) == (JOB if again == "cutover" else None)


async def test_a_job_that_died_after_the_move_is_told_by_the_same_command(bus) -> None:
    job = await stored(bus)
    await moving.move(bus, JOB, "Ann", "cutover", NOW)
    await moving.cut_over(bus, job, "Ann", NOW)
    assert (await jobs.read(bus, JOB)).state is ReplayState.CUT_OVER


async def test_a_second_replay_goes_back_to_the_one_before(bus) -> None:
    for each in (JOB, "other-2"):
        await moving.cut_over(bus, await stored(bus, job_id=each), None, NOW)
    view = await moving.roll_back(bus, await jobs.read(bus, "other-2"), None, NOW)
    assert [span.job_id for span in view.spans] == [None, JOB, "other-2", JOB]
    view = await moving.roll_back(bus, await jobs.read(bus, JOB), None, NOW)
    assert job_now(view) is None


async def test_a_replay_that_nobody_runs_does_not_catch_up(bus) -> None:
    job = await stored(bus)
    await raw(bus, 4)
    assert await moving.behind(bus, job) == 4  # from its frozen ends
    with pytest.raises(BusError, match="4 records behind and comes no nearer: start `communique run`"):
        await moving.catch_up(bus, job, lambda _: None, 0.5)


async def test_a_replay_without_anything_to_do_has_caught_up(bus) -> None:
    await moving.catch_up(bus, await stored(bus), lambda _: None, 0.5)
