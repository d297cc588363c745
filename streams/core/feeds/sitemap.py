"""sitemap: sitemaps, news sitemaps and indexes of them → entries without text, or children.

An entry's date is its news publication date, else `lastmod`. Relative locations are resolved, which the
protocol does not foresee and sites do.

Source: sitemaps.org protocol 0.9; Google's news sitemap extension.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from schemas.base import rfc3339
from streams.core.cleaning.dates import PRODUCER, candidate
from streams.core.feeds.entry import Child, Document, Entry, undated_if_alike
from streams.core.feeds.xml import local_name
from streams.core.web.links import joined

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml import etree

ROOTS: Final = frozenset({"urlset", "sitemapindex"})
_SITEMAPS: Final = 50_000
"""The protocol's own bound for an index."""


def sitemap(root: etree._Element, url: str) -> Document:
    """Return what a sitemap or an index says; `url` is where it was found."""
    rows = [_fields(each) for each in root]
    if local_name(root) == "sitemapindex":
        children = (Child(to, each.get("lastmod")) for each in rows if (to := _place(each, url)))
        return Document("sitemapindex", children=tuple(islice(children, _SITEMAPS)))
    entries, doubts = undated_if_alike([_entry(each, to) for each in rows if (to := _place(each, url))])
    return Document("sitemap", entries, doubts=doubts)


def _fields(element: etree._Element) -> dict[str, str]:
    """Return the texts below an element by their names; of a name the first."""
    found: dict[str, str] = {}
    for each in element.iterdescendants():
        text = (each.text or "").strip()
        if text:
            found.setdefault(local_name(each), text)
    return found


def _place(fields: Mapping[str, str], url: str) -> str | None:
    return joined(url, fields["loc"]) if "loc" in fields else None


def _entry(fields: Mapping[str, str], link: str) -> Entry:
    given = fields.get("publication_date") or fields.get("lastmod")
    when = candidate(given, PRODUCER) if given else None
    return Entry(
        link=link, headline=fields.get("title"), published=rfc3339(when.value) if when else None,
        language=fields.get("language"), outlet=fields.get("name"))
