from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.cluster import Assignment, ClusterEvent
from schemas.dedup_state import ArticleNode, Edge, OriginMark, VersionSeen
from schemas.enriched_article import DedupAnswer, DedupRole
from schemas.ids import cluster_id
from schemas.shard_matches import PairMatch, Relation, ShardMatches
from streams.core.dedup import arrivals
from streams.core.dedup.cluster import ClusterState, cluster
from streams.core.dedup.enrich import EnrichState, enrich, settled
from streams.core.dedup.forest import Forest
from streams.core.outcome import Gone, Placed
from streams.testing.builders import DAY, envelope, tagged


def at(hours):
    return DAY + timedelta(hours=hours)


def pair(other, hours=0, relation="near_duplicate", containment=0.9, contained=0.9, version=None):
    return PairMatch(
        article_id=other, version=version or f"{other}-1", event_time=at(hours), relation=relation, rule="runs_cover_one" if relation == "part_of" else "runs_cover_both",
        similarity=0.8, containment=containment, contained=contained)


def told(article, *matches, hours=0, shard=0, shards=1, failed=False, version=None):
    return ShardMatches(
        article_id=article, version=version or f"{article}-1", event_time=at(hours), shard=shard, shards=shards,
        failed=failed, matches=matches)


class Stage:
    """cluster with its state."""

    def __init__(self):
        self.state = ClusterState({}, {}, arrivals.MarkAges(), Forest())

    def feed(self, matches, origin, raw=None):
        return cluster(matches, envelope(origin), self.state, raw or {})

    def rebuilt(self):
        self.state = ClusterState(self.state.marks, self.state.nodes, arrivals.MarkAges.of(self.state.marks), Forest.of(self.state.nodes))
        return self


def answers(outputs):
    return [o.event for o in outputs if isinstance(o, Placed) and isinstance(o.event, DedupAnswer)]


def clusters(outputs):
    events = [o.event for o in outputs if isinstance(o, Placed) and isinstance(o.event, ClusterEvent)]
    return [(e.kind.value, e.canonical_id, e.members) for e in events]


def assigned(outputs):
    events = [o.event for o in outputs if isinstance(o, Placed) and isinstance(o.event, Assignment)]
    return {e.article_id: (e.canonical_id, e.role.value) for e in events}


def gone(outputs):
    return [o.key for o in outputs if isinstance(o, Gone)]


def test_the_answer_waits_for_all_shards():
    stage = Stage()
    assert answers(stage.feed(told("a", shard=1, shards=3), "raw-0-0")) == []
    assert answers(stage.feed(told("a", shard=0, shards=3), "raw-0-0")) == []
    answer, = answers(stage.feed(told("a", shard=2, shards=3), "raw-0-0"))
    assert (answer.article_id, answer.dedup.revision, answer.dedup.is_new_article, answer.missing) == ("a", 1, True, ())


@pytest.mark.parametrize("rebuilt", [False, True])
def test_an_old_origin_that_is_awaited_is_forgotten_once_it_is_answered(rebuilt):
    stage = Stage()
    expired = {0: (10, 20)}
    stage.feed(told("a", shard=0, shards=2), "raw-0-0")
    for offset in range(10, 15):
        stage.feed(told(f"b{offset}"), f"raw-0-{offset}", expired)
    assert "raw-0-0" in stage.state.marks
    stage = stage.rebuilt() if rebuilt else stage
    assert answers(stage.feed(told("a", shard=1, shards=2), "raw-0-0", expired))
    stage.feed(told("c"), "raw-0-15", expired)
    assert "raw-0-0" not in stage.state.marks


def test_a_shard_that_says_it_twice_is_heard_once():
    stage = Stage()
    for _ in range(3):
        assert answers(stage.feed(told("a", shards=2), "raw-0-0")) == []


def test_a_failed_shard_is_missing_and_one_that_looked_after_all_is_not():
    stage = Stage()
    stage.feed(told("a", shard=1, shards=2, failed=True), "raw-0-0")
    answer, = answers(stage.feed(told("a", shards=2), "raw-0-0"))
    assert answer.missing == ("dedup.shard-1",)
    stage.feed(told("b", shard=1, shards=2, failed=True), "raw-0-1")
    stage.feed(told("b", shard=1, shards=2), "raw-0-1")
    assert answers(stage.feed(told("b", shards=2), "raw-0-1"))[0].missing == ()


def test_a_repeat_is_answered_from_the_mark_and_opens_no_new_wait():
    stage = Stage()
    first = answers(stage.feed(told("a", shards=1), "raw-0-0"))
    stage.feed(told("b", pair("a"), hours=1), "raw-0-1")
    again = stage.feed(told("a", shards=1), "raw-0-0")
    assert answers(again) == first


