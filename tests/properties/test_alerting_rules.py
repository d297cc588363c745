"""Laws of matching: the index is looking at every rule; what explains is what matches; a rule as TOML is the rule."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.alert import Severity
from schemas.quiet_hours import QuietHours, Weekday
from schemas.rule import Rule
from schemas.statement import SpeechAct
from streams.bench.rules import by_looking_at_each, invented_rules, invented_statements
from streams.core.alerting.matching import RuleIndex, explain
from streams.core.alerting.quiet import quiet_until
from streams.core.alerting.rules import parse
from streams.core.alerting.toml_text import toml_of


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_the_index_gives_what_looking_at_every_rule_gives(seed):
    rules, statements = invented_rules(Random(seed), 60), invented_statements(Random(seed + 1), 10)
    index = RuleIndex.over(rules)
    for statement in statements:
        assert [match.rule.name for match in index.matches(statement)] == by_looking_at_each(rules, statement)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_a_rule_matches_exactly_when_every_condition_is_explained(seed):
    rules, statements = invented_rules(Random(seed), 10), invented_statements(Random(seed + 1), 10)
    for rule in rules:
        index = RuleIndex.over([rule])
        for statement in statements:
            held = explain(rule, statement)
            assert bool(index.matches(statement)) == all(each.matched is not None for each in held)
            for match in index.matches(statement):
                assert [(each.condition, each.matched) for each in match.reasons] == list(held)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_a_rule_as_toml_is_the_same_rule(seed):
    for rule in invented_rules(Random(seed), 5):
        parsed = parse(toml_of(rule))
        assert parsed.mistakes == ()
        assert parsed.rules == (rule,)


TIMES = st.times().map(lambda each: each.strftime("%H:%M"))
HOURS = st.builds(
    QuietHours, days=st.sets(st.sampled_from(Weekday), min_size=1).map(tuple), begins=TIMES, ends=TIMES,
    zone=st.sampled_from(["UTC", "Europe/Oslo", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]), critical_passes=st.booleans())


@given(st.lists(HOURS, max_size=3), st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # hypothesis wants them bare
def test_what_quiet_hours_hold_is_told_later_and_after_their_end_not_held_again(hours, at):
    until = quiet_until(hours, Severity.INFO, at)
    if until is not None:
        assert until > at
        assert (until - at).days < 33
        again = quiet_until(hours, Severity.INFO, until)
        assert again is None or (until - at).days >= 4, "windows without a gap are let go after a while"


def test_everything_that_is_said_fulfils_a_rule_without_a_condition():
    rule = Rule(name="all", version="1", official=None)
    for statement in invented_statements(Random(1), 20):
        said = statement.speech_act is not SpeechAct.DECLINE
        assert bool(RuleIndex.over([rule]).matches(statement)) is said
