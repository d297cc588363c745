"""Frames: what a verb reports without a clause: infinitives, gerunds, requests, complements, noun phrases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.statement import SpeechAct
from streams.core.statements.content import below, piece
from streams.core.statements.hit import Hit, extent, hit_of
from streams.core.statements.report import CueKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.statements.cues import Cues, Verb
    from streams.core.statements.tree import Tree


def phrase_hits(tree: Tree, number: int, verb: Verb, source: int, cues: Cues) -> Iterator[Hit]:
    """Yield what has no clause of its own: infinitives, gerunds, complements, noun phrases."""
    for frame in (_infinitive, _complement, _prepositional):
        hit = frame(tree, number, verb, source)
        if hit:
            yield hit
            return
    thing = tree.child(number, "dobj")
    if "n" not in verb.frames or thing is None or tree.words[thing] in cues.pronouns["objects"]:
        return
    last = _reach(tree, number, thing)
    pronoun = tree.tags[thing] in ("PRP", "WP", "WDT", "DT", "EX")
    denied = tree.tags[thing] == "DT" and verb.act is SpeechAct.DENY
    if not pronoun or denied or (tree.tags[thing] == "PRP" and last > thing):
        content = piece(tree, tree.left[thing], last)
        yield hit_of(tree, number, verb, source, content, "object")._replace(clause=False)


def _infinitive(tree: Tree, number: int, verb: Verb, source: int) -> Hit | None:
    inner, thing = tree.child(number, "xcomp"), tree.child(number, "dobj")
    if inner is None:
        return None
    if thing is not None and thing > inner:
        thing = None
    to = tree.child(inner, "aux") is not None and tree.tags[inner] == "VB"
    content = piece(tree, tree.left[inner], _until(tree, inner))
    hit = hit_of(tree, number, verb, source, content, "infinitive")
    if not to:
        having = any(tree.tags[each] == "VBG" for each in tree.kids(inner, "aux"))
        gerund = "g" in verb.frames and (tree.tags[inner] == "VBG" or having)
        return hit._replace(rule="gerund") if gerund else None
    called = next((each for each in tree.kids(number, "prep") if tree.words[each] in verb.prepositions), None)
    if called is not None and number < called < inner:
        asked = tree.child(called, "pobj")
        return hit._replace(rule="request", addressee=asked, last=called, act=verb.preposition_act)
    if thing is None:
        return hit if "i" in verb.frames else None
    if "o" in verb.frames and verb.kind is not CueKind.ACT:
        return hit._replace(rule="request", addressee=thing)
    return None


def _until(tree: Tree, inner: int) -> int:
    """Return the last word of an infinitive without a phrase after a comma at its end (…, in a letter)."""
    last = tree.right[inner]
    prep = next((each for each in tree.kids(inner, "prep") if tree.right[each] == last), None)
    if prep is not None and tree.words[tree.left[prep] - 1] == ",":
        return tree.left[prep] - 2
    return last


def _complement(tree: Tree, number: int, verb: Verb, source: int) -> Hit | None:
    """Return what something is called: called it a shame; described it as a shame."""
    thing = tree.child(number, "dobj")
    if "c" in verb.frames:
        named = tree.child(number, "oprd")
        if named is None and thing is not None:
            named = tree.child(thing, "acl") or tree.child(number, "npadvmod", "acomp", "attr")
            if named is not None and (named < thing or tree.words[tree.left[named] - 1] == ","):
                named = None
        if named is not None and thing is not None:
            return hit_of(tree, number, verb, source, below(tree, named), "complement")._replace(
                target=extent(tree, thing), clause=False
            )
    if "s" in verb.frames and thing is not None:
        for prep in tree.kids(number, "prep"):
            inside = tree.child(prep, "pobj", "pcomp", "amod")
            if tree.words[prep] == "as" and inside is not None:
                target = tree.heads[number] if tree.tags[thing] in ("WDT", "WP") else thing
                return hit_of(tree, number, verb, source, below(tree, inside), "as")._replace(
                    target=tree.bounds(tree.left[target], number - 1)
                    if target < number
                    else extent(tree, target),
                    clause=False,
                )
    return None


def _prepositional(tree: Tree, number: int, verb: Verb, source: int) -> Hit | None:
    for prep in tree.kids(number, "prep", "mark", "agent"):
        inside = tree.child(prep, "pobj", "pcomp")
        if tree.words[prep] in verb.prepositions and inside is not None:
            thing = tree.child(number, "dobj")
            if _is_whom(tree, verb, prep, inside, thing) or _is_topic(tree, number, prep):
                continue
            content = piece(tree, tree.left[inside], tree.right[prep])
            if thing is not None and thing < prep:
                content = piece(tree, tree.left[thing], tree.right[prep])
            return hit_of(tree, number, verb, source, content, "preposition")._replace(
                last=prep if thing is None else number, clause=False, act=verb.preposition_act
            )
    for clause in tree.kids(number, "advcl", "ccomp"):
        first = tree.left[clause]
        if tree.words[first] == "for" and first == number + 1 and "for" in verb.prepositions:
            content = piece(tree, first + 1, tree.right[clause])
            return hit_of(tree, number, verb, source, content, "preposition")._replace(
                last=first, act=verb.preposition_act
            )
    return None


def _is_whom(tree: Tree, verb: Verb, prep: int, inside: int, thing: int | None) -> bool:
    """Tell whether a preposition leads to whom (appealed to the mayor; referred them to him), or to "it"."""
    if tree.words[prep] == "to" and (thing is not None or verb.act is SpeechAct.APPEAL):
        return True
    return tree.tags[inside] == "PRP" and thing is None


def _is_topic(tree: Tree, number: int, prep: int) -> bool:
    """Tell whether "about" names what a talk with somebody was about (spoke to the paper about the cod)."""
    with_whom = any(tree.words[each] in ("to", "with") for each in tree.kids(number, "prep"))
    return tree.words[prep] == "about" and with_whom


def _reach(tree: Tree, number: int, thing: int) -> int:
    """Return the last word of what goes on after an object without a comma (the need to act; X for Y)."""
    last = tree.right[thing]
    for child in tree.children[number]:
        if child < thing or tree.left[child] <= last:
            continue
        if tree.left[child] != last + 1 or tree.deps[child] not in ("prep", "advcl", "xcomp", "acl", "relcl"):
            break
        if tree.deps[child] == "advcl" and tree.words[tree.left[child]] != "to":
            break
        if tree.deps[child] == "prep" and tree.words[child] in (
            "at",
            "in",
            "on",
            "during",
            "after",
            "before",
        ):
            break
        last = tree.right[child]
    return last
