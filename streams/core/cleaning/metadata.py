"""Metadata of a page: headline, authors, dates, site name, canonical URL, language, from one parse.

Nothing is fetched or executed. What the page says of itself is read once (`page_facts`) and handed to those
who know what to look for: `page_headline`, `page_authors`, `page_dates`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from streams.core.cleaning.json_ld import articles, referred, text_of
from streams.core.cleaning.page_authors import page_authors
from streams.core.cleaning.page_dates import page_dates
from streams.core.cleaning.page_facts import facts_of
from streams.core.cleaning.page_headline import page_headline
from streams.core.cleaning.page_tree import first
from streams.core.cleaning.urls import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from resiliparse.parse.html import HTMLTree

    from schemas.base import DateCandidate
    from streams.core.cleaning.json_ld import Thing
    from streams.core.cleaning.page_facts import PageFacts

_LONGEST_NAME_CHARS: Final = 80
_SITE_META: Final = ("application-name", "dc.publisher", "citation_journal_title")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_]\w{2,8})*")


@dataclass(frozen=True, slots=True)
class PageMetadata:
    """What a page says of itself; `dates` best first, without the producer's and the dateline's.

    `language`: the code that its root element gives, None when it gives none.
    """

    headline: str | None
    authors: tuple[str, ...]
    site: str | None
    url: str | None
    language: str | None
    dates: tuple[DateCandidate, ...]


def read_metadata(
    tree: HTMLTree, url: str | None, origin_time: datetime, *, thorough: bool = True
) -> PageMetadata:
    """Return the metadata of a page.

    `url`: what the producer says it was fetched from, None when it does not say; `thorough`: authors and
    days that the page only shows are looked for as well, not its markup alone.
    """
    return metadata_of(facts_of(tree, thorough=thorough), url, origin_time)


def metadata_of(facts: PageFacts, url: str | None, origin_time: datetime) -> PageMetadata:
    """Return the metadata that a page's facts give."""
    publisher = _publisher(facts.things)
    site = _site(facts.meta, publisher)
    last = (origin_time + timedelta(days=1)).date()
    return PageMetadata(
        headline=page_headline(facts.tree, site, facts.meta),
        authors=page_authors(facts, (site, publisher)),
        site=site,
        url=_address(facts),
        language=_language(facts.tree),
        dates=page_dates(facts, url, last),
    )


def _site(meta: Mapping[str, str], publisher: str | None) -> str | None:
    said = (meta.get("og:site_name"), publisher, *(meta.get(name) for name in _SITE_META))
    names = (" ".join(each.split()) for each in said if each)
    return next((name for name in names if 0 < len(name) <= _LONGEST_NAME_CHARS), None)


def _publisher(known: Sequence[Thing]) -> str | None:
    for thing in articles(known):
        publisher = thing.get("publisher")
        name = text_of(referred(publisher, known).get("name")) if isinstance(publisher, dict) else None
        if name:
            return name
    return None


def _address(facts: PageFacts) -> str | None:
    """Return the canonical URL that a page gives for itself, None when it gives no http URL."""
    link = first(facts.tree, 'link[rel~="canonical"][href]')
    said = [
        link.get_attribute("href") if link else None,
        facts.meta.get("og:url"),
        facts.meta.get("twitter:url"),
    ]
    said += [text_of(thing.get("url")) for thing in articles(facts.things)[:1]]
    return next((url for each in said if (url := canonical(each))), None)


def _language(tree: HTMLTree) -> str | None:
    root = first(tree, "html[lang]")
    code = (root.get_attribute("lang") or "").strip() if root else ""
    return code if _LANGUAGE.fullmatch(code) else None
