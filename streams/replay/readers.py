"""readers: raw records by partition and offset, out of the raw topic or of an archive: the same either way.

A reader tells its bounds, finds offsets by time, and reads `CHUNK` records of a partition from an offset on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from streams.archive import reading
from streams.bus.interface import TopicPartition
from streams.bus.scan import partitions_of
from streams.core.outcome import Usage
from streams.topics import RAW

if TYPE_CHECKING:
    from streams.bus.interface import Bus, Consumer, Record

CHUNK: Final = 500
_POLL_MS: Final = 1000
EMPTY_POLLS: Final = 30
"""A partition that gives nothing for so many polls below its end has nothing: its records are gone."""


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
        """See `Reader`."""
        place = TopicPartition(RAW.name, partition)
        self.consumer.assign([place])
        await self.consumer.seek(place, start)
        for _ in range(EMPTY_POLLS):
            polled = await self.consumer.getmany(timeout_ms=_POLL_MS, max_records=CHUNK)
            found = polled.get(place, [])
            if found or await self.consumer.position(place) >= end:
                return [record for record in found if record.offset < end]
        return []


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
        found = [record for record in islice(records, CHUNK) if record.offset < end]
        if found:
            self._open[partition] = (found[-1].offset + 1, records)
        return found


@asynccontextmanager
async def opened(bus: Bus, folder: str | None) -> AsyncGenerator[Reader]:
    """Yield a reader of the raw topic, or of the archive in a folder."""
    if folder is not None:
        yield ArchiveReader(Path(folder))
        return
    async with bus.consumer(client_id="communique-replay") as consumer:
        yield TopicReader(bus, consumer)
