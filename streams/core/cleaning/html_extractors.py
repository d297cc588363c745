"""HTML extractors: each gives the main text of a page its own way. None asks the clock or the network.

trafilatura, in the mode that favours recall, on lxml's tree: of its modes the best alone on clean_dev and
the cheapest (F1 .929 in 2.8 s against .926 in 3.7 s of the standard one). resiliparse on lexbor's tree: F1
.887 in .3 s. Comments, and what stands for pictures, are left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from resiliparse.extract.html2text import extract_plain_text
from trafilatura.core import bare_extraction

from streams.core.cleaning.characters import BLANK, INVISIBLE, LINE_END

if TYPE_CHECKING:
    from lxml.html import HtmlElement
    from resiliparse.parse.html import HTMLTree

_END: Final = re.compile(f"[{LINE_END}]")


def by_trafilatura(tree: HtmlElement) -> str:
    """Return the main text, empty when there is none; the tree is changed."""
    found = bare_extraction(
        tree, with_metadata=False, include_comments=False, include_images=False, favor_recall=True
    )
    return paragraphs(getattr(found, "text", None) or "")


def by_resiliparse(tree: HTMLTree) -> str:
    """Return the main text, empty when there is none; the tree stays as it is."""
    return paragraphs(
        extract_plain_text(tree, main_content=True, alt_texts=False, list_bullets=False, comments=False)
    )


def every_line(tree: HTMLTree) -> list[str]:
    """Return all lines that a page shows, main text or not."""
    text = extract_plain_text(tree, main_content=False, alt_texts=False, list_bullets=False)
    return [line for line in map(str.strip, text.split("\n")) if line]


def paragraphs(text: str) -> str:
    r"""Return an extractor's lines as paragraphs, without invisible characters and blank lines.

    >>> paragraphs("One.\nTwo. \n")
    'One.\n\nTwo.'
    """
    lines = (INVISIBLE.sub("", line).strip(BLANK) for line in _END.split(text))
    return "\n\n".join(line for line in lines if line)
