"""ranges: which offsets of which topics an audit reads, and which it has read: so that it can be run again.

`Ranges()` reads everything there is, and notes from where to where. With `given` (as a certificate has it)
it reads exactly that again, as far as it is still kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from streams.bus.scan import scan, starts_since
from streams.topics import RAW

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Mapping, Sequence

    from streams.bus.interface import Bus, Record, TopicPartition

Range = tuple[int, int]
"""First offset, next offset."""


@dataclass(slots=True)
class Ranges:
    """See the module. `read` is what was read; `starts` first offsets where not everything is asked for."""

    given: Mapping[TopicPartition, Range] | None = None
    starts: Mapping[TopicPartition, int] = field(default_factory=dict)
    stops: Mapping[TopicPartition, int] = field(default_factory=dict)
    only: Mapping[str, Collection[TopicPartition]] = field(default_factory=dict)
    """Of some topics, the partitions that are asked for."""
    read: dict[TopicPartition, Range] = field(default_factory=dict)

    async def scan(
        self, bus: Bus, names: Sequence[str], *, starts: Mapping[TopicPartition, int] | None = None,
        missing_ok: bool = False, onward: bool = False,
    ) -> AsyncGenerator[list[Record], None]:
        """Yield the topics' records; what was read is noted as the scan begins, and read again as far only.

        `onward`: to the end as it is now, also where less was given: for a compacted topic, whose records
        move on.
        """
        before = {**self.starts, **(starts or {})}
        ends = {**self.stops, **({} if onward else {place: end for place, (_, end) in self.read.items()})}
        if self.given is not None:
            before = {place: max(first, before.get(place, 0)) for place, (first, _) in self.given.items()}
            ends = {} if onward else {place: end for place, (_, end) in self.given.items()}
        only = self.given.keys() if self.given is not None else self.only.get(names[0])
        async for records in scan(
            bus, names, starts=before, ends=ends, missing_ok=missing_ok or self.given is not None,
            only=only, noted=self._note,
        ):
            yield records

    def _note(self, places: Mapping[TopicPartition, Range]) -> None:
        for place, (first, end) in places.items():
            known = self.read.get(place)
            self.read[place] = (min(first, known[0]), max(end, known[1])) if known else (first, end)

    def of(self, topics: Collection[str]) -> dict[TopicPartition, Range]:
        """Return what was read of some topics."""
        return {place: each for place, each in self.read.items() if place.topic in topics}


async def within(bus: Bus, since: str | None, until: str | None) -> Ranges:
    """Return the ranges of an audit of the raw records that came in between two moments (RFC 3339).

    Everything else is read whole: what came of them may have come much later.
    """
    starts, stops = [
        {} if text is None else await starts_since(bus, [RAW.name], _milliseconds(text))
        for text in (since, until)
    ]
    return Ranges(starts=starts, stops=stops)


def _milliseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)
