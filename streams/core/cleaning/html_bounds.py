"""HTML bounds: what a page may cost, counted before anything expensive is done with it.

Nodes: each needs a `<` that closes nothing, so counting those is a bound that costs nothing. Attributes of
one tag: libxml2 compares each with all before it (90,000 in one tag took 6.7 s), and so does lexbor (11.2
s); the tags of a large page are walked and the widest must stay under `_MOST_ATTRIBUTES`. Depth: counted on
the tree that was built, which is linear (libxml2's is never deeper than 2,048). trafilatura and lxml
recurse, copy and serialise below that depth without harm, and took 37 µs a node at worst on pages made to
hurt.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from lxml import etree

from streams.core.cleaning.page_tree import first

if TYPE_CHECKING:
    from lxml.html import HtmlElement
    from resiliparse.parse.html import HTMLTree

_ATTRIBUTE: Final = (
    r"[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\s>\"'][^\s>]*+|))?+"
)
"""One attribute as a parser reads it; possessive, so that nothing is ever tried twice."""
_MOST_ATTRIBUTES: Final = 5_000
_WIDE_TAG: Final = re.compile(rf"<[A-Za-z][^\s/>]*+(?:{_ATTRIBUTE}){{{_MOST_ATTRIBUTES + 1},}}+")
_MOST_STEPS: Final = 2_000_000
"""The sum of the depths at all starts and ends: what looking at every element's ancestors costs.

40,000 elements in chains of 200 have 8 million and took 5 s; the most of 220 real pages is 110,000.
"""
_WALKED_FROM_CHARS: Final = 150_000
"""A shorter page cannot hold a tag that costs more than 3 s, and half of all pages are shorter."""


def nodes_of(page: str) -> int:
    """Return how many nodes besides text a page has at most: each needs a `<` that closes nothing."""
    return page.count("<") - page.count("</")


def too_complex(page: str, max_nodes: int) -> str | None:
    """Return why a page is too complex to parse (for people), None when it is not."""
    if nodes_of(page) > max_nodes:
        return f"more than {max_nodes:,} nodes"
    if len(page) >= _WALKED_FROM_CHARS and _WIDE_TAG.search(page):
        return f"a tag with more than {_MOST_ATTRIBUTES:,} attributes"
    return None


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


def nested_deeper(tree: HTMLTree, max_depth: int) -> str | None:
    """Return why a tree of lexbor's is too deep (for people), None when it is not.

    By a selector of that many generations: what walks a div's ancestors there took 4 s at 20,000.
    """
    if first(tree, _generations(max_depth + 1)) is None:
        return None
    return f"nested deeper than {max_depth}"


@cache
def _generations(depth: int) -> str:
    return ">".join("*" * depth)
