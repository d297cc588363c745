"""HTML bounds: what a page may cost, counted before anything expensive is done with it.

Nodes: each needs a `<` that closes nothing, so counting those is a bound that costs nothing. Attributes of
one tag: libxml2 compares each with all before it (90,000 in one tag took 6.7 s), so the tags of a large page
are walked and the widest must stay under `_MOST_ATTRIBUTES`. Depth: counted on the tree that libxml2 built,
which is linear and never deeper than 2,048. trafilatura and lxml recurse, copy and serialise below that depth
without harm, and took 37 µs a node at worst on pages made to hurt.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_TAG: Final = re.compile(r"<[A-Za-z][^\s/>]*")
_ATTRIBUTE: Final = re.compile(
    r"[\s/]*(?:(?P<end>>)|[^\s/>][^\s/>=]*(?:\s*=\s*(?:\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z)|[^\s>]*))?)"
)
_MOST_ATTRIBUTES: Final = 5_000
_MOST_STEPS: Final = 2_000_000
"""The sum of the depths at all starts and ends: what looking at every element's ancestors costs.

40,000 elements in chains of 200 have 8 million and took 5 s; the most of 220 real pages is 110,000.
"""
_WALKED_FROM_CHARS: Final = 100_000
"""A shorter page cannot hold a tag that costs a second."""


def too_complex(page: str, max_nodes: int) -> str | None:
    """Return why a page is too complex to parse (for people), None when it is not."""
    if page.count("<") - page.count("</") > max_nodes:
        return f"more than {max_nodes:,} nodes"
    if len(page) >= _WALKED_FROM_CHARS and _widest_tag(page) > _MOST_ATTRIBUTES:
        return f"a tag with more than {_MOST_ATTRIBUTES:,} attributes"
    return None


def _widest_tag(page: str) -> int:
    """Return the number of attributes of the widest tag, or the first number over the limit."""
    widest, at = 0, 0
    while tag := _TAG.search(page, at):
        count, at = 0, tag.end()
        while (attribute := _ATTRIBUTE.match(page, at)) and attribute.end() > at:
            at = attribute.end()
            if attribute["end"]:
                break
            count += 1
            if count > _MOST_ATTRIBUTES:
                return count
        widest = max(widest, count)
    return widest


def too_deep(tree: HtmlElement, max_depth: int) -> str | None:
    """Return why a tree is too deep for what walks it (for people), None when it is not."""
    depth = steps = 0
    for event, _element in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        steps += depth
        if depth > max_depth:
            return f"nested deeper than {max_depth}"
        if steps > _MOST_STEPS:
            return "too many elements too deep"
    return None
