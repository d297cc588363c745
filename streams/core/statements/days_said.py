"""Days said: what a phrase that dates a saying means, told the day of the report.

"on Monday" is the last Monday up to that day, "February 12" the last twelfth of February, "last week" seven
days. What lies ahead, and what only bounds ("since", "until"), dates nothing. Days are UTC days; a day may be
one later than the report's, for a report knows its own time zone and we do not.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from schemas.base import Precision
from streams.core.cleaning.day import days_in, months, resolved
from streams.core.packs import either, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from streams.core.cleaning.day import Day

_SLACK: Final = timedelta(days=1)
_FAR: Final = timedelta(days=300)
"""A day or month without a year that lies further back is more likely the coming one: it dates nothing."""
_BOUND_CHARS: Final = 12
_LONGEST: Final = 120
"""Code points of a phrase that are looked at."""


class Dated(NamedTuple):
    """First and last day that a phrase may mean, both included.

    `precision` None: a stretch that is no day, month or year. `inferred`: the year is not written.
    """

    first: date
    last: date
    precision: Precision | None
    rule: str
    inferred: bool = False


@dataclass(frozen=True, slots=True)
class TimeWords:
    """One pack's words of time, compiled. Patterns match lower case."""

    days: Mapping[str, int]
    weekdays: Mapping[str, int]
    units: Mapping[str, str]
    numbers: Mapping[str, int]
    day: re.Pattern[str]
    weekday: re.Pattern[str]
    ago: re.Pattern[str]
    earlier: re.Pattern[str]
    unit: re.Pattern[str]
    weekend: re.Pattern[str]
    month: re.Pattern[str]
    year: re.Pattern[str]
    not_on: re.Pattern[str]
    ahead: re.Pattern[str]
    any_of: re.Pattern[str]
    bounded: re.Pattern[str]


@cache
def time_words(language: str) -> TimeWords:
    """Return the words of time of a language's pack."""
    pack = read(language, "time")
    days, weekdays = cast("dict[str, int]", pack["days"]), cast("dict[str, int]", pack["weekdays"])
    units, numbers = cast("dict[str, str]", pack["units"]), cast("dict[str, int]", pack["numbers"])
    words = cast("dict[str, list[str]]", pack["words"])
    last, this = either(words["last"]), either(words["this"])
    plain = [unit for unit in units if units[unit] != "weekend"]
    weekend = either([unit for unit in units if units[unit] == "weekend"])
    of = rf"(?: {either(words['of'])})?"
    count = rf"(?:\d{{1,3}}|{either(numbers)})"
    parts = {
        "day": rf"\b{either(days)}\b",
        "weekday": rf"\b(?:(?P<last>{last}) )?(?P<weekday>{either(weekdays)})\b",
        "ago": rf"\b(?P<count>{count}) (?P<span>{either(plain)}) {either(words['ago'])}\b",
        "earlier": rf"\b(?P<fewer>{count}) (?P<step>{either(plain)}) {either(words['earlier'])}\b",
        "unit": rf"\b(?:(?P<past>{last})|{this}) (?P<unit>{either(plain)})\b",
        "weekend": rf"\b{either(words['over'])} {weekend}\b",
        "month": rf"\b(?P<month>{either(months())})\b\.?(?:{of},? (?P<year>\d{{4}})\b)?",
        "year": r"(?<![\d.,])\b(?:19|20)\d\d\b(?![.,]?\d)",
    }
    lead = rf"(?:{either(words['lead'])} )*"
    return TimeWords(
        days=days,
        weekdays=weekdays,
        units=units,
        numbers=numbers,
        **{name: re.compile(pattern) for name, pattern in parts.items()},
        not_on=re.compile(rf"{either(words['not_on'])}\b"),
        ahead=re.compile(rf"\b{either(words['ahead'])}\b"),
        bounded=re.compile(rf"\b{either(words['not_on'])} ?$"),
        any_of=re.compile(_phrases(lead, parts, language), re.IGNORECASE),
    )


def _phrases(lead: str, parts: Mapping[str, str], language: str) -> str:
    """Return a pattern of every phrase that dates, with the words that lead to it."""
    names = either(months())
    after = rf"{either(cast('list[str]', read(language, 'cleaning')['after_day']))}?"
    written = rf"\d{{1,2}}{after} {names}\b\.?(?:,? \d{{4}})?|{names}\b\.? \d{{1,2}}{after}\b(?:,? \d{{4}})?"
    bare = [re.sub(r"\?P<\w+>", "?:", part) for part in parts.values()]
    return rf"\b{lead}(?:{written}|{'|'.join(bare)})"


def phrases_in(text: str, start: int, end: int, language: str) -> Iterator[re.Match[str]]:
    """Yield the phrases of a stretch that date, in order, but none that only bounds ("since Monday").

    Nor a lower-case word that may be a month ("may", "march").
    """
    words = time_words(language)
    for match in words.any_of.finditer(text, start, end):
        before = text[max(0, match.start() - _BOUND_CHARS) : match.start()].lower()
        if (" " in match[0] or not match[0].islower() or match[0] in words.days) and not words.bounded.search(
            before
        ):
            yield match


def dated(phrase: str, reported: date | None, language: str) -> Dated | None:
    """Return the days that a phrase means, None when it dates nothing that is past.

    `reported` None: only phrases with a year mean something.

    >>> str(dated("on Monday", date(2019, 1, 2), "en").first)
    '2018-12-31'
    """
    words = time_words(language)
    text = " ".join(phrase[:_LONGEST].lower().split())
    if words.not_on.match(text) or words.ahead.search(text):
        return None
    try:
        return _meant(text, words, reported)
    except (OverflowError, ValueError):  # before year 1 or after 9999
        return None


