from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.enriched_article import Dedup, DedupAnswer, DedupRole
from schemas.envelope import DeliveryMode
from streams.core.dedup.enrich import EnrichState, enrich, settled
from streams.core.dedup.texts import LONGEST_CHARS, VERSIONS_KEPT, TextAges, with_text
from streams.testing.builders import envelope, tagged

DAYS = timedelta(days=7)


class Stage:
    """enrich with its state."""

    def __init__(self):
        self.state, self.number = EnrichState({}, kept=DAYS), 0

    def feed(self, article, version_of=None, *, hours=0, **lane):
        origin = f"raw-0-{self.number}"
        self.number += 1
        self.state.awaiting[origin] = article
        answer = DedupAnswer(article_id=article.article_id, version=article.version, dedup=Dedup(
            cluster_id="c", canonical_id=article.article_id, role=DedupRole.CANONICAL, is_new_article=version_of is None,
            version_of=version_of, revision=self.number))
        its = envelope(origin, hours=hours, **lane)
        event = enrich(answer, its, self.state)
        assert enrich(answer, its, self.state) == event
        settled(answer, its, self.state)
        return event.dedup.changes

    def rebuilt(self):
        entries = ((key, value.model_dump(mode="json")) for key, value in self.state.texts.items())
        self.state = EnrichState(self.state.awaiting, self.state.texts, TextAges.of(entries), DAYS)


FORMS = [tagged("a", f"The ferry left at noon. {n} people were on board.", hours=n) for n in range(1, 6)]


def test_a_version_is_compared_with_the_one_before_it_when_its_text_is_kept():
    stage = Stage()
    assert stage.feed(FORMS[0]) is None
    found = stage.feed(FORMS[1], FORMS[0].version)
    assert (found.added, found.removed) == (("2 people were on board.",), ("1 people were on board.",))
    assert stage.feed(FORMS[2], "another") is None


def test_the_last_versions_by_time_are_kept_whatever_the_order_they_came_in():
    stage = Stage()
    for number in (4, 0, 2, 1, 3):
        stage.feed(FORMS[number])
    kept = stage.state.texts["a"].texts
    assert [one.version for one in kept] == [form.version for form in FORMS[-VERSIONS_KEPT:]]


def test_a_text_that_is_too_long_is_not_kept():
    stage = Stage()
    long = tagged("long", "word " * (LONGEST_CHARS // 5 + 1))
    stage.feed(long)
    assert stage.state.texts["long"].texts == ()
    assert stage.feed(tagged("long", "short"), long.version) is None


@pytest.mark.parametrize("rebuild", [False, True])
def test_texts_are_forgotten_some_days_after_the_last_arrival_on_their_lane(rebuild):
    stage = Stage()
    stage.feed(FORMS[0])
    stage.feed(tagged("b", "something"), hours=100)
    stage.feed(tagged("old", "something"), mode=DeliveryMode.BACKFILL, job="past")
    stage.feed(FORMS[1], FORMS[0].version, hours=120)
    if rebuild:
        stage.rebuilt()
    stage.feed(tagged("c", "something"), hours=100 + 7 * 24)
    assert sorted(stage.state.texts) == ["a", "b", "c", "old"]
    stage.feed(tagged("d", "something"), hours=110 + 7 * 24)
    assert sorted(stage.state.texts) == ["a", "c", "d", "old"]


def test_the_same_version_again_is_kept_once():
    its = envelope("raw-0-0")
    once = with_text(None, FORMS[0], its)
    assert with_text(once, FORMS[0], its) == once
