"""Verbs: what a verb that reports has for content, frame by frame.

The frames are the pack's (`cues`); each is a family that can be switched off: `quote`, `clause`, `question`,
`parenthesis`, `infinitive`, `gerund`, `request`, `object`, `preposition`, `complement`, `as`, `decline`,
`passive`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.statements.clauses import (
    as_said,
    before,
    clause_hits,
    clause_of,
    follows,
    inverted_hits,
    parenthesis,
)
from streams.core.statements.content import below
from streams.core.statements.frames import phrase_hits
from streams.core.statements.hit import Hit, hit_of, told
from streams.core.statements.quoted import after_colon, inverted, owners_of, quoted_as, saying_in
from streams.core.statements.refusals import declined, refused
from streams.core.statements.report import Bounds, CueKind
from streams.core.statements.subject import agent_of, is_passive, subject_of, unsaid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.statements.cues import Cues, Verb
    from streams.core.statements.tree import Tree


def verb_hits(tree: Tree, cues: Cues) -> Iterator[Hit]:
    """Yield what the verbs of one sentence report."""
    owners = owners_of(tree, cues)
    yield from after_colon(tree, cues, {each for quotes in owners.values() for each in quotes})
    for number, tag in enumerate(tree.tags):
        if tag[0] != "V" or tree.deps[number] in ("amod", "compound", "auxpass", "aux"):
            continue
        particle = tree.child(number, "prt")
        verb = cues.verb(tree.words[number], "" if particle is None else tree.words[particle])
        if verb:
            yield from _hits(tree, number, verb, cues, owners.get(number, ()))


def _hits(tree: Tree, number: int, verb: Verb, cues: Cues, quoted: tuple[int, ...]) -> Iterator[Hit]:
    why = unsaid(tree, number, cues)
    if why == "negated" and verb.lemma in cues.unsaid["refused"] | cues.unsaid["silent"]:
        yield from refused(tree, number, verb, cues)
    if why in ("negated", "modal") or (why and not quoted):
        return
    saying = saying_in(tree, number, cues)
    if saying is not None:
        yield from quoted_as(tree, number, verb, saying, quoted)
    elif is_passive(tree, number):
        yield from _passive(tree, number, verb)
    elif not quoted and "t" in verb.frames and follows(tree, number, cues):
        yield from inverted_hits(tree, number, verb)
    else:
        yield from _active(tree, number, verb, cues, quoted)


def _active(tree: Tree, number: int, verb: Verb, cues: Cues, quoted: tuple[int, ...]) -> Iterator[Hit]:
    source = subject_of(tree, number, cues)
    if source is None and quoted:
        source = inverted(tree, number)
    if source is None or not _can_say(tree, source, verb, cues):
        return
    if verb.kind is CueKind.BELIEVE and tree.deps[number] == "acl":
        return
    if quoted:
        quotes = tuple(tree.quotes[each] for each in quoted)
        content = tuple(Bounds(each.content_start, each.content_end) for each in quotes)
        yield hit_of(tree, number, verb, source, content, "quote")._replace(
            quotes=quotes, addressee=told(tree, number, verb)
        )
        return
    framed = list(_framed(tree, number, verb, source, cues))
    yield from framed
    ends = tree.words[-1] == ":" and tree.right[number] >= len(tree.words) - 2
    if not framed and ends and "q" in verb.frames:
        yield hit_of(tree, number, verb, source, (), "colon_quote")


def _can_say(tree: Tree, source: int, verb: Verb, cues: Cues) -> bool:
    """Tell whether a source says something with the verb: no thing does, and who asks says nothing."""
    word, words = tree.words[source], cues.pronouns
    if word in words["never"] or word in words["things"] or tree.deps[source] == "expl":
        return False
    if verb.kind is CueKind.BELIEVE and word in words["nobody"]:
        return False
    return not (verb.lemma == cues.asking and word in words["askers"])


def _framed(tree: Tree, number: int, verb: Verb, source: int, cues: Cues) -> Iterator[Hit]:
    frames = verb.frames
    clause = clause_of(tree, number)
    if verb.kind is CueKind.DECLINE:
        yield from declined(tree, number, verb, source, cues)
        return
    if clause is not None and frames & {"t", "w", "o", "c"}:
        hits = list(clause_hits(tree, number, verb, source, clause, cues))
        yield from hits
        if hits or "c" not in frames:
            return
    if "t" in frames and clause is None:
        hit = as_said(tree, number, verb, source)
        if hit:
            yield hit
            return
    if tree.deps[number] in ("parataxis", "ccomp") and "t" in frames:
        hit = parenthesis(tree, number, verb, source)
        if hit:
            yield hit
            return
    if "t" in frames:
        hit = before(tree, number, verb, source)
        if hit:
            yield hit
            return
    yield from phrase_hits(tree, number, verb, source, cues)


def _passive(tree: Tree, number: int, verb: Verb) -> Iterator[Hit]:
    """Yield what is said in the passive: by whom, or of whom (was quoted as saying: the inner verb's)."""
    agent = agent_of(tree, number)
    thing = tree.child(number, "nsubjpass")
    if agent is None or thing is None or verb.kind is CueKind.DECLINE:
        return
    clause = clause_of(tree, number)
    if clause is not None and clause > number and "t" in verb.frames:
        yield hit_of(tree, number, verb, agent, below(tree, clause), "passive")
    elif "n" in verb.frames and tree.tags[thing] not in ("PRP", "WDT", "WP"):
        yield hit_of(tree, number, verb, agent, below(tree, thing), "passive")._replace(clause=False)
