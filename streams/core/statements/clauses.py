"""Clauses: which clause a verb reports: after, before, around it, behind a noun, up to what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.statements.content import QUESTIONS, around, piece
from streams.core.statements.hit import Hit, extent, hit_of, told
from streams.core.statements.subject import goes_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.statements.cues import Cues, Verb
    from streams.core.statements.tree import Tree


def clause_of(tree: Tree, number: int) -> int | None:
    """Return the clause that a verb reports: the one after it, else the one before, without a semicolon."""
    clauses = list(tree.kids(number, "ccomp"))
    if not clauses:
        return _hidden(tree, number)
    if clauses[-1] > number:
        return clauses[-1] if clauses[0] < number else clauses[0]
    return None if ";" in tree.words[tree.right[clauses[0]] : number] else clauses[0]


def _hidden(tree: Tree, number: int) -> int | None:
    """Return a that-clause that the parser hung on a noun after the verb (told the station that it …)."""
    for mark in range(number + 1, tree.right[number] + 1):
        if tree.tags[mark][0] == "V":
            return None
        if tree.words[mark] == "that" and tree.deps[mark] == "mark":
            clause = tree.heads[mark]
            return (
                clause
                if tree.deps[clause] in ("relcl", "ccomp", "acl") and tree.left[clause] == mark
                else None
            )
    return None


def _without_next(tree: Tree, clause: int, cues: Cues) -> tuple[int, int]:
    """Return a clause's first and last word without "that" and without what its speaker says next."""
    first, last = tree.left[clause], tree.right[clause]
    if tree.words[first : first + 2] == ["only", "that"]:
        return first + 2, last
    mark = tree.child(clause, "mark")
    if (mark is not None and mark == first and tree.words[mark] == "that") or (
        tree.words[first] == "that" and tree.tags[first] in ("WDT", "IN") and first < clause - 1
    ):
        first += 1
    for each in tree.kids(clause, "advcl", "conj"):
        if goes_on(tree, each, cues):
            last = tree.left[each] - 1
            if tree.tags[last] == "CC":
                last -= 1
            break
    return first, last


def clause_hits(tree: Tree, number: int, verb: Verb, source: int, clause: int, cues: Cues) -> Iterator[Hit]:
    """Yield the clause that a verb reports, as statement, question, request or complement."""
    first = tree.words[tree.left[clause]]
    asks = (tree.tags[tree.left[clause]] in QUESTIONS and first != "that") or first in ("whether", "if")
    if asks and not verb.frames & {"w", "t"}:
        return
    own = tree.child(clause, "nsubj", "nsubjpass")
    to = any(tree.words[each] == "to" for each in tree.kids(clause, "aux"))
    if to and own is not None and "o" in verb.frames:
        yield hit_of(
            tree, number, verb, source, piece(tree, tree.right[own] + 1, tree.right[clause]), "request"
        )._replace(addressee=own)
        return
    if "t" not in verb.frames and not asks:
        if "c" in verb.frames and own is not None and tree.tags[clause] not in ("VBD", "VBZ", "VBP"):
            yield hit_of(
                tree, number, verb, source, piece(tree, tree.right[own] + 1, tree.right[clause]), "complement"
            )._replace(target=extent(tree, own), clause=False)
        return
    rule = "question" if asks else "clause"
    content = piece(tree, *_without_next(tree, clause, cues))
    if clause < number:
        start = tree.left[number] if tree.deps[number] == "ROOT" else tree.left[clause]
        stop = min(tree.left[source], number) - 1
        content = piece(tree, start, stop)
    yield hit_of(tree, number, verb, source, content, rule)._replace(addressee=told(tree, number, verb))


def as_said(tree: Tree, number: int, verb: Verb, source: int) -> Hit | None:
    """Return the hit of a cue after "as" (as the minister noted, prices fell)."""
    first, host = tree.left[number], tree.heads[number]
    if tree.deps[number] != "advcl" or tree.words[first] != "as" or number in (first, host):
        return None
    last = tree.right[number]
    if tree.children[number][-1] > number and tree.deps[tree.children[number][-1]] in (
        "ccomp",
        "dobj",
        "xcomp",
    ):
        return None
    content = around(tree, tree.left[host], tree.right[host], (first, last))
    return hit_of(tree, number, verb, source, content, "as_said")


def parenthesis(tree: Tree, number: int, verb: Verb, source: int) -> Hit | None:
    """Return the hit of a cue that interrupts or follows what it reports (…, he said, …)."""
    host = tree.heads[number]
    if host == number or not tree.left[number] > tree.left[host]:
        return None
    if tree.deps[number] == "ccomp" and tree.words[tree.left[number] - 1] != ",":
        return None
    if tree.child(number, "mark") is not None:
        return None
    content = around(tree, tree.left[host], tree.right[host], (tree.left[number], tree.right[number]))
    return hit_of(tree, number, verb, source, content, "parenthesis")._replace(
        addressee=told(tree, number, verb)
    )


def before(tree: Tree, number: int, verb: Verb, source: int) -> Hit | None:
    """Return the hit of a cue after a comma, before which hangs a clause that the parser misnames."""
    edge = min(tree.left[source], number)
    if edge < 3 or tree.words[edge - 1] != "," or tree.child(number, "dobj", "xcomp") is not None:
        return None
    other = next((each for each in tree.kids(number, "advcl", "parataxis", "dep") if each < edge), None)
    if (
        other is None
        or tree.child(other, "mark") is not None
        or tree.child(other, "nsubj", "nsubjpass") is None
    ):
        return None
    return hit_of(tree, number, verb, source, piece(tree, tree.left[other], edge - 1), "parenthesis")


def follows(tree: Tree, number: int, cues: Cues) -> bool:
    """Tell whether a verb and who says it follow a whole clause (…, informed the minister)."""
    thing = tree.child(number, "dobj")
    if (
        tree.deps[number] != "conj"
        or thing is None
        or tree.words[number - 1] != ","
        or tree.left[thing] != number + 1
    ):
        return False
    named = tree.tags[thing] == "NNP" or tree.words[thing] in cues.titles
    return named and tree.child(number, "nsubj", "aux", "cc", "xcomp", "ccomp") is None


def inverted_hits(tree: Tree, number: int, verb: Verb) -> Iterator[Hit]:
    """Yield the clause before a verb and who says it (…, informed the minister)."""
    source = tree.child(number, "dobj")
    if source is not None:
        content = piece(tree, tree.left[tree.heads[number]], number - 1)
        yield hit_of(tree, number, verb, source, content, "inverted")
