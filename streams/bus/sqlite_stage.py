"""What a Faust worker holds of the embedded log: membership, positions, deliveries, what events have sent.

An event is a chunk of records of one partition. What it sends (outputs, changelogs of its tables) is kept
with its entry in the ordered queue (`delivery`). When events are done, each partition's done prefix leaves
the queue, and its outputs and its offset are written in **one transaction** that first checks group,
generation and member. So after any crash an event has happened wholly or not at all: exactly once, on this
machine. What an unfinished event has sent is dropped; it will come again.

Fatal (exit 75): a refused or failed write, and another member in our group. After a failed write nothing
more of this worker is written, not even what is queued already: a later offset would pass over what was
lost.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from streams.bus import sqlite_group, sqlite_read
from streams.bus.delivery import Deliveries, Entry
from streams.bus.errors import BusError, Fenced
from streams.bus.expired import Expired
from streams.bus.interface import Record, RecordMetadata
from streams.bus.sqlite_consumer import Reader
from streams.bus.sqlite_group import Member
from streams.bus.sqlite_wake import POLL_SECONDS, settle
from streams.bus.sqlite_writer import Job, Pen, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from faust.types import TP

    from streams.bus.fatal import Die
    from streams.bus.sqlite import SqliteBus
    from streams.bus.sqlite_append import Outgoing

MAX_UNWRITTEN_BYTES: Final = 32 * 1024 * 1024
"""No more is delivered while this much waits for the writer."""


Written: TypeAlias = "Callable[[RecordMetadata], object] | None"
Output: TypeAlias = "tuple[Outgoing, Written]"
"""A record that was sent, and whom to tell where it lies."""


@dataclass(slots=True)
class _Shipment:
    """One transaction: what was sent, and the offsets that it stands for."""

    outputs: list[Output] = field(default_factory=list)
    offsets: dict[TP, int] = field(default_factory=dict)

    def bytes(self) -> int:
        return sum(len(outgoing.value or b"") for outgoing, _ in self.outputs)


class StageLog:
    """One worker's hold on the log, used from its event loop; the writer's thread does the transactions."""

    def __init__(self, bus: SqliteBus, *, client_id: str, group: str, die: Die) -> None:
        self.reader = Reader(bus.path, bus.writer)
        self.deliveries: Deliveries[TP] = Deliveries()
        self.member = Member(group, f"{client_id}-{os.getpid()}-{time.monotonic_ns()}", bus.session_seconds)
        self.unwritten_bytes = 0
        self._expired = Expired(group)
        self._writer = bus.writer
        self._die = die
        self._positions: dict[TP, int] = {}
        self._finished: set[TP] = set()
        self._loose = _Shipment()
        self._due = False
        self._broken = False
        self._last: asyncio.Future[None] | None = None  # of the last transaction that was asked for
        self._users = 0

    async def open(self) -> None:
        """Open the log for one more user (the consumer, the producer)."""
        self._users += 1
        if self._users == 1:
            await self.reader.open()

    async def close(self) -> None:
        """Write what is finished; the last user leaves the group and closes."""
        await self.flush()
        self._users -= 1
        if self._users == 0:
            self._writer.beat_no_more(self.member)
            await self._writer.run(lambda pen: sqlite_group.leave(pen.connection, self.member))
            await self.reader.close()

    async def join(self, topics: Iterable[str]) -> int:
        """Wait until this worker is the group's one live member; return the generation."""
        for name in topics:
            self.reader.catalogue.topic(name)
        while not await self._try_to_join():
            self.reader.waker.clear()
            await self.reader.waker.wait(POLL_SECONDS)
        self._writer.beat_for(self.member)
        return self.member.generation

    async def _try_to_join(self) -> bool:
        if not sqlite_group.is_free(self.reader.connection, self.member.group):
            return False
        return await self._writer.run(lambda pen: sqlite_group.join(pen.connection, self.member), wakes=False)

    def give_up_when_fenced(self) -> None:
        """End the process when another member has taken over."""
        if self.member.fenced:
            self._die(f"group {self.member.group} has another member: this worker was silent for too long")

    def seek(self, place: TP, offset: int, *, acks: bool) -> None:
        """Read on from `offset`; with `acks` in a new epoch: what was delivered before means nothing."""
        self._positions[place] = offset
        if acks:
            self.deliveries.open(place, offset)

    def seek_to_committed(self, places: Iterable[TP]) -> dict[TP, int]:
        """Start new epochs at the committed offsets, or at the beginning; return them."""
        places = list(places)
        bounds = self.reader.bounds(places)
        done = self.reader.committed(self.member.group, places)
        for place in places:
            self.seek(place, max(bounds[place].start, done[place] or 0), acks=True)
        starts = {place: self._positions[place] for place in places}
        self._expired.look({place: at for place, at in done.items() if at is not None}, starts)
        return starts

    def position(self, place: TP) -> int | None:
        """Return the offset to be read next, None when the partition is not positioned."""
        return self._positions.get(place)

    def forget(self) -> None:
        """End all epochs: what is unfinished will come again, what it still sends means nothing."""
        self.deliveries.clear()
        self._positions.clear()

    def behind(self, places: Iterable[TP]) -> dict[TP, sqlite_read.Bounds]:
        """Return those partitions that have more to read than was delivered."""
        held = [place for place in places if place in self._positions]
        return {
            place: found
            for place, found in self.reader.bounds(held).items()
            if found.next > self._positions[place]
        }

    def read(self, place: TP, end: int, most: int) -> list[Record]:
        """Return the next records without moving; none before `end` (compacted away): move there."""
        records = self.reader.read(place, self._positions[place], most)
        if not records:
            self._positions[place] = end
        return records

    def enter(self, place: TP, records: list[Record]) -> Entry[TP]:
        """Note that these records are about to be delivered as one event, and read on after them."""
        entry = self.deliveries.enter(place, records[0].offset, records[-1].offset)
        self._positions[place] = records[-1].offset + 1
        return entry

    def move(self, place: TP, offset: int) -> None:
        """Read on from `offset`, for records that nobody acknowledges (changelogs)."""
        self._positions[place] = offset

    def done(self, entry: Entry[TP]) -> None:
        """Note that an event is acknowledged: it will be written as soon as all before it are."""
        if self.deliveries.done(entry):
            self._finished.add(entry.partition)
            self._ship_soon()

    def send(
        self,
        outgoing: Outgoing,
        entry: Entry[TP] | None,
        written: Written = None,
    ) -> None:
        """Keep a record with its event, to be written with the event's offset; without an event write it now.

        `written` is called with its place once that is known; never, when the event's epoch is over.
        """
        if entry is None or entry.done:
            self._loose.outputs.append((outgoing, written))
            self._ship_soon()
        elif self.deliveries.live(entry):
            entry.outputs.append((outgoing, written))

    def _ship_soon(self) -> None:
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._ship)

    def _ship(self) -> None:
        self._due = False
        shipment, self._loose = self._loose, _Shipment()
        finished, self._finished = self._finished, set()
        for place in finished:
            for entry in self.deliveries.pop_done(place):
                shipment.offsets[place] = entry.last + 1
                shipment.outputs += entry.outputs  # type: ignore[arg-type]  # `send` put them there
        if shipment.outputs or shipment.offsets:
            self._write(shipment)

    def _write(self, shipment: _Shipment) -> None:
        offsets = {self.reader.pid(place): offset for place, offset in shipment.offsets.items()}
        loop = asyncio.get_running_loop()
        self._last = committed = loop.create_future()
        size = shipment.bytes()
        self.unwritten_bytes += size

        def done(result: object) -> None:  # in the writer's thread, before it does anything else of ours
            self._broken |= isinstance(result, BaseException)
            tell(loop, partial(self._wrote, shipment, size, committed, result))

        self._writer.put(Job(partial(self._transact, shipment, offsets), done, bytes=size))

    def _transact(self, shipment: _Shipment, offsets: Mapping[int, int], pen: Pen) -> list[RecordMetadata]:
        if self._broken:
            message = "an earlier write of this worker has failed"
            raise Fenced(message)
        if offsets:
            sqlite_group.commit(pen.connection, self.member, offsets)
        elif self.member.generation:
            sqlite_group.check(pen.connection, self.member)
        return pen.records.append_all([outgoing for outgoing, _ in shipment.outputs])

    def _wrote(
        self, shipment: _Shipment, size: int, committed: asyncio.Future[None], result: object
    ) -> None:
        if not isinstance(result, list):
            self._die(f"the embedded log refused a write of group {self.member.group}: {result}")
        self.unwritten_bytes -= size
        for (_, written), place in zip(shipment.outputs, result, strict=True):
            if written is not None:
                written(place)
        settle(committed, None)
        self.reader.waker.poke()

    async def flush(self) -> None:
        """Wait until all that is finished, and all that was sent outside of events, is committed."""
        if not self._users:
            message = "the embedded log is not open"
            raise BusError(message)
        self._ship()
        if self._last is not None:
            await asyncio.shield(self._last)
