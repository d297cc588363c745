"""Dateline: the line, or the beginning of the first paragraph, that says where and when a report was filed.

A line of its own holds a day, and besides it at most a place, a weekday, a time and a label ("14.02.2018,
Moscow.", "Published: Moscow, 14 February 2018"). At the beginning of a paragraph stands a place, and a day or
an agency in brackets or only capitals, then a dash ("MOSCOW, Feb 14 (TASS) - …", "MOSCOW, February 14.
/TASS/. …").
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from streams.core.cleaning.day import days_in
from streams.core.packs import PACKS, read

if TYPE_CHECKING:
    from streams.core.cleaning.day import Day


class DatelineFound(NamedTuple):
    """A dateline: its length in code points, its place, its day; either may be None, not both."""

    length: int
    place: str | None
    day: Day | None


_LONGEST_LINE: Final = 120
_PLACE_WORDS: Final = 6
_TIME: Final = re.compile(
    r"\b\d{1,2}[:.]\d{2}(?::\d{2})?(?: ?[ap]\.?m\.?)?"
    r"(?: ?\(?(?:GMT|UTC|[A-Z]{2,4}T)\)?(?:[+-]\d{1,2})?)?(?!\w)",
    re.IGNORECASE,
)
_BETWEEN: Final = " \t\u00a0,.;:|/()–—-"
_PREFIX: Final = re.compile(
    r"(?P<place>[^\W\d_][\w.'’\- ]{1,40}(?:, [^\W\d_][\w.]{1,20}){0,2}?)"
    r"(?:,? (?P<date>[^\W\d_]{3,9}\.? \d{1,2}(?:, \d{4})?|\d{1,2} [^\W\d_]{3,9}\.?(?: \d{4})?"
    r"|\d{1,2}[./]\d{1,2}[./]\d{4})\.?,?)?"
    r"(?:(?: ?\((?P<agency>[^\W\d_][^()]{1,40})\))? ?(?:—|–|--|-)"
    r"| ?/(?P<wire>[^\W\d_][^()/]{1,40})/\.?(?: ?(?:—|–|--|-))?) ?(?=\S)"
)
_LOOKED_AT: Final = 160


@cache
def _words(key: str) -> frozenset[str]:
    return frozenset(word for code in PACKS for word in cast("list[str]", read(code, "cleaning")[key]))


@cache
def _labels() -> re.Pattern[str]:
    either = "|".join(sorted(_words("date_labels") | _words("weekdays"), key=len, reverse=True))
    return re.compile(rf"\b(?:{either})\b", re.IGNORECASE)


def date_line(text: str) -> DatelineFound | None:
    """Return what a line says when it is a dateline and nothing else, None otherwise.

    >>> date_line("14.02.2018, Moscow.").place
    'Moscow'
    """
    if len(text) > _LONGEST_LINE:
        return None
    days = list(days_in(text))
    if not days or any(day.readings[0] != days[0].readings[0] for day in days):
        return None
    rest = text
    for day in reversed(days):
        rest = f"{rest[: day.start]}|{rest[day.end :]}"
    rest = _labels().sub("|", _TIME.sub("|", rest)).strip(_BETWEEN)
    if rest and not _is_place(rest):
        return None
    return DatelineFound(len(text), rest or None, days[0])


def _is_place(text: str) -> bool:
    words = text.split()
    named = all(word[0].isupper() for word in words if len(word) > 3) and words[0][0].isupper()
    return named and len(words) <= _PLACE_WORDS and not any(c.isdigit() or c in '|"“”!?:' for c in text)


def date_prefix(text: str) -> DatelineFound | None:
    """Return the dateline that a paragraph begins with, None when it begins with none.

    The dash belongs to it.

    >>> date_prefix("MOSCOW, Feb 14 (TASS) - The Kremlin said so.").length
    24
    """
    found = _PREFIX.match(text, 0, _LOOKED_AT)
    if not found or found.end() >= len(text):
        return None
    place = found["place"].strip()
    day = next(days_in(found["date"]), None) if found["date"] else None
    if not day and not found["agency"] and not found["wire"] and not (place.isupper() and len(place) > 3):
        return None
    if not place[0].isupper() or not _is_place(place) or place.lower() in _words("not_places"):
        return None
    return DatelineFound(found.end(), place, day)
