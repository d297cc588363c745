"""HTML: the main text of a page, by trafilatura, within bounds (`html_bounds`).

The page is parsed once, by lxml (libxml2: no network, no DTD, no entities of the page's own); the tree is
given to trafilatura for the text, and a second one to `metadata`, since trafilatura changes what it is given.
Comments, and pictures, are left out.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lxml import etree, html
from trafilatura.core import bare_extraction

from streams.core.cleaning.characters import BLANK, INVISIBLE, LINE_END
from streams.core.cleaning.html_bounds import too_complex, too_deep
from streams.core.outcome import RefusalReason, Refused

if TYPE_CHECKING:
    from streams.core.cleaning.options import CleaningOptions

_END: Final = re.compile(f"[{LINE_END}]")


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its main text (empty when there is none) and its tree as parsed."""

    text: str
    tree: html.HtmlElement


def parsed(page: str, options: CleaningOptions) -> html.HtmlElement | Refused:
    """Return the tree of a page, or why it is refused."""
    why = too_complex(page, options.max_nodes)
    if why:
        return Refused(RefusalReason.TOO_COMPLEX, why)
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True)
    try:
        tree = html.document_fromstring(page.encode(), parser=parser)
    except (etree.LxmlError, ValueError):
        return Refused(RefusalReason.UNPARSABLE, "the HTML parser found no document")
    why = too_deep(tree, options.max_depth)
    return Refused(RefusalReason.TOO_COMPLEX, why) if why else tree


def read_page(page: str, options: CleaningOptions) -> Page | Refused:
    """Return the main text of a page, or why the page is refused."""
    tree = parsed(page, options)
    if isinstance(tree, Refused):
        return tree
    found = bare_extraction(deepcopy(tree), with_metadata=False, include_comments=False, include_images=False)
    text = getattr(found, "text", None) or ""
    return Page(paragraphs(text), tree)


def paragraphs(text: str) -> str:
    r"""Return trafilatura's lines as paragraphs, without invisible characters and blank lines.

    >>> paragraphs("One.\nTwo. \n")
    'One.\n\nTwo.'
    """
    lines = (INVISIBLE.sub("", line).strip(BLANK) for line in _END.split(text))
    return "\n\n".join(line for line in lines if line)


def without_headline(text: str, *headlines: str | None) -> str:
    r"""Return the paragraphs after the first when that is one of `headlines`: a page's h1 is no body.

    Spaces count as one. A text that is nothing else stays.

    >>> without_headline("Dam  breaks\n\nWater rose.", "Dam breaks", None)
    'Water rose.'
    """
    first, _, rest = text.partition("\n\n")
    same = {" ".join(each.split()) for each in headlines if each}
    return rest if rest and " ".join(first.split()) in same else text
