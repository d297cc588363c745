"""Sentences: where they begin and end, in one pass, by the pack's abbreviations.

A blank line always ends one; a mark inside a quotation never does, so that a quotation of several sentences
stays with the words that attribute it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from streams.core.packs import read
from streams.core.statements.report import Bounds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PARAGRAPH: Final = re.compile(r"[^\n](?:[^\n]|\n(?![ \t]*\n))*")
_END: Final = re.compile(r"[.!?…][.!?…]?['\"”’)\]]{0,3}\s+(?=[^\sa-z,;:])|:?\n")
_WORD_CHARS: Final = 24


class Sentence(NamedTuple):
    """One sentence and the number of its paragraph."""

    start: int
    end: int
    paragraph: int


class _Stops(NamedTuple):
    abbreviations: frozenset[str]
    starters: frozenset[str]
    said: re.Pattern[str]


@cache
def _stops(language: str) -> _Stops:
    pack = cast("dict[str, list[str]]", read(language, "cues")["sentences"])
    said = "|".join(pack["said"])
    return _Stops(
        frozenset(pack["abbreviations"]),
        frozenset(pack["starters"]),
        re.compile(rf"(?:[\w.’'-]+ ){{1,5}}(?:{said})\b|(?:{said})\b"),
    )


def sentences(text: str, quotes: Sequence[Bounds], language: str) -> Iterator[Sentence]:
    """Yield the sentences of `text`, in order. `quotes`: its outermost quotations with marks, in order."""
    stops, starts = _stops(language), [quote.start for quote in quotes]
    for number, paragraph in enumerate(_PARAGRAPH.finditer(text)):
        start = paragraph.start()
        for match in _END.finditer(text, start, paragraph.end()):
            at = match.end()
            if _inside(quotes, starts, match.start(), at) or not _ends(text, match, stops):
                continue
            yield from _trimmed(text, start, at, number)
            start = at
        yield from _trimmed(text, start, paragraph.end(), number)


def _trimmed(text: str, start: int, end: int, paragraph: int) -> Iterator[Sentence]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield Sentence(start, end, paragraph)


def _inside(quotes: Sequence[Bounds], starts: Sequence[int], at: int, end: int) -> bool:
    """Tell whether a quotation begins before `at` and goes on after `end`."""
    number = bisect_right(starts, at) - 1
    return number >= 0 and at < quotes[number].end and end < quotes[number].end


def _ends(text: str, match: re.Match[str], stops: _Stops) -> bool:
    mark = match[0]
    if "\n" in mark:
        return mark[0] in ":.!?…" or text[match.start() - 1] in '.!?…:"”'
    if mark.rstrip()[-1] in "\"”’'" and mark[0] in "!?":
        return not stops.said.match(text, match.end(), match.end() + 60)
    if mark[0] != "." or mark[1] in '"”':
        return True
    before = (
        text[max(0, match.start() - _WORD_CHARS) : match.start()].rpartition(" ")[2].lstrip("(\"“'‘").lower()
    )
    if (
        before not in stops.abbreviations
        and not (len(before) == 1 and before.isalpha())
        and "." not in before
    ):
        return True
    following = text[match.end() : match.end() + _WORD_CHARS].partition(" ")[0].lower()
    return before not in stops.abbreviations and len(before) > 1 and following in stops.starters
