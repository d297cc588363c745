"""Metadata of a page: headline, authors, dates, site name, canonical URL, from its tree.

Nothing is fetched or executed.

trafilatura reads meta tags, JSON-LD and the usual places; dates are collected here one by one, because all
candidates are kept. htmldate is given the raw record's timestamp as the last day to believe: left alone it
asks the clock.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from htmldate import find_date
from trafilatura.metadata import extract_metadata

from streams.core.cleaning.dates import candidate
from streams.core.cleaning.page_headline import page_headline
from streams.core.cleaning.urls import canonical, day_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lxml.html import HtmlElement

    from schemas.base import DateCandidate

_LONGEST_HEADLINE_CHARS: Final = 400
_LONGEST_NAME_CHARS: Final = 80
_MOST_AUTHORS: Final = 20
_LONGEST_SCRIPT_CHARS: Final = 300_000
_PUBLISHED_META: Final = tuple(
    """
    article:published_time og:published_time datepublished date.published publishdate publish-date
    publish_date pubdate dc.date.issued dcterms.issued dcterms.created dc.date.created dc.date
    dcterms.date date article.published parsely-pub-date sailthru.date cxenseparse:recs:publishtime
    article_date_original published_time original-publish-date originalpublicationdate bt:pubdate
    article:published published-date
    """.split()  # noqa: SIM905  # a line each otherwise
)
_MODIFIED_META: Final = tuple(
    """
    article:modified_time og:updated_time datemodified last-modified dc.date.modified
    dcterms.modified
    """.split()  # noqa: SIM905  # a line each otherwise
)
_JSON_DATE: Final = re.compile(r'"(datePublished|dateCreated|dateModified)"\s*:\s*"([^"\\]{4,64})"')
_BASES: Final = {
    "datePublished": "json_ld",
    "dateCreated": "json_ld_created",
    "dateModified": "json_ld_modified",
}


@dataclass(frozen=True, slots=True)
class PageMetadata:
    """What a page says of itself; `dates` best first, without the producer's and the dateline's."""

    headline: str | None
    authors: tuple[str, ...]
    site: str | None
    url: str | None
    dates: tuple[DateCandidate, ...]


def read_metadata(tree: HtmlElement, url: str | None, origin_time: datetime) -> PageMetadata:
    """Return the metadata of a page.

    `url`: what the producer says it was fetched from, None when it does not say.
    """
    last = (origin_time + timedelta(days=1)).date().isoformat()
    found = extract_metadata(
        deepcopy(tree), default_url=url, date_config={"max_date": last, "extensive_search": False}
    )
    return PageMetadata(
        headline=page_headline(tree, found.sitename, _clip(found.title, _LONGEST_HEADLINE_CHARS)),
        authors=_authors(found.author),
        site=_clip(found.sitename, _LONGEST_NAME_CHARS),
        url=canonical(found.url),
        dates=tuple(_in_order(tree, url, last)),
    )


def _clip(text: str | None, longest: int) -> str | None:
    text = " ".join(text.split()) if text else ""
    return text if 0 < len(text) <= longest else None


def _authors(names: str | None) -> tuple[str, ...]:
    parts = (" ".join(part.split()) for part in (names or "").split(";"))
    return tuple(dict.fromkeys(part for part in parts if 0 < len(part) <= _LONGEST_NAME_CHARS))[
        :_MOST_AUTHORS
    ]


def _in_order(tree: HtmlElement, url: str | None, last: str) -> Iterator[DateCandidate]:
    """Yield the dates of a page, best first, each (moment, basis) once."""
    seen: set[tuple[datetime, str]] = set()
    for basis, text in _dates(tree, url, last):
        found = candidate(text, basis)
        if found and (found.value, basis) not in seen and len(seen) < 32:
            seen.add((found.value, basis))
            yield found


def _dates(tree: HtmlElement, url: str | None, last: str) -> Iterator[tuple[str, str]]:
    json_dates = _json_dates(tree)
    meta = _meta(tree)
    yield from (("json_ld", text) for basis, text in json_dates if basis == "json_ld")
    yield from (("meta", meta[name]) for name in _PUBLISHED_META if name in meta)
    yield from (
        ("microdata", each.get("content") or each.get("datetime") or "")
        for each in tree.xpath('//*[@itemprop="datePublished"]')[:4]
    )
    day = day_in(url)
    if day:
        yield "url", day.isoformat()
    times = [("time", each.get("datetime") or "") for each in tree.xpath("//time[@datetime]")[:4]]
    yield from times[:1]
    yield (
        "htmldate",
        find_date(deepcopy(tree), extensive_search=True, original_date=True, url=url, max_date=last) or "",
    )
    yield from times[1:]
    yield from ((basis, text) for basis, text in json_dates if basis != "json_ld")
    yield from (("meta_modified", meta[name]) for name in _MODIFIED_META if name in meta)


def _json_dates(tree: HtmlElement) -> list[tuple[str, str]]:
    scripts = tree.xpath('//script[contains(@type, "ld+json")]/text()')
    return [
        (_BASES[key], text)
        for script in scripts[:16]
        for key, text in _JSON_DATE.findall(script[:_LONGEST_SCRIPT_CHARS])
    ]


def _meta(tree: HtmlElement) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in tree.xpath("//meta[@content]")[:2_000]:
        name = (
            each.get("property") or each.get("name") or each.get("itemprop") or each.get("http-equiv") or ""
        )
        found.setdefault(name.strip().lower(), each.get("content"))
    return found
