"""Single quotes: stretches between single marks (‘…’, '…', ‹…›), as far as they are not apostrophes.

A mark opens between a blank and a word that is no elision of a language pack (’tis, ’90s); it closes between
a word or a stop and no word. Behind an s it is a possessive when another mark closes later. Only whole pairs
count, of two characters at least. Linear.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from streams.core.packs import PACKS, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SINGLE: Final = re.compile(
    r"(?P<opens>(?<![^\s(\[{—–/\"“])['‘‹](?=(?P<word>\d\d?0s|\w+|[\[(…])))|(?P<closes>(?<!\s)['’›](?!\w))"
)
_LEAST: Final = 2


@cache
def _elisions() -> frozenset[str]:
    return frozenset(word for code in PACKS for word in cast("list[str]", read(code, "cleaning")["elisions"]))


def single_quotations(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the quotations in `text[start:end]`, marks included, in order, none inside another.

    >>> list(single_quotations("The workers' 'last' offer", 0, 25))
    [(13, 19)]
    """
    marks = [mark for mark in _SINGLE.finditer(text, start, end) if mark["closes"] or _opens(mark)]
    opened: int | None = None
    for n, mark in enumerate(marks):
        if mark["opens"]:
            opened = mark.start()
        elif opened is not None and not _possessive(text, marks, n):
            if mark.start() - opened > _LEAST:
                yield opened, mark.end()
            opened = None


def _opens(mark: re.Match[str]) -> bool:
    word = mark["word"].lower()
    return word not in _elisions() and not (word[0].isdigit() and word.endswith("0s"))


def _possessive(text: str, marks: Sequence[re.Match[str]], n: int) -> bool:
    """Tell whether a closing mark is a possessive's: behind an s, before a word, and another closes later."""
    at = marks[n].start()
    if (
        text[at - 1 : at] not in ("s", "S")
        or text[at + 1 : at + 2] != " "
        or not text[at + 2 : at + 3].isalpha()
    ):
        return False
    return n + 1 < len(marks) and bool(marks[n + 1]["closes"])
