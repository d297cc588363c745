"""From fetched to delivered: the backlog of each partition, what may be delivered now, what is in progress.

Shared by both Faust transports; used from Faust's loop only. In order:

1. `position` sets a partition to an offset under a *seek number*: a new epoch, an empty backlog;
2. `offer` takes a fetched batch with the number of the position that it was read from. A batch with an older
   number is dropped, *because* a seek back has replaced it; nothing else that was fetched is ever dropped;
3. `deliver` gives chunks to Faust's conductor, in order within a partition, one a partition in turn: only
   while the flow is on, the partition active and its agents' queues have room. An entry enters `deliveries`
   before the conductor gets it;
4. an ack marks the entry done and wakes the loop.

Streams are held back from a seek to the resumption of the flow: Faust clears the agents' queues when it
resumes, and what was delivered before would never be processed. Changelogs, which recovery reads meanwhile,
are not held.

Source: faust-streaming 0.15.3, `transport/consumer.py`, `tables/recovery.py` (resumes first, seeks later).
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faust.types.tuples import ConsumerMessage

from streams.bus.delivery import Deliveries
from streams.bus.faust_hooks import Chunk

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from faust.types import TP, AppT

    from streams.bus.interface import Record

BACKLOG_BYTES = 8 * 1024 * 1024
"""A partition whose backlog holds more is not fetched for: one fetch response more is the most that is kept
beyond it."""

BACKLOG_RECORDS = 1000
"""The same by count.

