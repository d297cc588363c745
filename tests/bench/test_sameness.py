"""The law on articles that have to do with each other; and that the command would see when it does not hold."""

from __future__ import annotations

from datetime import timedelta

import pytest

from streams.bench import sameness
from streams.bench.sameness import Way, made_up, outcomes, run, wrong
from streams.core.dedup.match import MatchOptions
from streams.testing.oracle import Expected


@pytest.mark.parametrize("seed", [1, 2])
def test_every_way_ends_the_same(seed):
    found = list(outcomes(made_up(120, seed), seed, MatchOptions()))
    assert len(found) == 10
    assert [one.way.name for one in found if one.wrong] == []
    assert all(one.pairs > 20 and one.clusters > 2 for one in found)


def test_another_window_is_seen_as_wrong():
    come = made_up(80, 3)
    want = Expected.of(run(Way("in order", come), MatchOptions()).state.forest)
    other = run(Way("in order", come), MatchOptions(window=timedelta(hours=400)))
    problems = list(wrong(other, want))
    assert any("is another" in problem for problem in problems)
    assert any("was once like" in problem for problem in problems)


def test_the_command_reads_events_leaves_refusals_out_and_says_what_came_of_each_way(tmp_path):
    lines = [one.article.model_dump_json() for one in made_up(40, 4)]
    file = tmp_path / "clean.jsonl"
    file.write_text("\n".join([*lines, '{"reason": "TOO_SHORT", "article_id": "a"}']) + "\n", encoding="utf-8")
    said = []
    assert sameness.main([str(file), "--seed", "5"], said.append) == 0
    assert len(said) == 10
    assert all(line.endswith("the same\n") for line in said)
    assert [len(one.article.text) for one in sameness.read(file)] == [len(one.article.text) for one in made_up(40, 4)]
