"""marks: stretches of a text that overlap, cut so that each piece has one set of names.

Offsets are code points, half open.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.render.sayings import objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streams.render.lines import Body

MENTION, CUE, SPEAKER, CONTENT, INSERT = "mention", "cue", "speaker", "content", "insert"


class Mark(NamedTuple):
    """A stretch of a field with what it is; `key` names the statement it belongs to, "" for a mention."""

    start: int
    end: int
    name: str
    kind: str = ""
    key: str = ""


class Piece(NamedTuple):
    """A run of text and all the marks that cover it, in the order they were given."""

    text: str
    marks: tuple[Mark, ...]


def marks_in(body: Body, field: str) -> list[Mark]:
    """Return the mentions and the parts of statements that stand in one field of a tagged article."""
    found = [_mark(each, MENTION, str(each.get("kind"))) for each in _of(field, objects(body, "mentions"))]
    for number, statement in enumerate(objects(body, "statements"), 1):
        found += [_mark(span, name, "", f"S{number}") for name, span in _spans(statement, field)]
    return [mark for mark in found if mark]


def _spans(statement: Body, field: str) -> Iterator[tuple[str, Body]]:
    for span in _of(field, objects(statement, "content")):
        yield CONTENT, span
    for span in _of(field, objects(statement, "inserts")):
        yield INSERT, span
    speaker = statement.get("speaker")
    who = speaker.get("mention") if isinstance(speaker, dict) else None
    for name, found in ((CUE, statement.get("cue")), (SPEAKER, who)):
        if isinstance(found, dict) and found.get("field") == field:
            yield name, found


def _of(field: str, spans: Iterable[Body]) -> Iterator[Body]:
    return (span for span in spans if span.get("field", "text") == field)


def _mark(span: Body, name: str, kind: str, key: str = "") -> Mark | None:
    start, end = span.get("start"), span.get("end")
    return Mark(start, end, name, kind, key) if isinstance(start, int) and isinstance(end, int) else None


_MOST_MARKS: Final = 20_000


def pieces(text: str, marks: Iterable[Mark]) -> list[Piece]:
    """Return `text` cut at every edge of a mark; the pieces put together are the text.

    Marks that are empty or stand outside the text are left out, and all behind the first 20,000.
    """
    kept = [mark for mark in marks if 0 <= mark.start < mark.end <= len(text)][:_MOST_MARKS]
    opening: dict[int, list[int]] = {}
    closing: dict[int, list[int]] = {}
    for number, mark in enumerate(kept):
        opening.setdefault(mark.start, []).append(number)
        closing.setdefault(mark.end, []).append(number)
    edges = sorted({0, len(text), *opening, *closing})
    live: dict[int, Mark] = {}
    cut = []
    for start, end in pairwise(edges):
        for number in closing.get(start, ()):
            del live[number]
        live |= {number: kept[number] for number in opening.get(start, ())}
        cut.append(Piece(text[start:end], tuple(live[number] for number in sorted(live))))
    return cut