With less, the loop waits for the consumer's thread (measured: .58 of plain aiokafka at 128).
"""

CHUNK_BYTES = 4 * 1024 * 1024
"""A chunk ends at this size: 64 articles of the largest size would be 58 MB in one event."""


@dataclass(slots=True)
class Backlog:
    """Records of one partition that were fetched and not delivered, oldest first."""

    number: int
    changelog: bool
    records: deque[Record] = field(default_factory=deque)
    size_bytes: int = 0

    def extend(self, records: Sequence[Record]) -> None:
        """Put records behind those that are there."""
        self.records.extend(records)
        self.size_bytes += sum(map(_size, records))

    def take(self, most_records: int) -> tuple[Record, ...]:
        """Take a chunk out: at least one record, at most `most_records`, and about `CHUNK_BYTES`."""
        pop, waiting = self.records.popleft, len(self.records)
        if self.size_bytes <= CHUNK_BYTES:
            chunk = [pop() for _ in range(min(most_records, waiting))]
            self.size_bytes -= self.size_bytes * len(chunk) // waiting  # near enough; exactly 0 at the end
        else:
            chunk, room = [pop()], CHUNK_BYTES
            while self.records and len(chunk) < most_records and (room := room - _size(chunk[-1])) > 0:
                chunk.append(pop())
            self.size_bytes -= sum(map(_size, chunk))
        return tuple(chunk)


def _size(record: Record) -> int:
    value = record.value
    return 100 if value is None else 100 + len(value)


class InProgress:
    """Chunks that a stream has begun and not finished.

    Faust's iterator adds them; they leave when they are acked.
    """

    def __init__(self) -> None:
        self._chunks: dict[int, Chunk] = {}

    def add(self, message: object) -> None:
        """Note that a stream begins with it."""
        if isinstance(message, Chunk) and not message.acked:
            self._chunks[id(message)] = message

    def discard(self, message: object) -> None:
        """Note that every stream is done with it."""
        self._chunks.pop(id(message), None)

    def clear(self) -> None:
        """Forget all."""
        self._chunks.clear()

    def __len__(self) -> int:
        return len(self._chunks)


class Flow:
    """Backlogs and deliveries of one consumer."""

    def __init__(self, app: AppT, chunk_records: int, on_done: Callable[[Chunk], None] | None = None) -> None:
        self.app = app
        self.chunk_records = chunk_records
        self.deliveries: Deliveries[TP] = Deliveries()
        self.in_progress = InProgress()
        self.wake = asyncio.Event()
        self.delivered = 0
        self._on_done = on_done
        self._idle = asyncio.Event()
        self._backlogs: dict[TP, Backlog] = {}
        self._early: dict[TP, list[tuple[int, Sequence[Record]]]] = {}
        self._on = False
        self._positioned = False
        self._streaming = False

    def stop(self) -> None:
        """Deliver nothing more, until `resume`; streams also wait for a `position`."""
        self._on = False
        self.hold()

    def hold(self) -> None:
        """Deliver nothing to streams until a `position` and then a `resume`."""
        self._positioned = False
        self._streaming = False

    def resume(self) -> None:
        """Deliver changelogs; and streams, if they have been positioned since they were held."""
        self._on = True
        self._streaming = self._positioned
        self.wake.set()

    @property
    def ready(self) -> bool:
        """Say whether streams get events."""
        return self._on and self._streaming

    def position(self, offsets: Mapping[TP, int], number: int, *, changelog: bool = False) -> None:
        """Start an epoch for each partition, read from the given offset on.

        Batches of older numbers are dropped.
        """
        self._positioned = self._positioned or not changelog
        for tp, offset in offsets.items():
            known = self._backlogs.get(tp)
            if known is not None and known.number > number:
                continue
            backlog = self._backlogs[tp] = Backlog(number, changelog)
            for tag, records in self._early.pop(tp, ()):
                if tag == number:
                    backlog.extend(records)
            if not changelog:
                self.deliveries.open(tp, offset)

    def forget(self) -> None:
        """End all epochs: what is delivered or fetched of them means nothing from here on."""
        self.deliveries.clear()
        self._backlogs.clear()
        self.in_progress.clear()

    def offer(self, tp: TP, number: int, records: Sequence[Record]) -> bool:
        """Take a fetched batch.

        False when it was dropped because its position is no longer the partition's. One that comes before the
        word of its position is kept for it.
        """
        backlog = self._backlogs.get(tp)
        if backlog is None or number > backlog.number:
            self._early.setdefault(tp, []).append((number, records))
            return True
        if number < backlog.number:
            return False
        backlog.extend(records)
        self.wake.set()
        return True

    def wanted(self, active: Iterable[TP]) -> list[TP]:
        """Return the active partitions whose backlog has room; [] means fetch nothing."""
        return [tp for tp in active
                if (backlog := self._backlogs.get(tp)) is not None
                and backlog.size_bytes < BACKLOG_BYTES and len(backlog.records) < BACKLOG_RECORDS]

    def waiting(self) -> int:
        """Count records that were fetched and not delivered."""
        return sum(len(backlog.records) for backlog in self._backlogs.values())

    async def deliver(
        self, active: Iterable[TP], callback: Callable[[ConsumerMessage], Awaitable[None]]
    ) -> int:
        """Deliver one chunk, or what changelog records there are, of each partition that can take it.

        Return how many. The callback must not have to wait: a rebalance meanwhile would leave it with a stale
        record in hand. So wait for the producer's buffer before, and never deliver to a full queue.
        """
        count = 0
        for tp in list(active):
            backlog = self._backlogs.get(tp)
            if backlog is None or not backlog.records:
                continue
            if backlog.changelog:
                count += await self._restore(tp, backlog, callback)
            elif self.ready and self._room(tp) > 0:
                await callback(self._chunk(tp, backlog))
                count += 1
        self.delivered += count
        return count

    def _chunk(self, tp: TP, backlog: Backlog) -> Chunk:
        records = backlog.take(self.chunk_records)
        entry = self.deliveries.enter(tp, records[0].offset, records[-1].offset)
        return Chunk(entry, records, self.app.consumer_generation_id, self._done)

    async def _restore(
        self, tp: TP, backlog: Backlog, callback: Callable[[ConsumerMessage], Awaitable[None]]
    ) -> int:
        records = (
            backlog.take(min(self.chunk_records, self._room(tp))) if self._on and self._room(tp) > 0 else ()
        )
        for record in records:
            await callback(_changelog_message(tp, record, self.app.consumer_generation_id))
        return len(records)

    def _room(self, tp: TP) -> int:
        """Count the events that each queue of the partition can take; 0 when nobody reads it yet."""
        # pinned: tests/contract/test_faust_pin.py
        channels = self.app.topics._tp_index.get(tp) or ()  # type: ignore[attr-defined]  # noqa: SLF001
        return min((channel.queue.maxsize - channel.queue.qsize() for channel in channels), default=0)

    def _done(self, chunk: Chunk) -> None:
        self.in_progress.discard(chunk)
        self.deliveries.done(chunk.entry)
        if self._on_done is not None:
            self._on_done(chunk)
        self._idle.set()
        self.wake.set()

    async def idle(self) -> None:
        """Wait until no stream is in the middle of a chunk. Bound it with a timeout."""
        while self.in_progress:
            self._idle.clear()
            await self._idle.wait()


def _changelog_message(tp: TP, record: Record, generation: int) -> ConsumerMessage:
    return ConsumerMessage(
        record.topic, record.partition, record.offset, record.timestamp_ms / 1000, 0, list(record.headers),
        record.key, record.value, None, None, None, tp, generation_id=generation,
    )