def test_a_repeat_of_all_shards_is_answered_once_and_one_of_the_completing_shard_too():
    stage = Stage()
    order = (2, 0, 1)
    assert [len(answers(stage.feed(told("a", shard=n, shards=3), "raw-0-0"))) for n in order] == [0, 0, 1]
    assert [len(answers(stage.feed(told("a", shard=n, shards=3), "raw-0-0"))) for n in order] == [0, 0, 1]


def test_with_fewer_shards_than_at_the_first_run_a_repeat_is_answered_all_the_same():
    stage = Stage()
    for shard in range(4):
        stage.feed(told("a", shard=shard, shards=4), "raw-0-0")
    assert [len(answers(stage.feed(told("a", shard=n, shards=2), "raw-0-0"))) for n in range(2)] == [0, 1]


def test_a_repeat_sends_again_what_its_first_run_moved_as_it_stands_now():
    stage = Stage()
    stage.feed(told("a"), "raw-0-0")
    first = stage.feed(told("b", pair("a"), hours=1), "raw-0-1")
    again = stage.rebuilt().feed(told("b", pair("a"), hours=1), "raw-0-1")
    assert assigned(again) == assigned(first) == {"b": ("a", "near_duplicate")} | {k: v for k, v in assigned(first).items() if k == "a"}
    assert clusters(again) == clusters(first) == [("joined", "a", ("a", "b"))]
    assert [o.ordinal for o in again] == [o.ordinal for o in first]


def test_nothing_moves_when_the_second_shard_tells_the_same():
    stage = Stage()
    stage.feed(told("a", shards=2), "raw-0-0")
    assert stage.feed(told("a", shards=2, shard=1), "raw-0-0")[:-1] == []


def test_origins_of_one_article_are_numbered_and_versions_are_by_event_time():
    stage = Stage()
    late, = answers(stage.feed(told("a", hours=5, version="v5"), "raw-0-0"))
    early, = answers(stage.feed(told("a", hours=1, version="v1"), "raw-0-1"))
    same, = answers(stage.feed(told("a", hours=5, version="v5"), "raw-0-2"))
    assert [(x.dedup.revision, x.dedup.is_new_article, x.dedup.version_of) for x in (late, early, same)] == [
        (1, True, None), (2, False, None), (3, False, "v1")]


@pytest.mark.parametrize("lost", ["marks", "nodes"])
def test_a_crash_that_keeps_one_table_only_gives_no_number_twice(lost):
    stage = Stage()
    stage.feed(told("a"), "raw-0-0")
    getattr(stage.state, lost).clear()
    stage.rebuilt()
    again, = answers(stage.feed(told("a"), "raw-0-0"))
    other, = answers(stage.feed(told("a"), "raw-0-1"))
    assert [(x.dedup.revision, x.dedup.is_new_article) for x in (again, other)] == [(1, True), (2, False)]


def test_marks_go_when_raw_no_longer_keeps_their_origin_and_waits_stay():
    stage = Stage()
    stage.feed(told("a"), "raw-0-0")
    stage.feed(told("w", shards=2), "raw-0-1")
    stage.feed(told("b"), "raw-0-2", raw={0: (2, 3)})
    assert sorted(stage.state.marks) == ["raw-0-1", "raw-0-2"]


def test_a_match_is_named_with_its_evidence_from_this_articles_side():
    stage = Stage()
    stage.feed(told("whole"), "raw-0-0")
    answer, = answers(stage.feed(told("part", pair("whole", 0, "part_of", 1.0, 0.3), hours=1), "raw-0-1"))
    match, = answer.dedup.matches
    assert (match.article_id, match.relation, match.containment, match.evidence.rule) == (
        "whole", Relation.PART_OF, 1.0, "runs_cover_one")
    assert answer.dedup.role is DedupRole.PART_OF
    assert answer.dedup.canonical_id == "part"


# --- the forest -------------------------------------------------------------------------------------------------------
def test_a_chain_does_not_swallow_the_news():
    stage = Stage()
    stage.feed(told("a", hours=0), "raw-0-0")
    stage.feed(told("b", pair("a", 0), hours=1), "raw-0-1")
    out = stage.feed(told("c", pair("b", 1), hours=2), "raw-0-2")
    assert assigned(out) == {"c": ("c", "canonical")}
    assert clusters(out) == [("opened", "c", ("c",))]


def test_a_late_earlier_article_renames_the_cluster_and_the_old_id_ends_with_a_tombstone():
    stage = Stage()
    stage.feed(told("b", hours=5), "raw-0-0")
    stage.feed(told("c", pair("b", 5), hours=6), "raw-0-1")
    out = stage.feed(told("a", pair("b", 5), pair("c", 6), hours=0), "raw-0-2")
    assert clusters(out) == [("renamed", "a", ("a", "b", "c"))]
    renamed = next(o.event for o in out if isinstance(o, Placed) and isinstance(o.event, ClusterEvent))
    assert renamed.from_ == (cluster_id("b"),)
    assert gone(out) == [cluster_id("b")]
    assert assigned(out) == {"a": ("a", "canonical"), "b": ("a", "near_duplicate"), "c": ("a", "near_duplicate")}


