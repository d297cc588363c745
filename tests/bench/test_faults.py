"""The harness that looks for losses: what it does, and that it would find them."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from schemas.raw_article import RawArticle
from streams.bench import articles, truth
from streams.bench.faults import Options, measure
from streams.bench.rounds import Kind, plan
from streams.bench.truth import Truth
from streams.core.fates import Fate, FateKind


def test_every_kind_hits_every_stage_and_the_broker_dies_in_between():
    todo = plan(24, ["clean", "tag", "dedup"], broker_kills=3)
    assert {(each.kind, each.stage) for each in todo if each.kind is not Kind.BROKER} == {
        (kind, stage) for kind in Kind if kind is not Kind.BROKER for stage in ("clean", "tag", "dedup")}
    deaths = [place for place, each in enumerate(todo) if each.kind is Kind.BROKER]
    assert len(todo) == 27
    assert all(2 <= place <= 24 for place in deaths)
    assert all(later - sooner > 2 for sooner, later in pairwise(deaths))


def test_the_articles_hold_what_real_input_has():
    records = [articles.raw(number) for number in range(200)]
    assert records == [articles.raw(number) for number in range(200)]
    kinds = [json.loads(record.value)["content_type"] for record in records if record.key != b"broken"]
    assert {*kinds} == {"text/html", "text/plain"}
    assert all(RawArticle.model_validate_json(record.value) for record in records if record.key != b"broken")
    assert len({record.key for record in records}) < len(records) - 10  # versions share their address


IN, NO, DEAD = Fate(FateKind.ENRICHED, "a", "1"), Fate(FateKind.REFUSED, "b", "2"), Fate(FateKind.DEAD, "b", "3")


@pytest.mark.parametrize(
    ("disturbed", "lost", "differing"),
    [
        (Truth({"a": {b"1"}}, {"a": {IN}, "b": {NO}}, {("t", b"k"): b"v"}), (), ()),
        (Truth({}, {"b": {NO}}, {("t", b"k"): b"v"}), ("a",), ()),
        (Truth({"a": {b"2"}}, {"a": {IN}, "b": {NO}}, {("t", b"k"): b"v"}), (), ("a",)),
        (Truth({"a": {b"1", b"2"}}, {"a": {IN}, "b": {NO}}, {("t", b"k"): b"v"}), (), ("a",)),
        (Truth({"a": {b"1"}}, {"a": {IN}, "b": {DEAD}}, {}), (), ("b", "t k")),
        (Truth({"a": {b"1"}}, {"a": {IN}, "b": {NO, DEAD._replace(kind=FateKind.DEAD_UNSURE)}}, {("t", b"k"): b"v"}), (), ()),
    ],
    ids=["the same", "one lost", "another body", "two bodies", "another fate, and nothing at rest", "a death of the moment"],
)
def test_what_is_lost_or_different_is_found(disturbed, lost, differing):
    undisturbed = Truth({"a": {b"1"}}, {"a": {IN}, "b": {NO}}, {("t", b"k"): b"v"})
    found = truth.compare(undisturbed, disturbed)
    assert (found.lost, found.differing) == (lost, differing)


async def test_a_disturbed_run_comes_out_like_an_undisturbed_one(tmp_path):
    told: list[str] = []
    report = await measure(Options(rounds=2, batch=20), tmp_path, told.append)
    assert report.holds, report
    assert (report.rounds, report.articles, report.repeated) == (2, 40, 0)
    assert report.exits["-9"] == 1
    assert [line.split()[2] for line in told if line.startswith("round")] == ["scale_up", "kill"]
