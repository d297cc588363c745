"""The law (docs/adr/0006): what stands at rest does not depend on order, shards, or how often something came."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.shard_matches import Relation
from streams.core.dedup.fingerprint import at_scale, pack, sample, unpack
from streams.core.dedup.forest import Forest
from streams.core.dedup.match import MatchOptions
from streams.core.dedup.offline import Offline
from streams.core.dedup.shingles import runs, words
from streams.core.dedup.sketch import SketchOptions
from streams.testing.builders import tagged
from streams.testing.histories import arrivals
from streams.testing.oracle import Expected

seeds = st.integers(0, 2**32)


def ran(articles, shards=1):
    offline = Offline(SketchOptions(shards, bands=16), MatchOptions())
    for number, article in enumerate(articles):
        offline.add(article, f"raw-0-{number}")
    return offline


def rest(articles, shards=1):
    return Expected.of(ran(articles, shards).state.forest)


def some(seed):
    return [one.article for one in arrivals(Random(seed), 18)]


@settings(max_examples=60, deadline=None)
@given(seeds, st.randoms(use_true_random=False), st.sampled_from([1, 2, 4, 8]))
def test_neither_order_nor_shards_decide_what_stands_at_rest(seed, random, shards):
    articles = some(seed)
    other = list(articles)
    random.shuffle(other)
    assert rest(other, shards) == rest(articles)
    assert rest(articles[::-1], shards) == rest(articles)


@settings(max_examples=40, deadline=None)
@given(seeds, st.randoms(use_true_random=False))
def test_what_comes_again_changes_nothing_at_rest(seed, random):
    articles = some(seed)
    twice = articles + random.sample(articles, k=len(articles) // 2)
    random.shuffle(twice)
    assert rest(twice, 2) == rest(articles)


@settings(max_examples=40, deadline=None)
@given(seeds, st.sampled_from([1, 3]))
def test_no_answer_names_a_match_outside_the_final_graph(seed, shards):
    offline = ran(some(seed), shards)
    final = Expected.of(offline.state.forest).edges
    for answer in offline.answers.values():
        assert {(answer.article_id, answer.version, m.article_id) for m in answer.dedup.matches} <= final


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_a_forest_built_anew_from_its_nodes_is_the_same(seed):
    offline = ran(some(seed))
    grown, built = offline.state.forest, Forest.of(offline.nodes())
    assert built.canonical == grown.canonical
    assert built.members == grown.members
    assert Expected.of(built) == Expected.of(grown)


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_every_member_is_a_neighbour_of_its_canonical_which_is_the_earliest(seed):
    forest = ran(some(seed)).state.forest
    for canonical, members in forest.members.items():
        for member in members - {canonical}:
            assert member in forest.graph.neighbours[canonical]
            assert forest.graph.order(canonical) < forest.graph.order(member)


texts = st.lists(st.sampled_from(["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"]), max_size=60).map(" ".join)


@given(texts, texts)
def test_similarity_is_symmetric_and_1_on_itself(one, other):
    offline = ran([tagged("a", one), tagged("b", other), tagged("c", one)])
    alike = {a: dict(offline.state.forest.graph.alike(a, tagged(a, text).version)) for a, text in zip("abc", (one, other, one), strict=True)}
    assert {b: m.mirrored() for b, m in alike["a"].items()} == {x: alike[x]["a"] for x in "bc" if "a" in alike[x]}
    if one:
        assert alike["a"]["c"] == (Relation.NEAR_DUPLICATE, "runs_cover_both", 1, 1, 1)


@given(st.text(max_size=300), st.integers(1, 8))
def test_any_text_has_a_fingerprint_that_can_be_read_back(text, size):
    hashes = runs(words(text), size).astype(np.uint32)
    scale, kept = sample(hashes, 16)
    assert len(kept) <= 16
    assert unpack(pack(kept)).tolist() == kept.tolist()
    assert at_scale(hashes, scale).tolist() == kept.tolist()
