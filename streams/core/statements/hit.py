"""Hit: a cue in one tree with the word that is its source and the stretches that are its content."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from schemas.statement import SpeechAct
    from streams.core.cleaning.quotations import Quotation
    from streams.core.statements.cues import Verb
    from streams.core.statements.report import Bounds, CueKind
    from streams.core.statements.tree import Tree


class Hit(NamedTuple):
    """`first`, `last`: the cue's words; `verb`: the word on which place, time and addressee hang.

    `source`: the head word of who says it, None when nobody is named. `content`: stretches of the field, in
    order. `rule`: the family that found it. `quote`: the quotation that stands for the content.
    """

    first: int
    last: int
    verb: int
    lemma: str
    kind: CueKind
    act: SpeechAct
    factive: bool
    source: int | None
    content: tuple[Bounds, ...]
    rule: str
    quotes: tuple[Quotation, ...] = ()
    target: Bounds | None = None
    addressee: int | None = None
    clause: bool = True
    """Whether the content is a clause (else a noun phrase or a complement)."""
    negated: bool = False
    """Whether the cue itself is negated (did not say)."""


def hit_of(tree: Tree, number: int, verb: Verb, source: int, content: tuple[Bounds, ...], rule: str) -> Hit:
    """Return the hit of a verb with its particle."""
    particle = tree.child(number, "prt")
    last = particle if particle is not None and " " in verb.lemma else number
    return Hit(number, last, number, verb.lemma, verb.kind, verb.act, verb.factive, source, content, rule)


def extent(tree: Tree, word: int) -> Bounds:
    """Return the stretch below a word."""
    return tree.bounds(tree.left[word], tree.right[word])


def told(tree: Tree, number: int, verb: Verb) -> int | None:
    """Return whom the words are told, if the verb's object says it."""
    return tree.child(number, "dobj", "dative") if "u" in verb.frames else None
