"""Merge: one list of mentions of a field, from what the model marked, what the gazetteer lists, and shapes.

In this order: where the model marks exactly a listed name, the list says its kind; listed names and shapes
that the model did not see, or saw in pieces, are put in; of what overlaps, the longer stands. A person's or
a body's name that holds a listed name (Bank of China) stays whole.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from schemas.mention import MentionKind
from streams.core.tagging.mentions import Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from streams.core.tagging.gazetteer import Gazetteer, Hit
    from streams.core.tagging.shapes import Shapes

_WEAK_OVER: Final = {
    MentionKind.GPE: (MentionKind.GPE, MentionKind.LOC, MentionKind.ORG, MentionKind.FAC),
    MentionKind.ORG: (MentionKind.ORG, MentionKind.NORP, MentionKind.GPE, MentionKind.WIRE),
    MentionKind.WIRE: (MentionKind.ORG, MentionKind.WIRE),
    MentionKind.OUTLET: (MentionKind.ORG,),
    MentionKind.NORP: (MentionKind.NORP, MentionKind.ORG),
}
"""The model's kinds that an entry that is not `sure` overrules."""


def merged(
    text: str, model: Sequence[Found], gazetteer: Gazetteer, shapes: Shapes, without: frozenset[str]
) -> list[Found]:
    """Return the mentions of one field in order, none overlapping."""
    if "boundaries" not in without:
        model = [each for found in model for each in _apart(text, found, shapes)]
    spans = [_as_listed(text, found, gazetteer) for found in model]
    spans = put_in(
        spans,
        [_listed(text, hit, shapes) for hit in gazetteer.found(text) if hit.entry.sure or hit.entry.senses],
    )
    if "party_shapes" not in without:
        spans = put_in(spans, _shaped(shapes.parties(text), MentionKind.ORG, "party_shape"))
    if "going_on" not in without:
        spans = put_in(spans, _longer(text, spans, shapes))
    if "elections" not in without:
        spans = put_in(spans, _shaped(shapes.elections(text), MentionKind.EVENT, "election_shape"))
    if "acronyms" not in without and not text.isupper():
        spans = _acronyms(text, spans, shapes)
    return spans


def _apart(text: str, found: Found, shapes: Shapes) -> Iterator[Found]:
    name = text[found.start : found.end]
    if found.kind is not MentionKind.DATE and shapes.no_shapes.fullmatch(name):
        return
    if found.kind is not MentionKind.ORG:
        yield found
        return
    for start, end in shapes.apart(text, found.start, found.end):
        if start < end and text[start:end] not in shapes.no_names:
            yield Found(start, end, found.kind)


def _listed(text: str, hit: Hit, shapes: Shapes) -> Found:
    entry = hit.entry
    if entry.kind is MentionKind.GPE:
        start = shapes.with_direction(text, hit.start)
        if start < hit.start:
            return Found(start, hit.end, entry.kind, None, entry.family)
    return Found(hit.start, hit.end, entry.kind, entry, entry.family)


def _as_listed(text: str, found: Found, gazetteer: Gazetteer) -> Found:
    """Return what the model marked with the kind that the gazetteer gives exactly this name."""
    entry = gazetteer.by_name.get(text[found.start : found.end])
    if entry is None or found.kind is MentionKind.DATE:
        return found
    if entry.sure or found.kind in _WEAK_OVER.get(entry.kind, ()):
        return found._replace(kind=entry.kind, entry=entry, family=entry.family)
    return found


def _shaped(spans: Iterable[tuple[int, int]], kind: MentionKind, family: str) -> list[Found]:
    return [Found(start, end, kind, None, family) for start, end in spans]


def _longer(text: str, spans: Sequence[Found], shapes: Shapes) -> list[Found]:
    """Return the bodies whose names go on, as long as what follows names no person."""
    people = {found.start for found in spans if found.kind is MentionKind.PERSON}
    out = []
    for found in spans:
        if found.kind is MentionKind.ORG:
            end = shapes.goes_on(text, found.start, found.end)
            if end > found.end and not any(start in people for start in range(found.end, end)):
                out.append(Found(found.start, end, MentionKind.ORG, None, "going_on"))
    return out


def put_in(spans: Sequence[Found], more: Sequence[Found]) -> list[Found]:
    """Return `spans` with `more` put in: of what overlaps, the longer stands; of equals, the one there."""
    if not more:
        return list(spans)
    starts, kept, gone = [found.start for found in spans], [], set()
    for found in more:
        first = bisect_left(starts, found.start)
        if first and spans[first - 1].end > found.start:
            first -= 1
        over = [at for at in range(first, bisect_left(starts, found.end)) if at not in gone]
        if all(_gives_way(spans[at], found) for at in over):
            gone.update(over)
            kept.append(found)
    rest = [found for at, found in enumerate(spans) if at not in gone]
    return sorted([*rest, *kept], key=lambda found: found.start)


def _gives_way(there: Found, found: Found) -> bool:
    if there.kind is MentionKind.DATE and found.kind is not MentionKind.EVENT:
        return False
    return there.end - there.start < found.end - found.start


def _acronyms(text: str, spans: Sequence[Found], shapes: Shapes) -> list[Found]:
    """Return `spans` with letters in capitals as bodies, be they marked as something else or not at all."""
    places = dict.fromkeys(shapes.acronyms(text))
    out = [
        found._replace(kind=MentionKind.ORG, family="acronyms")
        if (found.start, found.end) in places
        and found.entry is None
        and found.kind in (MentionKind.PERSON, MentionKind.GPE, MentionKind.NORP, MentionKind.LOC)
        else found
        for found in spans
    ]
    return put_in(out, [Found(*place, MentionKind.ORG, None, "acronyms") for place in places])
