"""wordings: one speaker's statements by what they say; which wordings are alike, found by their terms.

Statements with one gist are one wording, so forty rewrites of a wire are compared once. A new wording is
compared with those that share two terms or names with it. What is alike depends on the two gists only.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final

from streams.core.novelty.likeness import Likeness, Relation, likeness
from streams.core.novelty.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.novelty.gist import Gist

SELF: Final = Likeness(Relation.SAME, 1.0)
_SHARED: Final = 2


@dataclass(slots=True, eq=False)
class Wording:
    """One gist: the statements that have it, and the wordings that are alike."""

    gist: Gist
    members: set[str] = field(default_factory=set)
    links: dict[Wording, Likeness] = field(default_factory=dict)


@dataclass(slots=True)
class Wordings:
    """All wordings of a speaker; `of` by statement."""

    language: str = "en"
    known: dict[tuple[Gist, str], Wording] = field(default_factory=dict)
    postings: dict[str, dict[Wording, None]] = field(default_factory=dict)
    of: dict[str, Wording] = field(default_factory=dict)

    def add(self, name: str, gist: Gist) -> None:
        """Take in a statement's gist."""
        key = _key(name, gist)
        wording = self.known.get(key)
        if wording is None:
            wording = self.known[key] = Wording(gist)
            self._link(wording)
        wording.members.add(name)
        self.of[name] = wording

    def drop(self, name: str) -> None:
        """Forget a statement; nothing happens when it is not here."""
        wording = self.of.pop(name, None)
        if wording is None:
            return
        wording.members.discard(name)
        if wording.members:
            return
        del self.known[_key(name, wording.gist)]
        for other in wording.links:
            del other.links[wording]
        for term in _terms(wording.gist):
            posting = self.postings[term]
            del posting[wording]
            if not posting:
                del self.postings[term]

    def alike(self, name: str) -> Iterator[tuple[str, Likeness]]:
        """Yield the other statements that are alike, and how."""
        wording = self.of[name]
        if wording.gist.text:
            yield from ((other, SELF) for other in wording.members if other != name)
        for linked, found in wording.links.items():
            yield from ((other, found) for other in linked.members)

    def relation(self, one: str, other: str) -> Likeness | None:
        """Return how two statements are alike; None when they are apart, or one is not here."""
        first, second = self.of.get(one), self.of.get(other)
        if first is None or second is None:
            return None
        return SELF if first is second else first.links.get(second)

    def _link(self, wording: Wording) -> None:
        terms = _terms(wording.gist)
        lists = [self.postings.setdefault(term, {}) for term in terms]
        known = words(self.language)
        for other, shared in Counter(chain.from_iterable(lists)).items():
            if shared < _SHARED and wording.gist.text != other.gist.text:
                continue
            if (found := likeness(wording.gist, other.gist, known)) is not None:
                wording.links[other] = other.links[wording] = found
        for posting in lists:
            posting[wording] = None


def _terms(gist: Gist) -> list[str]:
    """Return what a wording is found by: its terms and names, else its text."""
    return sorted(gist.terms | gist.names) or [f"={gist.text}"]


def _key(name: str, gist: Gist) -> tuple[Gist, str]:
    """Return what statements of one wording share; one without a word shares with none."""
    return gist, "" if gist.text else name
