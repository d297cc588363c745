from __future__ import annotations

import pytest

from streams.core.dedup.match import MatchOptions
from streams.core.dedup.offline import Offline, enrich_all
from streams.core.dedup.sketch import SketchOptions
from streams.testing.builders import tagged

WORDS = [f"word{n}" for n in range(80)]
TEXT = " ".join(WORDS)


def at_rest(*articles, shards=2):
    return list(enrich_all(articles, SketchOptions(shards), MatchOptions()))


def test_each_event_knows_what_came_after_it_and_they_are_in_input_order():
    out = at_rest(tagged("late", TEXT, hours=5), tagged("other", "nothing of the kind"), tagged("early", TEXT))
    assert [(e.article_id, e.dedup.canonical_id, [m.article_id for m in e.dedup.matches]) for e in out] == [
        ("late", "early", ["early"]), ("other", "other", []), ("early", "early", ["late"])]


def test_versions_are_in_order_of_event_time_whatever_the_input_order():
    new, old = tagged("a", TEXT, hours=5), tagged("a", " ".join(WORDS[:60]), hours=1)
    assert [e.dedup.version_of for e in at_rest(new, old)] == [old.version, None]


def test_an_empty_input_gives_nothing():
    assert at_rest() == []


def test_an_article_never_taken_in_is_a_key_error():
    with pytest.raises(KeyError):
        Offline(SketchOptions(1), MatchOptions()).at_rest(tagged("a", TEXT), "raw-0-0")


def test_lateness_is_unbounded():
    articles = [tagged(f"x{n}", f"text number {n}", hours=1000 * n) for n in range(4)]
    out = at_rest(tagged("a", TEXT), *articles, tagged("b", TEXT, hours=1))
    assert out[-1].dedup.canonical_id == "a"
