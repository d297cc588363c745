"""Graph: which articles are alike, as the shards told, seen from both ends.

Nothing but facts; adding one twice changes nothing. A node is an article that came in or that a match names;
its time is the least event time of its versions. An edge joins two articles by a pair of versions; two
articles are neighbours when any pair of their versions is a near-duplicate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from schemas.dedup_state import ArticleNode, Edge, VersionSeen
from schemas.shard_matches import Relation


class Alike(NamedTuple):
    """How one version is like another's, seen from its side; see `schemas.shard_matches.PairMatch`."""

    relation: Relation
    similarity: float
    containment: float
    contained: float

    def mirrored(self) -> Alike:
        """Return the same from the other side."""
        return self._replace(containment=self.contained, contained=self.containment)


@dataclass(slots=True)
class Graph:
    """See the module."""

    versions: dict[str, dict[str, datetime]] = field(default_factory=dict)
    edges: dict[str, dict[str, dict[tuple[str, str], Alike]]] = field(default_factory=dict)
    neighbours: dict[str, set[str]] = field(default_factory=dict)

    def see(self, article_id: str, version: str, event_time: datetime) -> bool:
        """Add a version; return True when the article is new or has become earlier or has a version more."""
        known = self.versions.setdefault(article_id, {})
        if version in known and known[version] <= event_time:
            return False
        known[version] = event_time
        return True

    def join(self, article_id: str, edge: Edge) -> bool:
        """Add an edge, from both sides; return True when it was not known."""
        other, alike = edge.other, _alike(edge)
        if other.article_id == article_id:
            return False
        known = self.edges.setdefault(article_id, {}).setdefault(other.article_id, {})
        if (edge.version, other.version) in known:
            return False
        known[edge.version, other.version] = alike
        back = self.edges.setdefault(other.article_id, {}).setdefault(article_id, {})
        back[other.version, edge.version] = alike.mirrored()
        if alike.relation is Relation.NEAR_DUPLICATE:
            self.neighbours.setdefault(article_id, set()).add(other.article_id)
            self.neighbours.setdefault(other.article_id, set()).add(article_id)
        return True

    def order(self, article_id: str) -> tuple[datetime, str]:
        """Return what articles are ordered by: event time, then id."""
        return min(self.versions[article_id].values()), article_id

    def alike(self, article_id: str, version: str) -> Iterator[tuple[str, Alike]]:
        """Yield who is like a version, by id, each with the closest of its own versions."""
        for other, pairs in sorted(self.edges.get(article_id, {}).items()):
            found = [(alike, theirs) for (mine, theirs), alike in pairs.items() if mine == version]
            if found:
                yield other, min(found, key=lambda pair: (_rank(pair[0]), pair[1]))[0]

    def containers(self, article_id: str) -> tuple[str, ...]:
        """Return the articles that contain this one, by id; a neighbour contains nobody."""
        near = self.neighbours.get(article_id, set())
        return tuple(sorted(
            other for other, pairs in self.edges.get(article_id, {}).items()
            if other not in near and any(alike.containment >= alike.contained for alike in pairs.values())
        ))


def _alike(edge: Edge) -> Alike:
    return Alike(edge.other.relation, edge.other.similarity, edge.other.containment, edge.other.contained)


def _rank(alike: Alike) -> tuple[bool, float, float]:
    return alike.relation is not Relation.NEAR_DUPLICATE, -alike.similarity, -alike.containment


def named(article_id: str, node: ArticleNode) -> list[tuple[str, VersionSeen]]:
    """Return all versions that a node names, its own and those it is like, each with its article."""
    others = [edge.other for edge in node.edges]
    own = [(article_id, seen) for seen in node.versions]
    return own + [(o.article_id, VersionSeen(version=o.version, event_time=o.event_time)) for o in others]


def ordered(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """Return edges without repeats, by version, other article, other version."""
    kept = {(e.version, e.other.article_id, e.other.version): e for e in edges}
    return tuple(kept[key] for key in sorted(kept))
