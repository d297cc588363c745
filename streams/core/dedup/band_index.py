"""Band index: which entries of one shard share a band with a text, built from the state at an assignment.

It holds nothing that the state does not: whoever writes an entry puts it here too. In memory are the bands
(`band_table`), the entries' keys and how old they are; the rest is read from the state for the few entries
that share a band, the latest of them remembered. Finding who is like an article takes three steps: entries
that share a band, of those the ones within the time window, of those the alike (`likeness`).

Bands lie by weeks, those of an entry in each week that it was sighted in, and only weeks within the window
are looked in: what ten years hold that was made from the same template costs nothing (a tenth of 100,000
made articles share a band with any one; with all of them in one table a match took 30 times as long).
"""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple, TypeAlias, TypedDict

import numpy as np
from numpy.typing import NDArray

from schemas.dedup_state import IndexEntry, Sighting, SightingKind
from streams.core.dedup.ages import Ages
from streams.core.dedup.band_table import BandTable
from streams.core.dedup.fingerprint import Fingerprint, read, unpack
from streams.core.dedup.watermark import Watermarks

REMEMBERED: Final = 4096
"""Entries kept unpacked, the last that were candidates: 3 kB each. Templates are met again and again."""

AT_ONCE: Final = 512
"""Entries put into the bands together when the index is built."""


KEY_BYTES: Final = 4

_WEEK: Final = 7 * 86_400
_WEEKS_BEFORE: Final = 1 << 19
_WEEK_SLACK: Final = 1.0
"""Seconds; what of them are before 1970, and by how many a moment may be off as a float."""

Bands: TypeAlias = NDArray[np.uint32]
Rows: TypeAlias = NDArray[np.uint32]
"""A row of band keys for each part of a text."""


class StoredSighting(TypedDict):
    """A `Sighting` as JSON."""

    lane: str
    time: str


class StoredEntry(TypedDict):
    """What of an `IndexEntry` as JSON the index holds in memory."""

    bands: str
    parts: int
    sightings: list[StoredSighting]


def key_of(article_id: str, version: str) -> str:
    """Return the key of a version in the index."""
    return f"{article_id}/{version}"


