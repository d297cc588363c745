"""Pairs of statements of ours, and the seed: what is one proposition, and that a contradiction is never a repeat."""

from __future__ import annotations

from collections import Counter
from time import process_time

from streams.bench import pairs
from streams.bench.quality import floors, under_floor
from streams.core.dedup.match import MatchOptions
from streams.core.dedup.offline import enrich_all
from streams.core.dedup.sketch import SketchOptions
from streams.core.novelty.gist import gist_of
from streams.core.novelty.offline import OfflineStatements
from streams.core.novelty.speakers import NoveltyOptions
from streams.core.tagging.tag import load_tagger
from streams.testing.builders import envelope
from tests.core.reading import article
from tests.core.test_novelty import found
from tests.quality.test_seed import SEED

LEAST_PAIRS = 150


def test_the_gold_is_large_half_different_and_half_held_out():
    gold = pairs.pairs()
    assert len(gold) >= LEAST_PAIRS
    assert len({(pair.a, pair.b) for pair in gold}) == len(gold)
    assert Counter(pair.gold for pair in gold)["same"] <= len(gold) / 2
    assert abs(sum(pair.held_out for pair in gold) - len(gold) / 2) <= 5


def test_propositions_reach_their_floors():
    assert list(under_floor({"propositions": pairs.measured(quiet=True)}, floors())) == []


def test_the_headline_and_its_renditions_are_one_proposition_the_next_two_another():
    text = next(SEED.glob("*.txt")).read_text(encoding="utf-8")
    tagged = load_tagger().tag(article(text, source_id="seed"))
    compared, = enrich_all([tagged], SketchOptions(1), MatchOptions())
    offline = OfflineStatements(NoveltyOptions())
    offline.add(compared, envelope())
    propositions = [event.proposition_id for event in offline.at_rest(compared)]
    assert len({*propositions[:3]}) == len({*propositions[3:5]}) == 1
    assert len({*propositions}) == len(propositions) - 3
    kinds = {event.recurring: event.novelty.kind.value for event in offline.at_rest(compared)}
    assert kinds == {False: "new", True: "repeat"}


def test_text_made_to_hurt_is_read_in_linear_time():
    for content in ("a" * 300_000, "not " * 80_000, "1,2.3" * 60_000, "“’" * 100_000, "Five Hundred " * 25_000):
        started = process_time()
        gist_of(found(content, names=["Five"] * 200))
        assert process_time() - started < 2
