"""Append records to the embedded log, inside the writer's transaction.

For each record: the partition (given, or murmur2 of the key as Java clients do, or in turn), its size
against the topic's `max.message.bytes`, the next offset of the partition. Then one insert for all rows of a
partition, its new end, and the latest timestamp of each block of 1,024 offsets: that is what makes a
look-up by time short, as Kafka's time index does. On a topic with `message.timestamp.type=LogAppendTime` a
record gets the time of its transaction.

Refused: an unknown topic or partition, a record too large, a record without key on a compacted topic (as
Kafka does).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from streams.bus.errors import BusError, TooLarge
from streams.bus.interface import Headers, RecordMetadata
from streams.bus.sqlite_catalogue import Catalogue, Topic
from streams.bus.sqlite_partition import partition_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

BLOCK_BITS: Final = 10


class Outgoing(NamedTuple):
    """A record before it has an offset; without `partition` one is chosen."""

    topic: str
    partition: int | None
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


def now_ms() -> int:
    """Return UTC milliseconds since 1970: the timestamp of a record whose sender gives none."""
    return time.time_ns() // 1_000_000


def pack_headers(headers: Headers) -> str | None:
    """Return headers as JSON text that a person can read; each byte of a value is one character (Latin-1)."""
    if not headers:
        return None
    return orjson.dumps([(name, value.decode("latin-1")) for name, value in headers]).decode()


def unpack_headers(packed: str | None) -> Headers:
    """Return what `pack_headers` was given."""
    if packed is None:
        return ()
    return tuple((name, value.encode("latin-1")) for name, value in orjson.loads(packed))


class Appender:
    """Appends on one connection; keeps the partitions' ends between the appends of one transaction."""

    def __init__(self, connection: sqlite3.Connection, catalogue: Catalogue) -> None:
        self._connection = connection
        self._catalogue = catalogue
        self._topics: dict[str, Topic] = {}
        self._ends: dict[int, int] = {}
        self._now_ms = 0
        self._turn = 0

    def begin(self) -> None:
        """Forget what the last transaction knew; its time is now."""
        self._now_ms = now_ms()
        self._topics = self._catalogue.topics()
        self._ends = {}

    def append(self, records: Sequence[Outgoing]) -> list[RecordMetadata | BusError]:
        """Append the records that can be, in order; return a place or the reason for each."""
        rows: dict[int, list[tuple[object, ...]]] = {}
        answers: list[RecordMetadata | BusError] = []
        for record in records:
            try:
                partition, pid, stamp, packed = self._place(record)
            except BusError as refused:
                answers.append(refused)
                continue
            offset = self._ends[pid]
            self._ends[pid] = offset + 1
            rows.setdefault(pid, []).append((offset, stamp, record.key, record.value, packed))
            answers.append(RecordMetadata(record.topic, partition, offset))
        for pid, batch in rows.items():
            self._insert(pid, batch)
        return answers

    def append_all(self, records: Sequence[Outgoing]) -> list[RecordMetadata]:
        """Append all records, or raise the first reason why not: the transaction must then be rolled back."""
        placed: list[RecordMetadata] = []
        for answer in self.append(records):
            if isinstance(answer, BusError):
                raise answer
            placed.append(answer)
        return placed

    def _place(self, record: Outgoing) -> tuple[int, int, int, str | None]:
        topic = self._topics.get(record.topic) or self._catalogue.topic(record.topic)
        partition = record.partition
        if partition is None:
            partition = self._choose(record.key, len(topic.pids))
        elif not 0 <= partition < len(topic.pids):
            self._catalogue.pid(record.topic, partition)  # raises, and says why
        packed = pack_headers(record.headers)
        _check(topic, record, packed)
        pid = topic.pids[partition]
        if pid not in self._ends:
            self._ends[pid] = self._connection.execute(
                "SELECT next FROM parts WHERE pid=?", (pid,)
            ).fetchone()[0]
        return partition, pid, self._now_ms if topic.append_time else record.timestamp_ms, packed

    def _choose(self, key: bytes | None, partitions: int) -> int:
        if key is not None:
            return partition_of(key, partitions)
        self._turn += 1
        return self._turn % partitions

    def _insert(self, pid: int, rows: list[tuple[object, ...]]) -> None:
        self._connection.executemany(f"INSERT INTO p{pid} VALUES(?, ?, ?, ?, ?)", rows)  # our own number
        self._connection.execute("UPDATE parts SET next=? WHERE pid=?", (self._ends[pid], pid))
        latest: dict[int, int] = {}
        for offset, timestamp, *_ in rows:
            block = offset >> BLOCK_BITS  # type: ignore[operator]
            latest[block] = max(latest.get(block, timestamp), timestamp)  # type: ignore[call-overload]
        self._connection.executemany(
            "INSERT INTO blocks VALUES(?, ?, ?)"
            " ON CONFLICT DO UPDATE SET latest=max(latest, excluded.latest)",
            [(pid, block, timestamp) for block, timestamp in latest.items()],
        )


def _check(topic: Topic, record: Outgoing, packed: str | None) -> None:
    size = len(record.key or b"") + len(record.value or b"") + len(packed or "")
    if size > topic.max_bytes:
        message = f"a record of {size} bytes is over max.message.bytes={topic.max_bytes} of {topic.name!r}"
        raise TooLarge(message)
    if topic.compacted and record.key is None:
        message = f"a record without key cannot go to {topic.name!r}: it is compacted by key"
        raise BusError(message)
