"""What was delivered and what of it is done: an ordered queue per partition and epoch.

Pure: no Faust, no clock, no I/O.

An *epoch* is one positioning of a partition: an assignment or a seek. In order:

1. `open` starts an epoch at the offset that will be read first, and forgets the one before;
2. `enter` puts a chunk of 1..n records at the tail, *before* anybody sees it, so that nothing can be
   delivered and unknown;
3. `done` marks an entry; of an entry of an older epoch it means nothing (that chunk has come, or will come,
   again);
4. `pop_done` takes the done prefix out, in order, for whoever writes its outputs and its offset in one
   transaction; `settle` drops it, for whoever only commits offsets;
5. `safe` is the offset that may be committed: the head's first one, or last done + 1 when nothing is in the
   queue.

There is no arithmetic on offsets: position is the order of delivery. So holes that compaction and transaction
markers leave in a partition need no care. It refuses an entry that does not come after the one before it
(`ValueError`): a transport that delivers out of order is broken.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

P = TypeVar("P", bound="Hashable")
"""A partition: Faust's `TP`, or anything hashable."""


@dataclass(slots=True, eq=False)
class Entry(Generic[P]):
    """One delivered chunk: records `first`..`last` (offsets, inclusive) of one partition in one epoch."""

    partition: P
    epoch: int
    first: int
    last: int
    done: bool = False
    outputs: list[object] = field(default_factory=list)
    """What the chunk sent, for a backend that writes it together with the offset; unused on Kafka."""


@dataclass(slots=True)
class _Track(Generic[P]):
    epoch: int
    next_offset: int
    tail: int
    queue: deque[Entry[P]] = field(default_factory=deque)


class Deliveries(Generic[P]):
    """The queues of all partitions that a consumer holds. Used from one thread."""

    def __init__(self) -> None:
        self._tracks: dict[P, _Track[P]] = {}
        self._epochs: Iterator[int] = count(1)

    def open(self, partition: P, offset: int) -> int:
        """Start a new epoch that will read from `offset`; return its number, unique in this process."""
        epoch = next(self._epochs)
        self._tracks[partition] = _Track(epoch, offset, offset - 1)
        return epoch

    def close(self, partitions: Iterable[P]) -> None:
        """Forget partitions: their entries' acks mean nothing from here on."""
        for partition in list(partitions):
            self._tracks.pop(partition, None)

    def clear(self) -> None:
        """Forget everything (a rebalance: the protocol is eager)."""
        self._tracks.clear()

    def epoch(self, partition: P) -> int | None:
        """Return the running epoch, None when the partition is not held."""
        track = self._tracks.get(partition)
        return None if track is None else track.epoch

    def enter(self, partition: P, first: int, last: int) -> Entry[P]:
        """Put a chunk at the tail.

        KeyError: no epoch is open; ValueError: it does not follow what was delivered.
        """
        track = self._tracks[partition]
        if first <= track.tail or last < first:
            msg = f"{partition}: {first}..{last} does not follow {track.tail}"
            raise ValueError(msg)
        entry = Entry(partition, track.epoch, first, last)
        track.queue.append(entry)
        track.tail = last
        return entry

    def live(self, entry: Entry[P]) -> bool:
        """Say whether the entry's epoch still runs; if not, what it sends and acks is to be thrown away."""
        return self.epoch(entry.partition) == entry.epoch

    def done(self, entry: Entry[P]) -> bool:
        """Mark an entry done; False, and nothing happens, when its epoch is over."""
        if not self.live(entry):
            return False
        entry.done = True
        return True

    def pop_done(self, partition: P) -> list[Entry[P]]:
        """Take the done prefix out, oldest first; `safe` counts it as committable from now on."""
        track = self._tracks.get(partition)
        popped: list[Entry[P]] = []
        while track is not None and track.queue and track.queue[0].done:
            entry = track.queue.popleft()
            track.next_offset = entry.last + 1
            popped.append(entry)
        return popped

    def settle(self) -> None:
        """Drop every partition's done prefix."""
        for partition in self._tracks:
            self.pop_done(partition)

    def safe(self, partition: P) -> int | None:
        """Return the offset that may be committed, None when the partition is not held.

        Holds always: every record below it that was delivered in this epoch is done. Call `settle` or
        `pop_done` first.
        """
        track = self._tracks.get(partition)
        if track is None:
            return None
        return track.queue[0].first if track.queue else track.next_offset

    def safe_offsets(self) -> dict[P, int]:
        """Settle, and return the committable offset of every partition held."""
        self.settle()
        return {partition: track.queue[0].first if track.queue else track.next_offset
                for partition, track in self._tracks.items()}

    def unfinished(self, partition: P | None = None) -> int:
        """Count delivered entries that are not done, of one partition or of all."""
        tracks = self._tracks.values() if partition is None else filter(None, [self._tracks.get(partition)])
        return sum(not entry.done for track in tracks for entry in track.queue)

    def partitions(self) -> frozenset[P]:
        """Return the partitions with an open epoch."""
        return frozenset(self._tracks)
