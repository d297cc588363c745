"""What stands at rest of statements is a function of what was reported: order, repeats and restarts change nothing."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.envelope import DeliveryMode, Envelope
from schemas.statement_event import NoveltyKind
from streams.core.novelty import speaker
from streams.core.novelty.judge import Judging, judge
from streams.core.novelty.offline import OfflineStatements
from streams.core.novelty.speakers import NoveltyOptions, Speakers
from streams.core.novelty.split import split
from streams.core.novelty.versions import Versions
from streams.testing.sayings import enriched, said_by_chance, statement

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
        origin_time=article.event_time + timedelta(hours=1, seconds=number % 3), delivery_mode=mode, replay_job_id="past" if backfill else None)


def ran(arrivals):
    offline = OfflineStatements(NoveltyOptions())
    for article, its in arrivals:
        offline.add(article, its)
    return offline


def rest(offline):
    return {name: event.model_dump(exclude=AS_OF) for name, event in offline.everything().items()}


@settings(max_examples=150, deadline=None)
@given(seeds, st.randoms(use_true_random=False), st.sampled_from([1, 16]))
def test_statements_do_not_depend_on_order(seed, random, kept_tally):
    arrivals = arriving(seed)
    other = list(arrivals)
    random.shuffle(other)
    expected = rest(ran(arrivals))
    with mock.patch.object(speaker, "KEPT_TALLY", kept_tally):       # origins counted on, and anew
        assert rest(ran(other)) == expected
        assert rest(ran(arrivals[::-1])) == expected


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
    first, written, said = {}, {}, {}
    for article, its in arrivals:
        key = article.article_id, article.version
        first[key] = min(first.get(key, article.event_time), article.event_time)
        written[key] = min(written.get(key, its.origin_time), its.origin_time)
        said.setdefault(key, set()).update(s.statement_id for s in article.statements)
    latest = {name: max((time, written[other, version], version) for (other, version), time in first.items() if other == name) for name, _ in first}
    for name, event in ran(arrivals).everything().items():
        standing = name in said[event.article.id, latest[event.article.id][2]]
        assert (event.state.value in {"withdrawn", "corrected"}) != standing


def told(arrivals, options):
    """Return the last event of each statement when entries are forgotten as they get old, and how many are kept."""
    said, versions, state, last = {}, Versions(), Judging({}, Speakers(options), 0), {}
    for number, (article, given_to) in enumerate(arrivals):
        bounds = {0: (0, number + 1)}
        its = given_to.model_copy(update={"origin": f"raw-0-{number}"})
        for found in split(article, its, said, versions, 1):
            own = its.model_copy(update=dict(found.own))
            for placed in judge(found.event, own, state):
                last[placed.event.statement_id] = placed.event.model_dump(exclude=AS_OF)
            state.speakers.forget(found.event, its, state.judged, bounds)
        versions.forget(article, its, said, bounds, options.lateness and 2 * options.window)
    return last, len(state.judged), len(said)


@settings(max_examples=80, deadline=None)
@given(seeds)
def test_what_is_forgotten_is_missed_by_nobody_who_comes_in_time(seed):
    arrivals = [(article, its.model_copy(update={"delivery_mode": DeliveryMode.LIVE, "replay_job_id": None})) for article, its in arriving(seed)]
    once = {article.article_id: (article, its) for article, its in arrivals}        # a new version may withdraw what is forgotten
    arrivals = sorted(once.values(), key=lambda each: each[0].event_time)
    short = timedelta(days=10)
    for_ever, everything, _ = told(arrivals, NoveltyOptions(window=short))
    forgetful, kept, _ = told(arrivals, NoveltyOptions(window=short, lateness=timedelta(days=1)))
    assert kept <= everything
    assert forgetful == for_ever


def test_old_propositions_are_forgotten_and_a_speaker_has_no_more_than_his_share():
    arrivals = [
        (enriched(f"a{n}", [statement(f"matter{n} of harbour{n} is settled by pilot{n}", f"a{n}")], hours=24 * n), None) for n in range(200)]
    come = [(article, envelope(article, number, backfill=False)) for number, (article, _) in enumerate(arrivals)]
    _, kept, articles = told(come, NoveltyOptions(window=timedelta(days=10), lateness=timedelta(days=1)))
    assert 20 <= kept <= 24
    assert 20 <= articles <= 24
    _, kept, articles = told(come, NoveltyOptions(max_statements=100))
    assert 95 <= kept <= 100
    assert articles == 200
