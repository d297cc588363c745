from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dedup_state import Sighting, SightingKind
from schemas.envelope import DeliveryMode
from schemas.shard_matches import Relation
from schemas.sketch import TextPrint
from streams.core.dedup.band_index import BandIndex
from streams.core.dedup.match import MatchOptions, failed, forget, match, thinned
from streams.core.dedup.sketch import SketchOptions, sketch
from streams.core.dedup.watermark import JOB_LANES, Watermarks, lane_of, raw_place
from streams.core.outcome import Permanent
from streams.testing.builders import DAY, envelope, tagged

WORDS = [f"word{n}" for n in range(100)]
BOUNDED = MatchOptions(lateness=timedelta(hours=24))


class Shard:
    """One shard of the index, with its state."""

    def __init__(self, options=None):
        self.options = options or MatchOptions()
        self.index, self.bands, self.offset = {}, BandIndex(), 0

    def feed(self, article, *, mode=DeliveryMode.LIVE, job=None, raw_hours=None, end=None):
        hours = (article.event_time - DAY) / timedelta(hours=1)
        its = envelope(f"raw-0-{self.offset}", hours=hours if raw_hours is None else raw_hours, mode=mode, job=job)
        self.offset += 1
        asked = sketch(article, its, {}, SketchOptions(1))[0].event
        answer = match(asked, its, self.index, self.bands, self.options).event
        forget(asked, its, self.index, self.bands, self.options, {0: (0, end or self.offset)})
        return {m.article_id: m for m in answer.matches}

    def held(self):
        return sorted(entry.article_id for entry in self.index.values())


def test_a_copy_is_found_with_everything_in_common():
    shard = Shard()
    assert shard.feed(tagged("a", " ".join(WORDS))) == {}
    found = shard.feed(tagged("b", " ".join(WORDS)))["a"]
    assert (found.relation, found.similarity, found.containment, found.contained) == (Relation.NEAR_DUPLICATE, 1, 1, 1)


def test_a_part_says_who_contains_whom():
    shard = Shard()
    shard.feed(tagged("part", " ".join(WORDS[:40])))
    found = shard.feed(tagged("whole", " ".join(WORDS)))["part"]
    assert found.relation is Relation.PART_OF
    assert (found.containment, found.contained) == (0.4, 1)
    back = shard.feed(tagged("again", " ".join(WORDS[:40])))["whole"]
    assert (back.containment, back.contained) == (1, 0.4)


def test_an_article_that_meets_its_own_id_is_itself_in_whatever_version():
    shard = Shard()
    shard.feed(tagged("a", " ".join(WORDS)))
    assert shard.feed(tagged("a", " ".join(WORDS))) == {}
    assert shard.feed(tagged("a", " ".join(WORDS[:95]))) == {}
    assert len(shard.index) == 2


@pytest.mark.parametrize(("hours", "near"), [(72, True), (-72, True), (72.01, False), (-72.01, False)])
def test_the_window_counts_on_both_sides_ends_included(hours, near):
    shard = Shard()
    shard.feed(tagged("a", " ".join(WORDS), hours=100))
    assert bool(shard.feed(tagged("b", " ".join(WORDS), hours=100 + hours))) is near


def test_a_version_that_came_twice_is_found_near_either_arrival():
    shard = Shard()
    for hours in (0, 200):
        shard.feed(tagged("a", " ".join(WORDS), hours=hours))
    found = [shard.feed(tagged(f"b{h}", " ".join(WORDS), hours=h)) for h in (70, 100, 130)]
    assert ["a" in matches for matches in found] == [True, False, True]


@pytest.mark.parametrize(("published", "arrived", "its_own", "mode", "near"), [
    (-5000, 10, 20, DeliveryMode.LIVE, True),          # an old date, but both came in today
    (-5000, 10, 82, DeliveryMode.LIVE, True),
    (-5000, 10, 83, DeliveryMode.LIVE, False),
    (15, 2000, 20, DeliveryMode.LIVE, True),           # published when the undated one came in
    (-5000, 10, 20, DeliveryMode.BACKFILL, False),     # an archive comes in today in whole
])
@pytest.mark.parametrize("first", ["dated", "undated"])
def test_what_has_no_date_is_compared_with_what_came_in_with_it(published, arrived, its_own, mode, near, first):
    shard = Shard()

    def dated():
        return bool(shard.feed(tagged("dated", " ".join(WORDS), hours=published), raw_hours=arrived, mode=mode))

    def undated():
        article = tagged("undated", " ".join(WORDS), hours=its_own)
        return bool(shard.feed(article.model_copy(update={"published": None}), raw_hours=its_own))

    steps = [dated, undated] if first == "dated" else [undated, dated]
    assert [step() for step in steps] == [False, near]


def test_two_dated_articles_far_apart_that_came_in_together_are_not_compared():
    shard = Shard()
    for number, hours in enumerate((-5000, 0)):
        assert not shard.feed(tagged(f"a{number}", " ".join(WORDS), hours=hours), raw_hours=10)


def test_texts_without_words_are_like_nobody():
    shard = Shard()
    shard.feed(tagged("a", ""))
    assert shard.feed(tagged("b", "")) == {}


