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
    rule: str
    similarity: float
    containment: float
    contained: float

    def mirrored(self) -> Alike:
        """Return the same from the other side."""
        return self._replace(containment=self.contained, contained=self.containment)


@dataclass(slots=True)
class Graph:
    """See the module. `times` holds the least event time of each article."""

    versions: dict[str, dict[str, VersionSeen]] = field(default_factory=dict)
    times: dict[str, datetime] = field(default_factory=dict)
    edges: dict[str, dict[str, dict[tuple[str, str], Alike]]] = field(default_factory=dict)
    neighbours: dict[str, set[str]] = field(default_factory=dict)
    holders: dict[str, set[str]] = field(default_factory=dict)
    """Articles that contain this one, neighbours included."""

    def is_news(self, article_id: str, seen: VersionSeen) -> bool:
        """Tell whether a version, or its event time, would change the article."""
        known = self.versions.get(article_id, {}).get(seen.version)
        return known is None or earliest(known, seen) != known

    def see(self, article_id: str, seen: VersionSeen) -> None:
        """Add a version that is news."""
        versions = self.versions.setdefault(article_id, {})
        versions[seen.version] = earliest(versions.get(seen.version, seen), seen)
        self.times[article_id] = min(seen.event_time, self.times.get(article_id, seen.event_time))

    def knows(self, article_id: str, edge: Edge) -> bool:
        """Tell whether an edge is there; one from an article to itself is none."""
        other = edge.other
        pairs = self.edges.get(article_id, {}).get(other.article_id, {})
        return other.article_id == article_id or (edge.version, other.version) in pairs

    def join(self, article_id: str, edge: Edge) -> None:
        """Add an edge, from both sides."""
        alike, other = _alike(edge), edge.other
        self._see_edge(article_id, other.article_id, (edge.version, other.version), alike)
        self._see_edge(other.article_id, article_id, (other.version, edge.version), alike.mirrored())

    def _see_edge(self, mine: str, theirs: str, versions: tuple[str, str], alike: Alike) -> None:
        self.edges.setdefault(mine, {}).setdefault(theirs, {})[versions] = alike
        if alike.relation is Relation.NEAR_DUPLICATE:
            self.neighbours.setdefault(mine, set()).add(theirs)
        elif alike.containment >= alike.contained:
            self.holders.setdefault(mine, set()).add(theirs)

    def order(self, article_id: str) -> tuple[datetime, str]:
        """Return what articles are ordered by: event time, then id."""
        return self.times[article_id], article_id

    def alike(self, article_id: str, version: str) -> Iterator[tuple[str, Alike]]:
        """Yield who is like a version, by id, each with the closest of its own versions."""
        for other, pairs in sorted(self.edges.get(article_id, {}).items()):
            found = [(alike, theirs) for (mine, theirs), alike in pairs.items() if mine == version]
            if found:
                yield other, min(found, key=lambda pair: (_rank(pair[0]), pair[1]))[0]

    def containers(self, article_id: str) -> tuple[str, ...]:
        """Return the articles that contain this one, by id; a neighbour contains nobody."""
        held = self.holders.get(article_id)
        return tuple(sorted(held - self.neighbours.get(article_id, set()))) if held else ()


def _alike(edge: Edge) -> Alike:
    other = edge.other
    return Alike(other.relation, other.rule, other.similarity, other.containment, other.contained)


def _rank(alike: Alike) -> tuple[bool, float, float]:
    return alike.relation is not Relation.NEAR_DUPLICATE, -alike.similarity, -alike.containment


def earliest(one: VersionSeen, other: VersionSeen) -> VersionSeen:
    """Return a version with the least of the times that two arrivals told."""
    modified = [seen.version_time for seen in (one, other) if seen.version_time is not None]
    return VersionSeen(
        version=one.version, event_time=min(one.event_time, other.event_time),
        version_time=min(modified, default=None),
    )


def place_of(seen: VersionSeen) -> tuple[datetime, str]:
    """Return what the versions of an article are ordered by: modified or event time, then id."""
    return seen.version_time or seen.event_time, seen.version


def named(article_id: str, node: ArticleNode) -> list[tuple[str, VersionSeen]]:
    """Return all versions that a node names, its own and those it is like, each with its article."""
    others = [edge.other for edge in node.edges]
    own = [(article_id, seen) for seen in node.versions]
    return own + [(o.article_id, VersionSeen(version=o.version, event_time=o.event_time)) for o in others]


def ordered(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """Return edges without repeats, by version, other article, other version."""
    kept = {(e.version, e.other.article_id, e.other.version): e for e in edges}
    return tuple(kept[key] for key in sorted(kept))
