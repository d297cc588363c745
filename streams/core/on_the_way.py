"""on_the_way: which raw records have not come out yet, from what came in and what came out, in any order.

A reader of several partitions may see a record's end before its beginning. What does not come out within
`FORGOTTEN_SECONDS` is not counted any more: it is the backlog's business then, or it has no end at all (an
empty record). Times are seconds of one monotonic clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

FORGOTTEN_SECONDS: Final = 20.0


@dataclass(slots=True)
class OnTheWay:
    """What is on its way.

    >>> way = OnTheWay()
    >>> way.came("raw-0-7", 1.0)
    >>> way.came("raw-0-8", 1.0)
    >>> way.ended("raw-0-7", 1.5)
    >>> way.many(2.0)
    1
    """

    took: float = 0.0
    """Seconds for which the last one that came out was on its way."""
    last: float = 0.0
    """When it came out."""
    _came: dict[str, float] = field(default_factory=dict)
    _ended: dict[str, float] = field(default_factory=dict)

    def came(self, origin: str, now: float) -> None:
        """Take in a raw record."""
        if self._ended.pop(origin, None) is None:
            self._came[origin] = now

    def ended(self, origin: str, now: float) -> None:
        """Take in that it came out."""
        if (came := self._came.pop(origin, None)) is None:
            self._ended[origin] = now
        else:
            self.took, self.last = now - came, now

    def many(self, now: float) -> int:
        """Return how many are on their way."""
        _forget(self._came, now)
        _forget(self._ended, now)
        return len(self._came)


def _forget(since: dict[str, float], now: float) -> None:
    """Take out what is too old; the oldest stand first."""
    while since and now - since[first := next(iter(since))] > FORGOTTEN_SECONDS:
        del since[first]
