"""Citing: an agency that cites somebody reports what he said (an agency, quoting an official, reported).

What it cites is no content: who is cited says what the agency reports, and the agency is a hop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.statements.report import CueKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.core.statements.cues import Cues
    from streams.core.statements.hit import Hit
    from streams.core.statements.tree import Tree


def cited(
    tree: Tree, hits: Sequence[Hit], wires: Sequence[Hit], media: frozenset[int], cues: Cues
) -> tuple[list[Hit], list[Hit]]:
    """Return the hits without those of citing, what agencies report given to whom they cite; agencies' hits.

    `media`: words that name an agency or a paper.
    """
    citing = [hit for hit in wires if hit.lemma in cues.citing and hit.rule in ("object", "quote")]
    whom = _whom(tree, citing, media, cues)
    left, agencies = [], []
    for hit in hits:
        if hit in citing or _only_passes_on(hit, hits, wires):
            continue
        said = hit
        if hit in wires:
            if hit.source in whom:
                said = hit._replace(source=whom[hit.source])
            else:
                agencies.append(hit)
        left.append(said)
    return left, agencies


def _whom(tree: Tree, citing: Sequence[Hit], media: frozenset[int], cues: Cues) -> dict[int | None, int]:
    """Return for each agency the word whom it cites: no other agency, no paper that somebody put out."""
    found: dict[int | None, int] = {}
    for hit in citing:
        thing = tree.child(hit.verb, "dobj")
        if thing is None or thing in media or thing in tree.quotes or tree.words[thing] in cues.nouns:
            continue
        found[hit.source] = thing
    return found


def _only_passes_on(hit: Hit, hits: Sequence[Hit], wires: Sequence[Hit]) -> bool:
    """Tell whether a phrase that attributes to an agency stands beside who said it (…, according to it)."""
    if hit.kind is not CueKind.ACCORDING or hit not in wires:
        return False
    return any(
        other not in wires
        and other.kind is CueKind.SAY
        and other.rule in ("clause", "parenthesis", "quote")
        and _overlap(hit, other)
        for other in hits
    )


def _overlap(hit: Hit, other: Hit) -> bool:
    return any(a.start < b.end and b.start < a.end for a in hit.content for b in other.content)