def rows_of(bands: str, parts: int) -> Rows:
    """Return the bands of each part of a text; raises ValueError when they are not that many."""
    keys = unpack(bands)
    return keys.reshape(parts, len(keys) // parts)


def week_of(time: datetime) -> int:
    """Return a moment's week, from 0 in the year 1 on; any one that a datetime can be."""
    return int(time.timestamp() // _WEEK) + _WEEKS_BEFORE


class Place(NamedTuple):
    """Where a part of an entry stands: in which week's bands of how many, and its number there."""

    week: int
    width: int
    number: int

    def packed(self) -> int:
        """Return all three in 64 bits."""
        return self.number << 36 | self.week << 16 | self.width

    @classmethod
    def read(cls, packed: int) -> Place:
        """Return the place of `packed`."""
        return cls(packed >> 16 & 0xFFFFF, packed & 0xFFFF, packed >> 36)


@dataclass(slots=True)
class Stretch:
    """Entries with a sighting in one week. `keys`: number → key, empty for one that was dropped."""

    bands: BandTable
    keys: list[str] = field(default_factory=list)

    def add(self, key: str, row: Bands) -> int:
        """Add a part of an entry; return its number."""
        number = self.bands.next_number()
        self.bands.put(number, row)
        self.keys[number : number + 1] = [key]
        return number

    def numbers_of(self, key: str, rows: Rows) -> list[int]:
        """Return the numbers of an entry's parts."""
        return sorted({n for row in rows for n in self.bands.find(row) if self.keys[n] == key})


@dataclass(frozen=True, slots=True)
class Held:
    """An entry with its fingerprint unpacked."""

    entry: IndexEntry
    fingerprint: Fingerprint

    def near(self, mine: Iterable[Sighting], window: timedelta) -> bool:
        """Tell whether one of the entry's sightings and one of mine lie within the window, ends included.

        Published times are compared with each other, and what has no date with when the other arrived.
        """
        for its in self.entry.sightings:
            for my in mine:
                if abs(its.time - my.time) <= window and _comparable(its.kind, my.kind):
                    return True
        return False


def _comparable(one: SightingKind, other: SightingKind) -> bool:
    if one is SightingKind.ARRIVED:
        return other is SightingKind.UNDATED
    return other is not SightingKind.ARRIVED or one is SightingKind.UNDATED


@dataclass(slots=True)
class BandIndex:
    """See the module. Entries with bands of another number are from another setting: they are not compared.

    `watermarks` know only what `streams.core.dedup.match.forget` told them in this assignment.
    """

    stretches: dict[tuple[int, int], Stretch] = field(default_factory=dict)
    """(Week, bands of how many) → its entries."""
    ages: Ages = field(default_factory=Ages)
    watermarks: Watermarks = field(default_factory=Watermarks)
    recent: dict[str, Held] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[tuple[str, StoredEntry]]) -> BandIndex:
        """Return the index of all entries of a state, as they are stored."""
        index, left = cls(), iter(entries)
        while some := list(islice(left, AT_ONCE)):
            index._put_all(some)
        for stretch in index.stretches.values():
            stretch.bands.settle()
        return index

    def put(self, key: str, entry: IndexEntry, known: IndexEntry | None) -> None:
        """Add an entry; `known`: the one that it replaces, with the same bands."""
        rows, seen = rows_of(entry.bands, entry.parts), known.sightings if known else ()
        had, has = _weeks(seen), _weeks(entry.sightings)
        self._take_out(key, rows, had - has)
        if rows.size:
            numbers = {week: self._number(key, rows, week, new=week not in had) for week in has}
            for sighting in entry.sightings:
                if sighting not in seen:
                    place = Place(week := week_of(sighting.time), rows.shape[1], numbers[week])
                    self.ages.add(sighting.lane, sighting.time, place.packed())
        self.recent.pop(key, None)

    def drop(self, key: str, entry: IndexEntry) -> None:
        """Take an entry out; nothing happens when it is not in."""
        self._take_out(key, rows_of(entry.bands, entry.parts), _weeks(entry.sightings))
        self.recent.pop(key, None)

    def candidates(
        self, article_id: str, rows: Rows, mine: Sequence[Sighting], window: timedelta,
        state: Mapping[str, IndexEntry],
    ) -> list[Held]:
        """Return the entries of other articles that share a band and lie within the window, by key."""
        found = (self._held(key, state) for key in sorted(self._sharing(rows, mine, window)))
        return [held for held in found if held.entry.article_id != article_id and held.near(mine, window)]

    def oldest(self, lane: str, before: datetime, most: int) -> Iterator[str]:
        """Take out and yield up to `most` keys with a sighting of the lane before a moment.

        A key may come that has none any more, and one an hour late.
        """
        for place in map(Place.read, self.ages.before(lane, before, most)):
            stretch = self.stretches.get(place[:2])
            key = stretch.keys[place.number] if stretch and place.number < len(stretch.keys) else ""
            if key:
                yield key

    def _held(self, key: str, state: Mapping[str, IndexEntry]) -> Held:
        held = self.recent.pop(key, None)
        if held is None:
            entry = state[key]
            held = Held(entry, read(entry.text_print))
        self.recent[key] = held
        if len(self.recent) > REMEMBERED:
            del self.recent[next(iter(self.recent))]
        return held

    def _sharing(self, rows: Rows, mine: Sequence[Sighting], window: timedelta) -> set[str]:
        """Return the keys of what shares a band with one of the rows, and has a week near one of mine."""
        width, found = rows.shape[1], set()
        for week in self._near(mine, window):
            stretch = self.stretches.get((week, width))
            if stretch is not None:
                found |= {stretch.keys[number] for row in rows for number in stretch.bands.find(row)}
        return found

    def _near(self, mine: Sequence[Sighting], window: timedelta) -> set[int]:
        """Return the weeks that the window around one of mine reaches into."""
        reach, weeks = window.total_seconds() + _WEEK_SLACK, set()
        for sighting in mine:
            moment = sighting.time.timestamp()
            first, last = int((moment - reach) // _WEEK), int((moment + reach) // _WEEK)
            if last - first > len(self.stretches):
                return {week for week, _ in self.stretches}
            weeks |= {week + _WEEKS_BEFORE for week in range(first, last + 1)}
        return weeks

    def _stretch(self, week: int, width: int) -> Stretch:
        if (week, width) not in self.stretches:
            self.stretches[week, width] = Stretch(BandTable(width))
        return self.stretches[week, width]

    def _number(self, key: str, rows: Rows, week: int, *, new: bool) -> int:
        """Return the number of an entry's first part in a week, where it is added when it is not there."""
        stretch = self._stretch(week, rows.shape[1])
        there = [] if new else stretch.numbers_of(key, rows)
        return (there or [stretch.add(key, row) for row in rows])[0]

    def _take_out(self, key: str, rows: Rows, weeks: Iterable[int]) -> None:
        """Take an entry out of weeks; one that has none any more goes."""
        for week in weeks:
            stretch = self.stretches.get((week, rows.shape[1]))
            if stretch is None:
                continue
            for number in stretch.numbers_of(key, rows):
                stretch.bands.drop(number)
                stretch.keys[number] = ""
            if not len(stretch.bands):
                del self.stretches[week, rows.shape[1]]

    def _put_all(self, entries: Iterable[tuple[str, StoredEntry]]) -> None:
        groups: dict[tuple[int, int], list[tuple[str, StoredEntry, bytes]]] = {}
        for key, entry in entries:
            bands = a2b_base64(entry["bands"])
            width = len(bands) // KEY_BYTES // entry["parts"]
            for week in {week_of(datetime.fromisoformat(each["time"])) for each in entry["sightings"]}:
                groups.setdefault((week, width), []).append((key, entry, bands))
        for (week, width), some in groups.items():
            stretch = self._stretch(week, width)
            together = np.frombuffer(b"".join([bands for _, _, bands in some]), dtype="<u4")
            number = stretch.bands.put_all(together).start
            for key, entry, _ in some:
                packed = Place(week, width, number).packed()
                for sighting in entry["sightings"]:
                    time = datetime.fromisoformat(sighting["time"])
                    if week_of(time) == week:
                        self.ages.add(sighting["lane"], time, packed)
                stretch.keys += [key] * entry["parts"]
                number += entry["parts"]


def _weeks(sightings: Iterable[Sighting]) -> set[int]:
    return {week_of(sighting.time) for sighting in sightings}
