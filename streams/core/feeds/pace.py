"""pace: when a feed is asked again: after half the time when it had something new, after twice when not.

Between bounds; not before the feed, its answer's `max-age` or its `Retry-After` wish, as far as the longest
bound allows. All in seconds; chance is a function that is given.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

START_SECONDS: Final = 900.0
"""A feed of which nothing is known."""
_MAX_AGE: Final = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})")


class Bounds(NamedTuple):
    """The shortest and the longest time between two visits, in seconds."""

    least: float
    most: float


def interval(before: float | None, new: int, bounds: Bounds) -> float:
    """Return the time to the next visit after one that found `new` entries.

    >>> interval(600, 3, Bounds(300, 3600)), interval(600, 0, Bounds(300, 3600))
    (300.0, 1200.0)
    """
    found = START_SECONDS if before is None else before / 2 if new else before * 2
    return float(min(max(found, bounds.least), bounds.most))


def wished(interval_seconds: float, asked: float | None, cache_control: str | None, most: float) -> float:
    """Return the interval, longer where the feed or its answer asks for it, up to `most`.

    >>> wished(300, 900, "public, max-age=600", 3600)
    900
    """
    found = _MAX_AGE.search(cache_control.lower()) if cache_control else None
    ages = [float(found[1])] if found else []
    return max([interval_seconds, *(min(each, most) for each in [*ages, *([asked] if asked else [])])])


def after_failure(interval_seconds: float, failures: int, asked: float | None, longest: float) -> float:
    """Return the time to the next visit after the `failures`th failure in a row: doubled each, or as asked.

    >>> after_failure(300, 3, None, 86400), after_failure(300, 1, 4000, 86400)
    (2400.0, 4000)
    """
    doubled = min(interval_seconds * 2.0 ** min(failures, 20), longest)
    return max(doubled, min(asked or 0, longest))
