"""cluster: the shards' answers → one answer for each origin (as of now), and where articles stand (at rest).

In order, for one shard's answer:

1. its facts (version, matches) join the article's node, and the forest settles;
2. what that moved is noted in the same node (`stirred`), so that a repeat, which moves nothing, sends it
   again;
3. the shard is marked as heard; when it is the last, the origin is numbered and answered from the graph, and
   the answer is marked before it is sent; a repeat is answered from the mark, and no new wait is opened;
4. what moved is sent as it stands now: an assignment for each article, an event for each cluster, a
   tombstone for each that is gone.

Two keys are written, each right by itself: the article's node and the origin's mark. Whatever part of them a
crash keeps, the repeat adds what is missing (docs/adr/0006). Places are never stored: they are worked out
from all nodes (`forest`).
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass

from schemas.dedup_state import ArticleNode, OriginMark
from schemas.enriched_article import Dedup, DedupAnswer, Evidence, Match
from schemas.envelope import Envelope
from schemas.ids import cluster_id
from schemas.shard_matches import ShardMatches
from streams.core.dedup import arrivals
from streams.core.dedup.forest import Forest
from streams.core.dedup.stirred import Stirred, noted, truth
from streams.core.dedup.watermark import Bounds
from streams.core.outcome import Output, Placed


@dataclass(frozen=True, slots=True)
class ClusterState:
    """What cluster remembers: two tables, and what is built from each."""

    marks: MutableMapping[str, OriginMark]
    nodes: MutableMapping[str, ArticleNode]
    ages: arrivals.MarkAges
    forest: Forest


def cluster(matches: ShardMatches, envelope: Envelope, state: ClusterState, raw: Bounds) -> list[Output]:
    """Take in one shard's answer; return what moved, and the origin's answer when it is due."""
    origin, before = envelope.origin, state.nodes.get(matches.article_id, ArticleNode())
    node, stirred = _learn(before, matches, origin, state.forest)
    mark = arrivals.heard(state.marks.get(origin), matches)
    if mark.answer is not None or arrivals.complete(mark, matches.shards):
        node, mark = _answered(node, mark, matches, origin, state.forest)
    state.nodes[matches.article_id], state.marks[origin] = node, mark
    state.ages.add(origin)
    state.ages.forget(state.marks, raw)
    given = [Placed(mark.answer, ordinal=0)] if mark.answer and arrivals.due(mark, matches) else []
    return [*truth(stirred, state.forest), *given]


def _learn(
    before: ArticleNode, matches: ShardMatches, origin: str, forest: Forest
) -> tuple[ArticleNode, Stirred]:
    """Return the node with the answer's facts, and what is to be sent.

    That is what they moved; for a repeat everything that this article's arrivals ever moved.
    """
    known = arrivals.arrival(before, origin)
    facts = arrivals.facts_of(matches)
    stirred = Stirred.by(forest.learn(matches.article_id, facts), forest)
    node = noted(arrivals.with_shard(arrivals.with_facts(before, facts), origin, matches.shard), stirred)
    repeat = known is not None and matches.shard in known.shards
    return node, Stirred.of(node) if repeat else stirred


def _answered(
    node: ArticleNode, mark: OriginMark, matches: ShardMatches, origin: str, forest: Forest
) -> tuple[ArticleNode, OriginMark]:
    given = mark.answer.dedup.revision if mark.answer else None
    node, number = arrivals.with_revision(node, origin, given)
    if mark.answer is None:
        given_now = answer(
            matches.article_id, matches.version, node, number, forest, mark.failed, matches.boilerplate)
        mark = mark.model_copy(update={"answer": given_now, "last": matches.shard})
    return node, mark


def answer(
    article_id: str, version: str, node: ArticleNode, number: int, forest: Forest,
    failed: tuple[int, ...] = (), boilerplate: str | None = None,
) -> DedupAnswer:
    """Return what is known now of an article's version: the `number`th answer for the article."""
    versions = [seen.version for seen in node.versions]
    place = versions.index(version)
    standing = forest.standing(article_id)
    assert standing is not None  # noqa: S101  # its facts were learnt before
    return DedupAnswer(
        article_id=article_id, version=version,
        dedup=Dedup(
            cluster_id=cluster_id(standing.canonical), canonical_id=standing.canonical, role=standing.role,
            matches=matched(article_id, version, forest), is_new_article=number == 1,
            version_of=versions[place - 1] if place else None, boilerplate_version=boilerplate,
            revision=number,
        ),
        missing=tuple(f"dedup.shard-{shard}" for shard in failed),
    )


def matched(article_id: str, version: str, forest: Forest) -> tuple[Match, ...]:
    """Return who is like a version, by article id."""
    return tuple(
        Match(
            article_id=other, relation=alike.relation, similarity=alike.similarity,
            containment=alike.containment, evidence=Evidence(rule=alike.rule),
        )
        for other, alike in forest.graph.alike(article_id, version)
    )
