"""Day: days written in words or figures, with every reading that the writing allows.

"14.02.2018" has one reading, "03.02.2018" two (D.M.Y and M.D.Y), "13.13.2018" none. What is ambiguous is said
to be so; the caller may know better. "February 12" has no year: the caller gives one. Proleptic Gregorian
days, no time zone.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from streams.core.packs import PACKS, read

if TYPE_CHECKING:
    from collections.abc import Iterator


class Day(NamedTuple):
    """A written day: where it stands and what it may mean.

    `year` None: `readings` hold the year 4, a leap year.
    """

    start: int
    end: int
    readings: tuple[date, ...]
    has_year: bool


NO_YEAR: Final = 4
"""Stands for the year that is not written: a leap year, so that 29 February can be held."""

_NUMERIC: Final = (
    r"(?<![\d./-])(?:(?P<iso>\d{4})-(?P<iso_m>\d{2})-(?P<iso_d>\d{2})"
    r"|(?P<a>\d{1,2})(?P<sep>[./-])(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4}|\d{2}))(?![\d/-])"
)


@cache
def months() -> dict[str, int]:
    """Return the names of months of all packs, lower case → 1 to 12."""
    return {
        name: number
        for code in PACKS
        for name, number in cast("dict[str, int]", read(code, "cleaning")["months"]).items()
    }


def _words(key: str) -> list[str]:
    return [re.escape(word) for code in PACKS for word in cast("list[str]", read(code, "cleaning")[key])]


@cache
def _pattern() -> re.Pattern[str]:
    names = "|".join(sorted(months(), key=len, reverse=True))
    after = rf"(?:{'|'.join(sorted(_words('after_day'), key=len, reverse=True))})?"
    written = (
        rf"\b(?P<d1>\d{{1,2}}){after} (?P<m1>{names})\b\.?(?:,? (?P<y1>\d{{4}})\b)?"
        rf"|\b(?P<m2>{names})\b\.? (?P<d2>\d{{1,2}}){after}\b(?:,? (?P<y2>\d{{4}})\b)?"
    )
    return re.compile(f"{_NUMERIC}|{written}", re.IGNORECASE)


def days_in(text: str) -> Iterator[Day]:
    """Yield the days written in `text`, in order.

    >>> [day.readings for day in days_in("14.02.2018, or 03/02/2018")]
    [(datetime.date(2018, 2, 14),), (datetime.date(2018, 2, 3), datetime.date(2018, 3, 2))]
    """
    for match in _pattern().finditer(text):
        year, readings = _readings(match)
        if readings:
            yield Day(match.start(), match.end(), readings, year != NO_YEAR)


def _readings(match: re.Match[str]) -> tuple[int, tuple[date, ...]]:
    part = match.groupdict()
    if part["iso"]:
        return int(part["iso"]), _valid(int(part["iso"]), (int(part["iso_m"]), int(part["iso_d"])))
    if part["a"]:
        a, b, year = int(part["a"]), int(part["b"]), _full(part["y"])
        return year, _valid(year, (b, a), (a, b))
    month, day = part["m1"] or part["m2"], int(part["d1"] or part["d2"])
    year = int(part["y1"] or part["y2"] or NO_YEAR)
    return year, _valid(year, (months()[month.lower()], day))


def _full(year: str) -> int:
    return (
        int(year) if len(year) > 2 else 2000 + int(year) - (100 if int(year) > 68 else 0)
    )  # POSIX strptime's pivot


def _valid(year: int, *month_days: tuple[int, int]) -> tuple[date, ...]:
    found: list[date] = []
    for month, day in month_days:
        try:
            reading = date(year, month, day)
        except ValueError:
            continue
        if reading not in found:
            found.append(reading)
    return tuple(found)


def nearest_year(day: date, to: date) -> date:
    """Return `day` (its year is `NO_YEAR`) in the year that puts it nearest to `to`.

    29 February only into leap years.
    """
    options = [
        option
        for year in (to.year - 1, to.year, to.year + 1)
        for option in _valid(year, (day.month, day.day))
    ]
    return min(options, key=lambda option: abs((option - to).days), default=to)


def resolved(readings: tuple[date, ...], near: tuple[date, ...], within_days: int = 10) -> date | None:
    """Return the one reading, or the only one within `within_days` of a day in `near`; else None."""
    if len(readings) == 1:
        return readings[0]
    fitting = [
        reading for reading in readings if any(abs((reading - day).days) <= within_days for day in near)
    ]
    return fitting[0] if len(fitting) == 1 else None