def test_a_long_text_is_compared_with_a_short_one_at_the_coarser_scale():
    shard = Shard()
    long = [f"long{n}" for n in range(30_000)]
    shard.feed(tagged("long", " ".join(long)))
    found = shard.feed(tagged("half", " ".join(long[:15_000])))["long"]
    assert found.relation is Relation.PART_OF
    assert found.containment > 0.99
    assert 0.4 < found.contained < 0.6


def test_a_fingerprint_that_cannot_be_read_is_permanent_and_answered_as_failed():
    its = envelope()
    broken = sketch(tagged("a", "x y z"), its, {}, SketchOptions(2))[1].event.model_copy(update={"text_print": TextPrint(words=3, scale=1, grams="!")})
    with pytest.raises(Permanent):
        match(broken, its, {}, BandIndex(), MatchOptions())
    answer = failed(broken, its)
    assert (answer.event.failed, answer.event.shard, answer.ordinal, answer.event.matches) == (True, 1, 1, ())


def test_an_index_built_anew_from_its_state_finds_the_same():
    shard = Shard()
    for n in range(8):
        shard.feed(tagged(f"a{n}", " ".join(WORDS[n : n + 80]), hours=n))
    known = shard.feed(tagged("b", " ".join(WORDS)))
    shard.bands = BandIndex.of((key, entry.model_dump(mode="json")) for key, entry in shard.index.items() if entry.article_id != "b")
    assert shard.feed(tagged("b", " ".join(WORDS))) == known


def rows(shard):
    return sum(len(stretch.bands) for stretch in shard.bands.stretches.values())


MOMENTS = st.integers(-40 * 86_400, 40 * 86_400).map(lambda n: timedelta(seconds=n))


@given(st.lists(MOMENTS, min_size=1, max_size=6), MOMENTS, st.sampled_from([1, 72, 168, 1000]), st.booleans())
def test_what_lies_in_other_weeks_is_found_when_it_is_within_the_window(others, moment, hours, anew):
    shard, window = Shard(MatchOptions(window=timedelta(hours=hours))), timedelta(hours=hours)
    at = {f"a{n}": DAY + each for n, each in enumerate([*others, moment - window, moment + window])}
    for name, time in at.items():
        shard.feed(tagged(name, " ".join(WORDS), event_time=time))
    if anew:
        shard.bands = BandIndex.of((key, entry.model_dump(mode="json")) for key, entry in shard.index.items())
    found = shard.feed(tagged("mine", " ".join(WORDS), event_time=DAY + moment))
    assert set(found) == {name for name, time in at.items() if abs(time - (DAY + moment)) <= window}


def test_an_entry_sighted_in_two_weeks_is_found_from_either_and_forgotten_in_both():
    shard = Shard(BOUNDED)
    late = tagged("a", " ".join(WORDS), hours=0)
    shard.feed(late, raw_hours=400)
    shard.feed(late, raw_hours=800)
    weeks = {week for week, _ in shard.bands.stretches}
    assert len(weeks) == 3
    assert "a" in shard.feed(tagged("b", " ".join(WORDS), hours=1))
    for hours in (5000, 5001):
        shard.feed(tagged(f"c{hours}", "something else entirely", hours=hours))
    assert not any("a/" in key for stretch in shard.bands.stretches.values() for key in stretch.keys)
    assert not weeks & {week for week, _ in shard.bands.stretches}


# --- forgetting -------------------------------------------------------------------------------------------------------
def test_an_entry_is_forgotten_when_the_watermark_has_passed_window_and_lateness():
    shard = Shard(BOUNDED)
    shard.feed(tagged("a", " ".join(WORDS)))
    shard.feed(tagged("b", "something else entirely", hours=96))
    assert shard.held() == ["a", "b"]
    shard.feed(tagged("c", "something else entirely", hours=97))
    assert shard.held() == ["b", "c"]
    assert rows(shard) == 2


def test_an_entry_of_many_parts_is_forgotten_in_whole_and_found_anew_when_the_index_is_rebuilt():
    shard = Shard(BOUNDED)
    long = [f"long{n}" for n in range(3000)]
    shard.feed(tagged("whole", " ".join(long)))
    assert rows(shard) == 16
    shard.bands = BandIndex.of((key, entry.model_dump(mode="json")) for key, entry in shard.index.items())
    assert "whole" in shard.feed(tagged("part", " ".join(long[1000:1100])))
    shard.feed(tagged("later", "something else entirely", hours=200))
    assert (shard.held(), rows(shard)) == (["later"], 1)
    assert shard.feed(tagged("again", " ".join(long[1000:1100]), hours=200)) == {}


def test_match_alone_forgets_nothing_before_its_answer_is_acknowledged():
    shard, its = Shard(BOUNDED), envelope("raw-0-9", hours=500)
    shard.feed(tagged("a", " ".join(WORDS)))
    asked = sketch(tagged("b", "something else entirely", hours=500), its, {}, SketchOptions(1))[0].event
    match(asked, its, shard.index, shard.bands, BOUNDED)
    assert shard.held() == ["a", "b"]
    forget(asked, its, shard.index, shard.bands, BOUNDED, {0: (0, 10)})
    assert shard.held() == ["b"]


