"""The simulator's bus: topics in memory, and what coroutines wait for. No event loop, no clock, no thread.

A coroutine of an agent is driven by hand (`Task.resume`): it runs until it waits for something, and that is
one of `Gate` (the scheduler lets it through when it likes), `Ack` (a record's acknowledgement), or an event
of its stream. So every interleaving is the scheduler's choice, and the same choices give the same history.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka.partitioner import murmur2

from streams.bus.interface import Headers, Record, RecordMetadata, TopicPartition

START_MS: Final = 1_500_000_000_000
"""Where virtual time begins: 2017-07-14T02:40:00Z. Each record appended takes a millisecond."""


class Gate:
    """Something that the scheduler lets through when it likes."""

    def __await__(self) -> Generator[object, None, None]:
        """Wait once."""
        yield self


@dataclass(slots=True)
class Ack:
    """The future of a send: done when the bus has acknowledged the record."""

    metadata: RecordMetadata | None = None

    def done(self) -> bool:
        """Tell whether the record is acknowledged."""
        return self.metadata is not None

    def __await__(self) -> Generator[object, None, RecordMetadata]:
        """Wait until the record is acknowledged."""
        while self.metadata is None:
            yield self
        return self.metadata


@dataclass(slots=True)
class Task:
    """A coroutine, and what it waits for."""

    agent: str
    coroutine: Coroutine[Any, Any, None]
    waits_for: object = None

    def resume(self) -> None:
        """Run until it waits again. What it raises comes out here."""
        self.waits_for = self.coroutine.send(None)

    def may_go_on(self) -> bool:
        """Tell whether it waits for nothing but the scheduler."""
        return isinstance(self.waits_for, Gate) or (isinstance(self.waits_for, Ack) and self.waits_for.done())


@dataclass(frozen=True, slots=True)
class Sent:
    """A record on its way to the log."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    @property
    def at(self) -> TopicPartition:
        """Return the partition it goes to."""
        return TopicPartition(self.topic, self.partition)


def unspoilt(sent: Sent) -> Sent:
    """Return the record as it is: the bus of most histories."""
    return sent


@dataclass(slots=True)
class SimLog:
    """Topics, partitions, records, committed offsets; virtual time in milliseconds since 1970, UTC.

    `spoil` may change a record before it is written: how a test makes one that a step cannot take.
    """

    widths: dict[str, int] = field(default_factory=dict)
    records: dict[TopicPartition, list[Record]] = field(default_factory=dict)
    committed: dict[str, dict[TopicPartition, int]] = field(default_factory=dict)
    spoil: Callable[[Sent], Sent] = unspoilt
    now_ms: int = START_MS

    def partitions(self, topic: str) -> list[TopicPartition]:
        """Return a topic's partitions; a topic nobody made has one."""
        return [TopicPartition(topic, n) for n in range(self.widths.get(topic, 1))]

    def place(self, topic: str, key: bytes | None, partition: int | None) -> int:
        """Return a record's partition: as given, or by murmur2 of the key as in Java, 0 without a key."""
        if partition is not None:
            return partition
        return 0 if key is None else int(murmur2(key) & 0x7FFFFFFF) % self.widths.get(topic, 1)

    def append(self, sent: Sent, *, timestamp_ms: int | None = None) -> RecordMetadata:
        """Write a record; its timestamp is the virtual time unless given."""
        self.now_ms += 1
        sent = self.spoil(sent)
        found = self.records.setdefault(sent.at, [])
        stamp = self.now_ms if timestamp_ms is None else timestamp_ms
        found.append(Record(*sent.at, len(found), stamp, sent.key, sent.value, sent.headers))
        return RecordMetadata(*sent.at, len(found) - 1)

    def read(self, at: TopicPartition, offset: int, most: int) -> tuple[Record, ...]:
        """Return up to `most` records from an offset on."""
        return tuple(self.records.get(at, [])[offset : offset + most])

    def end(self, at: TopicPartition) -> int:
        """Return the next offset of a partition."""
        return len(self.records.get(at, ()))

    def all(self, topic: str) -> list[Record]:
        """Return all records of a topic, partition by partition."""
        return [record for at in self.partitions(topic) for record in self.records.get(at, ())]

    def topics(self) -> list[str]:
        """Return the topics that hold records, by name."""
        return sorted({at.topic for at in self.records})

    def bounds(self, topic: str) -> dict[int, tuple[int, int]]:
        """Return (first offset kept, next offset) of each partition."""
        return {at.partition: (0, self.end(at)) for at in self.partitions(topic)}
