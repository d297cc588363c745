"""Subject: whose saying a verb is, by the grammar of its sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streams.core.statements.cues import Cues
    from streams.core.statements.tree import Tree

_SUBJECTS: Final = ("nsubj", "csubj", "expl", "nsubjpass")
_FARTHEST: Final = 6
"""Verbs between one and its subject."""


def subject_of(tree: Tree, verb: int, cues: Cues) -> int | None:
    """Return the word whose saying the verb is.

    Its own subject; that of the verb it shares one with (and said), continues (went on to say) or accompanies
    (left, saying); the noun it describes (Smith, who said; a letter saying); None when there is none.
    """
    for _ in range(_FARTHEST):
        own = tree.child(verb, *_SUBJECTS)
        if own is not None:
            return _antecedent(tree, verb, own, cues)
        noun = _described(tree, verb, cues)
        if noun is not None:
            return noun
        above = _sharing(tree, verb, cues)
        if above is None or above == verb or tree.tags[above][0] != "V":
            return None
        verb = above
    return None


def _described(tree: Tree, verb: int, cues: Cues) -> int | None:
    """Return the noun that a participle describes, or who is quoted; None when the subject is a verb's."""
    above, relation, tag = tree.heads[verb], tree.deps[verb], tree.tags[verb]
    if relation == "acl" and tag == "VBN" and reduced(tree, verb):
        return above if tree.deps[above] == "ROOT" else tree.heads[tree.heads[above]]
    if relation == "acl" and tag == "VBG" and not _is_message(tree, above, cues):
        return above
    if relation == "pcomp" and tree.words[above] == "as":
        quoted = tree.child(tree.heads[above], "dobj")
        return quoted if quoted is not None and quoted < above else None
    return None


def _is_message(tree: Tree, noun: int, cues: Cues) -> bool:
    """Tell whether a noun is what somebody puts out (released a statement saying …)."""
    return tree.deps[noun] in ("dobj", "pobj") and tree.words[noun] in cues.nouns


def _sharing(tree: Tree, verb: int, cues: Cues) -> int | None:
    """Return the verb whose subject another shares, None when it shares none."""
    above, relation = tree.heads[verb], tree.deps[verb]
    if relation == "acl" and tree.tags[verb] == "VBG":
        return tree.heads[above if tree.deps[above] == "dobj" else tree.heads[above]]
    if relation == "pcomp":
        return tree.heads[above]
    if relation == "xcomp":
        governed = tree.child(above, "dobj") is not None or tree.words[above] in cues.unsaid["governors"]
        return None if governed else above
    if relation == "advcl":
        alone = tree.tags[verb] == "VBG" and tree.child(verb, "mark") is None
        return _outer(tree, verb, above, cues) if alone else None
    return _outer(tree, verb, above, cues) if relation in ("conj", "dep") else None


def goes_on(tree: Tree, verb: int, cues: Cues) -> bool:
    """Tell whether a verb that hangs in a reported clause goes on with who reports it.

    (He said it was late, adding that …; he said he would come and warned …)
    """
    above = tree.heads[verb]
    found = cues.verb(tree.words[verb], "")
    if found is None or not found.frames & {"t", "q"} or tree.deps[above] != "ccomp" or verb < above:
        return False
    if tree.deps[verb] == "advcl":
        return tree.tags[verb] == "VBG" and tree.words[tree.left[verb] - 1] == ","
    modal = any(tree.tags[each] == "MD" for each in tree.kids(above, "aux"))
    own = tree.child(verb, "nsubj", "nsubjpass", "aux") is not None
    return tree.deps[verb] == "conj" and tree.tags[verb] in ("VBD", "VBZ") and modal and not own


def _outer(tree: Tree, verb: int, above: int, cues: Cues) -> int:
    """Return the verb that reports the clause in which another goes on with its speaker."""
    host = tree.heads[above]
    saying = cues.verb(tree.words[host], "")
    return host if saying is not None and "t" in saying.frames and goes_on(tree, verb, cues) else above


def agent_of(tree: Tree, verb: int) -> int | None:
    """Return the word by whom a passive verb is done."""
    agent = tree.child(verb, "agent")
    return None if agent is None else tree.child(agent, "pobj")


def is_passive(tree: Tree, verb: int) -> bool:
    """Tell whether the verb is in the passive."""
    return (
        tree.tags[verb] == "VBN"
        and not reduced(tree, verb)
        and (
            tree.child(verb, "nsubjpass", "auxpass") is not None
            or (tree.deps[verb] in ("acl", "amod") and tree.child(verb, "nsubj") is None)
        )
    )


def reduced(tree: Tree, verb: int) -> bool:
    """Tell whether a participle is the past tense of a sentence that the parser found no verb in."""
    head = tree.heads[verb]
    root = head if tree.deps[head] == "ROOT" else tree.heads[tree.heads[head]]
    finite = any(
        tag in ("VBD", "VBZ", "VBP", "MD") and tree.deps[n] != "relcl" for n, tag in enumerate(tree.tags)
    )
    return tree.deps[verb] == "acl" and tree.deps[root] == "ROOT" and tree.tags[root][0] != "V" and not finite


def _antecedent(tree: Tree, verb: int, subject: int, cues: Cues) -> int:
    """Return what a relative pronoun stands for, else the subject itself."""
    if tree.deps[verb] == "relcl" and tree.words[subject] in cues.pronouns["relative"]:
        return tree.heads[verb]
    return subject


def _inverted(tree: Tree, verb: int) -> list[int]:
    """Return the word that opens a clause whose auxiliary stands before its subject (nor did he mention)."""
    opening, subject = tree.left[verb], tree.child(verb, "nsubj")
    auxiliary = next(tree.kids(verb, "aux"), None)
    turned = subject is not None and auxiliary is not None and opening < auxiliary < subject
    return [opening] if turned else []


def _is_to_come(tree: Tree, verb: int, aux: list[str]) -> bool:
    """Tell whether an infinitive with its own subject is what comes, in headlines (court to say)."""
    return "to" in aux and tree.deps[verb] == "ROOT" and tree.child(verb, "nsubj") is not None


def unsaid(tree: Tree, verb: int, cues: Cues) -> str:
    """Return why the verb reports nothing ("" when it does): `modal`, `negated`, `if`, `governed`."""
    words = cues.unsaid
    for _ in range(4):
        aux = [tree.words[each] for each in tree.kids(verb, "aux")]
        negations = [*tree.kids(verb, "neg", "preconj"), *_inverted(tree, verb)]
        if any(tree.words[each] in words["negations"] for each in negations):
            return "negated"
        modal = any(word in words["modals"] for word in aux) and not any(
            tree.words[each] == "only" for each in tree.kids(verb, "advmod")
        )
        if modal or _is_to_come(tree, verb, aux):
            return "modal"
        if any(tree.words[each] in words["conjunctions"] for each in tree.kids(verb, "mark", "advmod")):
            return "if"
        above = tree.heads[verb]
        if tree.deps[verb] == "xcomp" and tree.words[above] in words["governors"]:
            return "governed"
        if tree.deps[verb] == "xcomp" or (
            tree.deps[verb] == "conj" and tree.child(verb, "nsubj", "nsubjpass") is None
        ):
            verb = above
            continue
        return ""
    return ""
