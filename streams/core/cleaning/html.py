"""HTML: the main text of a page, within bounds (`html_bounds`), by one extractor or by a choice of several.

In this order: bounds that cost nothing are checked on the page, lexbor parses it, the depth of the tree is
checked, resiliparse takes the text out. That is the fast path. On the quality path lxml parses as well
(libxml2: no network, no DTD, no entities of the page's own), trafilatura takes the text out, and
`html_choice` decides between the two. On the path `auto` the second half is done where the first is not sure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree, html

from schemas.clean_article import Extraction
from streams.core.cleaning.html_bounds import nested_deeper, too_complex, too_deep
from streams.core.cleaning.html_choice import chosen
from streams.core.cleaning.html_extractors import by_resiliparse, by_trafilatura
from streams.core.cleaning.options import ExtractionPath
from streams.core.cleaning.page_tree import tree_of
from streams.core.outcome import RefusalReason, Refused

if TYPE_CHECKING:
    from resiliparse.parse.html import HTMLTree

    from streams.core.cleaning.options import CleaningOptions


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its main text (empty when there is none), how it was taken out, and its tree."""

    text: str
    extraction: Extraction
    tree: HTMLTree


def read_page(page: str, options: CleaningOptions) -> Page | Refused:
    """Return the main text of a page, or why the page is refused."""
    why = too_complex(page, options.max_nodes)
    if why:
        return Refused(RefusalReason.TOO_COMPLEX, why)
    tree = tree_of(page)
    why = nested_deeper(tree, options.max_depth)
    if why:
        return Refused(RefusalReason.TOO_COMPLEX, why)
    quick = by_resiliparse(tree)
    if options.path is ExtractionPath.FAST or (options.path is ExtractionPath.AUTO and sure(quick)):
        return Page(quick, Extraction(path="fast", extractor="resiliparse"), tree)
    careful = parsed(page, options)
    if isinstance(careful, Refused):
        return careful
    choice = chosen(by_trafilatura(careful), quick)
    extraction = Extraction(path="quality", extractor=choice.extractor, agreement=choice.agreement)
    return Page(choice.text, extraction, tree)


def parsed(page: str, options: CleaningOptions) -> html.HtmlElement | Refused:
    """Return lxml's tree of a page, or why it is refused."""
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True)
    try:
        tree = html.document_fromstring(page.encode(), parser=parser)
    except (etree.LxmlError, ValueError):
        return Refused(RefusalReason.UNPARSABLE, "the HTML parser found no document")
    why = too_deep(tree, options.max_depth)
    return Refused(RefusalReason.TOO_COMPLEX, why) if why else tree


def sure(text: str) -> bool:
    """Return whether the fast path's text can be taken alone."""
    return bool(text)


def without_headline(text: str, *headlines: str | None) -> str:
    r"""Return the paragraphs after the first when that is one of `headlines`: a page's h1 is no body.

    Spaces count as one. A text that is nothing else stays.

    >>> without_headline("Dam  breaks\n\nWater rose.", "Dam breaks", None)
    'Water rose.'
    """
    first, _, rest = text.partition("\n\n")
    same = {" ".join(each.split()) for each in headlines if each}
    return rest if rest and " ".join(first.split()) in same else text
