"""Shelf: the raw bytes of one partition of a table. Pure: no Faust, no Kafka.

The changelog is the truth, a shelf its image: a *base*, which holds everything up to one offset of the
changelog and nothing beyond, and an *overlay* of what was written since and is not yet acknowledged. Reads
see the overlay first. An acknowledgement moves a write from the overlay to the base, together with its
offset. So

- a base on disk is never ahead of its changelog: after a crash, reading the changelog from its offset makes
  it whole;
- at a rebalance the overlay is forgotten: what it held was acknowledged (then the base has it) or belongs to
  events that come again.

Holds because all writers of a changelog partition are one worker at a time (the transport fences) and
acknowledgements of one partition come in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from streams.bus.errors import Fenced

if TYPE_CHECKING:
    from collections.abc import Iterable

Change = tuple[bytes, "bytes | None"]
"""A key and its new value; None deletes the key."""


class Base(Protocol):
    """What a shelf stands on: in memory or on disk."""

    @property
    def offset(self) -> int | None:
        """Return the changelog's offset that the base includes last; None when it is empty."""

    def get(self, key: bytes) -> bytes | None: ...
    def keys(self) -> Iterator[bytes]: ...
    def apply(self, changes: Iterable[Change], offset: int) -> None:
        """Take changes in order, and their last offset, all at once."""

    def close(self) -> None: ...
    def wipe(self) -> None:
        """Forget everything, on disk too."""


class MemoryBase:
    """A base that lives as long as the process."""

    def __init__(self) -> None:
        self.offset: int | None = None
        self._held: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        """Return a value, None when there is none."""
        return self._held.get(key)

    def keys(self) -> Iterator[bytes]:
        """Iterate over the keys as they are now."""
        return iter(list(self._held))

    def apply(self, changes: Iterable[Change], offset: int) -> None:
        """See `Base`."""
        for key, value in changes:
            if value is None:
                self._held.pop(key, None)
            else:
                self._held[key] = value
        self.offset = offset

    def close(self) -> None:
        """Forget everything: what is in memory only cannot be kept for later."""
        self.wipe()

    def wipe(self) -> None:
        """Forget everything."""
        self._held.clear()
        self.offset = None


@dataclass(slots=True)
class Shelf:
    """See the module."""

    base: Base
    overlay: dict[bytes, bytes | None] = field(default_factory=dict)
    in_flight: dict[bytes, int] = field(default_factory=dict)
    """Writes of each key in the overlay that are not acknowledged."""

    def get(self, key: bytes) -> bytes | None:
        """Return a value, None when there is none."""
        return self.overlay[key] if key in self.overlay else self.base.get(key)

    def keys(self) -> Iterator[bytes]:
        """Iterate over all keys."""
        yield from (key for key in self.base.keys() if key not in self.overlay)  # noqa: SIM118  # no dict
        yield from [key for key, value in self.overlay.items() if value is not None]

    def write(self, key: bytes, value: bytes | None) -> None:
        """Put a change into the overlay: it was sent to the changelog."""
        self.overlay[key] = value
        self.in_flight[key] = self.in_flight.get(key, 0) + 1

    def settle(self, key: bytes, value: bytes | None, offset: int) -> None:
        """Move a change to the base.

        It lies at `offset` of the changelog. Nothing for one that was forgotten.
        """
        if key not in self.in_flight or (self.base.offset is not None and offset <= self.base.offset):
            return
        self.base.apply([(key, value)], offset)
        self.in_flight[key] -= 1
        if not self.in_flight[key]:
            del self.in_flight[key], self.overlay[key]

    def forget_overlay(self) -> None:
        """Go back to what is acknowledged."""
        self.overlay.clear()
        self.in_flight.clear()


@dataclass(slots=True)
class View(MutableMapping[bytes, bytes]):
    """A shelf as agents see it during one assignment.

    A write goes to the changelog too. Raises `Fenced` afterwards.
    """

    shelf: Shelf
    send: Callable[[Shelf, bytes, bytes | None], None]
    live: bool = True

    __hash__ = object.__hash__

    def __getitem__(self, key: bytes) -> bytes:
        if (value := self.shelf.get(key)) is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        return isinstance(key, bytes) and self.shelf.get(key) is not None

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._write(key, value)

    def __delitem__(self, key: bytes) -> None:
        if key not in self:
            raise KeyError(key)
        self._write(key, None)

    def _write(self, key: bytes, value: bytes | None) -> None:
        if not self.live:
            msg = "this partition of the table is assigned to somebody else by now"
            raise Fenced(msg)
        self.shelf.write(key, value)
        self.send(self.shelf, key, value)

    def __iter__(self) -> Iterator[bytes]:
        return self.shelf.keys()

    def __len__(self) -> int:
        return sum(1 for _ in self.shelf.keys())  # noqa: SIM118  # no dict
