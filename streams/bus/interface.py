"""What every program here sees of the bus: records, a producer, a consumer, an admin. Shaped like aiokafka's.

Two backends implement it, `streams.bus.kafka` and `streams.bus.sqlite`; `streams.bus.connect` picks one by
the scheme of the bus URL. Both pass `tests/bus/test_conformance.py`. All methods run on one event loop;
nothing here is safe across threads.

Source: aiokafka 0.14 (`AIOKafkaProducer`, `AIOKafkaConsumer`, `AIOKafkaAdminClient`), KIP-98 for what
idempotence promises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Iterable, Mapping, Sequence

Headers = tuple[tuple[str, bytes], ...]


class TopicPartition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it lies on the log. `timestamp_ms`: UTC, since 1970; a `value` of None: a tombstone."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    @property
    def at(self) -> str:
        """Return `topic-partition-offset`: the record's id everywhere (origin, dead letters)."""
        return f"{self.topic}-{self.partition}-{self.offset}"


class RecordMetadata(NamedTuple):
    """Where an acknowledged record lies."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class TopicDescription:
    """A topic as the bus has it; `config` holds Kafka's names (`cleanup.policy`, `retention.ms`, …)."""

    name: str
    partitions: int
    config: Mapping[str, str]


class Producer(Protocol):
    """Sends records; idempotent, acknowledged by all replicas.

    A future that `send` returns fails with a `BusError` when the record could not be written; nothing is
    retried for ever.
    """

    async def start(self) -> None: ...
    async def stop(self) -> None:
        """Send what is buffered, then close."""

    async def send(  # aiokafka's own signature
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> Future[RecordMetadata]:
        """Queue one record. Without `partition`: murmur2 of the key as Java clients do; without a key any."""

    async def flush(self) -> None:
        """Wait until everything sent is acknowledged; raise the first failure."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...


class Consumer(Protocol):
    """Reads records, in a group (`subscribe`) or by hand (`assign`). Never commits by itself."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def subscribe(self, topics: Sequence[str]) -> None:
        """Join the group named at construction; start at committed offsets, else at the beginning."""

    def assign(self, partitions: Iterable[TopicPartition]) -> None: ...
    def assignment(self) -> frozenset[TopicPartition]: ...
    async def getmany(
        self, *, timeout_ms: int = 0, max_records: int = 500
    ) -> dict[TopicPartition, list[Record]]:
        """Return what there is, waiting at most `timeout_ms` for the first record; {} when nothing came."""

    async def seek(self, partition: TopicPartition, offset: int) -> None: ...
    async def position(self, partition: TopicPartition) -> int:
        """Return the offset of the next record that `getmany` will give."""

    async def committed(self, partition: TopicPartition) -> int | None: ...
    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit next offsets. Raises `Fenced` when this member is no longer the group's."""

    async def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]: ...
    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the next offset of each partition."""

    async def offsets_for_times(
        self, times_ms: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, int | None]:
        """Return the first offset at or after each time, None when there is none."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...


class Admin(Protocol):
    """Creates and describes topics, and looks at groups without joining them."""

    async def create_topic(self, name: str, partitions: int, config: Mapping[str, str]) -> bool:
        """Create a topic; False when it was there already (whatever its settings)."""

    async def alter_topic(self, name: str, config: Mapping[str, str]) -> None: ...
    async def add_partitions(self, name: str, partitions: int) -> None: ...
    async def delete_topic(self, name: str) -> None: ...
    async def describe_topics(self) -> dict[str, TopicDescription]: ...
    async def partition_counts(self) -> dict[str, int]:
        """Return all topics but the bus's own, with how many partitions each has; without settings: cheap."""

    async def committed_offsets(self, group: str) -> dict[TopicPartition, int]:
        """Return what a group has committed, from the bus and not from a cache; {} for an unknown group."""

    async def commit_offsets(self, group: str, offsets: Mapping[TopicPartition, int]) -> None:
        """Set a group's offsets while it has no live member."""

    async def groups(self) -> list[str]:
        """Return the groups that have ever committed and are still known, by name."""

    async def live_groups(self) -> list[str]:
        """Return the groups that have a live member, by name."""

    async def end_offsets(self, topics: Sequence[str]) -> dict[TopicPartition, int]: ...
    async def beginning_offsets(self, topics: Sequence[str]) -> dict[TopicPartition, int]: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...


@runtime_checkable
class Eraser(Protocol):
    """An admin whose bus can take a record's content away: the embedded log's. Kafka cannot."""

    async def blank(self, stubs: Sequence[Record]) -> None:
        """Put stubs where their records stand, all or none; place, time and key stay."""

    async def rewrite_file(self) -> bool:
        """Take away what was deleted before; False when somebody holds it open: try again."""


class Bus(Protocol):
    """A connection to one bus URL: makes clients. Nothing is opened before a client starts."""

    @property
    def url(self) -> str: ...
    def producer(self, *, client_id: str) -> Producer: ...
    def consumer(self, *, client_id: str, group: str | None = None) -> Consumer: ...
    def admin(self) -> Admin: ...
