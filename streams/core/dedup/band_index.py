"""Band index: which entries of one shard share a band with a text, built from the state at an assignment.

It holds nothing that the state does not: whoever writes an entry puts it here too. In memory are the bands
(`band_table`), the entries' keys and how old they are; the rest is read from the state for the few entries
that share a band, the latest of them remembered. Finding who is like an article takes three steps: entries
that share a band, of those the ones within the time window, of those the alike (`likeness`).
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


class Place(NamedTuple):
    """Where a part of an entry stands: bands of how many, and its number there."""

    width: int
    number: int

    def packed(self) -> int:
        """Return both in 64 bits."""
        return self.number << 16 | self.width

    @classmethod
    def read(cls, packed: int) -> Place:
        """Return the place of `packed`."""
        return cls(packed & 0xFFFF, packed >> 16)


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

    tables: dict[int, BandTable] = field(default_factory=dict)
    keys: dict[int, list[str]] = field(default_factory=dict)
    ages: Ages = field(default_factory=Ages)
    watermarks: Watermarks = field(default_factory=Watermarks)
    recent: dict[str, Held] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[tuple[str, StoredEntry]]) -> BandIndex:
        """Return the index of all entries of a state, as they are stored."""
        index, left = cls(), iter(entries)
        while some := list(islice(left, AT_ONCE)):
            index._put_all(some)
        for table in index.tables.values():
            table.settle()
        return index

    def put(self, key: str, entry: IndexEntry, known: IndexEntry | None) -> None:
        """Add an entry; `known`: the one that it replaces, with the same bands."""
        rows = rows_of(entry.bands, entry.parts)
        places = self._added(key, rows) if known is None else self._places(key, rows)
        seen = known.sightings if known else ()
        for place in places[:1]:
            self._age(place, (sighting for sighting in entry.sightings if sighting not in seen))
        self.recent.pop(key, None)

    def drop(self, key: str, entry: IndexEntry) -> None:
        """Take an entry out; nothing happens when it is not in."""
        for place in self._places(key, rows_of(entry.bands, entry.parts)):
            self.tables[place.width].drop(place.number)
            self.keys[place.width][place.number] = ""
        self.recent.pop(key, None)

    def candidates(
        self, article_id: str, rows: Rows, mine: Sequence[Sighting], window: timedelta,
        state: Mapping[str, IndexEntry],
    ) -> list[Held]:
        """Return the entries of other articles that share a band and lie within the window, by key."""
        found = (self._held(key, state) for key in sorted({key for _, key in self._sharing(rows)}))
        return [held for held in found if held.entry.article_id != article_id and held.near(mine, window)]

    def oldest(self, lane: str, before: datetime, most: int) -> Iterator[str]:
        """Take out and yield up to `most` keys with a sighting of the lane before a moment.

        A key may come that has none any more, and one an hour late.
        """
        for place in map(Place.read, self.ages.before(lane, before, most)):
            key = self.keys[place.width][place.number]
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

    def _sharing(self, rows: Rows) -> Iterator[tuple[int, str]]:
        """Yield numbers that share a band with one of the rows, with their keys; one may come twice."""
        width = rows.shape[1]
        if width in self.tables:
            find, keys = self.tables[width].find, self.keys[width]
            yield from ((number, keys[number]) for row in rows for number in find(row))

    def _places(self, key: str, rows: Rows) -> list[Place]:
        numbers = {number for number, its in self._sharing(rows) if its == key}
        return [Place(rows.shape[1], number) for number in sorted(numbers)]

    def _table(self, width: int) -> BandTable:
        if width not in self.tables:
            self.tables[width], self.keys[width] = BandTable(width), []
        return self.tables[width]

    def _added(self, key: str, rows: Rows) -> list[Place]:
        if not rows.size:
            return []
        width, places = rows.shape[1], []
        table, keys = self._table(width), self.keys[width]
        for row in rows:
            number = table.next_number()
            table.put(number, row)
            keys[number : number + 1] = [key]
            places.append(Place(width, number))
        return places

    def _put_all(self, entries: Iterable[tuple[str, StoredEntry]]) -> None:
        widths: dict[int, list[tuple[str, StoredEntry, bytes]]] = {}
        for key, entry in entries:
            bands = a2b_base64(entry["bands"])
            widths.setdefault(len(bands) // KEY_BYTES // entry["parts"], []).append((key, entry, bands))
        for width, some in widths.items():
            together = np.frombuffer(b"".join([bands for _, _, bands in some]), dtype="<u4")
            number, keys = self._table(width).put_all(together).start, self.keys[width]
            for key, entry, _ in some:
                packed = Place(width, number).packed()
                for sighting in entry["sightings"]:
                    self.ages.add(sighting["lane"], datetime.fromisoformat(sighting["time"]), packed)
                keys += [key] * entry["parts"]
                number += entry["parts"]

    def _age(self, place: Place, sightings: Iterable[Sighting]) -> None:
        for sighting in sightings:
            self.ages.add(sighting.lane, sighting.time, place.packed())
