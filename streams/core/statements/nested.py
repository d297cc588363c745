"""Nested: which of the reports found in one sentence stay.

A report inside what another reports stays when it is speech of its own (he said that the minister denied it);
what the other's speaker only ascribes (he said that she wants to go) is part of what he said. So is what "I"
or "you" say inside a quotation. Words found twice are reported once: by their noun where a verb and a noun
report together, else by the first rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core.statements.report import CueKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from streams.core.statements.hit import Hit
    from streams.core.statements.report import Bounds
    from streams.core.statements.tree import Tree

_SPEECH: Final = frozenset(
    ("clause", "quote", "parenthesis", "according", "question", "decline", "colon_quote", "as_said")
)


def kept(
    tree: Tree,
    hits: Sequence[Hit],
    quoted: Sequence[Bounds],
    first_person: Collection[str],
    wires: Collection[Hit],
) -> Iterator[Hit]:
    """Yield the hits that stay, in order. `quoted`: the sentence's quotations; `wires`: hits of an agency."""
    for number, hit in enumerate(hits):
        if any(_twice(hit, other, earlier=n < number) for n, other in enumerate(hits) if n != number):
            continue
        if (
            hit.source is not None
            and tree.words[hit.source] in first_person
            and _inside((tree.bounds(hit.first, hit.last),), quoted)
        ):
            continue
        hosts = [
            other for other in hits if other is not hit and other not in wires and _holds(tree, other, hit)
        ]
        if hosts and (hit.rule not in _SPEECH or hit.kind is CueKind.BELIEVE) and not _named(tree, hit):
            continue
        yield hit


def _named(tree: Tree, hit: Hit) -> bool:
    """Tell whether a hit is the main verb of what another reports, with a name as its subject."""
    verb = hit.verb
    if tree.deps[verb] == "conj":
        verb = tree.heads[verb]
    named = hit.source is not None and tree.tags[hit.source].startswith("NNP")
    return named and hit.kind is CueKind.SAY and tree.deps[verb] == "ccomp" and verb < tree.heads[verb]


def _holds(tree: Tree, host: Hit, hit: Hit) -> bool:
    """Tell whether a hit's cue stands in what another reports."""
    cue = tree.bounds(hit.first, hit.last)
    return any(each.start <= cue.start and cue.end <= each.end for each in host.content)


def _twice(hit: Hit, other: Hit, *, earlier: bool) -> bool:
    if other.rule in ("light", "uttered") and hit.verb == other.verb and hit.rule not in ("light", "uttered"):
        return True
    return earlier and hit.content == other.content and hit.rule != "according"


def _inside(pieces: Iterable[Bounds], quoted: Sequence[Bounds]) -> bool:
    return any(quote.start <= piece.start and piece.end <= quote.end for piece in pieces for quote in quoted)
