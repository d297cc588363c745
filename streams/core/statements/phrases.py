"""Phrases: what reports without a verb of saying: according to, his claim that, is convinced that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.statement import SpeechAct
from streams.core.statements.content import around, below, piece
from streams.core.statements.hit import Hit
from streams.core.statements.refusals import silent
from streams.core.statements.report import CueKind
from streams.core.statements.subject import subject_of, unsaid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.statements.cues import Cues
    from streams.core.statements.tree import Tree


def according_hits(tree: Tree, cues: Cues) -> Iterator[Hit]:
    """Yield what is attributed by a preposition (according to the ministry)."""
    for phrase in cues.according:
        for number in range(len(tree.words) - len(phrase)):
            if tree.words[number] == phrase[0] and tuple(tree.words[number : number + len(phrase)]) == phrase:
                hit = _according(tree, number, number + len(phrase) - 1, " ".join(phrase))
                if hit and tree.words[hit.source or 0] not in cues.phrases["things"]:
                    yield hit
    for number, word in enumerate(tree.words):
        if word in cues.phrases["opinions"] and tree.deps[number] == "pobj":
            prep, owner = tree.heads[number], tree.child(number, "poss")
            if tree.words[prep] == "in" and owner is not None:
                hit = _according(tree, prep, number, f"in {word}", owner)
                if hit:
                    yield hit._replace(kind=CueKind.BELIEVE)


def _according(tree: Tree, first: int, last: int, lemma: str, owner: int | None = None) -> Hit | None:
    source = tree.child(last, "pobj", "dobj") if owner is None else owner
    if source is None:
        return None
    clause = tree.heads[first]
    for _ in range(8):
        if tree.heads[clause] == clause or (
            tree.deps[clause] in ("ccomp", "conj", "advcl", "relcl")
            and tree.tags[clause][0] in "VM"
            and tree.child(clause, "nsubj", "nsubjpass") is not None
        ):
            break
        clause = tree.heads[clause]
    reported = tree.child(clause, "ccomp") if tree.deps[first] == "advcl" else None
    if tree.deps[first] == "advcl" and reported is None:
        return None
    content = (
        below(tree, reported)
        if reported is not None
        else around(tree, tree.left[clause], tree.right[clause], (tree.left[first], tree.right[first]))
    )
    if not content:
        return None
    return Hit(
        first, last, clause, lemma, CueKind.ACCORDING, SpeechAct.ASSERT, False, source, content, "according"
    )


def silence_hits(tree: Tree, cues: Cues) -> Iterator[Hit]:
    """Yield who says nothing without a verb of saying: had no comment, did not return calls."""
    for number, word in enumerate(tree.words):
        if word not in cues.unsaid["silence"] or tree.deps[number] != "dobj":
            continue
        verb = tree.heads[number]
        none = word in cues.unsaid["silent"] and any(
            tree.words[each] == "no" for each in tree.kids(number, "det")
        )
        unanswered = tree.words[verb].startswith("return") and unsaid(tree, verb, cues) == "negated"
        if not unanswered and not (none and tree.words[verb] in cues.light):
            continue
        source = tree.child(verb, "nsubj", "nsubjpass") or subject_of(tree, verb, cues)
        if source is not None:
            first = next(tree.kids(verb, "aux", "auxpass"), verb)
            yield silent(tree, verb, first, number, source)


def noun_hits(tree: Tree, cues: Cues) -> Iterator[Hit]:
    """Yield what nouns report: his claim that …; expressed their opinion that …; issued an order to …."""
    for number, word in enumerate(tree.words):
        kind = cues.nouns.get(word) if tree.tags[number][0] == "N" else None
        if kind:
            yield from _noun(tree, number, kind, cues)


def _noun(tree: Tree, number: int, kind: CueKind, cues: Cues) -> Iterator[Hit]:
    verb = tree.heads[number]
    light = tree.deps[number] == "dobj" and tree.words[verb] in cues.light
    clause = next((c for c in tree.kids(number, "acl", "ccomp", "relcl") if _complement(tree, c)), None)
    if clause is None and light:
        clause = tree.child(verb, "ccomp")
    owner = tree.child(number, "poss")
    if owner is None:
        by = next((prep for prep in tree.kids(number, "prep") if tree.words[prep] == "by"), None)
        owner = None if by is None else tree.child(by, "pobj")
    source = subject_of(tree, verb, cues) if light else owner
    if light and clause is None and source is not None and not unsaid(tree, verb, cues):
        yield from _uttered(tree, number, kind, verb, source, cues)
    if source is None or clause is None or clause < number or (light and unsaid(tree, verb, cues)):
        return
    content = below(tree, clause)
    if not content:
        return
    act = SpeechAct.ORDER if kind is CueKind.ACT else SpeechAct.ASSERT
    if light:
        first, last, rule = verb, number, "light"
        if kind is CueKind.BELIEVE and cues.light[tree.words[verb]] not in cues.holding:
            kind = CueKind.SAY
    elif kind is CueKind.ACT:
        return
    else:
        first, last, rule = number, number, "noun"
    lemma = f"{cues.light[tree.words[verb]]} {tree.words[number]}" if light else tree.words[number]
    yield Hit(first, last, verb if light else number, lemma, kind, act, False, source, content, rule)


def _uttered(tree: Tree, number: int, kind: CueKind, verb: int, source: int, cues: Cues) -> Iterator[Hit]:
    """Yield a noun that is itself what is said (lodged a protest against …)."""
    lemma = cues.light[tree.words[verb]]
    if lemma not in cues.uttering or kind is CueKind.ACT or tree.tags[tree.left[number]] == "PRP$":
        return
    last = tree.right[number]
    whom = next((each for each in tree.kids(number, "prep") if tree.words[each] in ("to", "with")), None)
    named = None if whom is None else tree.child(whom, "pobj")
    if whom is not None and named is not None and tree.right[whom] == last and tree.tags[named] != "DT":
        last = tree.left[whom] - 1
    for child in tree.kids(verb, "prep", "dative"):
        if tree.left[child] == last + 1 and tree.words[child] in ("for", "of", "over", "about", "against"):
            last = tree.right[child]
    yield Hit(
        verb,
        verb,
        verb,
        lemma,
        CueKind.SAY,
        SpeechAct.ASSERT,
        False,
        source,
        piece(tree, tree.left[number], last),
        "uttered",
        clause=False,
    )


def _complement(tree: Tree, clause: int) -> bool:
    """Tell whether a clause says what the noun before it says ("that …", "to …"), not which noun is meant."""
    first = tree.words[tree.left[clause]]
    if tree.deps[clause] == "acl":
        return (tree.tags[clause] != "VBG" and tree.tags[clause] != "VBN") or first == "that"
    mark = tree.child(clause, "mark")
    return mark is not None and tree.words[mark] == "that"


def adjective_hits(tree: Tree, cues: Cues) -> Iterator[Hit]:
    """Yield what adjectives report of their subject (is convinced that …)."""
    for number, word in enumerate(tree.words):
        if word not in cues.adjectives or tree.deps[number] not in ("acomp", "ROOT", "conj", "ccomp"):
            continue
        verb = tree.heads[number] if tree.deps[number] == "acomp" else number
        clause = tree.child(number, "ccomp", "xcomp")
        source = subject_of(tree, verb, cues)
        if clause is None or source is None or unsaid(tree, verb, cues):
            continue
        if tree.words[source] in cues.pronouns["never"]:
            continue
        content = below(tree, clause)
        yield Hit(
            min(verb, number),
            number,
            verb,
            f"be {word}",
            CueKind.BELIEVE,
            SpeechAct.ASSERT,
            False,
            source,
            content,
            "adjective",
        )
