"""JSON-LD: what a page says of itself in `script type="application/ld+json"`, as flat objects.

Scripts that are no JSON are left out; raw line ends inside strings, which templates leave, are forgiven.
Objects are found wherever they are nested (`@graph`, `mainEntity`, lists), articles first.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Thing: TypeAlias = "dict[str, object]"
"""A JSON object of schema.org's vocabulary."""

_MOST_THINGS: Final = 5_000
_ARTICLE: Final = re.compile(r"Article|Posting|Report$|Review$|Recipe|HowTo|CreativeWork|BlogPost|Blog$")
_PAGE: Final = re.compile(r"Page$|VideoObject")
_COMMENT: Final = re.compile(r"<!--|-->|//<!\[CDATA\[|//\]\]>|/\*.{0,20}?\*/")


def things(scripts: Sequence[str]) -> list[Thing]:
    """Return the objects of all scripts in the order in which they stand, outer ones first.

    >>> things(['{"@graph": [{"@type": "Article", "author": {"name": "Ann"}}]}'])[1]["@type"]
    'Article'
    """
    found: list[Thing] = []
    for script in scripts:
        for root in _roots(script):
            found += _within(root, _MOST_THINGS - len(found))
    return found


def _roots(script: str) -> Iterator[object]:
    try:
        yield json.loads(_COMMENT.sub("", script[:40]) + script[40:], strict=False)
    except (ValueError, RecursionError):
        return


def _within(root: object, most: int) -> list[Thing]:
    found: list[Thing] = []
    stack = [root]
    while stack and len(found) < most:
        here = stack.pop()
        if isinstance(here, dict):
            found.append(here)
            stack += [each for each in reversed(here.values()) if isinstance(each, dict | list)]
        elif isinstance(here, list):
            stack += [each for each in reversed(here) if isinstance(each, dict | list)]
    return found


def types(thing: Thing) -> str:
    """Return the types of an object in one string, empty when it has none."""
    said = thing.get("@type")
    return " ".join(map(str, said)) if isinstance(said, list) else str(said or "")


def articles(known: Sequence[Thing]) -> list[Thing]:
    """Return the objects that may be the article, articles before pages."""
    return [each for each in known if _ARTICLE.search(types(each))] + [
        each for each in known if _PAGE.search(types(each))
    ]


def text_of(value: object) -> str | None:
    """Return a value as one line of text, None when it is none."""
    return " ".join(value.split()) or None if isinstance(value, str) else None


def referred(thing: Thing, known: Sequence[Thing]) -> Thing:
    """Return the object that a reference (`@id` without a name) means, else the object itself."""
    if thing.get("name") or not thing.get("@id"):
        return thing
    return next((each for each in known if each.get("@id") == thing["@id"] and each.get("name")), thing)