def test_with_unbounded_lateness_nothing_is_forgotten():
    shard = Shard()
    for hours in (0, 1000, 2000):
        shard.feed(tagged(f"a{hours}", " ".join(WORDS), hours=hours))
    assert len(shard.held()) == 3


def test_an_article_dated_2050_forgets_nothing():
    shard = Shard(BOUNDED)
    shard.feed(tagged("a", " ".join(WORDS)))
    shard.feed(tagged("future", "something else", hours=300_000), raw_hours=1)
    assert shard.held() == ["a", "future"]


def test_an_article_of_year_1_is_no_reason_to_die_after_its_acknowledgement():
    shard = Shard(BOUNDED)
    shard.feed(tagged("a", " ".join(WORDS), event_time=datetime.min.replace(tzinfo=UTC)))
    assert shard.held() == ["a"]


def test_a_backfill_does_not_evict_the_live_flow_nor_is_it_evicted():
    shard = Shard(BOUNDED)
    past = {"mode": DeliveryMode.BACKFILL, "job": "j1"}
    shard.feed(tagged("live", " ".join(WORDS), hours=1000))
    shard.feed(tagged("old", " ".join(WORDS), hours=0), **past)
    shard.feed(tagged("older job", " ".join(WORDS), hours=0), mode=DeliveryMode.BACKFILL, job="j0")
    shard.feed(tagged("later", "else", hours=200), **past)
    assert shard.held() == ["later", "live", "older job"]


def test_a_version_that_came_on_two_lanes_stays_until_both_have_passed():
    shard = Shard(BOUNDED)
    shard.feed(tagged("a", " ".join(WORDS)))
    shard.feed(tagged("a", " ".join(WORDS)), mode=DeliveryMode.BACKFILL, job="j1")
    shard.feed(tagged("b", "else", hours=200))
    assert shard.held() == ["a", "b"]
    shard.feed(tagged("c", "else", hours=200), mode=DeliveryMode.BACKFILL, job="j1")
    assert shard.held() == ["b", "c"]


T = [DAY + timedelta(hours=h) for h in range(5)]


@pytest.mark.parametrize(("seen", "bounds", "expected"), [
    ([], {0: (0, 5)}, None),
    ([("raw-0-4", 1)], {}, None),
    ([("raw-0-4", 1)], {0: (0, 5)}, 1),                                    # read to the end: the greatest
    ([("raw-0-3", 3), ("raw-0-4", 1)], {0: (0, 9)}, 3),                    # unread: the greatest seen there
    ([("raw-0-3", 3), ("raw-1-3", 1)], {0: (0, 9), 1: (0, 9)}, 1),         # both unread: the least
    ([("raw-0-3", 3), ("raw-1-3", 1)], {0: (0, 9), 1: (0, 4)}, 3),         # the second read to the end
    ([("raw-0-3", 3)], {0: (0, 9), 1: (0, 4)}, None),                      # the second never seen
    ([("raw-0-3", 3)], {0: (0, 9), 1: (0, 0)}, 3),                         # the second empty
])
def test_the_watermark_is_the_least_over_partitions_with_unread_records(seen, bounds, expected):
    marks = Watermarks()
    for origin, hour in seen:
        marks.see("live", origin, T[hour])
    assert marks.of("live", bounds) == (None if expected is None else T[expected])


def test_another_lane_does_not_move_the_watermark():
    marks = Watermarks()
    marks.see("live", "raw-0-0", T[4])
    marks.see("backfill/j", "raw-0-1", T[1])
    assert marks.of("backfill/j", {0: (0, 9)}) == T[1]
    assert marks.of("replay/k", {0: (0, 9)}) is None


def test_lanes_and_origins():
    assert lane_of(envelope(mode=DeliveryMode.REPLAY, job="j")) == "replay/203"
    assert lane_of(envelope(mode=DeliveryMode.BACKFILL)) == "backfill"
    assert raw_place("news.articles.raw.v1-12-345") == (12, 345)


def test_arrivals_between_two_others_within_two_windows_are_left_out_without_losing_a_pair():
    window = timedelta(hours=72)
    hours = [0, 10, 20, 100, 300, 301, 500, 510]
    kept = thinned([Sighting(lane="live", time=DAY + timedelta(hours=h), kind=SightingKind.PUBLISHED) for h in hours], window)
    left = [(s.time - DAY) / timedelta(hours=1) for s in kept]
    assert left == [0, 100, 300, 301, 500, 510]
    for asked in range(-100, 700):
        assert any(abs(asked - h) <= 72 for h in left) == any(abs(asked - h) <= 72 for h in hours)


def test_jobs_that_anybody_names_make_no_lanes_without_end():
    names = {
        lane_of(envelope(mode=DeliveryMode.BACKFILL, job=f"foreign-{number}")) for number in range(5_000)
    }
    assert len(names) == JOB_LANES
    one = envelope(mode=DeliveryMode.REPLAY, job="again-1").model_copy(update={"origin_mode": DeliveryMode.LIVE})
    assert lane_of(one) == "live"
