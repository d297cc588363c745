"""The consumer of the embedded log.

With a group (`subscribe`) it first becomes the group's member, or waits until it can; with `assign` it
reads what it is told. `getmany` looks at the partitions' ends, reads in turn from those that have more, and
otherwise waits to be woken by a commit.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Self, TypeVar

from streams.bus import sqlite_group, sqlite_read
from streams.bus.errors import BusError, Fenced
from streams.bus.expired import Expired
from streams.bus.interface import Record, TopicPartition
from streams.bus.sqlite_catalogue import Catalogue
from streams.bus.sqlite_file import open_file
from streams.bus.sqlite_group import Member
from streams.bus.sqlite_wake import Waker

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from streams.bus.sqlite_writer import Writer

P = TypeVar("P", bound=tuple[str, int])
"""A partition: the bus's `TopicPartition`, or Faust's `TP`."""


class Reader:
    """An open read connection with its catalogue and its waker: what consumer and transport read with."""

    def __init__(self, path: Path, writer: Writer) -> None:
        self._path = path
        self._writer = writer
        self.connection: sqlite3.Connection
        self.catalogue: Catalogue
        self.waker: Waker

    async def open(self) -> None:
        """Open the log and ask to be woken."""
        await asyncio.to_thread(self._writer.start)
        self.connection = open_file(self._path)
        self.catalogue = Catalogue(self.connection)
        self.waker = Waker()
        address = self.waker.address
        try:
            await self._writer.run(
                lambda pen: pen.connection.execute("INSERT INTO readers VALUES(?)", (address,)), wakes=False
            )
        except BaseException:  # cancelled, most often: nobody will call close
            self.waker.close()
            self.connection.close()
            await asyncio.to_thread(self._writer.stop)
            raise

    async def close(self) -> None:
        """Close it, also when cancelled in the midst; the writer ends with its last user."""
        address = self.waker.address
        try:
            await self._writer.run(
                lambda pen: pen.connection.execute("DELETE FROM readers WHERE address=?", (address,)),
                wakes=False)
        finally:
            self.waker.close()
            self.connection.close()
            await asyncio.to_thread(self._writer.stop)

    def pid(self, place: tuple[str, int]) -> int:
        """Return the table number of a partition. Raises `UnknownTopic`."""
        return self.catalogue.pid(*place)

    def bounds(self, places: Iterable[P]) -> dict[P, sqlite_read.Bounds]:
        """Return first and next offset of each partition. Raises `UnknownTopic`."""
        pids = {place: self.pid(place) for place in places}
        found = sqlite_read.bounds(self.connection)
        return {place: found[pid] for place, pid in pids.items()}

    def committed(self, group: str, places: Iterable[P]) -> dict[P, int | None]:
        """Return what a group has committed, None where nothing. Raises `UnknownTopic`."""
        found = sqlite_read.committed(self.connection, group)
        return {place: found.get(self.pid(place)) for place in places}

    def read(self, place: tuple[str, int], offset: int, most: int) -> list[Record]:
        """Return up to `most` records from `offset` on. Raises `UnknownTopic`."""
        return sqlite_read.read(self.connection, place, self.pid(place), offset, most)


class SqliteConsumer:
    """Implements `interface.Consumer`."""

    def __init__(
        self, path: Path, writer: Writer, *, client_id: str, group: str | None, session_seconds: float
    ) -> None:
        self._reader = Reader(path, writer)
        self._writer = writer
        self._group = group
        name = f"{client_id}-{os.getpid()}-{time.monotonic_ns()}"
        self._member = Member(group or "", name, session_seconds)
        self._topics: tuple[str, ...] = ()
        self._seen_version = -1
        self._positions: dict[TopicPartition, int | None] = {}  # None: to be looked up at first use
        self._left: dict[TopicPartition, int] = {}  # where reading was; none where somebody sought to
        self._expired = Expired(group or client_id)
        self._turn = 0
        self._started = False

    async def start(self) -> None:
        """Open the log."""
        if not self._started:
            await self._reader.open()
            self._started = True

    async def stop(self) -> None:
        """Leave the group, so that another takes over at once, and close."""
        if not self._started:
            return
        self._started = False
        try:
            if self._member.generation:
                self._writer.beat_no_more(self._member)
                await self._writer.run(lambda pen: sqlite_group.leave(pen.connection, self._member))
        finally:
            await self._reader.close()

    def subscribe(self, topics: Sequence[str]) -> None:
        """Read these topics as the group's member; `getmany` gives {} for as long as another one lives."""
        if self._group is None:
            message = "a consumer without a group cannot subscribe: use assign"
            raise BusError(message)
        self._topics = tuple(topics)
        self._seen_version = -1
        self._positions, self._left = {}, {}

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        """Read these partitions, outside of any membership."""
        self._topics = ()
        kept = self._positions
        self._positions = {place: kept.get(place) for place in (TopicPartition(*each) for each in partitions)}

    def assignment(self) -> frozenset[TopicPartition]:
        """Return the partitions that are read; none while the group has another member."""
        return frozenset(self._positions)

    async def getmany(
        self, *, timeout_ms: int = 0, max_records: int = 500
    ) -> dict[TopicPartition, list[Record]]:
        """Return what there is, waiting at most `timeout_ms` for the first record.

        Raises `Fenced`, `UnknownTopic`.
        """
        deadline = time.monotonic() + timeout_ms / 1000
        await asyncio.sleep(0)
        while True:
            self._reader.waker.clear()
            await self._take_part()
            if found := self._fetch(max_records):
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                return {}
            await self._reader.waker.wait(left)

    async def _take_part(self) -> None:
        if not self._topics:
            return
        self._refuse_when_fenced()
        if not self._member.generation and not await self._join():
            return
        self._writer.beat_for(self._member)  # here, too, for a join whose caller was cancelled
        topics = self._reader.catalogue.topics()
        if self._seen_version != self._reader.catalogue.version:
            wanted = [self._reader.catalogue.topic(name) for name in self._topics]
            places = [TopicPartition(topic.name, part) for topic in wanted for part in range(len(topic.pids))]
            self._positions = {place: self._positions.get(place) for place in places if place.topic in topics}
            self._seen_version = self._reader.catalogue.version

    async def _join(self) -> bool:
        for name in self._topics:
            self._reader.catalogue.topic(name)
        if not sqlite_group.is_free(self._reader.connection, self._member.group):
            return False
        member = self._member
        return await self._writer.run(lambda pen: sqlite_group.join(pen.connection, member), wakes=False)

    def _refuse_when_fenced(self) -> None:
        if self._member.fenced:
            message = f"group {self._group!r} has another member now: stop"
            raise Fenced(message)

    def _fetch(self, most: int) -> dict[TopicPartition, list[Record]]:
        ends = self._reader.bounds(self._positions)
        ready = [place for place, end in ends.items() if self._locate(place, end.start) < end.next]
        self._turn += 1
        first = self._turn % max(1, len(ready))
        found: dict[TopicPartition, list[Record]] = {}
        self._expired.look(self._left, {each: ends[each].start for each in ready if each in self._left})
        for place in ready[first:] + ready[:first]:
            records = self._reader.read(place, self._locate(place, 0), most)
            if records:
                found[place] = records
                self._positions[place] = records[-1].offset + 1
                most -= len(records)
            else:  # what was there has been compacted away
                self._positions[place] = ends[place].next
            self._left[place] = self._locate(place, 0)
            if most <= 0:
                break
        return found

    def _locate(self, place: TopicPartition, start: int) -> int:
        """Return a position, looked up at first use: the committed offset, else the beginning."""
        position = self._positions[place]
        if position is None:
            done = self._reader.committed(self._group, [place])[place] if self._group else None
            position = self._positions[place] = max(start, done or 0)
            if done is not None:
                self._left[place] = done
        return position

    async def seek(self, partition: TopicPartition, offset: int) -> None:
        """Read this partition from `offset` on."""
        if partition not in self._positions:
            message = f"{partition} is not assigned to this consumer"
            raise BusError(message)
        self._positions[partition] = offset
        self._left.pop(partition, None)

    async def position(self, partition: TopicPartition) -> int:
        """Return the offset of the next record that `getmany` will give (if retention leaves it)."""
        if partition not in self._positions:
            message = f"{partition} is not assigned to this consumer"
            raise BusError(message)
        return self._locate(partition, self._reader.bounds([partition])[partition].start)

    async def committed(self, partition: TopicPartition) -> int | None:
        """Return the group's committed offset, None when there is none."""
        if self._group is None:
            return None
        return self._reader.committed(self._group, [partition])[partition]

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit next offsets. Raises `Fenced` when another one is the group's member."""
        if self._group is None:
            message = "a consumer without a group cannot commit"
            raise BusError(message)
        found = {self._reader.pid(place): offset for place, offset in offsets.items()}
        group, member = self._group, self._member
        if self._topics:
            await self._writer.run(
                lambda pen: sqlite_group.commit(pen.connection, member, found), wakes=False
            )
        else:
            await self._writer.run(
                lambda pen: sqlite_group.commit_from_outside(pen.connection, group, found), wakes=False
            )

    async def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the first offset of each partition. Raises `UnknownTopic`."""
        return {place: found.start for place, found in self._reader.bounds(partitions).items()}

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the next offset of each partition. Raises `UnknownTopic`."""
        return {place: found.next for place, found in self._reader.bounds(partitions).items()}

    async def offsets_for_times(
        self, times_ms: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, int | None]:
        """Return the first offset at or after each time, None when there is none."""
        connection = self._reader.connection
        return {
            place: sqlite_read.offset_for_time(connection, self._reader.pid(place), at)
            for place, at in times_ms.items()
        }

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()
