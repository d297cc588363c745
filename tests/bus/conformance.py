"""What the conformance suite stands on: a bus of either backend, topics of one test's own, members as processes."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from streams.bus.connect import connect
from streams.bus.interface import Admin, Bus, Consumer, Producer, Record, TopicPartition
from streams.settings import Settings

ROOT = Path(__file__).parents[2]
SESSION_SECONDS = 2.0
PATIENCE_SECONDS = 40.0


def settings_of(url: str) -> Settings:
    """Settings under which a silent member is missed after two seconds, on either backend."""
    kafka = {"session_timeout_seconds": SESSION_SECONDS, "heartbeat_interval_seconds": 0.4,
             "rebalance_timeout_seconds": 5, "request_timeout_seconds": 15}
    return Settings(bus=url, kafka=kafka, log={"session_timeout_seconds": SESSION_SECONDS})


@dataclass(slots=True)
class Member:
    """A consumer in a process of its own, which can be killed and suspended."""

    process: asyncio.subprocess.Process

    async def line(self) -> str:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return (await self.process.stdout.readline()).decode().strip()

    async def ask(self, question: str) -> str:
        self.process.stdin.write(question.encode() + b"\n")
        return await self.line()

    async def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(how)
            await self.process.wait()


class Yard:
    """One test's place on the bus: `topic` makes topics whose names no other test has."""

    def __init__(self, url: str, test: str) -> None:
        self.settings = settings_of(url)
        self.bus: Bus = connect(self.settings)
        self.name = re.sub(r"\W+", "-", test).strip("-")[-120:]
        self.members: list[Member] = []

    async def __aenter__(self) -> Self:
        self.admin: Admin = await self.bus.admin().__aenter__()
        self.producer: Producer = await self.bus.producer(client_id="test").__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        for member in self.members:
            await member.end()
        await self.producer.__aexit__(*exc)
        await self.admin.__aexit__(*exc)

    async def topic(self, partitions: int = 1, suffix: str = "", **config: str) -> str:
        """Make a topic; `max_message_bytes="10"` sets `max.message.bytes`."""
        name = f"{self.name}{suffix}"
        assert await self.admin.create_topic(name, partitions, {key.replace("_", "."): value for key, value in config.items()})
        return name

    async def fill(self, topic: str, count: int, **more) -> None:
        """Send records "0", "1", … with keys of the same."""
        for number in range(count):
            await self.producer.send(topic, str(number).encode(), **({"key": str(number).encode()} | more))
        await self.producer.flush()

    def reader(self, group: str | None = None) -> Consumer:
        return self.bus.consumer(client_id="test", group=group and f"{self.name}-{group}")

    async def read(self, topic: str, partitions: int = 1) -> list[Record]:
        """Read a topic to its end, by hand."""
        places = [TopicPartition(topic, partition) for partition in range(partitions)]
        async with self.reader() as consumer:
            consumer.assign(places)
            ends = await consumer.end_offsets(places)
            found: list[Record] = []
            async with asyncio.timeout(PATIENCE_SECONDS):
                while any([await consumer.position(place) < ends[place] for place in places]):
                    found += flat(await consumer.getmany(timeout_ms=200))
            return found

    async def member(self, topic: str, group: str) -> Member:
        """Start a member in its own process; it says `joined` once it has partitions."""
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bus.member", self.bus.url, topic, f"{self.name}-{group}",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT,
        )
        self.members.append(Member(program))
        return self.members[-1]


def flat(batches: dict[TopicPartition, list[Record]]) -> list[Record]:
    return [record for batch in batches.values() for record in batch]


def values(records: list[Record]) -> list[bytes | None]:
    return [record.value for record in records]


async def gather(consumer: Consumer, count: int, seconds: float = PATIENCE_SECONDS) -> list[Record]:
    """Read until so many records have come."""
    found: list[Record] = []
    async with asyncio.timeout(seconds):
        while len(found) < count:
            found += flat(await consumer.getmany(timeout_ms=200))
    return found


async def comes_true(holds: Callable[[], Coroutine[None, None, bool]], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, "it has not come true"
        await asyncio.sleep(0.1)
