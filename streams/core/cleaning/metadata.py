"""Metadata of a page: headline, authors, dates, site name, canonical URL, language, from one parse.

Nothing is fetched or executed. Meta tags and JSON-LD are read once and handed to those who know what to look
for: `page_headline`, `page_authors`, `page_dates`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from streams.core.cleaning.json_ld import articles, text_of, things
from streams.core.cleaning.page_authors import page_authors
from streams.core.cleaning.page_dates import page_dates
from streams.core.cleaning.page_headline import page_headline
from streams.core.cleaning.page_tree import every, first
from streams.core.cleaning.urls import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from resiliparse.parse.html import HTMLTree

    from schemas.base import DateCandidate
    from streams.core.cleaning.json_ld import Thing

_LONGEST_NAME_CHARS: Final = 80
_MOST_TAGS: Final = 2_000
_MOST_SCRIPTS: Final = 16
_SITE_META: Final = ("og:site_name", "application-name", "dc.publisher", "citation_journal_title")
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


def read_metadata(tree: HTMLTree, url: str | None, origin_time: datetime) -> PageMetadata:
    """Return the metadata of a page.

    `url`: what the producer says it was fetched from, None when it does not say.
    """
    tags = _meta(tree)
    meta = dict(reversed(tags))
    scripts = [each.text or "" for each in every(tree, 'script[type*="ld+json"]', _MOST_SCRIPTS)]
    known = things(scripts)
    site = _site(meta, known)
    last = (origin_time + timedelta(days=1)).date()
    return PageMetadata(
        headline=page_headline(tree, site, meta),
        authors=page_authors(tree, tags, known, (site, _publisher(known))),
        site=site,
        url=_address(tree, meta, known),
        language=_language(tree),
        dates=page_dates(tree, url, meta, known, scripts, last),
    )


def _meta(tree: HTMLTree) -> list[tuple[str, str]]:
    """Return name (lower case) and content of the meta tags, in order."""
    found: list[tuple[str, str]] = []
    for each in every(tree, "meta[content]", _MOST_TAGS):
        name = (
            each.get_attribute("property")
            or each.get_attribute("name")
            or each.get_attribute("itemprop")
            or each.get_attribute("http-equiv")
        )
        content = (each.get_attribute("content") or "").strip()
        if name and content:
            found.append((name.strip().lower(), content))
    return found


def _site(meta: Mapping[str, str], known: Sequence[Thing]) -> str | None:
    said = [meta.get(name) for name in _SITE_META[:1]]
    said += [_publisher(known)]
    said += [meta.get(name) for name in _SITE_META[1:]]
    names = (" ".join(each.split()) for each in said if each)
    return next((name for name in names if 0 < len(name) <= _LONGEST_NAME_CHARS), None)


def _publisher(known: Sequence[Thing]) -> str | None:
    for thing in articles(known):
        publisher = thing.get("publisher")
        if isinstance(publisher, dict):
            name = text_of(publisher.get("name"))
            if not name and publisher.get("@id"):
                same = [each for each in known if each.get("@id") == publisher["@id"]]
                name = next((text for each in same if (text := text_of(each.get("name")))), None)
            if name:
                return name
    return None


def _address(tree: HTMLTree, meta: Mapping[str, str], known: Sequence[Thing]) -> str | None:
    """Return the canonical URL that a page gives for itself, None when it gives no http URL."""
    link = first(tree, 'link[rel~="canonical"][href]')
    said = [link.get_attribute("href") if link else None, meta.get("og:url"), meta.get("twitter:url")]
    said += [text_of(thing.get("url")) for thing in articles(known)[:1]]
    return next((url for each in said if (url := canonical(each))), None)


def _language(tree: HTMLTree) -> str | None:
    root = first(tree, "html[lang]")
    code = (root.get_attribute("lang") or "").strip() if root else ""
    return code if _LANGUAGE.fullmatch(code) else None
