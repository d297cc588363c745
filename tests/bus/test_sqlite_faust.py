"""Faust on the embedded log, as processes: two stages and a table, killed again and again, and every record counted once.

`double` sends each line twice, `count` numbers the lines of each key by its table. A line lost, doubled, or counted by a table
that was not restored exactly shows in the numbers.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from streams.bus.interface import TopicPartition
from tests.bus.sqlite_programs import SESSION_SECONDS, bus_of

PROGRAMS = str(Path(__file__).with_name("sqlite_programs.py"))
KEYS = 7
LIMIT_SECONDS = 60.0


class Rig:
    """The log, its clients in this process, and the workers."""

    def __init__(self, log: str, admin, producer, consumer) -> None:
        self.log, self.admin, self.producer, self.consumer = log, admin, producer, consumer
        self.workers: list[subprocess.Popen] = []
        self.sent = 0
        self.counted: list = []

    def start(self, stage: str) -> subprocess.Popen:
        worker = subprocess.Popen([sys.executable, PROGRAMS, "stage", stage, self.log], stdout=subprocess.PIPE)
        self.workers.append(worker)
        return worker

    async def ready(self, worker: subprocess.Popen) -> None:
        line = await asyncio.wait_for(asyncio.to_thread(worker.stdout.readline), LIMIT_SECONDS)
        assert b"ready" in line

    async def send(self, count: int) -> None:
        for _ in range(count):
            await self.producer.send("lines", b"%06d" % self.sent, key=b"k%d" % (self.sent % KEYS))
            self.sent += 1
        await self.producer.flush()

    async def suspend(self, worker: subprocess.Popen) -> None:
        """Suspend a worker between two transactions: within one it would hold the log's lock, and all would wait for it."""
        while True:
            os.kill(worker.pid, signal.SIGSTOP)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(self.send(1))), 1.0)
                return
            os.kill(worker.pid, signal.SIGCONT)

    async def collect(self, wanted: int) -> None:
        async with asyncio.timeout(LIMIT_SECONDS):
            while len(self.counted) < wanted:
                for records in (await self.consumer.getmany(timeout_ms=500)).values():
                    self.counted += records

    def check(self) -> None:
        lines = [record.value.split(b"=")[0] for record in self.counted]
        assert sorted(lines) == sorted(b"%06d" % n + twin for n in range(self.sent) for twin in (b"a", b"b"))
        numbers: dict[bytes, list[int]] = {}
        for record in self.counted:
            numbers.setdefault(record.key, []).append(int(record.value.split(b"=")[1]))
        for key, found in numbers.items():
            assert found == list(range(1, len(found) + 1)), key


@pytest.fixture
async def rig(tmp_path):
    log = str(tmp_path / "log.db")
    bus = bus_of(log)
    async with bus.admin() as admin, bus.producer(client_id="t") as producer, bus.consumer(client_id="t") as consumer:
        for topic in ("lines", "doubled", "counted"):
            await admin.create_topic(topic, 2, {})
        await admin.create_topic("communique-count-totals-changelog", 2, {"cleanup.policy": "compact"})
        consumer.assign([TopicPartition("counted", 0), TopicPartition("counted", 1)])
        made = Rig(log, admin, producer, consumer)
        yield made
        for worker in made.workers:
            with contextlib.suppress(ProcessLookupError):
                worker.kill()
            worker.communicate()


async def test_every_record_is_counted_exactly_once_through_kill_9(rig):
    draw = random.Random(5)
    running = {stage: rig.start(stage) for stage in ("double", "count")}
    for worker in running.values():
        await rig.ready(worker)
    for stage in ("count", "double", "count", "count"):
        await rig.send(600)
        await asyncio.sleep(draw.random() * 0.2)
        running[stage].kill()
        await rig.send(50)
        running[stage] = rig.start(stage)
        await rig.ready(running[stage])
        await rig.admin.upkeep()            # the changelog is compacted between the lives of the table
    await rig.send(100)
    await rig.collect(2 * rig.sent)
    rig.check()
    for worker in running.values():
        worker.terminate()
    assert [worker.wait(LIMIT_SECONDS) for worker in running.values()] == [0, 0]
    ends = await rig.admin.end_offsets(["doubled"])
    assert await rig.admin.committed_offsets("communique-count") == ends
    assert await rig.consumer.getmany(timeout_ms=0) == {}


async def test_a_second_worker_of_a_stage_stands_by_and_takes_over(rig):
    double, first = rig.start("double"), rig.start("count")
    await rig.ready(double)
    await rig.ready(first)
    second = rig.start("count")
    await rig.send(500)
    await rig.collect(2 * rig.sent)
    first.kill()
    await rig.send(500)
    await rig.ready(second)
    await rig.collect(2 * rig.sent)
    rig.check()


async def test_a_worker_suspended_past_its_session_writes_nothing_more_and_exits_75(rig):
    double, first = rig.start("double"), rig.start("count")
    await rig.ready(double)
    await rig.ready(first)
    await rig.send(2000)
    await rig.suspend(first)
    second = rig.start("count")
    await rig.ready(second)
    os.kill(first.pid, signal.SIGCONT)
    await rig.send(200)
    assert await asyncio.to_thread(first.wait, 4 * SESSION_SECONDS) == 75
    await rig.collect(2 * rig.sent)
    rig.check()
