"""Band table: which numbers (of entries) have a key in a band. All bands of a key list at once, in numpy.

A hash table with chains for each band, in four flat arrays: the newest entry of each bucket, and for each
entry and band its key and the entry before it in the chain. 12 to 16 bytes a band and entry, where a
dictionary of Python takes 100 and more. Rows double as they fill; then the chains are laid anew (a second
for a million entries of 32 bands).

Nothing is stored as 0: `heads` and `links` hold numbers + 1, so that fresh memory is an empty table and
pages that were never written take none.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Keys: TypeAlias = NDArray[np.uint32]
Numbers: TypeAlias = NDArray[np.int64]

FIRST_ROWS: Final = 16


class BandTable:
    """See the module. `width`: bands. Entries are numbers from 0; a number that was dropped is given anew.

    Arrays lie band by band, each with room for as many entries as there are buckets, a power of two.
    """

    __slots__ = ("_at", "_free", "_heads", "_keys", "_laid", "_links", "_room", "_rows", "width")

    def __init__(self, width: int) -> None:
        self.width = width
        self._rows = self._room = 0
        self._free: list[int] = []
        self._keys = self._links = self._heads = np.empty(0, dtype=np.uint32)
        self._at = np.arange(width, dtype=np.int64)
        self._lay(FIRST_ROWS)

    def __len__(self) -> int:
        return self._rows - len(self._free)

    def next_number(self) -> int:
        """Return a number that no entry has, for `put`."""
        return self._free.pop() if self._free else self._rows

    def put(self, number: int, keys: Keys) -> None:
        """Add an entry under its number, from `next_number`."""
        if number == self._rows:
            if number == self._room:
                self._lay(number + 1)
            self._rows += 1
        buckets, places = self._buckets(keys), self._at + number
        self._keys[places] = keys
        self._links[places] = self._heads[buckets]
        self._heads[buckets] = number + 1

    def put_all(self, keys: Keys) -> range:
        """Add an entry for every `width` keys; return their numbers. They are not found before `settle`."""
        numbers = range(self._rows, self._rows + len(keys) // self.width)
        if numbers.stop > self._room:
            self._widen(numbers.stop)
        self._keys.reshape(self.width, -1)[:, numbers.start : numbers.stop] = keys.reshape(-1, self.width).T
        self._rows, self._laid = numbers.stop, False
        return numbers

    def settle(self) -> None:
        """Make all entries of `put_all` ready to be found."""
        if not self._laid:
            self._lay(self._rows)

    def drop(self, number: int) -> None:
        """Take an entry out. It must be in."""
        places, mine = self._at + number, number + 1
        buckets, after = self._buckets(self._keys[places]), self._links[places]
        first = self._heads[buckets] == mine
        self._heads[buckets[first]] = after[first]
        bands = np.flatnonzero(~first)
        before = self._at[bands] + self._heads[buckets[bands]] - 1
        while len(bands):
            hit = self._links[before] == mine
            self._links[before[hit]] = after[bands[hit]]
            bands, before = bands[~hit], before[~hit]
            before = self._at[bands] + self._links[before] - 1
        self._free.append(number)

    def find(self, keys: Keys) -> list[int]:
        """Return the numbers of all entries that have the same key in some band, sorted."""
        found: list[int] = []
        at, rows = self._at, self._heads[self._buckets(keys)]
        while True:
            there = rows > 0
            at, keys, rows = at[there], keys[there], rows[there]
            if not len(rows):
                return sorted(set(found))
            places = at + rows - 1
            found += (rows[self._keys[places] == keys] - 1).tolist()
            rows = self._links[places]

    def keys_of(self, number: int) -> Keys:
        """Return the keys of an entry."""
        return self._keys[self._at + number]

    def _buckets(self, keys: Keys) -> Numbers:
        return self._at + (keys & np.uint32(self._room - 1))

    def _widen(self, rows: int) -> None:
        """Make room for so many entries; the chains are to be laid anew."""
        room = FIRST_ROWS
        while room < rows:
            room *= 2
        wider = np.empty((self.width, room), dtype=np.uint32)
        wider[:, : self._rows] = self._keys.reshape(self.width, self._room)[:, : self._rows]
        self._keys, self._room = wider.ravel(), room
        self._at = np.arange(self.width, dtype=np.int64) * room

    def _lay(self, rows: int) -> None:
        """Make room for so many entries and lay the chains of all anew, a band at a time.

        Of several in one bucket numpy keeps one; the others come in the next round.
        """
        if rows > self._room:
            self._widen(rows)
        self._links = np.empty(self.width * self._room, dtype=np.uint32)
        self._heads = np.zeros(self.width * self._room, dtype=np.uint32)
        entries = np.setdiff1d(np.arange(self._rows, dtype=np.int64), self._free)
        for at in self._at.tolist():
            band = slice(at, at + self._room)
            _chain(entries, self._keys[band], self._links[band], self._heads[band])
        self._laid = True


def _chain(numbers: Numbers, keys: Keys, links: Keys, heads: Keys) -> None:
    """Lay the chains of one band; all arrays are written in place."""
    buckets = (keys[numbers] & np.uint32(len(heads) - 1)).astype(np.int64)
    while len(numbers):
        before, mine = heads[buckets], (numbers + 1).astype(np.uint32)
        heads[buckets] = mine
        kept = heads[buckets] == mine
        links[numbers[kept]] = before[kept]
        numbers, buckets = numbers[~kept], buckets[~kept]
