"""origins: how many independent ways a proposition came by. Forty rewrites of one wire are one.

An article's way begins with whoever had it from the speaker: the wire, or the outlet itself. Articles with
the same beginning are one origin, and so are articles that share their text (`alike`, matches of dedup).
Only articles that report the proposition are joined, so that it does not matter which others are known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from streams.core.statements.placement import normalised

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from schemas.found_statement import FoundStatement


class Way(NamedTuple):
    """An article, who it has the words from, and the articles that share its text."""

    article_id: str
    source: str
    alike: frozenset[str]


def way_of(found: FoundStatement) -> Way:
    """Return the way that a statement came by.

    The day of a wire's report is left out: one agency that reports an utterance twice is no second witness.
    """
    article, hops = found.article, found.chain
    named = hops[1].actor if len(hops) > 1 else article.outlet.name or article.outlet.domain
    return Way(article.id, normalised(named or "") or article.id, frozenset(found.alike))


def count(ways: Iterable[Way], most: int) -> int:
    """Return the number of origins, counted up to `most`."""
    tally = Tally()
    for number, way in enumerate(ways):
        tally.add(str(number), way)
    return min(most, tally.groups.number)


@dataclass(slots=True)
class _Groups:
    """What belongs together: union and find. Source: Galler, Fischer 1964."""

    number: int = 0
    above: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def join(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        """Have two belong together."""
        first, second = self._top(one), self._top(other)
        if first != second:
            self.above[second] = first
            self.number -= 1

    def _top(self, name: tuple[str, str]) -> tuple[str, str]:
        if name not in self.above:
            self.above[name] = name
            self.number += 1
        while (upper := self.above[name]) != name:
            self.above[name] = self.above[upper]
            name = upper
        return name


@dataclass(slots=True)
class Tally:
    """The origins of one proposition so far; `awaited`: articles that share text with one not here yet."""

    ways: dict[str, Way] = field(default_factory=dict)
    groups: _Groups = field(default_factory=_Groups)
    awaited: dict[str, set[str]] = field(default_factory=dict)
    articles: set[str] = field(default_factory=set)

    def add(self, name: str, way: Way) -> None:
        """Take in a statement's way."""
        self.ways[name] = way
        article = ("article", way.article_id)
        self.groups.join(article, ("source", way.source))
        if way.article_id not in self.articles:
            self.articles.add(way.article_id)
            for other in self.awaited.pop(way.article_id, ()):
                self.groups.join(article, ("article", other))
        for other in way.alike:
            if other in self.articles:
                self.groups.join(article, ("article", other))
            else:
                self.awaited.setdefault(other, set()).add(way.article_id)

    def grown(self, ways: Mapping[str, Way]) -> Tally:
        """Return the tally of these: this one, when they are only more."""
        if any(ways.get(name) is not way for name, way in self.ways.items()):
            return Tally().grown(ways)
        for name in ways.keys() - self.ways.keys():
            self.add(name, ways[name])
        return self
