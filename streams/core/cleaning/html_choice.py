"""HTML choice: of what several extractors take out of one page, what to believe.

Our own blocks (`page_blocks`) are the most complete (recall .965 on clean_dev), trafilatura knows best
where an article begins and ends. So: our blocks, from the first to the last that trafilatura has as well.
Where trafilatura holds less than a quarter of ours it has taken one section for the whole, and ours stay;
where our blocks are not to be believed, trafilatura's text stands against resiliparse's in the same way. On
clean_dev F1 .950, against .929, .937 and .887 of the three alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from streams.core.cleaning.page_blocks import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.core.cleaning.page_blocks import Block

_Run: TypeAlias = tuple[str, str, str, str]

_TOO_LITTLE: Final = 0.25
"""Any share from .2 to .3 decides the same six pages of clean_dev."""
_SAME: Final = 0.5
_FEWEST_WORDS: Final = 4
_WORD: Final = re.compile(r"\w+")


class Choice(NamedTuple):
    """A text, whose it is, and how far the extractors agree (0 to 1)."""

    text: str
    extractor: str
    agreement: float


def chosen(careful: str, quick: str, extractor: str, blocks: Sequence[Block] = ()) -> Choice:
    """Return the text to believe: `careful` is trafilatura's, `quick` that of `extractor`.

    `blocks`: those of `quick`, empty when it has none to cut at.
    """
    theirs = _runs(careful)
    agreement = round(_shared(_runs(quick), theirs), 4)
    if len(careful) < _TOO_LITTLE * len(quick):
        return Choice(quick, extractor, agreement)
    ends = _ends(blocks, theirs)
    if not ends:
        return Choice(careful, "trafilatura", agreement)
    return Choice(joined(blocks[ends[0] : ends[1]]), f"{extractor}+trafilatura", agreement)


def _ends(blocks: Sequence[Block], theirs: frozenset[_Run]) -> tuple[int, int] | None:
    """Return from the first to the last block that the other text has as well, None when it has none."""
    first = next((n for n, block in enumerate(blocks) if _is_in(block.text, theirs)), None)
    if first is None:
        return None
    last = next(n for n in range(len(blocks) - 1, -1, -1) if _is_in(blocks[n].text, theirs))
    return first, last + 1


def _is_in(text: str, theirs: frozenset[_Run]) -> bool:
    ours = _runs(text)
    return bool(ours) and len(ours & theirs) >= _SAME * len(ours)


def _shared(ours: frozenset[_Run], theirs: frozenset[_Run]) -> float:
    """Return the share of runs that two texts have in common (Jaccard); two empty ones: 1."""
    return len(ours & theirs) / len(ours | theirs) if ours or theirs else 1.0


def _runs(text: str) -> frozenset[_Run]:
    """Return the runs of four words."""
    words = _WORD.findall(text)
    return frozenset(zip(words, words[1:], words[2:], words[3:], strict=False))
