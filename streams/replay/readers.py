"""readers: raw records by partition and offset, out of the raw topic or of an archive: the same either way.

A reader tells its bounds, finds offsets by time, and reads records of a partition from an offset on: at most
`CHUNK`, and about `CHUNK_BYTES`, by what the last ones weighed. What retention takes away while it reads ends
it (`Usage`): a replay with holes is none.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from streams.archive import reading
from streams.bus.errors import BusError
from streams.bus.interface import TopicPartition
from streams.bus.scan import partitions_of
from streams.core.outcome import Usage
from streams.topics import RAW

if TYPE_CHECKING:
    from streams.bus.interface import Bus, Consumer, Record

CHUNK: Final = 500
CHUNK_BYTES: Final = 4_000_000
"""What is in memory of each partition that is read."""
_FIRST_RECORDS: Final = 20
_POLL_MS: Final = 1000
EMPTY_POLLS: Final = 30
"""A partition that gives nothing for so many polls below its end is given up for now."""


class Reader(Protocol):
    """Where raw records are read from. Offsets and partitions are those of the raw topic."""

    async def bounds(self) -> dict[int, tuple[int, int]]:
        """Return the first offset and the one after the last, by partition."""

    async def at(self, moment_ms: int) -> Mapping[int, int | None]:
        """Return each partition's first offset at or after a time, None where there is none."""

    async def read(self, partition: int, start: int, end: int) -> list[Record]:
        """Return the next records from `start` on, before `end`; [] when there are none."""


@dataclass(slots=True)
class TopicReader:
    """Reads the raw topic."""

    bus: Bus
    consumer: Consumer
    _most: dict[int, int] = field(default_factory=dict)

    async def _places(self) -> list[TopicPartition]:
        return await partitions_of(self.bus, [RAW.name])

    async def bounds(self) -> dict[int, tuple[int, int]]:
        """See `Reader`."""
        places = await self._places()
        first, ends = await self.consumer.beginning_offsets(places), await self.consumer.end_offsets(places)
        return {each.partition: (first[each], ends[each]) for each in places}

    async def at(self, moment_ms: int) -> Mapping[int, int | None]:
        """See `Reader`."""
        found = await self.consumer.offsets_for_times(dict.fromkeys(await self._places(), max(0, moment_ms)))
        return {place.partition: offset for place, offset in found.items()}

    async def read(self, partition: int, start: int, end: int) -> list[Record]:
        """See `Reader`. Raises `Usage` when what was there is gone, `BusError` when the bus gives nothing."""
        place = TopicPartition(RAW.name, partition)
        self.consumer.assign([place])
        await self.consumer.seek(place, start)
        for _ in range(EMPTY_POLLS):
            most = self._most.get(partition, _FIRST_RECORDS)
            found = (await self.consumer.getmany(timeout_ms=_POLL_MS, max_records=most)).get(place, [])
            if not found or found[0].offset > start:
                await self._check_kept(place, start)
            if found or await self.consumer.position(place) >= end:
                self._most[partition] = most_of(found)
                return [record for record in found if record.offset < end]
        raise BusError(f"{RAW.name} {partition} gives nothing from offset {start} on, of {end}: try again")

    async def _check_kept(self, place: TopicPartition, start: int) -> None:
        kept = (await self.consumer.beginning_offsets([place]))[place]
        if kept > start:
            raise Usage(
                f"retention took offsets {start} to {kept - 1} of partition {place.partition} before they "
                f"were read: plan anew, or from an archive (`replay plan --archive FOLDER`)")


@dataclass(slots=True)
class ArchiveReader:
    """Reads an archive's folder, each partition on from where it was read last."""

    folder: Path
    _open: dict[int, tuple[int, Iterator[Record]]] = field(default_factory=dict)

    async def bounds(self) -> dict[int, tuple[int, int]]:
        """See `Reader`. Raises `Usage` for a folder that holds no raw record."""
        ends = await asyncio.to_thread(reading.ends, self.folder)
        if not ends:
            raise Usage(f"{self.folder} is no archive of {RAW.name}: `communique archive list` shows one")
        first: dict[int, int] = {}
        for entry in await asyncio.to_thread(reading.entries, self.folder):
            first.setdefault(entry.partition, entry.start)
        return {each: (first.get(each, end), end) for each, end in ends.items()}

    async def at(self, moment_ms: int) -> Mapping[int, int | None]:
        """See `Reader`."""
        found = await asyncio.to_thread(reading.entries, self.folder)
        return {
            each: await asyncio.to_thread(self._first, each, moment_ms)
            for each in {entry.partition for entry in found}
        }

    def _first(self, partition: int, moment_ms: int) -> int | None:
        selector = reading.Selector(partitions=frozenset({partition}), since_ms=moment_ms)
        return next((record.offset for record in reading.records(self.folder, selector)), None)

    async def read(self, partition: int, start: int, end: int) -> list[Record]:
        """See `Reader`."""
        return await asyncio.to_thread(self._next, partition, start, end)

    def _next(self, partition: int, start: int, end: int) -> list[Record]:
        at, records = self._open.pop(partition, (-1, iter(())))
        if at != start:
            bounds = {partition: (start, end)}
            selector = reading.Selector(partitions=frozenset({partition}), offsets=bounds)
            records = reading.records(self.folder, selector)
        found: list[Record] = []
        size = 0
        for record in islice(records, CHUNK):
            found.append(record)
            size += len(record.value or b"")
            if size >= CHUNK_BYTES:
                break
        if found:
            self._open[partition] = (found[-1].offset + 1, records)
        return found


def most_of(records: Sequence[Record]) -> int:
    """Return how many records to read next, when they weigh what these do.

    >>> most_of([])
    20
    """
    if not records:
        return _FIRST_RECORDS
    mean = sum(len(record.value or b"") for record in records) // len(records)
    return max(1, min(CHUNK, CHUNK_BYTES // max(1, mean)))


@asynccontextmanager
async def opened(bus: Bus, folder: str | None) -> AsyncGenerator[Reader]:
    """Yield a reader of the raw topic, or of the archive in a folder."""
    if folder is not None:
        yield ArchiveReader(Path(folder))
        return
    async with bus.consumer(client_id="communique-replay") as consumer:
        yield TopicReader(bus, consumer)
