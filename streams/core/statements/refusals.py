"""Refusals: what somebody declines to say, and who says nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.statement import SpeechAct
from streams.core.statements.content import QUESTIONS, below, piece
from streams.core.statements.hit import Hit, hit_of
from streams.core.statements.report import CueKind
from streams.core.statements.subject import is_passive, subject_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.statements.cues import Cues, Verb
    from streams.core.statements.tree import Tree


def declined(tree: Tree, number: int, verb: Verb, source: int, cues: Cues) -> Iterator[Hit]:
    """Yield what somebody declines: to say something (the thing not said), to comment, or to do something."""
    wanted = tree.child(number, "xcomp")
    if wanted is None:
        return
    if tree.child(wanted, "auxpass") is not None:
        yield hit_of(tree, number, verb, source, below(tree, wanted), "decline")
        return
    if tree.words[wanted] not in cues.unsaid["refused"]:
        yield hit_of(tree, number, verb, source, below(tree, wanted), "infinitive")
        return
    if tree.right[wanted] > wanted:
        yield hit_of(tree, number, verb, source, below(tree, wanted), "decline")
    else:
        yield hit_of(tree, number, verb, source, piece(tree, number, wanted), "decline")._replace(last=wanted)


def refused(tree: Tree, number: int, verb: Verb, cues: Cues) -> Iterator[Hit]:
    """Yield what somebody would not say (would not say when …; did not comment on …)."""
    source = subject_of(tree, number, cues)
    thing = tree.child(number, "ccomp")
    if source is None or is_passive(tree, number):
        return
    first = next(tree.kids(number, "aux"), number)
    if not _refuses(tree.words[first], verb, cues):
        return
    if thing is None and verb.lemma in cues.unsaid["silent"]:
        yield silent(tree, number, first, number, source)
        return
    if thing is not None:
        opens = tree.left[thing]
        if tree.tags[opens] not in QUESTIONS and tree.words[opens] not in ("whether", "if"):
            return
    else:
        prep = next((p for p in tree.kids(number, "prep") if tree.words[p] in ("on", "about", "to")), None)
        thing = None if prep is None else tree.child(prep, "pobj")
    if thing is None:
        return
    yield hit_of(tree, number, verb, source, below(tree, thing), "decline")._replace(
        first=first, kind=CueKind.DECLINE, act=SpeechAct.DECLINE, negated=True
    )


def _refuses(auxiliary: str, verb: Verb, cues: Cues) -> bool:
    """Tell whether it is a refusal (would not say; did not reply), not silence that is told (did not say)."""
    if auxiliary in cues.unsaid["refusing"]:
        return True
    return verb.lemma in cues.unsaid["silent"] and auxiliary not in cues.unsaid["perfect"]


def silent(tree: Tree, number: int, first: int, last: int, source: int) -> Hit:
    """Return the hit of somebody who says nothing (did not comment before the vote; had no comment)."""
    stop = last
    for child in tree.children[number]:
        if (
            child > last
            and tree.deps[child] in ("prep", "dobj", "npadvmod", "prt", "advcl")
            and tree.words[tree.left[child] - 1] != ","
        ):
            stop = max(stop, tree.right[child])
    return Hit(
        first,
        last,
        number,
        tree.words[number],
        CueKind.DECLINE,
        SpeechAct.DECLINE,
        False,
        source,
        piece(tree, first, stop),
        "decline",
        negated=True,
    )
