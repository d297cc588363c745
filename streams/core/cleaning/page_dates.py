"""Dates of a page: every date that it gives for itself, best first, with where it was read.

In this order: JSON-LD, meta tags, microdata, the day in the URL, the first `time` element, unless the best
of them gives the local day as well the days shown in elements named after what they show, other `time`
elements, the dates of a modification; and when there is nothing but those, the first day in a short line.

A moment belongs to one day in UTC and perhaps to another where it was published. Where the page gives that
other day, by the moment's own offset, in its URL or by what it shows, the day goes first, with the
precision of a day: it is what readers saw and what "on Monday" is counted from. The moment stays a
candidate, and is the event's time (`dates.event_time`).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from schemas.base import Precision
from streams.core.cleaning.dates import FIRST_TRUSTED, candidate, is_day_of
from streams.core.cleaning.day import days_in
from streams.core.cleaning.json_ld import articles, text_of
from streams.core.cleaning.page_tree import every, line_of, lines_of
from streams.core.cleaning.urls import day_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resiliparse.parse.html import HTMLTree

    from schemas.base import DateCandidate
    from streams.core.cleaning.page_facts import PageFacts

_PUBLISHED_META: Final = tuple(
    """
    article:published_time og:published_time datepublished date.published publishdate publish-date
    publish_date pubdate dc.date.issued dcterms.issued dcterms.created dc.date.created dc.date
    dcterms.date date article.published parsely-pub-date sailthru.date cxenseparse:recs:publishtime
    article_date_original published_time original-publish-date originalpublicationdate bt:pubdate
    article:published published-date citation_publication_date
    """.split()  # noqa: SIM905  # a line each otherwise
)
_MODIFIED_META: Final = tuple(
    """
    article:modified_time og:updated_time datemodified last-modified dc.date.modified
    dcterms.modified
    """.split()  # noqa: SIM905  # a line each otherwise
)
_JSON_DATE: Final = re.compile(r'"(datePublished|dateCreated|dateModified)"\s*:\s*"([^"\\]{4,64})"')
_JSON_BASES: Final = {
    "datePublished": "json_ld", "dateCreated": "json_ld_created", "dateModified": "json_ld_modified",
}  # fmt: skip
_DAYS: Final = frozenset({"url", "shown", "time"})
_MOST: Final = 32
_MOST_ELEMENTS: Final = 40
_LOCAL: Final = re.compile(r"[+-](?!00:?00)\d\d:?\d\d$|^\d{4}-\d\d-\d\d$")
"""Says the local day: a day, or a moment with an offset."""
_TIME: Final = "time[datetime]"
_FIGURES: Final = re.compile(r"\d\d")
_MOST_LINES: Final = 400
_LONGEST_LINE_CHARS: Final = 80
_LONGEST_SHOWN_CHARS: Final = 160
_SHOWN: Final = (
    "[class*=date],[class*=Date],[class*=publish],[class*=byline],[class*=meta],[class*=time],"
    "[class*=author],[class*=info],[id*=date],time"
)


def page_dates(facts: PageFacts, url: str | None, last: date) -> tuple[DateCandidate, ...]:
    """Return the dates of a page, best first, each (moment, precision, basis) once.

    `url`: where it was fetched, None when unknown; `last`: the last day that what is only shown may have.
    """
    found: dict[tuple[datetime, Precision, str], DateCandidate] = {}
    for basis, text in _said(facts, url, last):
        for each in (_own_day(text, basis), candidate(text, basis)):
            if each and len(found) < _MOST:
                found.setdefault((each.value, each.precision, basis), each)
    if all(basis.endswith("_modified") for _, _, basis in found):
        day = next(_written(facts.lines(), last), None)
        written = candidate(day, "text") if day else None
        return ((written,) if written else ()) + tuple(found.values())
    return _day_first(tuple(found.values()))


def _said(facts: PageFacts, url: str | None, last: date) -> Iterator[tuple[str, str]]:
    structured = list(_structured(facts))
    times = [("time", each.get_attribute("datetime") or "") for each in every(facts.tree, _TIME, 4)]
    stated = [*(each for each in structured if each[0] == "json_ld"), *_stated(facts, url), *times[:1]]
    yield from stated
    best = next((text for basis, text in stated if candidate(text, basis)), None)
    if facts.thorough and (best is None or not _LOCAL.search(best)):
        yield from (("shown", shown.isoformat()) for shown in _shown(facts.tree, last))
    yield from times[1:]
    yield from (each for each in structured if each[0] != "json_ld")
    yield from (("meta_modified", facts.meta[name]) for name in _MODIFIED_META if name in facts.meta)


def _stated(facts: PageFacts, url: str | None) -> Iterator[tuple[str, str]]:
    yield from (("meta", facts.meta[name]) for name in _PUBLISHED_META if name in facts.meta)
    for each in every(facts.tree, "[itemprop=datePublished]", 4):
        yield "microdata", each.get_attribute("content") or each.get_attribute("datetime") or line_of(each)
    day = day_in(url)
    if day:
        yield "url", day.isoformat()


def _structured(facts: PageFacts) -> Iterator[tuple[str, str]]:
    """Yield the dates of JSON-LD, those of articles first; by pattern where a script is no JSON."""
    for thing in articles(facts.things):
        for key, basis in _JSON_BASES.items():
            text = text_of(thing.get(key))
            if text:
                yield basis, text
    for script in facts.scripts:
        for key, text in _JSON_DATE.findall(script)[:_MOST]:
            yield _JSON_BASES[key], text


def _written(lines: Sequence[str], last: date) -> Iterator[date]:
    """Yield the days in short lines: those of bylines stand alone."""
    for line in lines[:_MOST_LINES]:
        if len(line) <= _LONGEST_LINE_CHARS and any(map(str.isdigit, line)):
            yield from _days(line, last)


def _days(text: str, last: date) -> Iterator[date]:
    for day in days_in(text):
        if day.has_year and len(day.readings) == 1 and FIRST_TRUSTED.date() <= day.readings[0] <= last:
            yield day.readings[0]


def _shown(tree: HTMLTree, last: date) -> Iterator[date]:
    """Yield the days written in short elements that are named after what they show."""
    for element in every(tree, _SHOWN, _MOST_ELEMENTS):
        if _FIGURES.search(element.text or ""):
            for line in lines_of(element, _LONGEST_SHOWN_CHARS):
                yield from _days(line, last)


def _own_day(text: str, basis: str) -> DateCandidate | None:
    """Return the day that a moment has by its own offset, None when it is its day in UTC as well."""
    try:
        moment = datetime.fromisoformat(text.strip())
        same = moment.tzinfo is None or moment.astimezone(UTC).date() == moment.date()
    except (ValueError, OverflowError):
        return None
    return None if same else candidate(moment.date(), basis)


def _day_first(found: tuple[DateCandidate, ...]) -> tuple[DateCandidate, ...]:
    """Put the day that the page gives for its first moment before it, when it is another day than in UTC.

    A later day that is only shown may be that of a change: it counts in a URL alone.
    """
    if not found or found[0].precision not in (Precision.SECOND, Precision.MINUTE):
        return found
    moment = found[0].value
    days = [each for each in found[1:] if each.precision is Precision.DAY and each.basis in _DAYS]
    if any(each.value.date() == moment.date() for each in days):
        return found
    for each in days:
        if is_day_of(each.value, moment) and (each.value < moment or each.basis == "url"):
            return (each, *(other for other in found if other is not each))
    return found
