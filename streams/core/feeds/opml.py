"""opml: a list of feeds as readers export it → their titles and addresses."""

from __future__ import annotations

from typing import NamedTuple

from streams.core.feeds.entry import NotAFeed
from streams.core.feeds.xml import local_name, tree_of


class Listed(NamedTuple):
    """One feed of a list; `title` None: it has none there."""

    title: str | None
    url: str


def listed(body: bytes) -> list[Listed]:
    """Return the feeds of an OPML file, each URL once. Raises `NotAFeed` for another file."""
    root = tree_of(body, {})
    if local_name(root) != "opml":
        raise NotAFeed("no OPML file")
    found: dict[str, Listed] = {}
    for each in root.iter("outline"):
        names = {str(name).lower(): str(value).strip() for name, value in each.attrib.items()}
        if url := names.get("xmlurl"):
            found.setdefault(url, Listed(names.get("title") or names.get("text") or None, url))
    return list(found.values())
