"""Arrivals: which shards answered for an origin, what its article's node knows of it, when its mark may go.

All of it is idempotent: a shard's answer taken in twice is taken in once.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field

from schemas.dedup_state import Arrival, ArticleNode, Edge, OriginMark, VersionSeen
from schemas.shard_matches import ShardMatches
from streams.core.dedup.graph import earliest, ordered, place_of
from streams.core.dedup.watermark import Bounds, raw_place

ARRIVALS_KEPT = 16
"""Arrivals that a node remembers. One that is forgotten and comes again counts as a new revision; more than
this many of one article between two commits are all sent again together, so nothing is lost by it."""

FORGET_AT_ONCE = 32


def heard(mark: OriginMark | None, matches: ShardMatches) -> OriginMark:
    """Return the mark with a shard's answer; a shard that looked after it had failed has looked."""
    mark = mark or OriginMark()
    failed = set(mark.failed) | {matches.shard} if matches.shard not in mark.heard else set(mark.failed)
    if not matches.failed:
        failed.discard(matches.shard)
    return mark.model_copy(update={
        "heard": tuple(sorted({*mark.heard, matches.shard})), "failed": tuple(sorted(failed)),
    })


def complete(mark: OriginMark, shards: int) -> bool:
    """Tell whether every shard has answered."""
    return set(range(shards)) <= set(mark.heard)


def due(mark: OriginMark, matches: ShardMatches) -> bool:
    """Tell whether this shard's answer is to be followed by the origin's.

    It is for the shard that completed the origin, and for its repeats: an answer that was lost comes again
    with it. A repeat of another shard alone needs none, and one of all shards gets one, not one a shard.
    When there are fewer shards now, the greatest stands for one that is gone.
    """
    return mark.last is not None and matches.shard == min(mark.last, matches.shards - 1)


def facts_of(matches: ShardMatches) -> ArticleNode:
    """Return what a shard's answer says of its article."""
    return ArticleNode(
        versions=(
            VersionSeen(
                version=matches.version, event_time=matches.event_time, version_time=matches.version_time
            ),
        ),
        edges=tuple(Edge(version=matches.version, other=other) for other in matches.matches),
    )


def with_facts(node: ArticleNode, new: ArticleNode) -> ArticleNode:
    """Return the node with the versions and edges of another."""
    known = {seen.version: seen for seen in node.versions}
    for seen in new.versions:
        known[seen.version] = earliest(known.get(seen.version, seen), seen)
    versions = tuple(sorted(known.values(), key=place_of))
    return node.model_copy(update={"versions": versions, "edges": ordered((*new.edges, *node.edges))})


def arrival(node: ArticleNode, origin: str) -> Arrival | None:
    """Return what the node knows of an origin; None when it knows nothing, or no more."""
    return next((arrived for arrived in node.arrivals if arrived.origin == origin), None)


def with_shard(node: ArticleNode, origin: str, shard: int) -> ArticleNode:
    """Return the node knowing that a shard's answer for the origin is in it."""
    known = arrival(node, origin) or Arrival(origin=origin)
    return _put(node, known.model_copy(update={"shards": tuple(sorted({*known.shards, shard}))}))


def with_revision(node: ArticleNode, origin: str, given: int | None) -> tuple[ArticleNode, int]:
    """Return the node with the origin numbered, and its number, from 1.

    `given` is the number that it was answered with before, None when it was not.
    """
    known = arrival(node, origin) or Arrival(origin=origin)
    number = given or known.revision or node.revisions + 1
    counted = node.model_copy(update={"revisions": max(number, node.revisions)})
    return _put(counted, known.model_copy(update={"revision": number})), number


def _put(node: ArticleNode, arrived: Arrival) -> ArticleNode:
    others = [known for known in node.arrivals if known.origin != arrived.origin]
    place = next((n for n, known in enumerate(node.arrivals) if known.origin == arrived.origin), len(others))
    arrivals = [*others[:place], arrived, *others[place:]]
    return node.model_copy(update={"arrivals": tuple(arrivals[-ARRIVALS_KEPT:])})


@dataclass(slots=True)
class MarkAges:
    """Origins that have a mark, by raw partition and offset: the oldest is found at once."""

    ages: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, marks: Mapping[str, OriginMark]) -> MarkAges:
        """Return the ages of all marks of a state."""
        ages = cls()
        for origin in marks:
            ages.add(origin)
        return ages

    def add(self, origin: str) -> None:
        """Remember that an origin has a mark."""
        if origin not in self.known:
            self.known.add(origin)
            partition, offset = raw_place(origin)
            heapq.heappush(self.ages.setdefault(partition, []), (offset, origin))

    def forget(self, marks: MutableMapping[str, OriginMark], raw: Bounds) -> None:
        """Forget some answered marks of origins that raw no longer keeps.

        What is still awaited stays, and is no longer looked at here: its answer adds it again.
        """
        for partition, (first, _) in raw.items():
            ages = self.ages.get(partition, [])
            for _ in range(FORGET_AT_ONCE):
                if not ages or ages[0][0] >= first:
                    break
                origin = heapq.heappop(ages)[1]
                self.known.discard(origin)
                mark = marks.get(origin)
                if mark is not None and mark.answer is not None:
                    marks.pop(origin)
