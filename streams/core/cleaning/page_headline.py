"""Page headline: of what a page calls itself, the one that is the article's headline.

The share title and the window title often carry the site's name behind a bar or a dash, the heading does not;
but a heading can also be the site's own, or that of a section. So: a heading that another title begins with
or that shares half its words with one is taken; else a title without the part that names the site.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from streams.core.cleaning.header import folded
from streams.core.cleaning.page_tree import every

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resiliparse.parse.html import HTMLTree

_LONGEST_CHARS: Final = 400
_MOST_HEADINGS: Final = 8
_BAR: Final = re.compile(r"\s+(?:[|•·»]|::|>>)\s*|\s+[-–—]\s+")
_FEWEST_WORDS: Final = 2
_SHARED: Final = 0.5
_SUFFIX_WORDS: Final = 8


def page_headline(tree: HTMLTree, site: str | None, meta: Mapping[str, str]) -> str | None:
    """Return the headline of a page, None when it has none.

    `site`: the site's name if known; `meta`: its meta tags.
    """
    titles = _clean([meta.get("og:title", "")]) + _texts(tree, "head title")
    headings = [
        text
        for text in _texts(tree, "h1")
        if len(text.split()) >= _FEWEST_WORDS and folded(text) != folded(site or "")
    ]
    for heading in headings:
        if any(folded(title).startswith(folded(heading)) for title in titles):
            return heading
    if headings and (not titles or max(_shared(headings[0], title) for title in titles) >= _SHARED):
        return headings[0]
    if titles:
        return without_site(titles[0], site)
    return headings[0] if headings else None


def _texts(tree: HTMLTree, path: str) -> list[str]:
    return _clean([each.text or "" for each in every(tree, path, _MOST_HEADINGS)])


def _clean(found: list[str]) -> list[str]:
    texts = (" ".join(each.split()) for each in found)
    return [text for text in texts if 0 < len(text) <= _LONGEST_CHARS]


def _shared(heading: str, title: str) -> float:
    """Return the share of the heading's words that the title has."""
    words, others = set(folded(heading).split()), set(folded(title).split())
    return len(words & others) / len(words) if words else 0.0


def without_site(title: str, site: str | None) -> str:
    """Return a title without the parts that name the site.

    A last (or first) part that is the site's name, or the last short one.

    >>> without_site("Rivers rise in the north | The Daily Word", None)
    'Rivers rise in the north'
    """
    bars = list(_BAR.finditer(title))
    if not bars:
        return title
    head, tail = title[: bars[-1].start()], title[bars[-1].end() :]
    if site and folded(title[: bars[0].start()]) == folded(site):
        return title[bars[0].end() :]
    named = bool(site) and (folded(site or "") in folded(tail) or folded(tail) in folded(site or ""))
    short = len(tail.split()) <= _SUFFIX_WORDS and len(head.split()) >= _FEWEST_WORDS
    return head if named or (short and len(head.split()) >= len(tail.split())) else title
