"""Dateline: the line, or the beginning of the first paragraph, that says where and when a report was filed.

A line of its own holds a day, and besides it at most a place, a weekday, a time and a label ("14.02.2018,
Moscow.", "Published: Moscow, 14 February 2018"). At the beginning of a paragraph stands a place, and a day or
an agency in brackets or only capitals, then a dash ("MOSCOW, Feb 14 (TASS) - …", "MOSCOW, February 14.
/TASS/. …"); or an agency that a pack knows, and no dash or no place ("London (CNN) …", "(Reuters) - …").
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
    """A dateline: its length in code points, its place, its day; None: it does not say.

    Both are None where it names an agency alone.
    """

    length: int
    place: str | None
    day: Day | None


_LONGEST_LINE: Final = 120
_PLACE_WORDS: Final = 6
_SHORT_LABEL: Final = 3
_TOWN_WORDS: Final = 3
"""SALT LAKE CITY. More words in capitals are a headline."""
_TIME: Final = re.compile(
    r"\b\d{1,2}[:.]\d{2}(?::\d{2})?(?: ?[ap]\.?m\.?)?"
    r"(?: ?\(?(?:GMT|UTC|[A-Z]{2,4}T)\)?(?:[+-]\d{1,2})?)?(?!\w)",
    re.IGNORECASE,
)
_BETWEEN: Final = " \t\u00a0,.;:|/()–—-"
_DAY: Final = (
    r"(?:[^\W\d_]{3,9}\.? \d{1,2}(?:,? \d{4})?|\d{1,2}\.? [^\W\d_]{3,9}\.?(?:,? \d{4})?"
    r"|\d{1,2}[./]\d{1,2}[./]\d{4}|\d{4}-\d{2}-\d{2})"
)
_DASH: Final = r"(?:—|–|--|-|―)"
_PREFIX: Final = re.compile(
    rf"(?P<place>[^\W\d_][\w.'’\-/ ]{{1,40}}?(?:, [^\W\d_][\w./ ]{{1,24}}?){{0,2}}?)"
    rf"(?:[,.]? (?:[^\W\d_]{{6,9}}, )?(?P<date>{_DAY})\.?,?)?"
    rf"(?: ?[(\[](?P<agency>[^\W\d_][^()\[\]]{{1,40}})[)\]][:.]? ?(?P<dash>{_DASH})?| ?(?:—|–|--|―)| -(?= )"
    rf"| ?/(?P<wire>[^\W\d_][^()/]{{1,40}})/\.?(?: ?{_DASH})?) ?(?=\S)(?!{_DAY}[, ])"
)
_NO_PLACE: Final = re.compile(
    rf"(?:(?P<date>{_DAY})\.?,? ?)?[(/](?P<agency>[^\W\d_][^()/]{{1,40}})[)/]\.? ?(?P<dash>{_DASH})? ?(?=\S)"
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
    rest = _without_agencies(_labels().sub("|", _TIME.sub("|", rest)))
    if rest and not _is_place(rest):
        return None
    return DatelineFound(len(text), rest or None, days[0])


def _without_agencies(text: str) -> str:
    """Return what is left of a line without the names of agencies and what stands between the parts."""
    said = (part.strip(_BETWEEN) for part in re.split(r"[,|/()]", text))
    named = [part for part in said if part and part.lower() in _words("agencies")]
    for name in named:
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "|", text, count=1)
    return text.strip(_BETWEEN)


def is_labelled(text: str) -> bool:
    """Tell whether a line begins with a label of dates ("Last updated: …")."""
    return len(text) <= _LONGEST_LINE and text.lower().startswith(_long_labels())


@cache
def _long_labels() -> tuple[str, ...]:
    return tuple(label for label in _words("date_labels") if len(label) > _SHORT_LABEL)


def _is_place(text: str) -> bool:
    words = text.split()
    named = all(word[0].isupper() for word in words if len(word) > 3) and words[0][0].isupper()
    return named and len(words) <= _PLACE_WORDS and not any(c.isdigit() or c in '|"“”!?:' for c in text)


def date_prefix(text: str) -> DatelineFound | None:
    """Return the dateline that a paragraph begins with, None when it begins with none.

    The dash belongs to it; where an agency of a pack is named, it may be missing, or the place.

    >>> date_prefix("MOSCOW, Feb 14 (TASS) - The Kremlin said so.").length
    24
    """
    found = _PREFIX.match(text, 0, _LOOKED_AT)
    return (_of_place(text, found) if found else None) or _of_agency(text)


def _of_place(text: str, found: re.Match[str]) -> DatelineFound | None:
    place, agency = found["place"].strip(" ,"), found["agency"]
    if found.end() >= len(text) or not place or not _is_place(place) or place.lower() in _words("not_places"):
        return None
    day = next(days_in(found["date"]), None) if found["date"] else None
    if agency and not found["dash"] and not _stands_without_dash(place, agency, text[found.end()]):
        return None
    named = agency or found["wire"]
    if named and not day and not _names_agency(named) and not named.isupper():
        return None
    if not day and (not named or found["wire"]) and not _in_capitals(place):
        return None
    return DatelineFound(found.end(), place, day)


def _stands_without_dash(place: str, agency: str, following: str) -> bool:
    """Tell whether "London (CNN) Police …" is a dateline: "The Associated Press (AP) reported" is none."""
    return _names_agency(agency) and not _names_agency(place) and not following.islower()


def _of_agency(text: str) -> DatelineFound | None:
    """Return a dateline of an agency alone ("(Reuters) - …"), or with a day before it."""
    found = _NO_PLACE.match(text, 0, _LOOKED_AT)
    if not found or found.end() >= len(text) or not _names_agency(found["agency"]):
        return None
    day = next(days_in(found["date"]), None) if found["date"] else None
    ends = day or found["dash"] or text[found.start("agency") - 1] == "/"
    return DatelineFound(found.end(), None, day) if ends else None


def _in_capitals(place: str) -> bool:
    """Tell whether the town of a place is written in capitals ("KYIV, Ukraine"), and is no abbreviation."""
    town = place.partition(",")[0].strip(" .")
    return town.isupper() and len(town) > 3 and len(town.split()) <= _TOWN_WORDS


def _names_agency(text: str) -> bool:
    """Tell whether what stands in brackets names an agency, perhaps with another or a day ("AP, Feb 12")."""
    return any(part.strip().lower() in _words("agencies") for part in re.split("[,/;]", text))
