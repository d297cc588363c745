"""HTML: the main text of a page, within bounds (`html_bounds`), by one extractor or by a choice of several.

In this order:
1. bounds that cost nothing are checked on the page, lexbor parses it, the depth of the tree is checked;
2. the blocks of its main part are taken out (`page_blocks`), by resiliparse where those are not to be
believed. That is the fast path;
3. on the quality path lxml parses as well (libxml2: no network, no DTD, no entities of the page's own),
trafilatura takes the text out, and `html_choice` decides. On the path `auto` that is done where the blocks
are not to be believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lxml import etree, html

from schemas.clean_article import Extraction
from streams.core.cleaning.html_bounds import nested_deeper, nodes_of, too_complex, too_deep
from streams.core.cleaning.html_choice import chosen
from streams.core.cleaning.html_extractors import by_resiliparse, by_trafilatura
from streams.core.cleaning.options import ExtractionPath
from streams.core.cleaning.page_blocks import blocks_of
from streams.core.cleaning.page_tree import tree_of
from streams.core.outcome import RefusalReason, Refused

if TYPE_CHECKING:
    from resiliparse.parse.html import HTMLTree

    from streams.core.cleaning.options import CleaningOptions
    from streams.core.cleaning.page_blocks import Blocks


_MOST_CAREFUL_NODES: Final = 20_000
"""trafilatura takes up to 80 µs a node; a larger page is left to the fast path (most in clean_dev: 3,216)."""


@dataclass(frozen=True, slots=True)
class MainText:
    """The main text of a page, empty when there is none, and how it was taken out."""

    text: str
    extraction: Extraction


def bounded_tree(page: str, options: CleaningOptions) -> HTMLTree | Refused:
    """Return lexbor's tree of a page, or why the page is refused."""
    why = too_complex(page, options.max_nodes)
    if why:
        return Refused(RefusalReason.TOO_COMPLEX, why)
    tree = tree_of(page)
    why = nested_deeper(tree, options.max_depth)
    return Refused(RefusalReason.TOO_COMPLEX, why) if why else tree


def main_text(page: str, tree: HTMLTree, options: CleaningOptions) -> MainText | Refused:
    """Return the main text of a page, or why the page is refused.

    `tree`: of `bounded_tree`; elements that are no article are taken out of it.
    """
    found = blocks_of(tree)
    quick = found.text if found.believed else by_resiliparse(tree)
    extractor = "blocks" if found.believed else "resiliparse"
    if not _asks_more(page, options.path, found):
        return MainText(quick, Extraction(path="fast", extractor=extractor))
    careful = careful_tree(page, options)
    if isinstance(careful, Refused):
        return careful
    choice = chosen(by_trafilatura(careful), quick, extractor, found.blocks if found.believed else ())
    extraction = Extraction(path="quality", extractor=choice.extractor, agreement=choice.agreement)
    return MainText(choice.text, extraction)


def _asks_more(page: str, path: ExtractionPath, found: Blocks) -> bool:
    """Return whether a second opinion is asked."""
    wanted = path is ExtractionPath.QUALITY or (path is ExtractionPath.AUTO and not found.believed)
    return wanted and nodes_of(page) <= _MOST_CAREFUL_NODES


def careful_tree(page: str, options: CleaningOptions) -> html.HtmlElement | Refused:
    """Return lxml's tree of a page, or why it is refused."""
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True)
    try:
        tree = html.document_fromstring(page.encode(), parser=parser)
    except (etree.LxmlError, ValueError):
        return Refused(RefusalReason.UNPARSABLE, "the HTML parser found no document")
    why = too_deep(tree, options.max_depth)
    return Refused(RefusalReason.TOO_COMPLEX, why) if why else tree


def without_headline(text: str, *headlines: str | None) -> str:
    r"""Return the paragraphs after the first when that is one of `headlines`: a page's h1 is no body.

    Spaces count as one. A text that is nothing else stays.

    >>> without_headline("Dam  breaks\n\nWater rose.", "Dam breaks", None)
    'Water rose.'
    """
    first, _, rest = text.partition("\n\n")
    same = {" ".join(each.split()) for each in headlines if each}
    return rest if rest and " ".join(first.split()) in same else text
