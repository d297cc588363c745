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

FIRST_ROWS: Final = 1024


class BandTable:
    """See the module. `width`: bands. Entries are numbers from 0; a number that was dropped is given anew."""

    __slots__ = ("_bands", "_free", "_heads", "_keys", "_links", "_mask", "_rows", "width")

    def __init__(self, width: int) -> None:
        self.width = width
        self._rows = 0
        self._free: list[int] = []
        self._bands = np.arange(width, dtype=np.int64)
        self._keys = np.empty(FIRST_ROWS * width, dtype=np.uint32)
        self._links = np.empty(FIRST_ROWS * width, dtype=np.uint32)
        self._clear(FIRST_ROWS)

    def __len__(self) -> int:
        return self._rows - len(self._free)

    def next_number(self) -> int:
        """Return a number that no entry has, for `put`."""
        return self._free.pop() if self._free else self._rows

    def put(self, number: int, keys: Keys) -> None:
        """Add an entry under its number, from `next_number`."""
        if number == self._rows:
            self._grow(number + 1)
            self._rows += 1
        buckets, row = self._buckets(keys), number * self.width
        self._keys[row : row + self.width] = keys
        self._links[row : row + self.width] = self._heads[buckets]
        self._heads[buckets] = number + 1

    def put_all(self, keys: NDArray[np.uint32]) -> range:
        """Add an entry for each row of a matrix with `width` columns; return their numbers."""
        numbers = range(self._rows, self._rows + len(keys))
        self._grow(numbers.stop)
        self._keys[numbers.start * self.width : numbers.stop * self.width] = keys.ravel()
        self._rows = numbers.stop
        self._chain(np.arange(numbers.start, numbers.stop))
        return numbers

    def drop(self, number: int) -> None:
        """Take an entry out. It must be in."""
        row = number * self.width
        buckets = self._buckets(self._keys[row : row + self.width])
        after, mine = self._links[row : row + self.width].copy(), number + 1
        first = self._heads[buckets] == mine
        self._heads[buckets[first]] = after[first]
        bands = np.flatnonzero(~first)
        places = (self._heads[buckets[bands]].astype(np.int64) - 1) * self.width + bands
        while len(bands):
            hit = self._links[places] == mine
            self._links[places[hit]] = after[bands[hit]]
            bands, places = bands[~hit], places[~hit]
            places = (self._links[places].astype(np.int64) - 1) * self.width + bands
        self._free.append(number)

    def find(self, keys: Keys) -> list[int]:
        """Return the numbers of all entries that have the same key in some band, sorted."""
        found: list[int] = []
        bands, at = self._bands, self._heads[self._buckets(keys)].astype(np.int64)
        while True:
            there = at > 0
            bands, at = bands[there], at[there]
            if not len(at):
                return sorted(set(found))
            places = (at - 1) * self.width + bands
            found += (at[self._keys[places] == keys[bands]] - 1).tolist()
            at = self._links[places].astype(np.int64)

    def keys_of(self, number: int) -> Keys:
        """Return the keys of an entry."""
        return self._keys[number * self.width : (number + 1) * self.width].copy()

    def _buckets(self, keys: Keys) -> Numbers:
        return self._bands * (self._mask + 1) + (keys & np.uint32(self._mask))

    def _clear(self, rows: int) -> None:
        self._mask = rows - 1
        self._heads = np.zeros(rows * self.width, dtype=np.uint32)

    def _grow(self, rows: int) -> None:
        room = self._mask + 1
        if rows <= room:
            return
        while room < rows:
            room *= 2
        self._keys = _longer(self._keys, room * self.width, self._rows * self.width)
        self._links = np.empty(room * self.width, dtype=np.uint32)
        self._clear(room)
        self._chain(np.setdiff1d(np.arange(self._rows), self._free))

    def _chain(self, all_numbers: Numbers) -> None:
        """Put entries before those of their buckets, a band at a time.

        Of several in one bucket numpy keeps one; the others come in the next round.
        """
        for band in range(self.width):
            numbers = all_numbers
            while len(numbers):
                places = numbers * self.width + band
                buckets = (self._keys[places] & np.uint32(self._mask)).astype(np.int64)
                buckets += band * (self._mask + 1)
                before = self._heads[buckets]
                self._heads[buckets] = numbers + 1
                kept = self._heads[buckets] == numbers + 1
                self._links[places[kept]] = before[kept]
                numbers = numbers[~kept]


def _longer(array: Keys, size: int, used: int) -> Keys:
    longer = np.empty(size, dtype=array.dtype)
    longer[:used] = array[:used]
    return longer
