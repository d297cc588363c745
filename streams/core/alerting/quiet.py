"""quiet: whether a moment lies in quiet hours, and when they end."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from schemas.alert import Severity
from schemas.quiet_hours import QuietHours, Weekday

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_DAYS: Final = tuple(Weekday)
_MOST_ENDS: Final = 32
"""So many windows that follow each other without a gap are joined: those that never end hold nothing."""
_SOME_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=512)
def zone_of(name: str) -> ZoneInfo | None:
    """Return a time zone by its IANA name, None when there is none.

    >>> zone_of("Europe/Oslo").key, zone_of("../etc/passwd"), zone_of("Nowhere")
    ('Europe/Oslo', None, None)
    """
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None


def quiet_until(hours: Iterable[QuietHours], severity: Severity, at: datetime) -> datetime | None:
    """Return when an alert may be told that is held by quiet hours at a moment, UTC; None: it is not held."""
    windows = [each for each in hours if not (each.critical_passes and severity is Severity.CRITICAL)]
    until = _gap(windows, at)
    return until if until is not None and until > at else None


def endless(hours: Iterable[QuietHours]) -> bool:
    """Tell whether quiet hours leave no moment of a week for telling anything."""
    return _gap(list(hours), _SOME_DAY) is None


def _gap(windows: Sequence[QuietHours], at: datetime) -> datetime | None:
    """Return the first moment from `at` on that no window holds; None: there is none."""
    for _ in range(_MOST_ENDS):
        ends = [end for each in windows if (end := _end(each, at)) is not None]
        if not ends:
            return at
        at = max(ends)
    return None


def _end(hours: QuietHours, at: datetime) -> datetime | None:
    """Return when the window ends that a moment lies in; None: it lies in none.

    Clock times are those of the wall: a window over a change of the clock is an hour longer or shorter.
    """
    zone = zone_of(hours.zone) or UTC
    begins, ends = time.fromisoformat(hours.begins), time.fromisoformat(hours.ends)
    today = at.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        if _DAYS[day.weekday()] in hours.days:
            first = datetime.combine(day, begins, zone).astimezone(UTC)
            last_day = day if ends > begins else day + timedelta(days=1)
            last = datetime.combine(last_day, ends, zone).astimezone(UTC)
            if first <= at < last:
                return last
    return None
