"""Quotes: a sentence as the parser is to see it.

A quotation that stands as a clause of its own beside its cue (`"We will come," he said`) is put to the parser
as one word: it costs nothing, and cannot lead it astray. A quotation inside the grammar of a sentence (called
it "a shame") stays as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.statements.report import Bounds

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from streams.core.cleaning.quotations import Quotation

_WORD: Final = "Yes"
_STOPS: Final = frozenset(",.?!…—")
_FEW: Final = 2
_BRACKET: Final = re.compile(r"\s\([^()\n]{1,80}\)")
_ABBREVIATED: Final = re.compile(r"(?:\b[A-Za-z]\.){2,}$")
_CLOSING: Final = {'"': '"“', "”": '“"', "’": "‘", "'": "'", "“": "“"}


class Masked(NamedTuple):
    """A sentence as the parser sees it.

    `places`: (offset in `text`, offset in the field) where each stretch of it begins. `held`: offset in
    `text` of each quotation that is put as one word → the quotation.
    """

    text: str
    places: tuple[tuple[int, int], ...]
    held: dict[int, Quotation]


def masked(text: str, start: int, end: int, quotes: Sequence[Quotation], said: Collection[str]) -> Masked:
    """Return the sentence `text[start:end]` with each quotation that is a clause of its own as one word.

    Brackets are left out. `quotes`: those inside it, in order. `said`: verbs (lower case) that report
    quotations.
    """
    parts: list[str] = []
    places: list[tuple[int, int]] = []
    held: dict[int, Quotation] = {}
    length, at = 0, start
    alone: list[Quotation] = []
    for each in quotes:
        if stands_alone(text, start, end, each, said, goes_on=bool(alone)):
            alone.append(each)
    for cut in _cuts(text, start, end, alone):
        before = text[at : cut[0]]
        places.append((length, at))
        parts.append(before)
        length += len(before)
        at = cut[1]
        quote = cut[2]
        if quote is not None:
            last = text[quote.content_end - 1]
            closing = "." if quote.end >= end else last if last in ",." else ","
            places.append((length, quote.start))
            held[length + 1] = quote
            parts.append(f'"{_WORD}{closing}"')
            length += len(_WORD) + 3
    places.append((length, at))
    return Masked("".join([*parts, text[at:end]]), tuple(places), held)


def _cuts(
    text: str, start: int, end: int, quotes: Sequence[Quotation]
) -> list[tuple[int, int, Quotation | None]]:
    """Return what the parser is not to see: quotations, and brackets after a blank with their blank."""
    cuts: list[tuple[int, int, Quotation | None]] = [(each.start, each.end, each) for each in quotes]
    if "(" in text[start:end]:
        cuts += [
            (match.start(), match.end(), None)
            for match in _BRACKET.finditer(text, start + 1, end)
            if not any(each.start < match.end() and match.start() < each.end for each in quotes)
        ]
    return sorted(cuts, key=lambda cut: cut[0])


def stands_alone(
    text: str, start: int, end: int, quote: Quotation, said: Collection[str], *, goes_on: bool = False
) -> bool:
    """Tell whether a quotation is a clause of its own in its sentence, or goes on with one before."""
    if "closing_quote_missing" in quote.defects:
        return False
    before = text[start : quote.start].rstrip(" \t\n([—–-")
    closed = text[quote.content_end - 1] in _STOPS or text[quote.end : quote.end + 1] in (",", ".")
    if not before or before[-1] in ":;":
        return closed or quote.end >= end or _said_next(text, quote, end, said)
    if not closed:
        return False
    last = before.rstrip(",").rpartition(" ")[2].lower()
    return last in said or (before[-1] == "," and (goes_on or not text[quote.content_start].islower()))


def _said_next(text: str, quote: Quotation, end: int, said: Collection[str]) -> bool:
    """Tell whether one of the three words after a quotation of some length reports it."""
    long_ = text.count(" ", quote.content_start, quote.content_end) >= _FEW
    return long_ and any(
        word.lower() in said for word in text[quote.end : min(end, quote.end + 60)].split()[:3]
    )


def without_stop(text: str, start: int, end: int) -> Bounds:
    """Return a stretch without blanks, its last comma, stop or colon, and a mark that closes in it."""
    while start < end and (text[start].isspace() or text[start] in ",;:"):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in ",.;:"):
        if text[end - 1] == "." and _ABBREVIATED.search(text, max(start, end - 8), end):
            break
        end -= 1
    if end - start > 1 and text[end - 1] in _CLOSING:
        inside = text[start : end - 1]
        if any(f"{before}{mark}" in f" {inside}" for before in " (" for mark in _CLOSING[text[end - 1]]):
            end -= 1
            while end > start and text[end - 1] in ",.;:":
                end -= 1
    return Bounds(start, end)
