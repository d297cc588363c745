"""Circumstances: to whom, where and when it is said, as far as they hang on the cue."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple, cast

from streams.core.packs import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.core.statements.hit import Hit
    from streams.core.statements.report import Bounds
    from streams.core.statements.tree import Tree


class _Words(NamedTuple):
    occasions: frozenset[str]
    times: frozenset[str]
    venue_prepositions: frozenset[str]
    placing: frozenset[str]
    audiences: frozenset[str]
    repeated: frozenset[str]


@cache
def _words(language: str) -> _Words:
    pack = cast("dict[str, list[str]]", read(language, "cues")["circumstances"])
    return _Words(*(frozenset(pack[name]) for name in _Words._fields))


class Circumstances(NamedTuple):
    """Stretches of the field, None when not said; `recurring`: it is said to be said again and again."""

    addressee: Bounds | None
    venue: Bounds | None
    when: Bounds | None
    recurring: bool


def circumstances_of(tree: Tree, hit: Hit, language: str, places: frozenset[int]) -> Circumstances:
    """Return what hangs on the cue of a hit, outside its content. `places`: words that name one."""
    words = _words(language)
    venue = place = when = addressee = None
    if hit.addressee is not None:
        addressee = _phrase(tree, hit.addressee)
    for child in _outside(tree, hit):
        inside = child if tree.deps[child] == "npadvmod" else tree.child(child, "pobj", "pcomp")
        if inside is None:
            continue
        word = tree.words[inside]
        if tree.deps[child] == "npadvmod" or word in words.times or tree.tags[inside] == "CD":
            if word in words.times or tree.tags[inside] == "CD":
                when = when or _phrase(tree, child)
        elif word in words.occasions and tree.words[child] in words.venue_prepositions:
            venue = venue or _phrase(tree, child)
        elif inside in places and tree.words[child] in words.placing:
            place = place or _phrase(tree, child)
        elif tree.words[child] == "to" and word in words.audiences:
            addressee = addressee or _phrase(tree, inside)
    recurring = any(tree.words[each] in words.repeated for each in tree.kids(hit.verb, "advmod"))
    return Circumstances(addressee, venue or place, when, recurring)


def _outside(tree: Tree, hit: Hit) -> Iterator[int]:
    """Yield the phrases on the cue, and those on the noun of one (at a meeting on Monday)."""
    for child in tree.kids(hit.verb, "prep", "npadvmod", "dative"):
        bounds = tree.bounds(tree.left[child], tree.right[child])
        if not tree.left[child] <= hit.first <= tree.right[child] and not _within(bounds, hit.content):
            yield child
            inside = tree.child(child, "pobj")
            if inside is not None:
                yield from tree.kids(inside, "prep", "npadvmod")


def _within(bounds: Bounds, content: Sequence[Bounds]) -> bool:
    return any(each.start <= bounds.start and bounds.end <= each.end for each in content)


def _phrase(tree: Tree, word: int) -> Bounds:
    """Return the stretch below a word without what follows a comma."""
    last = tree.right[word]
    for number in range(word + 1, last + 1):
        if tree.words[number] in (",", '"', "“") or tree.tags[number] in ("WP", "WDT"):
            last = number - 1
            break
    return tree.bounds(tree.left[word], last)
