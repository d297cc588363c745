"""Quotes: a sentence as the parser is to see it.

A quotation that stands as a clause of its own beside its cue (`"We will come," he said`) is put to the parser
as one word: it costs nothing, and cannot lead it astray. A quotation inside the grammar of a sentence (called
it "a shame") stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.statements.report import Bounds

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from streams.core.cleaning.quotations import Quotation

_WORD: Final = "Yes"
_STOPS: Final = frozenset(",.?!…—")


class Masked(NamedTuple):
    """A sentence as the parser sees it.

    `places`: (offset in `text`, offset in the field) where each stretch of it begins. `held`: offset in `text`
    of each quotation that is put as one word → the quotation.
    """

    text: str
    places: tuple[tuple[int, int], ...]
    held: dict[int, Quotation]


def masked(
    text: str, start: int, end: int, quotes: Sequence[Quotation], said: Collection[str]
) -> Masked:
    """Return the sentence `text[start:end]` with each quotation that is a clause of its own as one word.

    `quotes`: those inside it, in order. `said`: verbs (lower case) that a quotation may follow at once.
    """
    parts: list[str] = []
    places: list[tuple[int, int]] = []
    held: dict[int, Quotation] = {}
    length, at = 0, start
    for quote in quotes:
        if not stands_alone(text, start, end, quote, said):
            continue
        before = text[at : quote.start]
        last = text[quote.content_end - 1]
        closing = "." if quote.end >= end else last if last in ",." else ","
        places += [(length, at), (length + len(before), quote.start)]
        held[length + len(before) + 1] = quote
        parts += [before, f'"{_WORD}{closing}"']
        length += len(before) + len(_WORD) + 3
        at = quote.end
    places.append((length, at))
    return Masked("".join([*parts, text[at:end]]), tuple(places), held)


def stands_alone(text: str, start: int, end: int, quote: Quotation, said: Collection[str]) -> bool:
    """Tell whether a quotation is a clause of its own in its sentence."""
    before = text[start : quote.start].rstrip(" \t\n([—–-")
    closed = text[quote.content_end - 1] in _STOPS or text[quote.end : quote.end + 1] in (",", ".")
    if not before or before[-1] == ":":
        return closed or quote.end >= end
    return closed and (before[-1] == "," or before.rpartition(" ")[2].lower() in said)


def without_stop(text: str, start: int, end: int) -> Bounds:
    """Return a stretch without blanks and without its last comma, stop, colon or semicolon."""
    while start < end and (text[start].isspace() or text[start] in ",;:"):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in ",.;:"):
        end -= 1
    return Bounds(start, end)
