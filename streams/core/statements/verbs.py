"""Verbs: what a verb that reports has for content, frame by frame.

The frames are the pack's (`cues`); each is a family that can be switched off: `quote`, `clause`, `question`,
`parenthesis`, `infinitive`, `gerund`, `request`, `object`, `preposition`, `complement`, `as`, `decline`,
`passive`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.statement import SpeechAct
from streams.core.statements.content import around, below, piece
from streams.core.statements.hit import Hit
from streams.core.statements.report import Bounds, CueKind
from streams.core.statements.subject import agent_of, goes_on, is_passive, subject_of, unsaid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.statements.cues import Cues, Verb
    from streams.core.statements.tree import Tree

_WH = frozenset(("WDT", "WP", "WP$", "WRB"))


def verb_hits(tree: Tree, cues: Cues) -> Iterator[Hit]:
    """Yield what the verbs of one sentence report."""
    owners = _quote_owners(tree, cues)
    yield from _after_colon(tree, cues, {each for quotes in owners.values() for each in quotes})
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
        yield from _refused(tree, number, verb, cues)
    if why in ("negated", "modal"):
        return
    if why and not quoted:
        return
    saying = _as_saying(tree, number, cues)
    if saying is not None:
        yield from _quoted_as(tree, number, verb, saying, quoted)
        return
    if is_passive(tree, number):
        yield from _passive(tree, number, verb)
        return
    source = subject_of(tree, number, cues)
    if source is None and quoted:
        source = _inverted(tree, number)
    elif "t" in verb.frames and tree.deps[number] == "conj" and _after_all(tree, number, cues):
        source = tree.child(number, "dobj")
        if source is not None:
            content = piece(tree, tree.left[tree.heads[number]], number - 1)
            yield _hit(tree, number, verb, source, content, "inverted")
        return
    if source is None or tree.words[source] in cues.pronouns["never"] or tree.deps[source] == "expl":
        return
    if verb.kind is CueKind.BELIEVE and tree.deps[number] == "acl":
        return
    if quoted:
        quotes = tuple(tree.quotes[each] for each in quoted)
        content = tuple(Bounds(each.content_start, each.content_end) for each in quotes)
        yield _hit(tree, number, verb, source, content, "quote")._replace(
            quotes=quotes, addressee=_object(tree, number, verb)
        )
        return
    framed = list(_framed(tree, number, verb, source, cues))
    yield from framed
    if (
        not framed
        and tree.words[-1] == ":"
        and "q" in verb.frames
        and tree.right[number] >= len(tree.words) - 2
    ):
        yield _hit(tree, number, verb, source, (), "colon_quote")


def _framed(tree: Tree, number: int, verb: Verb, source: int, cues: Cues) -> Iterator[Hit]:
    frames = verb.frames
    clause = _clause_of(tree, number)
    if verb.kind is CueKind.DECLINE:
        yield from _declined(tree, number, verb, source, cues)
        return
    if clause is not None and frames & {"t", "w", "o", "c"}:
        yield from _clause(tree, number, verb, source, clause, cues)
        return
    if tree.deps[number] in ("parataxis", "ccomp") and "t" in frames:
        hit = _parenthesis(tree, number, verb, source)
        if hit:
            yield hit
            return
    if "t" in frames:
        hit = _before(tree, number, verb, source)
        if hit:
            yield hit
            return
    yield from _phrases(tree, number, verb, source, cues)


def _declined(tree: Tree, number: int, verb: Verb, source: int, cues: Cues) -> Iterator[Hit]:
    """Yield what somebody declines: to say something (the thing not said), to comment, or to do something."""
    wanted = tree.child(number, "xcomp")
    if wanted is None:
        return
    if tree.child(wanted, "auxpass") is not None:
        yield _hit(tree, number, verb, source, piece(tree, number, tree.right[wanted]), "decline")._replace(
            last=wanted
        )
        return
    if tree.words[wanted] not in cues.unsaid["refused"]:
        yield _hit(tree, number, verb, source, below(tree, wanted), "infinitive")
        return
    if tree.right[wanted] > wanted:
        yield _hit(tree, number, verb, source, below(tree, wanted), "decline")
    else:
        yield _hit(tree, number, verb, source, piece(tree, number, wanted), "decline")._replace(last=wanted)


def _refused(tree: Tree, number: int, verb: Verb, cues: Cues) -> Iterator[Hit]:
    """Yield what somebody would not say (would not say when …; did not comment on …)."""
    source = subject_of(tree, number, cues)
    thing = tree.child(number, "ccomp")
    if source is None or is_passive(tree, number):
        return
    first = next(tree.kids(number, "aux"), number)
    if thing is None and verb.lemma in cues.unsaid["silent"]:
        yield silent(tree, number, first, number, source)
        return
    if thing is not None:
        opens = tree.left[thing]
        if tree.tags[opens] not in _WH and tree.words[opens] not in ("whether", "if"):
            return
    else:
        prep = next((p for p in tree.kids(number, "prep") if tree.words[p] in ("on", "about", "to")), None)
        thing = None if prep is None else tree.child(prep, "pobj")
    if thing is None:
        return
    yield _hit(tree, number, verb, source, below(tree, thing), "decline")._replace(
        first=first, kind=CueKind.DECLINE, act=SpeechAct.DECLINE, negated=True
    )


def silent(tree: Tree, number: int, first: int, last: int, source: int) -> Hit:
    """Return the hit of somebody who says nothing (did not comment before the vote; had no comment)."""
    stop = last
    for child in tree.children[number]:
        if (
            child > last
            and tree.deps[child] in ("prep", "dobj", "npadvmod", "prt")
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


def _clause_of(tree: Tree, number: int) -> int | None:
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


def _phrases(tree: Tree, number: int, verb: Verb, source: int, cues: Cues) -> Iterator[Hit]:
    """Yield what has no clause of its own: infinitives, gerunds, complements, noun phrases."""
    for frame in (_infinitive, _complement, _prepositional):
        hit = frame(tree, number, verb, source)
        if hit:
            yield hit
            return
    thing = tree.child(number, "dobj")
    if "n" not in verb.frames or thing is None or tree.tags[thing] in ("PRP", "WP", "WDT", "DT", "EX"):
        return
    if tree.words[thing] not in cues.pronouns["objects"]:
        content = piece(tree, tree.left[thing], _reach(tree, number, thing))
        yield _hit(tree, number, verb, source, content, "object")._replace(clause=False)


def _infinitive(tree: Tree, number: int, verb: Verb, source: int) -> Hit | None:
    inner, thing = tree.child(number, "xcomp"), tree.child(number, "dobj")
    if inner is None:
        return None
    if thing is not None and thing > inner:
        thing = None
    frames, content = verb.frames, below(tree, inner)
    to = tree.child(inner, "aux") is not None and tree.tags[inner] == "VB"
    called = next((each for each in tree.kids(number, "prep") if tree.words[each] in verb.prepositions), None)
    if to and called is not None and number < called < inner:
        hit = _hit(tree, number, verb, source, content, "request")
        return hit._replace(addressee=tree.child(called, "pobj"), last=called, act=verb.preposition_act)
    if to and thing is not None and verb.kind is CueKind.ACT:
        return None
    if to and thing is not None and "o" in frames:
        return _hit(tree, number, verb, source, content, "request")._replace(addressee=thing)
    if to and thing is None and "i" in frames:
        return _hit(tree, number, verb, source, content, "infinitive")
    having = any(tree.tags[each] == "VBG" for each in tree.kids(inner, "aux"))
    if (tree.tags[inner] == "VBG" or having) and "g" in frames:
        return _hit(tree, number, verb, source, content, "gerund")
    return None


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
            return _hit(tree, number, verb, source, below(tree, named), "complement")._replace(
                target=_np(tree, thing), clause=False
            )
    if "s" in verb.frames and thing is not None:
        for prep in tree.kids(number, "prep"):
            inside = tree.child(prep, "pobj", "pcomp", "amod")
            if tree.words[prep] == "as" and inside is not None:
                target = tree.heads[number] if tree.tags[thing] in ("WDT", "WP") else thing
                return _hit(tree, number, verb, source, below(tree, inside), "as")._replace(
                    target=tree.bounds(tree.left[target], number - 1)
                    if target < number
                    else _np(tree, target),
                    clause=False,
                )
    return None


def _prepositional(tree: Tree, number: int, verb: Verb, source: int) -> Hit | None:
    for prep in tree.kids(number, "prep", "mark", "agent"):
        inside = tree.child(prep, "pobj", "pcomp")
        if tree.words[prep] in verb.prepositions and inside is not None:
            thing = tree.child(number, "dobj")
            content = piece(tree, tree.left[inside], tree.right[prep])
            if thing is not None and thing < prep:
                content = piece(tree, tree.left[thing], tree.right[prep])
            return _hit(tree, number, verb, source, content, "preposition")._replace(
                last=prep if thing is None else number, clause=False, act=verb.preposition_act
            )
    for clause in tree.kids(number, "advcl", "ccomp"):
        first = tree.left[clause]
        if tree.words[first] == "for" and first == number + 1 and "for" in verb.prepositions:
            content = piece(tree, first + 1, tree.right[clause])
            return _hit(tree, number, verb, source, content, "preposition")._replace(
                last=first, act=verb.preposition_act
            )
    return None


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


def _without_next(tree: Tree, clause: int, cues: Cues) -> tuple[int, int]:
    """Return a clause's first and last word without "that" and without what its speaker says next."""
    first, last = tree.left[clause], tree.right[clause]
    mark = tree.child(clause, "mark")
    if (mark is not None and mark == first and tree.words[mark] == "that") or (tree.words[first] == "that" and tree.tags[first] in ("WDT", "IN") and first < clause - 1):
        first += 1
    for each in tree.kids(clause, "advcl", "conj"):
        if goes_on(tree, each, cues):
            last = tree.left[each] - 1
            if tree.tags[last] == "CC":
                last -= 1
            break
    return first, last


