"""Page facts: what a page says of itself outside its text, read once for all who look for something in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from streams.core.cleaning.html_extractors import every_line
from streams.core.cleaning.json_ld import things
from streams.core.cleaning.page_tree import every

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from resiliparse.parse.html import HTMLTree

    from streams.core.cleaning.json_ld import Thing

_MOST_TAGS: Final = 2_000
_MOST_SCRIPTS: Final = 16
_LONGEST_SCRIPT_CHARS: Final = 300_000


@dataclass(frozen=True, slots=True)
class PageFacts:
    """The tree of a page, its meta tags (name in lower case, content), its JSON-LD, and a way to its lines.

    `meta` holds the first tag of each name; `lines` gives every line that the page shows, and is asked only
    when nothing better says what is wanted.
    """

    tree: HTMLTree
    tags: tuple[tuple[str, str], ...]
    meta: Mapping[str, str]
    scripts: tuple[str, ...]
    things: tuple[Thing, ...]
    lines: Callable[[], list[str]]
    thorough: bool = True
    """Whether what the page only shows is looked at as well, or its markup alone."""


def facts_of(tree: HTMLTree, *, thorough: bool = True) -> PageFacts:
    """Return the facts of a page; `thorough`: what it only shows is looked at as well as its markup."""
    tags = tuple(_tags(tree))
    found = (each.text or "" for each in every(tree, 'script[type*="ld+json"]', _MOST_SCRIPTS))
    scripts = tuple(script for script in found if len(script) <= _LONGEST_SCRIPT_CHARS)
    lines = cache(lambda: every_line(tree) if thorough else [])
    return PageFacts(tree, tags, dict(reversed(tags)), scripts, tuple(things(scripts)), lines, thorough)


def _tags(tree: HTMLTree) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for each in every(tree, "meta[content]", _MOST_TAGS):
        said = (each.get_attribute(key) for key in ("property", "name", "itemprop", "http-equiv"))
        name = next(filter(None, said), "")
        content = (each.get_attribute("content") or "").strip()
        if name and content:
            found.append((name.strip().lower(), content))
    return found
