"""syndication: RSS and Atom in all their versions → entries, by feedparser.

It gets a tree that is well-formed already, as bytes in a stream: of a string it would take a path or a URL
for something to open. Its HTML is left as it is: clean reads it, bounded.
"""

from __future__ import annotations

import calendar
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import feedparser
from lxml import etree

from schemas.base import rfc3339
from streams.core.feeds.entry import Document, Entry, undated_if_alike
from streams.core.web.links import joined

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOTS: Final = frozenset({"rss", "feed", "rdf"})
_PERIODS: Final = {
    "hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
_AUTHORS: Final = 50


def syndicated(root: etree._Element, url: str) -> Document:
    """Return what a feed says; `url` is where it was found."""
    found = feedparser.parse(
        io.BytesIO(etree.tostring(root, encoding="utf-8")), sanitize_html=False, resolve_relative_uris=False,
        response_headers={"content-location": url, "content-type": "application/xml; charset=utf-8"})
    language = _text(found.feed, "language")
    entries, doubts = undated_if_alike([_entry(each, url, language) for each in found.entries])
    home = _text(found.feed, "link")
    return Document(
        found.version or "rss", entries, title=_text(found.feed, "title"),
        home=joined(url, home) if home else None, wait_seconds=_wait(found.feed), doubts=doubts)


def _entry(found: Mapping[str, object], url: str, language: str | None) -> Entry:
    content, is_html = _content(found)
    link = _text(found, "link")
    headline = _text(found, "title")
    return Entry(
        link=joined(url, link) if link else None, guid=_text(found, "id"), headline=headline,
        content=content, html=is_html, authors=_authors(found), published=_moment(found),
        language=_text(found, "language") or language)


def _content(found: Mapping[str, object]) -> tuple[str | None, bool]:
    """Return the longest text an entry has, and whether it is HTML; (None, False) when it has none."""
    parts = found.get("content")
    there = [each for each in parts if isinstance(each, dict)] if isinstance(parts, list) else []
    summary = found.get("summary_detail")
    there += [summary] if isinstance(summary, dict) else []
    best = max(there, key=lambda each: len(str(each.get("value") or "")), default={})
    value = str(best.get("value") or "").strip()
    return (value, best.get("type") in _HTML and "<" in value) if value else (None, False)


def _authors(found: Mapping[str, object]) -> tuple[str, ...]:
    listed = found.get("authors")
    names = [str(each.get("name") or "") for each in listed if isinstance(each, dict)] if isinstance(
        listed, list) else []
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))[:_AUTHORS]


def _moment(found: Mapping[str, object]) -> str | None:
    fields = dict(found)  # a plain one: feedparser's own warns, and gives one date for another
    for name in ("published_parsed", "updated_parsed"):
        parts = fields.get(name)
        if isinstance(parts, tuple):
            try:
                return rfc3339(datetime.fromtimestamp(calendar.timegm(parts), UTC))
            except (ValueError, OverflowError, OSError):
                continue
    return None


def _text(found: Mapping[str, object], name: str) -> str | None:
    value = found.get(name)
    return (value.strip() or None) if isinstance(value, str) else None


def _wait(feed: Mapping[str, object]) -> float | None:
    """Return the longest of what `ttl` (minutes) and the syndication module ask for, None without either."""
    ttl, times = _text(feed, "ttl"), _text(feed, "sy_updatefrequency")
    asked = [float(ttl[:6]) * 60] if ttl and ttl.isascii() and ttl.isdigit() else []
    period = _PERIODS.get((_text(feed, "sy_updateperiod") or "").lower())
    if period:
        often = int(times[:4]) if times and times.isascii() and times.isdigit() else 1
        asked.append(period / max(often, 1))
    return max(asked, default=None)
