"""Quoted: which verb each quotation belongs to: the verb above it, else the nearest, else a colon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.statement import SpeechAct
from streams.core.statements.content import below
from streams.core.statements.hit import Hit, hit_of
from streams.core.statements.report import Bounds, CueKind
from streams.core.statements.subject import subject_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.statements.cues import Cues, Verb
    from streams.core.statements.tree import Tree


def after_colon(tree: Tree, cues: Cues, owned: set[int]) -> Iterator[Hit]:
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


def saying_in(tree: Tree, number: int, cues: Cues) -> int | None:
    """Return "saying" in "quoted as saying"."""
    for prep in tree.kids(number, "prep"):
        inner = tree.child(prep, "pcomp") if tree.words[prep] == "as" else None
        verb = None if inner is None else cues.verb(tree.words[inner], "")
        if verb is not None and "t" in verb.frames:
            return inner
    return None


def quoted_as(tree: Tree, number: int, verb: Verb, saying: int, quoted: tuple[int, ...]) -> Iterator[Hit]:
    """Yield what somebody is quoted as saying, unless it follows "saying", whose own hit it then is."""
    source = tree.child(number, "dobj", "nsubjpass")
    if source is None:
        return
    hit = hit_of(tree, number, verb, source, (), "quoted_as")._replace(first=saying, last=saying)
    clause = tree.child(number, "ccomp")
    if quoted:
        quotes = tuple(tree.quotes[each] for each in quoted)
        yield hit._replace(
            content=tuple(Bounds(each.content_start, each.content_end) for each in quotes), quotes=quotes
        )
    elif clause is not None and clause < number:
        yield hit._replace(content=below(tree, clause))


def inverted(tree: Tree, number: int) -> int | None:
    """Return the noun after a verb that the parser took for its object (…, said Smith)."""
    thing = tree.child(number, "dobj", "attr", "oprd", "npadvmod", "dep")
    return thing if thing is not None and thing > number and tree.tags[thing][0] in "NPD" else None


def owners_of(tree: Tree, cues: Cues) -> dict[int, tuple[int, ...]]:
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
