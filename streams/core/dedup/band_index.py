"""Band index: one shard's entries in memory, by band and by time, built from the state after each assignment.

It holds nothing that the state does not: whoever writes an entry puts it here too. Finding who is like an
article takes three steps: entries that share a band, of those the ones within the time window, of those the
shares of common shingles, counted for all candidates at once.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from schemas.dedup_state import IndexEntry
from streams.core.dedup.fingerprint import at_scale, unpack
from streams.core.dedup.shingles import Hashes
from streams.core.dedup.watermark import Watermarks


def key_of(article_id: str, version: str) -> str:
    """Return the key of a version in the index."""
    return f"{article_id}/{version}"


FEW = 4
"""Up to so many keys of a band are a tuple, more are a dictionary. Nearly all bands have one key: it takes 48
bytes so, and 232 as a dictionary, 64 times for each article.
"""


@dataclass(frozen=True, slots=True)
class Held:
    """An entry with its fingerprint unpacked. `entry` is without the packed one: the state has it."""

    entry: IndexEntry
    hashes: Hashes

    def near(self, moment: datetime, window: timedelta) -> bool:
        """Tell whether one of the entry's arrivals lies within the window, both ends included."""
        return any(abs(s.event_time - moment) <= window for s in self.entry.sightings)


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many shingles two texts have, and have in common, at the scale of the coarser one."""

    held: Held
    mine: int
    theirs: int
    shared: int


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
        self.held[key] = Held(entry.model_copy(update={"fingerprint": ""}), unpack(entry.fingerprint))
        for sighting in entry.sightings:
            if known is None or sighting not in known.entry.sightings:
                heapq.heappush(self.ages.setdefault(sighting.lane, []), (sighting.event_time, key))

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
        self, article_id: str, bands: Iterable[str], moment: datetime, window: timedelta
    ) -> list[Held]:
        """Return the entries of other articles that share a band and lie within the window, by key."""
        keys = {key for band in bands for key in self.bands.get(band, ())}
        found = (self.held[key] for key in sorted(keys))
        return [held for held in found if held.entry.article_id != article_id and held.near(moment, window)]

    def oldest(self, lane: str, before: datetime, most: int) -> Iterator[str]:
        """Take out and yield up to `most` keys with an arrival of the lane before a moment.

        A key may be one that is no longer there.
        """
        ages = self.ages.get(lane, [])
        while ages and ages[0][0] < before and most > 0:
            most -= 1
            yield heapq.heappop(ages)[1]


def overlaps(hashes: Hashes, scale: int, others: list[Held]) -> list[Overlap]:
    """Count what a fingerprint has in common with each of the others."""
    made: list[Overlap | None] = [None] * len(others)
    for common in {max(scale, held.entry.scale) for held in others}:
        places = [n for n, held in enumerate(others) if max(scale, held.entry.scale) == common]
        mine = at_scale(hashes, common)
        theirs = [at_scale(others[n].hashes, common) for n in places]
        for n, their, shared in zip(places, theirs, _shared(mine, theirs), strict=True):
            made[n] = Overlap(others[n], len(mine), len(their), shared)
    return [overlap for overlap in made if overlap is not None]


def _shared(mine: Hashes, theirs: list[Hashes]) -> list[int]:
    flat = np.concatenate([*theirs, np.empty(0, dtype=np.uint64)])
    if not len(mine) or not len(flat):
        return [0] * len(theirs)
    places = np.minimum(np.searchsorted(mine, flat), len(mine) - 1)
    hits = np.concatenate([[0], np.cumsum(mine[places] == flat)])
    ends = np.cumsum([len(their) for their in theirs])
    starts = np.concatenate([[0], ends[:-1]])
    counts: list[int] = (hits[ends] - hits[starts]).tolist()
    return counts