def test_an_article_that_is_like_two_clusters_joins_the_earlier():
    stage = Stage()
    stage.feed(told("a", hours=0), "raw-0-0")
    stage.feed(told("b", hours=1), "raw-0-1")
    out = stage.feed(told("c", pair("a", 0), pair("b", 1), hours=2), "raw-0-2")
    assert assigned(out)["c"] == ("a", "near_duplicate")
    assert "b" not in assigned(out)


def test_a_late_article_that_canonicals_are_like_merges_and_members_may_leave():
    stage = Stage()
    stage.feed(told("b", hours=5), "raw-0-0")
    stage.feed(told("d", pair("b", 5), hours=7), "raw-0-1")
    stage.feed(told("a", hours=0), "raw-0-2")
    out = stage.feed(told("b", pair("a", 0), hours=5), "raw-0-3")
    assert clusters(out) == [("merged", "a", ("a", "b")), ("opened", "d", ("d",))]
    assert gone(out) == [cluster_id("b")]


def test_a_member_is_taken_by_an_earlier_canonical():
    stage = Stage()
    stage.feed(told("b", hours=5), "raw-0-0")
    stage.feed(told("c", pair("b", 5), hours=7), "raw-0-1")
    out = stage.feed(told("a", pair("c", 7), hours=0), "raw-0-2")
    assert clusters(out) == [("opened", "a", ("a", "c")), ("left", "b", ("b",))]
    assert gone(out) == []


def test_an_earlier_version_makes_an_article_earlier():
    stage = Stage()
    stage.feed(told("a", hours=5), "raw-0-0")
    stage.feed(told("b", pair("a", 5), hours=6), "raw-0-1")
    out = stage.feed(told("b", hours=1, version="b-0"), "raw-0-2")
    assert clusters(out) == [("renamed", "b", ("a", "b"))]
    assert assigned(out)["a"] == ("b", "near_duplicate")


def test_an_article_that_only_a_match_names_is_in_the_forest_already():
    stage = Stage()
    out = stage.feed(told("b", pair("a", 0), hours=1), "raw-0-0")
    assert assigned(out) == {"a": ("a", "canonical"), "b": ("a", "near_duplicate")}
    assert answers(stage.feed(told("a", hours=0), "raw-0-1"))[0].dedup.is_new_article


def test_a_neighbour_contains_nobody():
    node = ArticleNode(versions=(VersionSeen(version="a-1", event_time=at(0)),), edges=(
        Edge(version="a-1", other=pair("b")), Edge(version="a-1", other=pair("b", 0, "part_of", 1, 0.2, "b-2")),
        Edge(version="a-1", other=pair("r", 0, "part_of", 1, 0.2))))
    forest = Forest.of({"a": node})
    assert forest.graph.containers("a") == ("r",)
    assert forest.graph.containers("r") == ()


# --- the marks --------------------------------------------------------------------------------------------------------
def test_a_node_remembers_its_last_arrivals_only():
    node = ArticleNode()
    for n in range(arrivals.ARRIVALS_KEPT + 5):
        node, number = arrivals.with_revision(node, f"raw-0-{n}", None)
        assert number == n + 1
    assert len(node.arrivals) == arrivals.ARRIVALS_KEPT
    assert node.revisions == arrivals.ARRIVALS_KEPT + 5


def test_complete_asks_for_every_shard():
    mark = OriginMark(heard=(0, 2))
    assert not arrivals.complete(mark, 3)
    assert arrivals.complete(mark, 1)


# --- enrich -----------------------------------------------------------------------------------------------------------
def test_enrich_joins_the_article_that_waits_and_keeps_it_until_the_ack():
    article = tagged("a", "some text", headline="A headline")
    state = EnrichState({"raw-0-0": article})
    answer, = answers(Stage().feed(told("a"), "raw-0-0"))
    event = enrich(answer, envelope("raw-0-0"), state)
    assert event.model_dump() == article.model_dump() | {
        "dedup": answer.dedup.model_dump(), "completeness": {"stages": ("clean", "tag", "dedup"), "missing": ()}}
    assert enrich(answer, envelope("raw-0-0"), state) == event
    settled(answer, envelope("raw-0-0"), state)
    settled(answer, envelope("raw-0-0"), state)
    assert state.awaiting == {}
    assert enrich(answer, envelope("raw-0-0"), state) is None
