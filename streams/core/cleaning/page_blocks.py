"""Page blocks: paragraphs, headings, items and cells of a page's main part, by selectors on lexbor's tree.

In this order:
1. the main part: of the elements that publishing systems name so, the innermost that holds four fifths of the
text in paragraphs; else the body;
2. taken out of it: navigation, forms, scripts, pictures, and elements named after what is no article
(shares, related pages, comments), unless they hold a quarter of its text: then the name means something
else;
3. blocks in order; an outer one (a list item with a list in it) gives what it holds beside its inner ones;
4. left out: runs of three and more blocks that are nothing but a link, and from the first heading of a tail
("Related articles") behind a third of the text, all that follows. `covered` says how much of the main
part's text is in blocks: under .6 they are not to be believed, the page sets its text without paragraphs.

On clean_dev, F1 .937 where the blocks are believed and resiliparse elsewhere (trafilatura .926); without
step 4 .928, without 2 .914.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from streams.core.cleaning.characters import INVISIBLE
from streams.core.cleaning.html_extractors import paragraphs
from streams.core.cleaning.page_tree import every
from streams.core.packs import PACKS, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resiliparse.parse.html import ElementNode, HTMLTree

_MAIN_TAGS: Final = frozenset({"article", "main"})
_MAIN_NAME: Final = re.compile(
    r"entry-content|(?:post|article|blog|content)[-_]{1,2}(?:content|body|text)|rich-?text|rte\b|articleBody"
)
_NO_TEXT: Final = (
    "nav,footer,aside,form,script,style,noscript,button,template,dialog,figure,[hidden],"
    "[role=navigation],[role=complementary],[aria-hidden=true]"
)
_NAMED: Final = (
    ",".join(
        f"[class*={name}]"
        for name in (
            "related", "newsletter", "share", "social", "comment", "sidebar", "breadcrumb", "cookie", "popup",
            "modal", "subscribe", "promo", "advert", "recommend", "footer", "menu", "nav-",
        )
    )
    + ",[id*=comment],[id*=footer],[id*=sidebar],[id*=related]"
)  # fmt: skip
_BLOCK: Final = "p,h2,h3,h4,h5,h6,li,blockquote,pre,td,th,dt,dd,summary,figcaption"
_LINK: Final = "li>a,p>a,h2>a,h3>a,h4>a,td>a,li>*>a,h2>*>a,h3>*>a"
_OUTER: Final = frozenset({"li", "blockquote", "td", "th", "dd", "dt", "summary", "figcaption"})
_WHOLE: Final = frozenset({"body", "html", "article", "main"})
_BREAK: Final = "\u2028"
"""Stands for a `br` in the text of an element, which keeps none."""
_MOST: Final = 60_000
_MOST_PARAGRAPHS: Final = 300
_MOST_PARENTS: Final = 200
_PARAGRAPH_CHARS: Final = 40
_MAIN_SHARE: Final = 0.8
_OTHER_SHARE: Final = 0.25
_LINKS_IN_A_ROW: Final = 3
_BEFORE_TAIL: Final = 0.3
_LONGEST_TAIL_CHARS: Final = 120
_BELIEVED: Final = 0.6


class Block(NamedTuple):
    """A paragraph, heading, item or cell: its text in one line, and whether it is nothing but a link."""

    text: str
    is_link: bool


class Blocks(NamedTuple):
    """The blocks of a page's main part and the share of its text that they hold."""

    blocks: tuple[Block, ...]
    covered: float

    @property
    def believed(self) -> bool:
        """Whether they are the text of the page."""
        return self.covered >= _BELIEVED

    @property
    def text(self) -> str:
        """The blocks as paragraphs."""
        return joined(self.blocks)


def joined(blocks: Sequence[Block]) -> str:
    """Return blocks as paragraphs, without invisible characters."""
    text = "\n\n".join(block.text for block in blocks)
    return paragraphs(text) if INVISIBLE.search(text) else text


