"""Pieces: a text cut so that the model's work is linear and its memory bounded, whatever the text.

A piece holds whole paragraphs up to 1,000 code points (the model is fastest on those: 12,800 words a second
against 8,000 on single paragraphs), or one longer paragraph up to 2,000; what is longer is cut at the last
sentence end, else blank, before that. A run of more than 200 code points without a blank is no word: it is
left out, for the tokeniser peels punctuation off a word mark by mark (quadratic in 10^5 quotation marks). The
recogniser sees four words to each side: a cut changes little.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_CHARS: Final = 2_000
_FILLED_CHARS: Final = 1_000
_LONGEST_WORD_CHARS: Final = 200
_NO_WORD: Final = re.compile(rf"\S{{{_LONGEST_WORD_CHARS + 1},}}")
_SENTENCE_END: Final = re.compile(r"[.!?…]['’”\"]?\s")
_BREAK: Final = "\n\n"


def pieces(text: str) -> Iterator[tuple[int, str]]:
    """Yield the pieces of `text` with their offsets in code points, in order, none blank."""
    at = 0
    for gap in _NO_WORD.finditer(text):
        yield from _cut(text, at, gap.start())
        at = gap.end()
    yield from _cut(text, at, len(text))


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    while start < end:
        stop = _stop(text, start, end)
        if text[start:stop].strip():
            yield start, text[start:stop]
        start = stop


def _stop(text: str, start: int, end: int) -> int:
    """Return where a piece that begins at `start` ends.

    After as many paragraphs as fit, else inside the first.
    """
    if end - start <= _FILLED_CHARS:
        return end
    broken = text.rfind(_BREAK, start + 1, start + _FILLED_CHARS)
    if broken < 0:
        broken = text.find(_BREAK, start + _FILLED_CHARS, min(end, start + LONGEST_CHARS))
    if broken >= 0:
        return broken + len(_BREAK)
    return end if end - start <= LONGEST_CHARS else start + _inside(text[start : start + LONGEST_CHARS])


def _inside(window: str) -> int:
    """Return where to cut a window.

    After its last sentence, else its last blank (one without a blank is half a word at most).
    """
    ends = [match.end() for match in _SENTENCE_END.finditer(window, len(window) // 2)]
    if ends:
        return ends[-1]
    blank = max(window.rfind(" "), window.rfind("\n"), window.rfind("\t"))
    return blank + 1 if blank > 0 else len(window)
