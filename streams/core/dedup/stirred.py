"""Stirred: what an arrival moved, and how it stands now, as events.

It is kept with the article that moved it, because a crash may keep the facts and lose the events: the repeat
finds nothing new and sends again what is noted here, as it stands by then. That is never wrong: these topics
are compacted, the latest record of a key is the truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from schemas.cluster import Assignment, ClusterEvent
from schemas.dedup_state import ArticleNode, StirredCluster
from schemas.ids import cluster_id, digest
from streams.core.dedup.forest import Forest, Stir, changes, moved
from streams.core.outcome import Gone, Output, Placed


@dataclass(frozen=True, slots=True)
class Stirred:
    """Articles and clusters to send, by id."""

    articles: tuple[str, ...]
    clusters: tuple[StirredCluster, ...]

    @classmethod
    def by(cls, stir: Stir, forest: Forest) -> Stirred:
        """Return what a stir moved."""
        return cls(tuple(moved(stir, forest)), tuple(changes(stir, forest)))

    @classmethod
    def of(cls, node: ArticleNode) -> Stirred:
        """Return all that an article's arrivals ever moved."""
        return cls(node.stirred, node.stirred_clusters)


def noted(node: ArticleNode, stirred: Stirred) -> ArticleNode:
    """Return the node with what was moved noted in it.

    Of a cluster noted before, the later kind stays, and everything that it was made from.
    """
    clusters = {known.canonical_id: known for known in node.stirred_clusters}
    for new in stirred.clusters:
        known = clusters.get(new.canonical_id)
        came_from = {*new.from_, *(known.from_ if known else ())}
        clusters[new.canonical_id] = new.model_copy(update={"from_": tuple(sorted(came_from))})
    return node.model_copy(update={
        "stirred": tuple(sorted({*node.stirred, *stirred.articles})),
        "stirred_clusters": tuple(clusters[key] for key in sorted(clusters)),
    })


def truth(stirred: Stirred, forest: Forest) -> Iterator[Output]:
    """Yield where the articles and clusters stand now.

    A cluster that is gone comes as a tombstone, after the one that took its place.
    """
    yield from assignments(stirred.articles, forest)
    for found in stirred.clusters:
        if found.canonical_id in forest.members:
            yield _placed(cluster_event(found, forest))
    for found in stirred.clusters:
        if found.canonical_id not in forest.members:
            yield Gone(ClusterEvent, cluster_id(found.canonical_id))


def assignments(articles: Iterable[str], forest: Forest) -> Iterator[Output]:
    """Yield where articles stand now."""
    for article_id in articles:
        standing = forest.standing(article_id)
        if standing is not None:
            yield _placed(Assignment(
                article_id=article_id, cluster_id=cluster_id(standing.canonical),
                canonical_id=standing.canonical, own_cluster_id=cluster_id(article_id),
                role=standing.role, part_of=standing.containers,
                versions=standing.versions,
            ))


def cluster_event(found: StirredCluster, forest: Forest) -> ClusterEvent:
    """Return a cluster as it stands now."""
    return ClusterEvent.model_validate({
        "kind": found.kind, "cluster_id": cluster_id(found.canonical_id), "from": found.from_,
        "members": tuple(sorted(forest.members[found.canonical_id])), "canonical_id": found.canonical_id,
        "first_published": forest.first_published(found.canonical_id),
    })


def _placed(event: Assignment | ClusterEvent) -> Placed:
    """Give an event an ordinal by its content: what an origin moves twice is two events with two ids."""
    return Placed(event, ordinal=int(digest("ordinal", event.model_dump_json(by_alias=True))[:12], 16))