def _clause(tree: Tree, number: int, verb: Verb, source: int, clause: int, cues: Cues) -> Iterator[Hit]:
    first = tree.words[tree.left[clause]]
    asks = (tree.tags[tree.left[clause]] in _WH and first != "that") or first in ("whether", "if")
    if asks and not verb.frames & {"w", "t"}:
        return
    own = tree.child(clause, "nsubj", "nsubjpass")
    to = any(tree.words[each] == "to" for each in tree.kids(clause, "aux"))
    if to and own is not None and "o" in verb.frames:
        yield _hit(
            tree, number, verb, source, piece(tree, tree.right[own] + 1, tree.right[clause]), "request"
        )._replace(addressee=own)
        return
    if "t" not in verb.frames and not asks:
        if "c" in verb.frames and own is not None:
            yield _hit(
                tree, number, verb, source, piece(tree, tree.right[own] + 1, tree.right[clause]), "complement"
            )._replace(target=_np(tree, own), clause=False)
        return
    rule = "question" if asks else "clause"
    content = piece(tree, *_without_next(tree, clause, cues))
    if clause < number:
        start = tree.left[number] if tree.deps[number] == "ROOT" else tree.left[clause]
        stop = min(tree.left[source], number) - 1
        content = piece(tree, start, stop)
    yield _hit(tree, number, verb, source, content, rule)._replace(addressee=_object(tree, number, verb))


