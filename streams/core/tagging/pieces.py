"""Pieces: a text cut so that the model's work is linear and its memory bounded, whatever the text.

A piece is a paragraph; a longer one than 4,000 code points is cut at the last sentence end, else blank, before that. A run of more than 200 code
points without a blank is no word: it is left out, for the tokeniser peels punctuation off a word mark by mark (quadratic in
10^5 quotation marks). The recogniser sees four words to each side, so that a cut changes little.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_CHARS: Final = 4_000
_LONGEST_WORD_CHARS: Final = 200
_NO_WORD: Final = re.compile(rf"\S{{{_LONGEST_WORD_CHARS + 1},}}|\n\n+")
_SENTENCE_END: Final = re.compile(r"[.!?…]['’”\"]?\s")


def pieces(text: str) -> Iterator[tuple[int, str]]:
    """Yield the pieces of `text` with their offsets in code points, in order, none blank."""
    at = 0
    for gap in _NO_WORD.finditer(text):
        yield from _cut(text, at, gap.start())
        at = gap.end()
    yield from _cut(text, at, len(text))


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    while end - start > LONGEST_CHARS:
        stop = _stop(text[start:start + LONGEST_CHARS])
        yield start, text[start:start + stop]
        start += stop
    if text[start:end].strip():
        yield start, text[start:end]


def _stop(window: str) -> int:
    """Return where to cut a window: after its last sentence, else its last blank (a window without one is all one word)."""
    ends = [match.end() for match in _SENTENCE_END.finditer(window, len(window) // 2)]
    if ends:
        return ends[-1]
    blank = max(window.rfind(" "), window.rfind("\n"), window.rfind("\t"))
    return blank + 1 if blank > 0 else len(window)
