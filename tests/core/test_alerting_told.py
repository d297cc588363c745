"""What is told of rules: in words, as TOML, tried on one statement, run over the past; the rules a bus starts with."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.envelope import DeliveryMode, Envelope
from schemas.ids import ce_id
from schemas.quiet_hours import QuietHours
from schemas.rule import Rule
from schemas.statement import Attribution
from schemas.statement_event import Novelty, NoveltyKind, StatementState
from streams.core.alerting.backtest import backtest, compared, seen_then
from streams.core.alerting.conditions import listed
from streams.core.alerting.evaluate import Seen
from streams.core.alerting.matching import RuleIndex
from streams.core.alerting.plain_words import in_words
from streams.core.alerting.rules import parse
from streams.core.alerting.starter import starter_rules, text
from streams.core.alerting.toml_text import toml_of
from streams.core.alerting.verdict import verdict
from streams.testing.statements import DAY, said

KIND = "news.statement.v1"
REPEAT = Novelty(kind=NoveltyKind.REPEAT, live_kind=NoveltyKind.REPEAT, first_seen=DAY)


def rule(**fields):
    return Rule(**({"name": "r", "version": "1"} | fields))


def its(event, hours=1.0, mode=DeliveryMode.LIVE):
    origin = f"news.articles.raw.v1-0-{int(hours * 60) + 1}"
    return Envelope(id=ce_id(KIND, origin, event.statement_id), type=KIND, source="/communique/judge", time=event.event_time,
                    origin=origin, origin_time=DAY + timedelta(hours=hours), delivery_mode=mode)


def past(*pairs):
    return [(event, its(event, hours)) for event, hours in pairs]


@pytest.mark.parametrize(("fields", "told"), [
    ({}, ["It raises an alert (info) when somebody officially says something (new) within 72 hours.",
          "Never for what is inferred or ambiguous; one alert for one thing said, however many report it.", "Never for a refusal to say something.",
          "It goes to log: one notification for all that comes together."]),
    ({"enabled": False}, ["It is switched off: it raises nothing."]),
    ({"expires": DAY}, ["It raises nothing from 2018-02-14 00:00 UTC on."]),
    ({"kind": ("person",), "speaker": ("A", "B"), "office": ("head_of_state",), "organisation": ("O",), "country": ("NO",), "official": None, "severity": "critical"},
     ["It raises an alert (critical) when somebody (one that is person) called A or B who is head of state of (or being) O of NO says something (new) within 72 hours."]),
    ({"official": False, "speech_act": ("deny",), "mode": ("direct",), "novelty": ("new", "update"), "freshness_hours": 1.5},
     ["It raises an alert (info) when somebody not officially says something (new or update) within 1.5 hours, as deny, reported as direct."]),
    ({"words": ("a", "b"), "entities": ("C",)}, ["The statement or its article's headline must have the word “a” or “b” or the name C."]),
    ({"entities": ("C",)}, ["The statement or its article's headline must have the name C."]),
    ({"without_words": ("x",)}, ["The statement must not have “x”."]), ({"language": ("en",)}, ["The article must be in en."]),
    ({"outlet": ("O",)}, ["It must be published by O."]), ({"wire": ("W",)}, ["It must have come through W."]),
    ({"min_confidence": 0.5}, ["Confidence must be 0.5 or more."]), ({"min_independent_origins": 2}, ["2 independent origins must report it."]),
    ({"channels": ("desk", "log"), "group_by": ("speaker", "office"), "wait_seconds": 5}, ["It goes to desk or log: one notification for each speaker and office, 5 seconds after the first."]),
    ({"digest_hours": 12}, ["As a digest of 12 hours."]), ({"expires_after_seconds": 60}, ["It is not delivered later than 60 seconds after it was raised."]),
    ({"quiet_hours": (QuietHours(days=("sat",), begins="22:00", ends="06:00", zone="UTC"),)}, ["It waits from 22:00 to 06:00 (sat; UTC), unless it is critical."]),
    ({"quiet_hours": (QuietHours(days=("sat",), begins="22:00", ends="06:00", critical_passes=False),)}, ["It waits from 22:00 to 06:00 (sat; UTC)."]),
])
def test_a_rule_is_told_in_words(fields, told):
    found = in_words(rule(**fields))
    assert [each for each in found if each in told] == told
    usual = set(in_words(rule()))
    assert set(found) - usual <= set(told) | {found[0], found[-1]}


@pytest.mark.parametrize(("values", "told"), [((), ""), (("a",), "a"), (tuple("abcde"), "a, b, c, d, e"), (tuple("abcdef"), "a, b, c, d, e and 1 more"), (tuple("abcdefg"), "a, b, c, d, e and 2 more")])
def test_of_many_values_the_first_five_are_told(values, told):
    assert listed(values) == told


def test_a_whole_rule_as_toml_is_the_rule():
    whole = rule(version="7", about="a “b”", official=None, words=("x",), wait_seconds=0, expires=DAY, severity="warning", enabled=False,
                 quiet_hours=(QuietHours(begins="22:00", ends="06:00", zone="Europe/Oslo", critical_passes=False),))
    assert parse(toml_of(whole)).rules == (whole,)
    assert "version" not in toml_of(parse("[rules.a]\nwords = 'x'").rules[0])


def test_the_starter_rules_are_right_and_cover_states_ministries_banks_and_spokespeople():
    assert parse(text()).mistakes == ()
    index = RuleIndex.over(starter_rules())
    for speaker, names in [
        ({"office": "head_of_state"}, ["heads-of-state"]), ({"office": "head_of_government"}, ["heads-of-state"]),
        ({"office": "foreign_minister"}, ["foreign-ministers"]), ({"office": "spokesperson"}, ["spokespeople"]),
        ({"office": "spokesperson", "organization": "Foreign Ministry", "country": "RU"}, ["foreign-ministries", "spokespeople"]),
        ({"office": "central_bank"}, ["central-banks"]), ({"speaker": "the Federal Reserve", "kind": "organisation"}, ["central-banks-themselves"]),
        ({"speaker": "the Norwegian Ministry of Foreign Affairs", "kind": "organisation"}, ["foreign-ministries"]),
        ({"office": "legislator"}, []), ({}, []), ({"office": "head_of_state", "official": False}, []),
    ]:
        assert [match.rule.name for match in index.matches(said("No.", **speaker))] == names


OPEN = Seen(live=True, kind=NoveltyKind.NEW, now=DAY, raw_time=DAY)
VERDICTS = [
    (said("The quay"), OPEN, {}, None), (said("The pier"), OPEN, {}, "words = quay"),
    (said("The quay"), Seen(live=True, kind=NoveltyKind.REPEAT, now=DAY, raw_time=DAY), {}, "novelty = new"),
    (said("The quay"), Seen(live=True, kind=NoveltyKind.UPDATE, now=DAY, raw_time=DAY), {}, "novelty = new"),
    (said("The quay"), Seen(live=True, kind=NoveltyKind.NEW, now=DAY + timedelta(days=5), raw_time=DAY), {}, "said within 72 hours before 2018-02-19T00:00:00Z"),
    (said("The quay"), Seen(live=True, kind=NoveltyKind.NEW, now=DAY + timedelta(hours=72), raw_time=DAY), {}, None),
    (said("The quay", not_after=None), OPEN, {}, "said within 72 hours before 2018-02-14T00:00:00Z"),
    (said("The quay", attribution=Attribution.INFERRED), OPEN, {}, "it is explicit who says it"),
    (said("The quay", attribution=Attribution.AMBIGUOUS), OPEN, {}, "it is explicit who says it"),
    (said("The quay", rendition_of="x"), OPEN, {}, "the best rendition, and no standing position"),
    (said("The quay", recurring=True), OPEN, {}, "the best rendition, and no standing position"),
    (said("The quay"), OPEN, {"expires": DAY}, "the rule is in force"),
    (said("The quay"), Seen(live=False, kind=NoveltyKind.NEW, now=DAY, raw_time=DAY), {}, "it is live"),
]


@pytest.mark.parametrize(("event", "seen", "fields", "missing"), VERDICTS)
def test_a_verdict_names_the_one_condition_that_does_not_hold(event, seen, fields, missing):
    found = verdict(rule(words=("quay",), **fields), event, its(event), seen)
    assert [each.condition for each in found.conditions if each.matched is None] == ([missing] if missing else [])
    assert found.raises is (missing is None)


def test_a_backtest_counts_what_the_agent_would_have_done():
    new, again = said("The quay opens"), said("The quay opens", article="b", proposition_id=said("The quay opens").proposition_id)
    result = backtest(rule(words=("quay",)), past(
        (new, 1), (again, 2), (said("The quay", article="c", novelty=REPEAT), 3), (said("quay then", not_after=DAY - timedelta(days=9)), 4),
        (said("quay perhaps", attribution=Attribution.INFERRED), 5), (said("quay too", rendition_of="x"), 6), (said("pier"), 7)))
    assert (result.statements, result.fulfilled, result.repeats, result.stale, result.unsure) == (7, 6, 2, 1, 2)
    assert [(each.at, each.alert.evidence[0].statement_id) for each in result.alerts] == [(DAY + timedelta(hours=1), new.statement_id)]
    assert (sum(result.by_hour), result.by_hour[1], len(result.by_hour)) == (1, 1, 24)
    assert result.follow_ups == []


def test_a_backtest_counts_corrections_apart():
    event = said("The quay opens")
    gone = event.model_copy(update={"state": StatementState.WITHDRAWN, "independent_origins": 0, "revision": 2})
    result = backtest(rule(words=("quay",), enabled=False), past((event, 1), (gone, 2)))
    assert (len(result.alerts), [each.alert.kind for each in result.follow_ups]) == (1, ["withdrawal"])


def test_what_was_loaded_later_is_looked_at_on_its_own_day():
    event = said("The quay", event_time=DAY - timedelta(days=300), not_after=DAY - timedelta(days=300))
    assert seen_then(event, its(event)).now == DAY + timedelta(hours=1)
    assert seen_then(event, its(event), on_its_day=True).now == event.event_time
    assert seen_then(event, its(event, mode=DeliveryMode.BACKFILL)).now == event.event_time
    quay = rule(words=("quay",))
    assert len(backtest(quay, past((event, 1))).alerts) == 0
    assert len(backtest(quay, past((event, 1)), on_its_day=True).alerts) == 1


@pytest.mark.parametrize(("cause", "raises"), [(None, 1), (DeliveryMode.BACKFILL, 0), (DeliveryMode.REDRIVE, 0)])
def test_a_backtest_is_as_silent_as_the_agent_on_what_the_past_corroborates(cause, raises):
    event = said("The quay", independent_origins=2)
    of_two = rule(words=("quay",), min_independent_origins=2)
    assert len(backtest(of_two, [(event, its(event).model_copy(update={"cause_mode": cause}))]).alerts) == raises


def test_two_rules_are_compared_by_what_was_said():
    events = past((said("quay one"), 1), (said("pier two"), 2), (said("quay and pier"), 3))
    first, second = (backtest(rule(words=(word,)), events) for word in ("quay", "pier"))
    found = compared(first, second)
    assert [[each.at.hour for each in part] for part in found] == [[3], [1], [2]]