def _parenthesis(tree: Tree, number: int, verb: Verb, source: int) -> Hit | None:
    """Return the hit of a cue that interrupts or follows what it reports (…, he said, …)."""
    host = tree.heads[number]
    if host == number or not tree.left[number] > tree.left[host]:
        return None
    if tree.deps[number] == "ccomp" and tree.words[tree.left[number] - 1] != ",":
        return None
    if tree.child(number, "mark") is not None:
        return None
    content = around(tree, tree.left[host], tree.right[host], (tree.left[number], tree.right[number]))
    return _hit(tree, number, verb, source, content, "parenthesis")._replace(
        addressee=_object(tree, number, verb)
    )


def _before(tree: Tree, number: int, verb: Verb, source: int) -> Hit | None:
    """Return the hit of a cue after a comma at whose left hangs a clause that the parser calls something else."""
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
    return _hit(tree, number, verb, source, piece(tree, tree.left[other], edge - 1), "parenthesis")


def _passive(tree: Tree, number: int, verb: Verb) -> Iterator[Hit]:
    """Yield what is said in the passive: by whom, or of whom (was quoted as saying: the inner verb's)."""
    agent = agent_of(tree, number)
    thing = tree.child(number, "nsubjpass")
    if agent is None or thing is None or verb.kind is CueKind.DECLINE:
        return
    clause = _clause_of(tree, number)
    if clause is not None and clause > number and "t" in verb.frames:
        yield _hit(tree, number, verb, agent, below(tree, clause), "passive")
    elif "n" in verb.frames and tree.tags[thing] not in ("PRP", "WDT", "WP"):
        yield _hit(tree, number, verb, agent, below(tree, thing), "passive")._replace(clause=False)


