"""Mentions: what the model marks, made into ours.

Kinds mapped, articles and possessives cut off, what is two names cut in two.

Kinds of the model that name nothing we carry (numbers, money, laws, works) are left out. The name in a line
that credits a source is an OUTLET, whatever the model thinks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from schemas.mention import MentionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.tagging.gazetteer import Entry
    from streams.core.tagging.names import Names

_CARRIED: Final = ("PERSON", "ORG", "GPE", "LOC", "FAC", "NORP", "EVENT", "DATE")
KINDS: Final = {label: MentionKind(label) for label in _CARRIED}
"""The model's label → our kind: they are called the same. A label that is not here names nothing we carry."""

SHARE_RIGHT: Final = {
    MentionKind.PERSON: 0.87,
    MentionKind.ORG: 0.81,
    MentionKind.GPE: 0.92,
    MentionKind.LOC: 0.72,
    MentionKind.FAC: 0.42,
    MentionKind.NORP: 0.89,
    MentionKind.EVENT: 0.6,
    MentionKind.DATE: 0.86,
    MentionKind.WIRE: 0.95,
    MentionKind.OUTLET: 0.8,
}
"""How often a mention of a kind is right: the model's precision on its own test set (meta.json, OntoNotes).

WIRE and OUTLET are not the model's: guessed, until a gold set measures them.
"""


_BREAK: Final = "\n\n"


class Found(NamedTuple):
    """A mention in one field: code points, half open.

    `entry` is what the gazetteer says of its name; `family` what found it, "model" for the recogniser.
    """

    start: int
    end: int
    kind: MentionKind
    entry: Entry | None = None
    family: str = "model"


def trimmed(text: str, start: int, end: int, names: Names) -> tuple[int, int]:
    """Return `start:end` without leading articles and blanks, and without a possessive at the end.

    May be empty.
    """
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    lead = names.lead.match(text, start, end)
    if lead and lead.end() < end:
        start = lead.end()
    tail = names.tail.search(text[start:end])
    return start, start + tail.start() if tail else end


def bounded(text: str, found: Found, names: Names) -> Iterator[Found]:
    """Yield a mention of the model's as one name or several, without what is no part of a name.

    A paragraph ends it, and so does a bracket that is not closed; a title before a person, a number before a
    body are cut off; a list of bodies is cut at its commas and slashes.
    """
    for start, end in _paragraphs(text, found.start, found.end):
        yield from _bounded(text, Found(start, end, found.kind), names)


def _paragraphs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of a span that stand in different paragraphs; a line may be a wrapped one."""
    while (cut := text.find(_BREAK, start, end)) >= 0:
        if text[start:cut].strip():
            yield start, cut
        start = cut + len(_BREAK)
    if start < end:
        yield start, end


def _bounded(text: str, found: Found, names: Names) -> Iterator[Found]:
    start, end, kind = found.start, found.end, found.kind
    if kind is MentionKind.DATE or kind is MentionKind.EVENT:
        yield found
        return
    lead = names.loose_start.match(text, start, end)
    start = lead.end() if lead and lead.end() < end else start
    bracket = text.find(" (", start, end)
    if bracket > start and text.find(")", bracket, end) < 0:
        end = bracket
    if kind is MentionKind.ORG:
        lead = names.number.match(text, start, end)
        start = lead.end() if lead and lead.end() < end else start
        at = start
        for cut in names.list_cut.finditer(text, start, end):
            if cut.start() > at:
                yield Found(at, cut.start(), kind)
            at = cut.end()
        start = at
    tail = names.loose_end.search(text[start:end])
    end = start + tail.start() if tail else end
    if kind is MentionKind.PERSON:
        lead = names.title.match(text, start, end)
        start = lead.end() if lead and lead.end() < end else start
    if start < end:
        yield Found(start, end, kind)
