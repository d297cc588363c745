"""Band index: one shard's entries in memory, by band and by time, built from the state after each assignment.

It holds nothing that the state does not: whoever writes an entry puts it here too. Finding who is like an
article takes three steps: entries that share a band, of those the ones within the time window, of those the
alike (`likeness`).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.dedup_state import IndexEntry, Sighting, SightingKind
from schemas.sketch import TextPrint
from streams.core.dedup.fingerprint import Fingerprint, read
from streams.core.dedup.watermark import Watermarks


def key_of(article_id: str, version: str) -> str:
    """Return the key of a version in the index."""
    return f"{article_id}/{version}"


_NOT_HERE = TextPrint(words=0, scale=1, grams="")

FEW = 4
"""Up to so many keys of a band are a tuple, more are a dictionary. Nearly all bands have one key: it takes 48
bytes so, and 232 as a dictionary, 64 times for each article.
"""


@dataclass(frozen=True, slots=True)
class Held:
    """An entry with its fingerprint unpacked. `entry` is without the packed one: the state has it."""

    entry: IndexEntry
    fingerprint: Fingerprint

    def near(self, mine: Iterable[Sighting], window: timedelta) -> bool:
        """Tell whether one of the entry's sightings and one of mine lie within the window, ends included.

        Published times are compared with each other, and what has no date with when the other arrived.
        """
        return any(
            abs(s.time - m.time) <= window
            for s in self.entry.sightings
            for m in mine
            if s.kind is not SightingKind.ARRIVED or m.kind is SightingKind.UNDATED
            if m.kind is not SightingKind.ARRIVED or s.kind is SightingKind.UNDATED
        )


@dataclass(slots=True)
class BandIndex:
    """See the module. `ages` orders arrivals of each lane by event time: the oldest is found at once.

    `watermarks` know only what `streams.core.dedup.match.forget` told them in this assignment.
    """

    held: dict[str, Held] = field(default_factory=dict)
    bands: dict[str, tuple[str, ...] | dict[str, None]] = field(default_factory=dict)
    ages: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    watermarks: Watermarks = field(default_factory=Watermarks)

    @classmethod
    def of(cls, state: Mapping[str, IndexEntry]) -> BandIndex:
        """Return the index of all entries of a state."""
        index = cls()
        for key, entry in state.items():
            index.put(key, entry)
        return index

    def put(self, key: str, entry: IndexEntry) -> None:
        """Add an entry, or replace the one with its key."""
        known = self.held.get(key)
        if known is None or known.entry.bands != entry.bands:
            self.drop(key)
            for band in entry.bands:
                self._into(band, key)
        self.held[key] = Held(entry.model_copy(update={"text_print": _NOT_HERE}), read(entry.text_print))
        for sighting in entry.sightings:
            if known is None or sighting not in known.entry.sightings:
                heapq.heappush(self.ages.setdefault(sighting.lane, []), (sighting.time, key))

    def drop(self, key: str) -> None:
        """Take an entry out; nothing happens when there is none."""
        known = self.held.pop(key, None)
        for band in known.entry.bands if known else ():
            self._out_of(band, key)

    def _into(self, band: str, key: str) -> None:
        keys = self.bands.get(band, ())
        if isinstance(keys, dict):
            keys[key] = None
        else:
            self.bands[band] = (*keys, key) if len(keys) < FEW else dict.fromkeys((*keys, key))

    def _out_of(self, band: str, key: str) -> None:
        keys = self.bands[band]
        if isinstance(keys, dict):
            del keys[key]
        else:
            keys = self.bands[band] = tuple(other for other in keys if other != key)
        if not keys:
            del self.bands[band]

    def candidates(
        self, article_id: str, bands: Iterable[str], mine: Sequence[Sighting], window: timedelta
    ) -> list[Held]:
        """Return the entries of other articles that share a band and lie within the window, by key."""
        keys = {key for band in bands for key in self.bands.get(band, ())}
        found = (self.held[key] for key in sorted(keys))
        return [held for held in found if held.entry.article_id != article_id and held.near(mine, window)]

    def oldest(self, lane: str, before: datetime, most: int) -> Iterator[str]:
        """Take out and yield up to `most` keys with an arrival of the lane before a moment.

        A key may be one that is no longer there.
        """
        ages = self.ages.get(lane, [])
        while ages and ages[0][0] < before and most > 0:
            most -= 1
            yield heapq.heappop(ages)[1]
