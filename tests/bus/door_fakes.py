"""Fakes behind the door: what an agent's bus stands on in tests of the guard. No mocks: each does its job, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from streams import topics
from streams.bus.door import AgentBus, Clock, Hands, NoHands, Trial, always_alive
from streams.bus.interface import Headers, Record, RecordMetadata
from streams.settings import Settings

START = datetime(2024, 5, 1, tzinfo=UTC)


class Died(BaseException):
    """The process would have ended here."""


def die(why: str) -> NoReturn:
    raise Died(why)


@dataclass
class Sent:
    topic: str
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]
    partition: int | None
    raw_headers: Headers = ()


@dataclass
class FakeSender:
    """Keeps what is sent; `broken` topics raise; with `atomic` False the futures wait for `acknowledge`."""

    atomic: bool = True
    sent: list[Sent] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    unacknowledged: bool = False
    futures: list[asyncio.Future[RecordMetadata]] = field(default_factory=list)

    async def send(
        self, topic: str, value: bytes | None, *, key: bytes | None = None, headers: Headers = (),
        partition: int | None = None,
    ) -> asyncio.Future[RecordMetadata]:
        if topic in self.broken:
            raise ConnectionError(topic)
        self.sent.append(Sent(topic, key, value, dict(headers), partition, headers))
        future: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        if self.unacknowledged:
            future.set_exception(ConnectionError("not acknowledged"))
        else:
            future.set_result(RecordMetadata(topic, 0, len(self.sent)))
        self.futures.append(future)
        return future

    def on(self, topic: str) -> list[Sent]:
        return [sent for sent in self.sent if sent.topic == topic]


@dataclass
class FakeStores:
    held: dict[tuple[str, int], MutableMapping[bytes, bytes]] = field(default_factory=dict)

    def partition(self, spec: topics.TableSpec, partition: int) -> MutableMapping[bytes, bytes]:
        return self.held.setdefault((spec.name, partition), {})


@dataclass
class FakeTime:
    """Time that only sleeping moves; jitter always takes the whole pause."""

    seconds: float = 0.0
    pauses: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        if seconds:
            self.pauses.append(seconds)
        self.seconds += seconds

    def clock(self) -> Clock:
        return Clock(
            now=lambda: START + timedelta(seconds=self.seconds), monotonic=lambda: self.seconds, sleep=self.sleep,
            jitter=lambda limit: limit)


@dataclass
class FakeEvent:
    value: tuple[Record, ...]

    @property
    def message(self) -> Record:
        return self.value[0]


@dataclass
class House:
    """A bus with its fakes."""

    bus: AgentBus
    sender: FakeSender
    stores: FakeStores
    time: FakeTime

    async def handle(self, records: Record | tuple[Record, ...], step: Any, **more: Any) -> None:
        await self.bus.handle(FakeEvent(records if isinstance(records, tuple) else (records,)), step, **more)

    def letters(self, spec: topics.TopicSpec = topics.RAW) -> list[Sent]:
        return self.sender.on(spec.dead_letters)

    def codes(self) -> list[str]:
        return [letter.headers["__streams.errors.code"].decode() for letter in self.letters()]


def house(
    *, stage: str = "clean", settings: Settings | None = None, atomic: bool = True, hands: Hands | None = None,
    trial: Trial = always_alive,
) -> House:
    sender, stores, time = FakeSender(atomic), FakeStores(), FakeTime()
    bus = AgentBus(
        settings or Settings(), stage, sender, stores, lambda topic: topic, time.clock(), die, hands or NoHands(), trial)
    for spec in topics.TOPICS:
        bus.topic(spec)
    return House(bus, sender, stores, time)


def raw(value: bytes | None = b'{"content":"text"}', *, offset: int = 0, key: bytes | None = b"k", headers: Headers = (),
        partition: int = 0) -> Record:
    return Record(topics.RAW.name, partition, offset, 1_714_521_600_000, key, value, headers)
