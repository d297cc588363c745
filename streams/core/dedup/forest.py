"""Forest: clusters as a function of the match graph alone. Star clustering in order of event time, then id.

In that order each article joins the earliest canonical that it is a neighbour of, else it is canonical
itself. So a cluster is a canonical with direct neighbours of it, and a chain of small changes does not
swallow the news. It does not matter in which order the facts came: adding a fact settles again, in order,
the articles whose place depends on it, and no others; each depends on earlier ones only, so one pass is
enough. Building the forest anew from the same facts gives the same places. Source: Aslam, Pelekhov, Rus
2004, "The Star Clustering Algorithm"; with order of publication for order of degree.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from schemas.cluster import ClusterChange
from schemas.dedup_state import ArticleNode, Edge, StirredCluster
from schemas.enriched_article import DedupRole
from schemas.ids import cluster_id
from schemas.shard_matches import Relation
from streams.core.dedup.graph import Graph, named, place_of


class Standing(NamedTuple):
    """An article's place: its canonical, its role, who contains it, its versions in order."""

    canonical: str
    role: DedupRole
    containers: tuple[str, ...]
    versions: tuple[str, ...]


@dataclass(slots=True)
class Stir:
    """What adding facts touched, as it was before: an article's standing, a cluster's members by canonical.

    None and no members mean that it was not there.
    """

    standings: dict[str, Standing | None] = field(default_factory=dict)
    clusters: dict[str, frozenset[str]] = field(default_factory=dict)
    retimed: set[str] = field(default_factory=set)
    """Articles with a new or earlier version."""


@dataclass(slots=True)
class Forest:
    """The places of all articles: `canonical` by article, `members` by canonical (itself included)."""

    graph: Graph = field(default_factory=Graph)
    canonical: dict[str, str] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, nodes: Mapping[str, ArticleNode]) -> Forest:
        """Return the forest of all nodes of a state."""
        forest, stir = cls(), Stir()
        for article_id, node in nodes.items():
            forest._add(article_id, node, stir)
        forest._settle(forest.graph.versions, stir)
        return forest

    def learn(self, article_id: str, node: ArticleNode) -> Stir:
        """Add the facts of a node; return what they touched."""
        stir = Stir()
        self._settle(self._add(article_id, node, stir), stir)
        return stir

    def standing(self, article_id: str) -> Standing | None:
        """Return an article's place; None for one that is not in the forest."""
        canonical = self.canonical.get(article_id)
        if canonical is None:
            return None
        containers = self.graph.containers(article_id)
        versions = sorted(self.graph.versions[article_id].values(), key=place_of)
        return Standing(
            canonical, self._role(article_id, canonical, containers), containers,
            tuple(seen.version for seen in versions),
        )

    def first_published(self, article_id: str) -> datetime:
        """Return the least event time of an article's versions."""
        return self.graph.order(article_id)[0]

    def _role(self, article_id: str, canonical: str, containers: tuple[str, ...]) -> DedupRole:
        if canonical != article_id:
            return DedupRole.NEAR_DUPLICATE
        alone = len(self.members[article_id]) == 1
        return DedupRole.PART_OF if alone and containers else DedupRole.CANONICAL

    def _add(self, article_id: str, node: ArticleNode, stir: Stir) -> set[str]:
        """Add facts to the graph; return the articles to settle: something before them is new."""
        start: set[str] = set()
        for name, seen in named(article_id, node):
            if self.graph.is_news(name, seen):
                self._note(name, stir)
                self.graph.see(name, seen)
                stir.retimed.add(name)
                start |= {name, *self._later(name)}
        for edge in node.edges:
            if not self.graph.knows(article_id, edge):
                start.add(self._join(article_id, edge, stir))
        return start

    def _join(self, article_id: str, edge: Edge, stir: Stir) -> str:
        """Add an edge; return its later end, the one whose place may change."""
        ends = (article_id, edge.other.article_id)
        for end in ends:
            if edge.other.relation is Relation.PART_OF or end in self.graph.holders:
                self._note(end, stir)
        self.graph.join(article_id, edge)
        return max(ends, key=self.graph.order)

    def _note(self, article_id: str, stir: Stir) -> None:
        if article_id not in stir.standings:
            stir.standings[article_id] = self.standing(article_id)

    def _later(self, article_id: str) -> Iterator[str]:
        mine = self.graph.order(article_id)
        near = self.graph.neighbours.get(article_id, ())
        return (name for name in near if self.graph.order(name) > mine)

    def _settle(self, start: Iterable[str], stir: Stir) -> None:
        queue = [self.graph.order(article_id) for article_id in start]
        heapq.heapify(queue)
        last = None
        while queue:
            place = heapq.heappop(queue)
            if place != last and self._place(place[1], stir):
                for name in self._later(place[1]):
                    heapq.heappush(queue, self.graph.order(name))
            last = place

    def _place(self, article_id: str, stir: Stir) -> bool:
        """Put an article where it belongs; return True when it became canonical or is so no longer."""
        old, new = self.canonical.get(article_id), self._choice(article_id)
        if old == new:
            if new == article_id:
                self._touch(new, stir)
            return False
        self._note(article_id, stir)
        self._touch(new, stir)
        if old is not None:
            self._touch(old, stir)
            self._leave(article_id, old)
        self.canonical[article_id] = new
        self.members.setdefault(new, set()).add(article_id)
        return article_id in {old, new}

    def _choice(self, article_id: str) -> str:
        mine = self.graph.order(article_id)
        near = self.graph.neighbours.get(article_id, ())
        earlier = (self.graph.order(name) for name in near if self.canonical.get(name) == name)
        return min((order for order in earlier if order < mine), default=mine)[1]

    def _touch(self, canonical: str, stir: Stir) -> None:
        if canonical not in stir.clusters:
            stir.clusters[canonical] = frozenset(self.members.get(canonical, ()))
            self._note(canonical, stir)

    def _leave(self, article_id: str, canonical: str) -> None:
        self.members[canonical].discard(article_id)
        if not self.members[canonical]:
            del self.members[canonical]


def moved(stir: Stir, forest: Forest) -> list[str]:
    """Return the articles whose standing is another than before, by id."""
    return sorted(name for name, before in stir.standings.items() if forest.standing(name) != before)


def changes(stir: Stir, forest: Forest) -> list[StirredCluster]:
    """Return what happened to clusters that are another than before, vanished ones too, by canonical.

    A vanished cluster's id stands in `from` of the cluster that its canonical is in now.
    """
    heirs: dict[str, list[str]] = {}
    for canonical, before in stir.clusters.items():
        if before and forest.canonical[canonical] != canonical:
            heirs.setdefault(forest.canonical[canonical], []).append(cluster_id(canonical))
    found = []
    for canonical, before in sorted(stir.clusters.items()):
        after = forest.members.get(canonical, set())
        if before != after or canonical in stir.retimed or canonical in heirs:
            kind = _kind(before, after, inherits=canonical in heirs)
            came_from = tuple(sorted(heirs.get(canonical, ())))
            found.append(StirredCluster(canonical_id=canonical, kind=kind, from_=came_from))
    return found


def _kind(before: frozenset[str], after: set[str], *, inherits: bool) -> ClusterChange:
    if inherits:
        return ClusterChange.MERGED if before else ClusterChange.RENAMED
    if not before:
        return ClusterChange.OPENED
    return ClusterChange.LEFT if before - after else ClusterChange.JOINED
