"""What stands at rest of statements is a function of what was reported: order, repeats and restarts change nothing."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.envelope import DeliveryMode, Envelope
from schemas.statement_event import NoveltyKind
from streams.core.novelty.judge import Judging
from streams.core.novelty.offline import OfflineStatements
from streams.core.novelty.speakers import NoveltyOptions, Speakers
from streams.testing.sayings import said_by_chance

AS_OF = {"revision", "former_proposition_ids", "cluster_id"}
seeds = st.integers(0, 10**9)


def arriving(seed):
    random = Random(seed)
    articles = list(said_by_chance(random, random.randint(2, 14)))
    return [(article, envelope(article, number, backfill=random.random() < 0.3)) for number, article in enumerate(articles)]


def envelope(article, number, *, backfill):
    mode = DeliveryMode.BACKFILL if backfill else DeliveryMode.LIVE
    return Envelope(
        id=f"{number}", type="t", source="s", time=article.event_time, origin=f"raw-0-{number}",
        origin_time=article.event_time + timedelta(hours=1), delivery_mode=mode, replay_job_id="past" if backfill else None)


def ran(arrivals):
    offline = OfflineStatements(NoveltyOptions())
    for article, its in arrivals:
        offline.add(article, its)
    return offline


def rest(offline):
    return {name: event.model_dump(exclude=AS_OF) for name, event in offline.everything().items()}


@settings(max_examples=150, deadline=None)
@given(seeds, st.randoms(use_true_random=False))
def test_statements_do_not_depend_on_order(seed, random):
    arrivals = arriving(seed)
    other = list(arrivals)
    random.shuffle(other)
    assert rest(ran(other)) == rest(ran(arrivals))
    assert rest(ran(arrivals[::-1])) == rest(ran(arrivals))


@settings(max_examples=80, deadline=None)
@given(seeds, st.randoms(use_true_random=False))
def test_what_comes_again_changes_nothing(seed, random):
    arrivals = arriving(seed)
    twice = arrivals + random.sample(arrivals, k=len(arrivals) // 2)
    random.shuffle(twice)
    assert rest(ran(twice)) == rest(ran(arrivals))


@settings(max_examples=80, deadline=None)
@given(seeds)
def test_speakers_built_anew_from_their_entries_are_the_same(seed):
    offline = ran(arriving(seed))
    before = rest(offline)
    offline.judging = Judging(offline.judging.judged, Speakers.over(offline.judging.judged, NoveltyOptions()), 0)
    assert rest(offline) == before


@settings(max_examples=80, deadline=None)
@given(seeds)
def test_the_first_of_a_proposition_is_its_earliest_and_a_repeat_has_a_prior_that_is_earlier(seed):
    everything = ran(arriving(seed)).everything()
    for event in everything.values():
        assert event.novelty.first_seen <= event.event_time or event.rendition_of in everything
        prior = everything.get(event.novelty.prior_statement_id)
        assert prior is None or event.rendition_of or prior.event_time <= event.event_time
        assert prior is not None or event.recurring or event.novelty.kind in {NoveltyKind.NEW, NoveltyKind.REPEAT}


@settings(max_examples=80, deadline=None)
@given(seeds)
def test_a_statement_is_standing_when_the_latest_version_has_it(seed):
    arrivals = arriving(seed)
    first, said = {}, {}
    for article, _ in arrivals:
        key = article.article_id, article.version
        first[key] = min(first.get(key, article.event_time), article.event_time)
        said.setdefault(key, set()).update(s.statement_id for s in article.statements)
    latest = {name: max((time, version) for (other, version), time in first.items() if other == name) for name, _ in first}
    for name, event in ran(arrivals).everything().items():
        standing = name in said[event.article.id, latest[event.article.id][1]]
        assert (event.state.value in {"withdrawn", "corrected"}) != standing