def blocks_of(tree: HTMLTree) -> Blocks:
    """Return the blocks of a page; elements that are no article are taken out of the tree."""
    set_apart = every(tree, "p", _MOST_PARAGRAPHS)  # held, so that the blocks find them again: 5 % faster
    main = _main_part(tree, set_apart)
    if main is None:
        return Blocks((), 0.0)
    _take_out(main)
    for each in _inside(main, "br"):
        each.text = _BREAK
    links = frozenset(_line(each.text or "") for each in _inside(main, _LINK))
    found = [Block(text, text in links) for text in _texts(_inside(main, _BLOCK))]
    held = sum(len(block.text) for block in found)
    words = sum(block.text.count(" ") + 1 for block in found)
    kept = tuple(_without_tail(tuple(_without_link_lists(found)), held))
    return Blocks(kept, words / max(len((main.text or "").split()), 1))


def _inside(element: ElementNode, selector: str) -> list[ElementNode]:
    return element.query_selector_all(selector).values()[:_MOST]


def _main_part(tree: HTMLTree, set_apart: Sequence[ElementNode]) -> ElementNode | None:
    """Return the innermost element named as the main part that holds most of the text in paragraphs."""
    by_parent: Counter[ElementNode] = Counter()
    for each in set_apart:
        size = len(each.text or "")
        if size >= _PARAGRAPH_CHARS and each.parent_element:
            by_parent[each.parent_element] += size
    least = _MAIN_SHARE * by_parent.total()
    held: Counter[ElementNode] = Counter()
    for parent, size in by_parent.most_common(_MOST_PARENTS):
        above: ElementNode | None = parent
        while above is not None:
            held[above] += size
            above = above.parent_element
    fitting = (each for each, size in held.items() if size >= least and _is_main(each))
    return min(fitting, key=lambda each: held[each], default=tree.body)


def _is_main(element: ElementNode) -> bool:
    """Return whether an element is named as publishing systems name the main part of a page."""
    if element.tag in _MAIN_TAGS or element.get_attribute("role") == "main" or element.id == "content":
        return True
    names = f"{element.class_name} {element.get_attribute('itemprop')}"
    return element.tag not in _WHOLE and _MAIN_NAME.search(names) is not None


def _take_out(main: ElementNode) -> None:
    for each in _inside(main, _NO_TEXT):
        each.remove()
    most = _OTHER_SHARE * len(main.text or "")
    for each in _inside(main, _NAMED):
        if each.tag not in _WHOLE and len(each.text or "") < most:
            each.remove()


def _texts(elements: Sequence[ElementNode]) -> Iterator[str]:
    """Yield the texts of blocks in order; of an outer one before, between and behind its inner ones."""
    outer: list[_Outer] = []
    for each in elements:
        text = each.text or ""
        while outer and not outer[-1].element.contains(each):
            yield from outer.pop().rest()
        if outer:
            yield from outer[-1].until(text)
        if each.tag in _OUTER:
            outer.append(_Outer(each, text))
        else:
            yield from _lines(text.replace("\n", _BREAK) if each.tag == "pre" else text)
    while outer:
        yield from outer.pop().rest()


@dataclass(slots=True)
class _Outer:
    """A block that may hold others, its text, and how far that has been given."""

    element: ElementNode
    text: str
    given: int = 0

    def until(self, inner: str) -> Iterator[str]:
        """Yield what stands before the text of the next inner block, and step over that."""
        start = self.text.find(inner, self.given)
        if start >= 0:
            given, self.given = self.given, start + len(inner)
            yield from _lines(self.text[given:start])

    def rest(self) -> Iterator[str]:
        return _lines(self.text[self.given :])


def _lines(text: str) -> Iterator[str]:
    return filter(None, map(_line, text.split(_BREAK)))


def _line(text: str) -> str:
    return " ".join(text.split())


def _without_link_lists(found: Sequence[Block]) -> Iterator[Block]:
    for is_link, run in groupby(found, key=lambda block: block.is_link):
        blocks = tuple(run)
        if not is_link or len(blocks) < _LINKS_IN_A_ROW:
            yield from blocks


def _without_tail(found: Sequence[Block], held: int) -> Iterator[Block]:
    given = 0
    for block in found:
        short = len(block.text) < _LONGEST_TAIL_CHARS
        if short and given >= _BEFORE_TAIL * held and _tail().fullmatch(block.text):
            return
        given += len(block.text)
        yield block


@cache
def _tail() -> re.Pattern[str]:
    """Return what the heading of a tail looks like, in all packs' languages."""
    tails = (cast("dict[str, dict[str, str]]", read(code, "pages"))["tail"] for code in PACKS)
    return re.compile("|".join(f"(?:{part})" for tail in tails for part in tail.values()), re.IGNORECASE)