def _meant(text: str, words: TimeWords, reported: date | None) -> Dated | None:
    day = next(days_in(text), None)
    if day is not None:
        return _past(_written(day, reported), reported)
    found = _month(text, words, reported)
    if not found and reported:
        found = _relative(text, words, reported)
    return _past(found or _year(text, words), reported)


def earlier(phrase: str, before: Dated | None, language: str) -> Dated | None:
    """Return the day that "two days earlier" means after a day was told; None without one, or for months."""
    words = time_words(language)
    match = words.earlier.search(" ".join(phrase[:_LONGEST].lower().split()))
    if not match or before is None or before.precision is not Precision.DAY:
        return None
    count = int(match["fewer"]) if match["fewer"].isdigit() else words.numbers[match["fewer"]]
    back = timedelta(days=count * {"day": 1, "week": 7}.get(words.units[match["step"]], 0))
    if not back or before.first - date.min < back:
        return None
    return _one(before.first - back, "days_earlier")


def _past(found: Dated | None, reported: date | None) -> Dated | None:
    """Return `found` cut off behind the day of the report, None when it begins after that."""
    if not found or not reported:
        return found
    if found.first - reported > _SLACK:
        return None
    return found._replace(last=max(found.first, min(found.last, reported)))


def _written(day: Day, reported: date | None) -> Dated | None:
    """Return the day written in figures or words, None when its year cannot be told."""
    if not day.has_year:
        found = _last_time(day.readings[0], reported) if reported else None
        return Dated(found, found, Precision.DAY, "day_without_year", inferred=True) if found else None
    one = resolved(day.readings, (reported,) if reported else ())
    if one:
        return Dated(one, one, Precision.DAY, "day")
    return Dated(min(day.readings), max(day.readings), None, "day_or_month_first")


def _last_time(day: date, reported: date) -> date | None:
    """Return the last day up to the report's that has the month and number of `day`."""
    for year in range(reported.year + 1, reported.year - 9, -1):
        try:
            found = day.replace(year=year)
        except ValueError:  # 29 February
            continue
        if found - reported <= _SLACK:
            return found if reported - found < _FAR else None
    return None


def _month(text: str, words: TimeWords, reported: date | None) -> Dated | None:
    match = words.month.search(text)
    if not match or (not match["year"] and not reported):
        return None
    month = months()[match["month"]]
    if match["year"]:
        return _whole_month(int(match["year"]), month, "month")
    if reported is None or match["month"] in words.weekdays:
        return None
    year = reported.year if month <= reported.month else reported.year - 1
    if reported - date(year, month, 1) > _FAR:
        return None
    return _whole_month(year, month, "month_without_year")._replace(inferred=True)


def _whole_month(year: int, month: int, rule: str) -> Dated:
    first = date(year, month, 1)
    return Dated(first, month_end(first), Precision.MONTH, rule)


def month_end(day: date) -> date:
    """Return the last day of the month of `day`."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def _year(text: str, words: TimeWords) -> Dated | None:
    match = words.year.search(text)
    if not match:
        return None
    year = int(match[0])
    return Dated(date(year, 1, 1), date(year, 12, 31), Precision.YEAR, "year")


def _relative(text: str, words: TimeWords, reported: date) -> Dated | None:
    """Return what a phrase means that counts from the day of the report."""
    if match := words.day.search(text):
        return _one(reported - timedelta(days=words.days[match[0]]), "day_word")
    if match := words.weekday.search(text):
        back = (reported.weekday() - words.weekdays[match["weekday"]]) % 7
        return _one(reported - timedelta(days=back or (7 if match["last"] else 0)), "weekday")
    if match := words.ago.search(text):
        count = int(match["count"]) if match["count"].isdigit() else words.numbers[match["count"]]
        return _ago(count, words.units[match["span"]], reported)
    if words.weekend.search(text):
        saturday = reported - timedelta(days=(reported.weekday() - 5) % 7)
        return Dated(saturday, saturday + timedelta(days=1), None, "weekend")
    if match := words.unit.search(text):
        return _unit(words.units[match["unit"]], reported, past=bool(match["past"]))
    return None


def _one(day: date, rule: str) -> Dated:
    return Dated(day, day, Precision.DAY, rule)


def _ago(count: int, unit: str, reported: date) -> Dated | None:
    """Return the day so long ago; from a week on, give or take half a unit."""
    days = count * {"day": 1, "week": 7, "month": 30, "year": 365}[unit]
    day = reported - timedelta(days=days)
    if unit == "day":
        return _one(day, "days_ago")
    about = timedelta(days={"week": 3, "month": 15, "year": 182}[unit])
    return Dated(day - about, day + about, None, f"{unit}s_ago")


def _unit(unit: str, reported: date, *, past: bool) -> Dated | None:
    """Return this or the last week, month or year."""
    if unit == "week":
        monday = reported - timedelta(days=reported.weekday() + (7 if past else 0))
        return Dated(monday, monday + timedelta(days=6), None, "week")
    if unit == "month":
        first = reported.replace(day=1)
        if past:
            first = (first - timedelta(days=1)).replace(day=1)
        return Dated(first, month_end(first), Precision.MONTH, "month_word")
    if unit == "year":
        year = reported.year - past
        return Dated(date(year, 1, 1), date(year, 12, 31), Precision.YEAR, "year_word")
    return None
