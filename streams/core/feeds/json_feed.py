"""json_feed: JSON Feed 1.0 and 1.1 → entries. What has the wrong type is taken as not there.

Source: JSON Feed Version 1.1 (jsonfeed.org).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson

from schemas.base import rfc3339
from streams.core.cleaning.dates import PRODUCER, candidate
from streams.core.feeds.entry import Document, Entry, NotAFeed, undated_if_alike
from streams.core.web.links import joined

if TYPE_CHECKING:
    from collections.abc import Mapping

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
_VERSION: Final = "jsonfeed.org/version/1"


def json_feed(body: bytes, url: str) -> Document:
    """Return what a JSON Feed says. Raises `NotAFeed`."""
    found = _parsed(body.lstrip(b"\xef\xbb\xbf"))
    if not isinstance(found, dict) or _VERSION not in str(found.get("version")):
        raise NotAFeed("JSON, but no JSON Feed")
    items = found.get("items")
    language = _text(found, "language")
    given = [_entry(each, url, language) for each in items if isinstance(each, dict)] if isinstance(
        items, list) else []
    entries, doubts = undated_if_alike(given)
    home = _text(found, "home_page_url")
    return Document(
        "jsonfeed", entries, title=_text(found, "title"), home=joined(url, home) if home else None,
        doubts=doubts)


def _entry(found: Mapping[str, Json], url: str, language: str | None) -> Entry:
    page, plain = _text(found, "content_html"), _text(found, "content_text") or _text(found, "summary")
    link = _text(found, "url") or _text(found, "external_url")
    guid = found.get("id")
    return Entry(
        link=joined(url, link) if link else None,
        guid=_whole(str(guid)) if isinstance(guid, str | int | float) and guid != "" else None,
        headline=_text(found, "title"), content=page or plain, html=page is not None,
        authors=_authors(found), published=_moment(found), language=_text(found, "language") or language)


def _parsed(body: bytes) -> Json:
    """Return what JSON says. Half characters are taken too: scripts leave them where they cut a title."""
    found: Json
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            raise NotAFeed("broken JSON") from None
    return found


def _authors(found: Mapping[str, Json]) -> tuple[str, ...]:
    listed = found.get("authors")
    each = listed if isinstance(listed, list) else [found.get("author")]
    names = (_text(one, "name") for one in each if isinstance(one, dict))
    return tuple(name for name in names if name)


def _moment(found: Mapping[str, Json]) -> str | None:
    given = _text(found, "date_published") or _text(found, "date_modified")
    when = candidate(given, PRODUCER) if given else None
    return rfc3339(when.value) if when else None


def _text(found: Mapping[str, Json], name: str) -> str | None:
    value = found.get(name)
    return (_whole(value).strip() or None) if isinstance(value, str) else None


def _whole(text: str) -> str:
    """Return text with U+FFFD for each half character."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
