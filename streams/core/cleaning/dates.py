"""Dates: every date that says when an article was published, best first, and the one that is taken.

In this order, by how far each can be trusted: what the producer gave, JSON-LD, meta tags, microdata, the day
in the URL, the first `time` element, days shown, other `time` elements, the dates of a modification
(`page_dates`), and the dateline. The first is taken; all are kept. One taken from a page is suspect when it
lies before 1990 or after the raw record's timestamp. A time without a zone is taken as UTC. An ambiguous
dateline (03.02.2018) is settled by the other dates, or by days the text names near it; else it is no
candidate.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from schemas.base import DateCandidate, Precision, Published
from streams.core.cleaning.day import days_in, nearest_year, resolved

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from streams.core.cleaning.day import Day

PRODUCER: Final = "producer"
FEED: Final = "feed"
"""A feed's word for when an entry was published: taken first, but never trusted as a producer's is."""
FIRST_TRUSTED: Final = datetime(1990, 1, 1, tzinfo=UTC)
_LONGEST_CHARS: Final = 64
_PARTIAL: Final = re.compile(r"(\d{4})(?:-(\d{2}))?")
_ISO: Final = re.compile(r"\d{4}-?\d{2}-?\d{2}(?:\D|$)|\d{14}$")
"""Stricter than `datetime.fromisoformat`, which takes any run of digits."""
_MOMENTS: Final = frozenset({"json_ld", "meta", "microdata", "time"})
_TO_THE_MINUTE: Final = (Precision.SECOND, Precision.MINUTE)
_EAST: Final = timedelta(hours=14)
_WEST: Final = timedelta(hours=12)
_TEXT_LOOKED_AT: Final = 4_000
_NEAR_DAYS: Final = 10


def candidate(value: datetime | date | str, basis: str) -> DateCandidate | None:
    """Return what `value` says, None when it is no date.

    Text is RFC 3339, ISO 8601, RFC 2822, YYYY, YYYY-MM, or one written day.

    >>> candidate("2018-02", "producer").precision
    <Precision.MONTH: 'month'>
    """
    if isinstance(value, datetime):
        return _moment(value, basis)
    if isinstance(value, date):
        return _day(value, basis)
    text = value.strip()
    if not text or len(text) > _LONGEST_CHARS:
        return None
    return _partial(text, basis) or _iso(text, basis) or _mail(text, basis) or _written(text, basis)


def _moment(value: datetime, basis: str, precision: Precision | None = None) -> DateCandidate | None:
    try:
        utc = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    except (OverflowError, ValueError):  # year 1 or 9999 moved over the edge by its zone
        return None
    return DateCandidate(value=utc, precision=precision or Precision.SECOND, basis=basis)


def _day(value: date, basis: str) -> DateCandidate | None:
    return _moment(datetime.combine(value, time(), UTC), basis, Precision.DAY)


def _partial(text: str, basis: str) -> DateCandidate | None:
    found = _PARTIAL.fullmatch(text)
    if not found:
        return None
    try:
        start = datetime(int(found[1]), int(found[2] or 1), 1, tzinfo=UTC)
    except ValueError:
        return None
    return _moment(start, basis, Precision.MONTH if found[2] else Precision.YEAR)


def _iso(text: str, basis: str) -> DateCandidate | None:
    if not _ISO.match(text):
        return None
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    has_time = len(text) > len("2018-02-14")
    if not has_time:
        return _day(value.date(), basis)
    return _moment(value, basis, Precision.SECOND if text.count(":") >= 2 else Precision.MINUTE)


def _mail(text: str, basis: str) -> DateCandidate | None:
    try:
        return _moment(parsedate_to_datetime(text), basis)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _written(text: str, basis: str) -> DateCandidate | None:
    days = [day for day in days_in(text) if day.has_year]
    return _day(days[0].readings[0], basis) if days and len(days[0].readings) == 1 else None


def dateline_day(
    day: Day | None, others: Iterable[DateCandidate], text: str, origin_time: datetime
) -> date | None:
    """Return the day that a dateline names; None when it names none or what it names cannot be told.

    An ambiguous day is settled by the other dates, else by days named in `text`. A day without a year takes
    the year nearest to the other dates; without any, the nearest to `origin_time` that is within a week of
    it.
    """
    if day is None:
        return None
    known = tuple(
        other.value.date() for other in others if other.precision not in (Precision.YEAR, Precision.MONTH)
    )
    if not day.has_year:
        return _with_year(day.readings[0], known, origin_time.date())
    if len(day.readings) == 1:
        return day.readings[0]
    return resolved(day.readings, known, _NEAR_DAYS) or _by_text(day, text)


def _with_year(day: date, known: Sequence[date], origin: date) -> date | None:
    for to, within in [(other, 31) for other in known] + [(origin, 7)]:
        dated = nearest_year(day, to)
        if abs((dated - to).days) <= within:
            return dated
    return None


def _by_text(day: Day, text: str) -> date | None:
    """Settle an ambiguous day by the unambiguous days that the text names.

    Reports are written days after what they report.
    """
    named: list[date] = []
    for other in days_in(text[:_TEXT_LOOKED_AT]):
        if len(other.readings) == 1:
            named += (
                [other.readings[0]]
                if other.has_year
                else [nearest_year(other.readings[0], reading) for reading in day.readings]
            )
    return resolved(day.readings, tuple(named), _NEAR_DAYS)


def published(candidates: Sequence[DateCandidate], origin_time: datetime) -> Published | None:
    """Return the first of `candidates` (best first) with all of them, None when there is none."""
    if not candidates:
        return None
    best = candidates[0]
    trusted = best.basis == PRODUCER or not in_doubt(best, origin_time)
    return Published(
        value=best.value,
        precision=best.precision,
        basis=best.basis,
        candidates=tuple(candidates),
        suspect=not trusted,
    )


def in_doubt(given: DateCandidate, origin_time: datetime) -> bool:
    """Return whether a date is one that only a producer may give: before 1990, or after the raw record."""
    return not FIRST_TRUSTED <= given.value <= origin_time


def event_time(when: Published | None, origin_time: datetime) -> datetime:
    """Return the published date; the raw record's timestamp if there is none or it is suspect.

    Of a day that a page gives, the first moment in it that the page gives as well, by whatever clock.
    """
    if when is None or when.suspect:
        return origin_time.astimezone(UTC)
    if when.basis != PRODUCER and when.precision is Precision.DAY:
        for each in when.candidates:
            exact = each.basis in _MOMENTS and each.precision in _TO_THE_MINUTE
            if exact and is_day_of(when.value, each.value):
                return each.value
    return when.value


def is_day_of(day: datetime, moment: datetime) -> bool:
    """Return whether a moment lies on a day (its UTC midnight) somewhere on earth."""
    return -_EAST <= moment - day < timedelta(days=1) + _WEST
