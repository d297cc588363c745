from __future__ import annotations

from datetime import timedelta

import pytest

from streams.core.dedup.match import MatchOptions
from streams.core.dedup.offline import Offline, enrich_all
from streams.core.dedup.sketch import SketchOptions, version_time
from streams.testing.builders import DAY, modified, tagged

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


def test_an_event_says_what_changed_since_the_version_before():
    old = tagged("a", "Ten people were on board. The ferry left at noon.")
    new = modified(tagged("a", "Twelve people were on board. The ferry left at noon. This was corrected."), 0)
    new = new.model_copy(update={"event_time": DAY + timedelta(hours=1)})
    first, second = at_rest(new, old)[::-1]
    assert first.dedup.changes is None
    told = second.dedup.changes
    assert (told.removed, told.added[0]) == (("Ten people were on board.",), "Twelve people were on board.")
    assert [(one.before, one.after) for one in told.figures] == [("ten", "twelve")]


def test_versions_published_at_one_time_are_in_order_of_modification_whatever_the_input_order():
    texts = [" ".join(WORDS[:n]) for n in (80, 70, 60, 50)]
    forms = [modified(tagged("a", text), hours) for hours, text in enumerate(texts)]
    now = DAY + timedelta(days=1)
    for order in ([0, 1, 2, 3], [3, 0, 2, 1], [2, 3, 1, 0]):
        offline = Offline(SketchOptions(2), MatchOptions())
        for number in order:
            offline.add(forms[number], f"raw-0-{number}", now)
        before = [offline.at_rest(form, f"raw-0-{n}").dedup.version_of for n, form in enumerate(forms)]
        assert before == [None, *(form.version for form in forms[:3])]


@pytest.mark.parametrize(("hours", "expected"), [(3, 3), (-1, 0), (30, 0)])
def test_a_modification_before_the_publication_or_after_the_raw_record_is_not_believed(hours, expected):
    time = version_time(modified(tagged("a", TEXT), hours), DAY + timedelta(hours=24))
    assert (time - DAY) / timedelta(hours=1) == expected


def test_an_empty_input_gives_nothing():
    assert at_rest() == []


def test_an_article_never_taken_in_is_a_key_error():
    with pytest.raises(KeyError):
        Offline(SketchOptions(1), MatchOptions()).at_rest(tagged("a", TEXT), "raw-0-0")


def test_lateness_is_unbounded():
    articles = [tagged(f"x{n}", f"text number {n}", hours=1000 * n) for n in range(4)]
    out = at_rest(tagged("a", TEXT), *articles, tagged("b", TEXT, hours=1))
    assert out[-1].dedup.canonical_id == "a"
