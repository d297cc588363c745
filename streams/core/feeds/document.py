"""document: bytes → what they say, whichever kind of feed they are: not the content type decides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from streams.core.feeds import sitemap, syndication
from streams.core.feeds.entry import Document, NotAFeed
from streams.core.feeds.json_feed import json_feed
from streams.core.feeds.xml import local_name, tree_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_PAGE: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*<!doctype\s+html", re.IGNORECASE)
_NO_FEED: Final = "a page, no feed: give the feed's own address"


def document(body: bytes, url: str, headers: Mapping[str, str]) -> Document:
    """Return what `body` says; `headers` are HTTP's, in lower case. Raises `NotAFeed`."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in {b"{", b"["}:
        return json_feed(body, url)
    if _PAGE.match(body):
        raise NotAFeed(_NO_FEED)
    root = tree_of(body, headers)
    name = local_name(root)
    if name in sitemap.ROOTS:
        return sitemap.sitemap(root, url)
    if name in syndication.ROOTS:
        return syndication.syndicated(root, url)
    raise NotAFeed(_NO_FEED if name == "html" else "XML, but no feed")