def _as_saying(tree: Tree, number: int, cues: Cues) -> int | None:
    """Return "saying" in "quoted as saying"."""
    for prep in tree.kids(number, "prep"):
        inner = tree.child(prep, "pcomp") if tree.words[prep] == "as" else None
        verb = None if inner is None else cues.verb(tree.words[inner], "")
        if verb is not None and "t" in verb.frames:
            return inner
    return None


def _quoted_as(tree: Tree, number: int, verb: Verb, saying: int, quoted: tuple[int, ...]) -> Iterator[Hit]:
    """Yield what somebody is quoted as saying, unless it follows "saying", whose own hit it then is."""
    source = tree.child(number, "dobj", "nsubjpass")
    if source is None:
        return
    hit = _hit(tree, number, verb, source, (), "quoted_as")._replace(first=saying, last=saying)
    clause = tree.child(number, "ccomp")
    if quoted:
        quotes = tuple(tree.quotes[each] for each in quoted)
        yield hit._replace(
            content=tuple(Bounds(each.content_start, each.content_end) for each in quotes), quotes=quotes
        )
    elif clause is not None and clause < number:
        yield hit._replace(content=below(tree, clause))


def _hit(tree: Tree, number: int, verb: Verb, source: int, content: tuple[Bounds, ...], rule: str) -> Hit:
    particle = tree.child(number, "prt")
    last = particle if particle is not None and " " in verb.lemma else number
    return Hit(number, last, number, verb.lemma, verb.kind, verb.act, verb.factive, source, content, rule)


def _np(tree: Tree, word: int) -> Bounds:
    return tree.bounds(tree.left[word], tree.right[word])


def _object(tree: Tree, number: int, verb: Verb) -> int | None:
    """Return whom the words are told, if the verb's object says it."""
    return tree.child(number, "dobj", "dative") if "u" in verb.frames else None


def _after_all(tree: Tree, number: int, cues: Cues) -> bool:
    """Tell whether a verb and who says it follow a whole clause (…, informed the minister)."""
    thing = tree.child(number, "dobj")
    if thing is None or tree.words[number - 1] != "," or tree.left[thing] != number + 1:
        return False
    named = tree.tags[thing] == "NNP" or tree.words[thing] in cues.titles
    return named and tree.child(number, "nsubj", "aux", "cc", "xcomp", "ccomp") is None


def _inverted(tree: Tree, number: int) -> int | None:
    """Return the noun after a verb that the parser took for its object (…, said Smith)."""
    thing = tree.child(number, "dobj", "attr", "oprd", "npadvmod", "dep")
    return thing if thing is not None and thing > number and tree.tags[thing][0] in "NPD" else None


def _after_colon(tree: Tree, cues: Cues, owned: set[int]) -> Iterator[Hit]:
    """Yield quotations after a colon whose sentence has no verb that quotes (he suspects a prank: "…")."""
    for word, quote in tree.quotes.items():
        if word in owned or word < 3 or tree.words[word - 2] != ":":
            continue
        verb = tree.heads[word - 2]
        source = subject_of(tree, verb, cues)
        if source is not None and tree.deps[source] != "expl":
            yield Hit(
                word - 2,
                word - 2,
                verb,
                ":",
                CueKind.COLON,
                SpeechAct.ASSERT,
                False,
                source,
                (Bounds(quote.content_start, quote.content_end),),
                "quote",
                (quote,),
            )


def _quote_owners(tree: Tree, cues: Cues) -> dict[int, tuple[int, ...]]:
    """Return for each verb the words that stand for its quotations: the verb above, else the nearest."""
    found: dict[int, tuple[int, ...]] = {}
    for quote in tree.quotes:
        owner = _above(tree, quote, cues)
        if owner is None:
            owner = _nearest(tree, quote, cues)
        if owner is not None:
            found[owner] = (*found.get(owner, ()), quote)
    return found


def _above(tree: Tree, word: int, cues: Cues) -> int | None:
    for _ in range(4):
        above = tree.heads[word]
        if above == word:
            return None
        if _quotes(tree, above, cues):
            return above
        word = above
    return None


def _nearest(tree: Tree, quote: int, cues: Cues) -> int | None:
    verbs = [each for each in range(len(tree.words)) if _quotes(tree, each, cues)]
    return min(verbs, key=lambda each: abs(each - quote), default=None)


def _quotes(tree: Tree, word: int, cues: Cues) -> bool:
    if tree.tags[word][0] != "V":
        return False
    particle = tree.child(word, "prt")
    verb = cues.verb(tree.words[word], "" if particle is None else tree.words[particle])
    return verb is not None and "q" in verb.frames
