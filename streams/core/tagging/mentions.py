"""Mentions: what the model marks, made into ours.

Kinds mapped, articles and possessives cut off, linked where that is safe.

Kinds of the model that name nothing we carry (numbers, money, laws, works) are left out. A marked
organisation that is a news agency of the pack is a WIRE; the name in a line that credits a source is an
OUTLET, whatever the model thinks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from schemas.mention import MentionKind
from streams.core.tagging.territories import Linked, people_of, territory_of

if TYPE_CHECKING:
    from streams.core.tagging.names import Names

_CARRIED: Final = ("PERSON", "ORG", "GPE", "LOC", "FAC", "NORP", "EVENT", "DATE")
KINDS: Final = {label: MentionKind(label) for label in _CARRIED}
"""The model's label → our kind: they are called the same."""

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


class Found(NamedTuple):
    """A mention in one field: code points, half open."""

    start: int
    end: int
    kind: MentionKind


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


def kind_of(label: str, name: str, names: Names) -> MentionKind | None:
    """Return our kind for what the model marked, None when we do not carry it."""
    kind = KINDS.get(label)
    if (
        kind in (MentionKind.ORG, MentionKind.GPE, MentionKind.PERSON)
        and name.lower() in names.wires
        and name[:1].isupper()
    ):
        return MentionKind.WIRE
    return kind


def linked(name: str, kind: MentionKind, names: Names) -> Linked:
    """Return the Wikidata id of a mention, or why there is none."""
    match kind:
        case MentionKind.GPE | MentionKind.LOC:
            return territory_of(name, names.codes, names.ambiguous)
        case MentionKind.NORP:
            return people_of(name, names.ambiguous)
        case MentionKind.DATE | MentionKind.EVENT:
            return Linked(None, nil_reason="kind_not_linked")
        case _:
            return Linked(None, nil_reason="no_gazetteer")
