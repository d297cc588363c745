"""When: groups wait for company, failures are tried again, a channel that keeps failing is left alone.

All times are seconds since 1970 of whatever clock the caller has; chance is a function that is given.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

BASE_SECONDS: Final = 2.0
MOST_SECONDS: Final = 3600.0
"""Longest pause between two attempts: 72 h of them are some 85 attempts."""
MOST_ASKED_SECONDS: Final = 86_400.0
"""A `Retry-After` further away is taken as one day."""


def due_at(now: float, wait_seconds: float, sent: float | None, interval_seconds: float) -> float:
    """Return when a group leaves: after its wait, and not before `interval_seconds` after it left last.

    >>> due_at(100, 10, None, 60), due_at(100, 10, 90, 60)
    (110, 150)
    """
    return now + wait_seconds if sent is None else max(now + wait_seconds, sent + interval_seconds)


def pause_seconds(
    attempts: int, jitter: Callable[[float], float], asked: float | None = None,
    base_seconds: float = BASE_SECONDS,
) -> float:
    """Return the pause after the `attempts`th failure: full jitter below a bound that doubles, or as asked.

    Source: AWS, "Exponential Backoff and Jitter" (2015): full jitter has the least total work.

    >>> [pause_seconds(n, lambda most: most) for n in (1, 2, 3, 40)]
    [2.0, 4.0, 8.0, 3600.0]
    >>> pause_seconds(1, lambda most: 0, asked=30)
    30
    """
    spread = jitter(min(MOST_SECONDS, base_seconds * 2.0 ** min(attempts - 1, 40)))
    return max(spread, min(asked or 0, MOST_ASKED_SECONDS))


def retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds that a `Retry-After` header asks for; None without one, or when it says nothing.

    Source: RFC 9110 §10.2.3: delay-seconds or an HTTP-date. A moment in the past asks for nothing.

    >>> retry_after("120", 0), retry_after("Thu, 01 Jan 1970 00:01:40 GMT", 40)
    (120.0, 60.0)
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    zoned = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return max(0.0, (zoned - datetime.fromtimestamp(now, UTC)).total_seconds())


class Breaker(NamedTuple):
    """What is known of a channel: failures in a row, and until when it is left alone."""

    failures: int = 0
    open_until: float = 0.0


def failed(
    breaker: Breaker, now: float, *, most: int, open_seconds: float, asked: float | None = None
) -> Breaker:
    """Return the breaker after a failure: from the `most`th on the channel rests, twice as long each time.

    `asked`: what its `Retry-After` said: it then rests as long, whatever the count.

    >>> failed(Breaker(4), 100, most=5, open_seconds=10)
    Breaker(failures=5, open_until=110.0)
    """
    failures = breaker.failures + 1
    rest = 0.0
    if failures >= most:
        rest = min(MOST_SECONDS, open_seconds * 2.0 ** min(failures - most, 20))
    if asked:
        rest = max(rest, min(asked, MOST_ASKED_SECONDS))
    return Breaker(failures, now + rest if rest else breaker.open_until)
