"""What a worker holds of the log, without Faust: one transaction a prefix, nothing of what is unfinished, nothing after a failure."""

from __future__ import annotations

import asyncio

import pytest
import structlog

from streams.bus import sqlite_group
from streams.bus.sqlite_append import Outgoing
from streams.bus.sqlite_group import Member
from streams.bus.sqlite_stage import StageLog
from streams.observe import metrics
from tests.bus.sqlite_programs import bus_of

ONE = ("lines", 0)


class Died(Exception):
    """What the injected `die` raises."""


def die(why: str):
    raise Died(why)


def out(value: bytes) -> Outgoing:
    return Outgoing("counted", 0, 5, b"k", value)


@pytest.fixture
async def rig(tmp_path):
    """A bus with ten records on `lines`, and a stage that has joined its group at the beginning."""
    bus = bus_of(str(tmp_path / "log.db"))
    async with bus.admin() as admin, bus.producer(client_id="test") as producer:
        await admin.create_topic("lines", 1, {})
        await admin.create_topic("counted", 1, {"max.message.bytes": "100"})
        for number in range(10):
            await producer.send("lines", str(number).encode())
        await producer.flush()
        stage = StageLog(bus, client_id="test", group="g", die=die)
        await stage.open()
        await stage.join(["lines"])
        stage.seek_to_committed([ONE])
        yield admin, stage, bus
        await stage.close()


def deliver(stage, most):
    records = stage.read(ONE, 10, most)
    return stage.enter(ONE, records)


async def state(admin):
    ends = await admin.end_offsets(["counted"])
    return (await admin.committed_offsets("g")).get(ONE), ends["counted", 0]


async def test_what_an_event_sent_and_its_offset_are_written_when_all_before_it_are_done(rig):
    admin, stage, _ = rig
    places = []
    first, second, third = deliver(stage, 3), deliver(stage, 2), deliver(stage, 1)
    for entry in (first, second, third):
        stage.send(out(b"x"), entry, places.append)
    stage.done(second)
    await stage.flush()
    assert await state(admin) == (None, 0)
    stage.done(first)
    await stage.flush()
    assert await state(admin) == (5, 2)
    assert [place.offset for place in places] == [0, 1]


async def test_what_an_unfinished_event_sent_is_never_written(rig):
    admin, stage, _ = rig
    entry = deliver(stage, 3)
    stage.send(out(b"x"), entry)
    stage.forget()                      # as on a stop: Faust acknowledges half-done events when it stops their agents
    stage.done(entry)
    stage.send(out(b"y"), entry)
    await stage.flush()
    assert await state(admin) == (None, 0)


async def test_what_no_event_sends_is_written_at_once(rig):
    admin, stage, _ = rig
    stage.send(out(b"x"), None)
    await stage.flush()
    assert await state(admin) == (None, 1)


async def test_a_write_that_fails_ends_the_worker_and_takes_all_later_ones_with_it(rig):
    admin, stage, _ = rig
    deaths: asyncio.Queue[Exception] = asyncio.Queue()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: deaths.put_nowait(context["exception"]))
    bad, good = deliver(stage, 1), deliver(stage, 1)
    stage.send(out(b"x" * 101), bad)
    stage.done(bad)
    stage._ship()
    stage.send(out(b"y"), good)
    stage.done(good)
    stage._ship()
    first, second = await deaths.get(), await deaths.get()
    assert {type(first), type(second)} == {Died}
    assert "max.message.bytes" in str(first)
    assert await state(admin) == (None, 0)
    stage._last = None


async def test_a_replaced_worker_writes_nothing_not_even_outside_of_events(rig):
    admin, stage, bus = rig
    deaths: asyncio.Queue[Exception] = asyncio.Queue()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: deaths.put_nowait(context["exception"]))
    entry = deliver(stage, 3)
    stage.send(out(b"x"), entry)
    other = Member("g", "other", 5.0)
    await bus.writer.run(lambda pen: pen.connection.execute("UPDATE groups SET beat=beat-1000"))
    assert await bus.writer.run(lambda pen: sqlite_group.join(pen.connection, other))
    stage.done(entry)
    stage.send(out(b"y"), None)
    stage._ship()
    assert "another member" in str(await deaths.get())
    assert await state(admin) == (None, 0)
    with pytest.raises(Died, match="another member"):
        stage.give_up_when_fenced()
    stage._last = None


async def test_what_retention_deleted_before_it_was_read_is_counted_once(rig):
    admin, stage, _ = rig
    counted = metrics.EXPIRED_UNREAD.labels("g", "lines")
    stage.done(deliver(stage, 3))
    await stage.flush()
    before = counted._value.get()
    stage.seek_to_committed([ONE])
    assert counted._value.get() == before
    await admin.alter_topic("lines", {"retention.ms": "0"})
    async with asyncio.timeout(5):
        while (await admin.beginning_offsets(["lines"]))[ONE] < 10:
            await admin.upkeep()
    for told in range(2):
        with structlog.testing.capture_logs() as lines:
            assert stage.seek_to_committed([ONE]) == {ONE: 10}
        assert counted._value.get() == before + 7
        assert [(one["event"], one["first"], one["last"]) for one in lines] == [("expired unread", 3, 9)][told:]


async def test_a_seek_back_delivers_again_and_the_first_delivery_means_nothing(rig):
    admin, stage, _ = rig
    early = deliver(stage, 4)
    stage.seek_to_committed([ONE])
    late = deliver(stage, 2)
    stage.done(early)
    await stage.flush()
    assert await state(admin) == (None, 0)
    stage.done(late)
    await stage.flush()
    assert await state(admin) == (2, 0)
