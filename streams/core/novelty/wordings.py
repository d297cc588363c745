"""wordings: one speaker's statements by what they say; which wordings are alike, found by their terms.

Statements with one gist are one wording, so forty rewrites of a wire are compared once. A new wording is
compared with those whose terms share enough weight with it: what two share is added up over the lists of its
terms, in whole numbers, so the pairs that are found do not depend on anything but the two gists.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from streams.core.novelty.likeness import LEAST_SHARE, Likeness, Relation, likeness, weigh
from streams.core.novelty.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from streams.core.novelty.gist import Gist

SELF: Final = Likeness(Relation.SAME, 1.0)


@dataclass(slots=True, eq=False)
class Wording:
    """One gist: the statements that have it, the wordings that are alike; its place in the index."""

    gist: Gist
    terms: tuple[tuple[str, int], ...]
    members: set[str] = field(default_factory=set)
    roots: set[str] = field(default_factory=set)
    """Its members that begin a proposition: the speaker keeps them."""
    links: dict[Wording, Likeness] = field(default_factory=dict)
    slot: int = -1


@dataclass(slots=True)
class Index:
    """Wordings by slot; for each term the slots that have it; the weight of each slot's terms."""

    slots: list[Wording | None] = field(default_factory=list)
    free: list[int] = field(default_factory=list)
    weights: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(16, np.int64))
    postings: dict[str, array[int]] = field(default_factory=dict)

    def add(self, wording: Wording) -> None:
        """Take a wording in."""
        if self.free:
            wording.slot = self.free.pop()
            self.slots[wording.slot] = wording
        else:
            wording.slot = len(self.slots)
            self.slots.append(wording)
        if wording.slot == len(self.weights):
            self.weights = np.concatenate([self.weights, np.zeros_like(self.weights)])
        self.weights[wording.slot] = sum(weight for _, weight in wording.terms)
        for term, _ in wording.terms:
            if (posting := self.postings.get(term)) is None:
                posting = self.postings[term] = array("q")
            posting.append(wording.slot)

    def drop(self, wording: Wording) -> None:
        """Take a wording out."""
        for term, _ in wording.terms:
            posting = self.postings[term]
            posting.remove(wording.slot)
            if not posting:
                del self.postings[term]
        self.slots[wording.slot] = None
        self.weights[wording.slot] = 0
        self.free.append(wording.slot)

    def near(self, wording: Wording) -> Iterator[Wording]:
        """Yield the wordings of which enough is shared, by weight of the lighter of the two."""
        shared = np.zeros(len(self.slots), np.int64)
        for term, weight in wording.terms:
            if (posting := self.postings.get(term)) is not None:
                shared[np.frombuffer(posting, np.int64)] += weight
        lighter = np.minimum(self.weights[: len(self.slots)], sum(weight for _, weight in wording.terms))
        for slot in np.flatnonzero((shared > 0) & (shared >= LEAST_SHARE * lighter)).tolist():
            if (found := self.slots[slot]) is not None:
                yield found


@dataclass(slots=True)
class Wordings:
    """All wordings of a speaker; `of` by statement."""

    language: str = "en"
    known: dict[tuple[Gist, str], Wording] = field(default_factory=dict)
    index: Index = field(default_factory=Index)
    of: dict[str, Wording] = field(default_factory=dict)

    def add(self, name: str, gist: Gist) -> None:
        """Take in a statement's gist."""
        key = _key(name, gist)
        wording = self.known.get(key)
        if wording is None:
            wording = self.known[key] = Wording(gist, weigh(gist, words(self.language)))
            for other in self.index.near(wording):
                if (found := likeness(gist, other.gist, words(self.language))) is not None:
                    wording.links[other] = other.links[wording] = found
            self.index.add(wording)
        wording.members.add(name)
        self.of[name] = wording

    def drop(self, name: str) -> None:
        """Forget a statement; nothing happens when it is not here."""
        wording = self.of.pop(name, None)
        if wording is None:
            return
        wording.members.discard(name)
        wording.roots.discard(name)
        if wording.members:
            return
        del self.known[_key(name, wording.gist)]
        for other in wording.links:
            del other.links[wording]
        self.index.drop(wording)

    def alike(self, name: str) -> Iterator[tuple[str, Likeness]]:
        """Yield the other statements that are alike, and how."""
        wording = self.of[name]
        if wording.gist.text:
            yield from ((other, SELF) for other in wording.members if other != name)
        for linked, found in wording.links.items():
            yield from ((other, found) for other in linked.members)

    def roots(self, name: str) -> Iterator[str]:
        """Yield the others that say the same and begin a proposition."""
        wording = self.of[name]
        if wording.gist.text:
            yield from (other for other in wording.roots if other != name)
        for linked, found in wording.links.items():
            if found.relation is Relation.SAME:
                yield from linked.roots

    def relation(self, one: str, other: str) -> Likeness | None:
        """Return how two statements are alike; None when they are apart, or one is not here."""
        first, second = self.of.get(one), self.of.get(other)
        if first is None or second is None:
            return None
        return SELF if first is second else first.links.get(second)


def _key(name: str, gist: Gist) -> tuple[Gist, str]:
    """Return what statements of one wording share; one without a word shares with none."""
    return gist, "" if gist.text else name
