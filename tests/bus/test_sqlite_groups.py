"""Groups on the embedded log: one live member, who takes over from whom, and how fast."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streams.bus.errors import BusError, Fenced
from streams.bus.interface import TopicPartition
from streams.bus.sqlite_liveness import is_dead, this_process
from tests.bus.sqlite_programs import SESSION_SECONDS, bus_of

ONE = TopicPartition("lines", 0)
PROGRAMS = str(Path(__file__).with_name("sqlite_programs.py"))


@pytest.fixture
async def log(tmp_path):
    """A log with ten records on the topic `lines`."""
    path = str(tmp_path / "log.db")
    async with bus_of(path).admin() as admin, bus_of(path).producer(client_id="test") as producer:
        await admin.create_topic("lines", 1, {})
        for number in range(10):
            await producer.send("lines", str(number).encode())
        await producer.flush()
    return path


def start_reader(log):
    return subprocess.Popen([sys.executable, PROGRAMS, "read", log, "g"], stdout=subprocess.PIPE)


async def offsets(consumer, timeout_ms=0, **options):
    found = await consumer.getmany(timeout_ms=timeout_ms, **options)
    return [record.offset for records in found.values() for record in records]


async def test_a_second_member_waits_and_goes_on_where_the_first_committed(log):
    bus = bus_of(log)
    async with bus.consumer(client_id="a", group="g") as first, bus.consumer(client_id="b", group="g") as second:
        first.subscribe(["lines"])
        second.subscribe(["lines"])
        assert await offsets(first, max_records=4) == [0, 1, 2, 3]
        assert await offsets(second, timeout_ms=100) == []
        assert second.assignment() == frozenset()
        await first.commit({ONE: 3})
        await first.stop()
        assert await offsets(second, timeout_ms=5000) == [3, 4, 5, 6, 7, 8, 9]


async def test_a_replaced_member_can_neither_commit_nor_read_on(log):
    bus = bus_of(log)
    async with bus.consumer(client_id="a", group="g") as first, bus.consumer(client_id="b", group="g") as second:
        first.subscribe(["lines"])
        assert await offsets(first)
        await bus.writer.run(lambda pen: pen.connection.execute("UPDATE groups SET beat=beat-1000"))
        second.subscribe(["lines"])
        assert await offsets(second, timeout_ms=5000)
        with pytest.raises(Fenced):
            await first.commit({ONE: 9})
        with pytest.raises(Fenced):
            await first.getmany()
        assert await second.committed(ONE) is None
        await second.commit({ONE: 2})


async def test_a_killed_member_is_replaced_within_a_second_or_so(log):
    process = start_reader(log)
    assert process.stdout.readline() == b"lines-0-0\n"
    async with bus_of(log).consumer(client_id="b", group="g") as second:
        second.subscribe(["lines"])
        assert await offsets(second, timeout_ms=300) == []
        process.kill()                          # not waited for: a zombie is dead, too
        killed = time.monotonic()
        while not second.assignment():
            await second.getmany(timeout_ms=100)
        assert time.monotonic() - killed < SESSION_SECONDS / 2
    process.communicate()


async def test_a_suspended_member_is_replaced_after_its_session_and_finds_itself_fenced(log):
    process = start_reader(log)
    assert process.stdout.readline() == b"lines-0-0\n"
    async with bus_of(log).consumer(client_id="b", group="g") as second:
        second.subscribe(["lines"])
        await asyncio.sleep(0.3)
        os.kill(process.pid, signal.SIGSTOP)
        stopped = time.monotonic()
        while not second.assignment():
            await second.getmany(timeout_ms=100)
        assert SESSION_SECONDS / 2 < time.monotonic() - stopped < 3 * SESSION_SECONDS
        os.kill(process.pid, signal.SIGCONT)
        out, _ = process.communicate(timeout=20)
        assert out.endswith(b"fenced\n")


async def test_a_member_lives_while_its_event_loop_is_busy(log):
    bus = bus_of(log)
    async with bus.consumer(client_id="a", group="g") as first, bus.consumer(client_id="b", group="g") as second:
        first.subscribe(["lines"])
        second.subscribe(["lines"])
        assert await offsets(first)
        busy_until = time.monotonic() + 1.5 * SESSION_SECONDS
        while time.monotonic() < busy_until:
            sum(range(10_000))
        assert await offsets(second, timeout_ms=100) == []
        await first.commit({ONE: 10})


async def test_offsets_are_set_from_outside_only_while_nobody_is_in_the_group(log):
    bus = bus_of(log)
    async with bus.admin() as admin, bus.consumer(client_id="a", group="g") as first:
        await admin.commit_offsets("g", {ONE: 8})
        assert await admin.committed_offsets("g") == {ONE: 8}
        assert await admin.committed_offsets("nobody") == {}
        first.subscribe(["lines"])
        assert await offsets(first) == [8, 9]
        with pytest.raises(BusError, match="live member"):
            await admin.commit_offsets("g", {ONE: 0})
        await first.stop()
        await admin.commit_offsets("g", {ONE: 0})


def test_a_process_is_told_from_another_with_its_number():
    me = this_process()
    assert not is_dead(me)
    machine, pid, start = me.rsplit(" ", 2)
    assert is_dead(f"{machine} {pid} {int(start) - 1}")
    assert is_dead(f"{machine}x {pid} {start}")             # before the last boot
    assert not is_dead(f"pid:[1] elsewhere {pid} {start}")  # another pid namespace: nothing is known


async def test_a_join_whose_caller_was_cancelled_is_kept_alive(log):
    bus = bus_of(log)
    async with bus.consumer(client_id="a", group="g") as first, bus.consumer(client_id="b", group="g") as second:
        first.subscribe(["lines"])
        joining = asyncio.ensure_future(first.getmany())
        await asyncio.sleep(0)          # it has begun …
        await asyncio.sleep(0)          # … and asked to join
        joining.cancel()
        await asyncio.wait([joining])
        assert joining.cancelled()
        await bus.writer.run(lambda _: None)
        assert first._member.generation == 1
        second.subscribe(["lines"])
        assert await offsets(first)
        await asyncio.sleep(1.3 * SESSION_SECONDS)
        assert await offsets(second, timeout_ms=100) == []
        await first.commit({ONE: 1})
