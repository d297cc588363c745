"""Which rules a statement fulfils, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schemas.found_statement import Named
from schemas.mention import MentionKind
from schemas.rule import Rule
from schemas.span import Span
from streams.core.alerting.matching import RuleIndex, explain, fresh_until, in_force
from streams.testing.statements import said

DAY = datetime(2018, 2, 14, tzinfo=UTC)


def rule(**fields):
    return Rule(**({"name": "r", "version": "1", "official": None} | fields))


def holds(fields, event):
    return bool(RuleIndex.over([rule(**fields)]).matches(event))


PRESS = said(
    "The ferries will sail to Syria, the gas pipeline will not", speaker="Dmitry Peskov", qid="Q1", office="spokesperson",
    role="Press Secretary of the Russian President", organization="Presidential Administration of Russia", country="RU",
    outlet="Harbour Gazette", domain="gazette.example", wire="TASS", headline="Kremlin on the quay", act="deny",
    names=(Named(text="Syrian", key="Q858", kind=MentionKind.NORP),), headline_names=(Named(text="Kremlin", key="kremlin", kind=MentionKind.ORG),))
BODY = said("No.", speaker="the Russian Foreign Ministry", kind="organisation")
STATE = said("No.", speaker="Russia", qid="Q159", kind="country")
MISSION = said("No.", speaker="the UN Mission", kind="organisation")

HOLDING = [
    ({}, PRESS), ({"speaker": ("Dmitry Peskov",)}, PRESS), ({"speaker": ("PESKOV",)}, PRESS), ({"speaker": ("Q1",)}, PRESS),
    ({"speaker": ("Nobody", "Peskov")}, PRESS), ({"office": ("spokesperson",)}, PRESS), ({"country": ("Russia",)}, PRESS),
    ({"country": ("RU",)}, PRESS), ({"country": ("Q159",)}, PRESS), ({"country": ("Russian Federation",)}, PRESS),
    ({"organisation": ("Presidential Administration of Russia",)}, PRESS), ({"organisation": ("presidential administration",)}, PRESS),
    ({"kind": ("person",)}, PRESS), ({"official": True}, PRESS), ({"speech_act": ("deny",)}, PRESS), ({"mode": ("direct",)}, PRESS),
    ({"words": ("ferry",)}, PRESS), ({"words": ("gas pipelines",)}, PRESS), ({"words": ("pipe*",)}, PRESS), ({"words": ("KREMLIN",)}, PRESS),
    ({"entities": ("Syria",)}, PRESS), ({"entities": ("Q858",)}, PRESS), ({"entities": ("Kremlin",)}, PRESS),
    ({"words": ("nothing",), "entities": ("Syria",)}, PRESS), ({"without_words": ("kremlin",)}, PRESS),
    ({"language": ("en",)}, PRESS), ({"outlet": ("Harbour Gazette",)}, PRESS), ({"outlet": ("gazette.example",)}, PRESS),
    ({"wire": ("tass",)}, PRESS), ({"min_confidence": 0.9}, PRESS), ({"min_independent_origins": 1}, PRESS),
    ({"organisation": ("Foreign Ministry",), "country": ("Russia",)}, BODY), ({"speaker": ("Russian Foreign Ministry",)}, BODY),
    ({"country": ("Russia",), "kind": ("country",)}, STATE), ({"organisation": ("Q159",)}, STATE), ({"speaker": ("Russia",)}, STATE),
]
MISSING = [
    ({"speaker": ("Dmitry",)}, PRESS), ({"speaker": ("Ivan Peskov",)}, PRESS), ({"speaker": ("Q2",)}, PRESS), ({"speaker": ("eskov",)}, PRESS),
    ({"office": ("head_of_state",)}, PRESS), ({"country": ("Georgia",)}, PRESS), ({"country": ("Norway",)}, PRESS),
    ({"organisation": ("administration president",)}, PRESS), ({"kind": ("organisation",)}, PRESS), ({"official": False}, PRESS),
    ({"speech_act": ("assert",)}, PRESS), ({"mode": ("headline",)}, PRESS), ({"words": ("fer",)}, PRESS), ({"words": ("pipeline gas",)}, PRESS),
    ({"words": ("syria the",), "entities": ("Norway",)}, PRESS.model_copy(update={"headline_names": ()})),
    ({"without_words": ("ferry",)}, PRESS), ({"language": ("ru",)}, PRESS), ({"outlet": ("Gazette Harbour",)}, PRESS),
    ({"wire": ("Harbour Wire",)}, PRESS), ({"min_confidence": 0.91}, PRESS), ({"min_independent_origins": 2}, PRESS),
    ({"organisation": ("Q1065",)}, MISSION), ({"organisation": ("UN",)}, MISSION), ({"organisation": ("the",)}, MISSION),
    ({"country": ("Russia",), "organisation": ("Defence Ministry",)}, BODY), ({"enabled": False}, PRESS),
]


@pytest.mark.parametrize(("fields", "event"), HOLDING, ids=lambda each: str(each)[:60])
def test_a_condition_that_is_fulfilled_matches(fields, event):
    assert holds(fields, event)
    assert all(each.matched for each in explain(rule(**fields), event))


@pytest.mark.parametrize(("text", "word", "there"), [
    ("It told us to go", "US", False), ("The US told them", "US", True), ("The U.S. told them", "US", True), ("The US told them", "U.S.", True),
    ("the us told", "us", True), ("Sanctions hurt", "sanction", True), ("A sanction hurts", "sanctions", True), ("It was sanctioned", "sanction", True),
    ("The plane left", "plan", False), ("They planned it", "plan", True), ("policies", "policy", True), ("The cease-fire holds", "cease fire", True),
    ("ceasefire", "cease fire", False), ("He met men", "man", True), ("Erdoğan’s word", "erdoğan", True), ("state", "station", False),
    ("U.S. aid ends", "US aid", True), ("aid, ends", "aid ends", False), ("The “aid” ends", "aid ends", False), ("a bc", "b", False),
    ("sanctioning", "sanct*", True), ("the sanct", "sanctio*", False), ("gas from the pipes", "gas pipe", False), ("GAS PIPELINE", "gas pipeline", True),
    ("ﬁre", "fire", True), ("x" * 200_000, "y", False), ("word " * 20_000 + "ferry", "ferry", False),
])
def test_words_are_found_whole_without_case_in_their_forms(text, word, there):
    assert holds({"words": (word,)}, said(text)) is there


def test_an_editors_insert_is_not_what_was_said():
    text = "We fight the group (banned in Norway) there"
    insert = Span(start=19, end=37, text="(banned in Norway)")
    assert not holds({"words": ("Norway",)}, said(text, inserts=(insert,)))
    assert holds({"words": ("there",)}, said(text, inserts=(insert,)))
    assert holds({"words": ("Norway",)}, said(text))
    assert holds({"words": ("Norway",)}, said(text, inserts=(insert.model_copy(update={"end": 99}),)))


@pytest.mark.parametrize(("fields", "event"), MISSING[:-1], ids=lambda each: str(each)[:60])
def test_a_condition_that_is_not_fulfilled_does_not_match(fields, event):
    assert not holds(fields, event)
    assert not all(each.matched for each in explain(rule(**fields), event))


@pytest.mark.parametrize(("fields", "rules", "told"), [
    ({}, ("decline",), False), ({}, ("colon",), False), ({"without_words": ("ferry",)}, ("decline",), False), ({"speech_act": ("assert",)}, ("decline",), False),
    ({"speech_act": ("decline",)}, ("decline",), True), ({"speech_act": ("deny", "decline"), "without_words": ("ferry",)}, ("decline",), True),
    ({}, ("infinitive",), True)])
def test_only_a_rule_that_asks_for_refusals_to_say_something_is_told_of_one(fields, rules, told):
    event = said("to say who it was", act="decline", rules=rules)
    assert holds(fields, event) is told
    assert all(each.matched for each in explain(rule(**fields), event)) is told


def test_a_rule_that_is_not_enabled_matches_nothing():
    assert not holds({"enabled": False}, PRESS)


def test_the_reasons_are_each_condition_with_what_matched():
    [match] = RuleIndex.over([rule(speaker=("Peskov",), words=("ferry", "x"), country=("Russia",), min_confidence=0.5)]).matches(PRESS)
    assert [(each.condition, each.matched) for each in match.reasons] == [
        ("speaker = Peskov", "Dmitry Peskov"), ("country = Russia", "Press Secretary of the Russian President (RU)"),
        ("words = ferry, x", "ferries"), ("confidence ≥ 0.5", "0.9")]


def test_rules_match_in_order_of_their_names():
    rules = [rule(name=name) for name in "cab"]
    assert [each.rule.name for each in RuleIndex.over(rules).matches(PRESS)] == ["a", "b", "c"]


@pytest.mark.parametrize(("not_after", "raw", "hours", "until"), [
    (DAY, DAY + timedelta(days=3), 72, DAY + timedelta(days=4)),
    (DAY, DAY + timedelta(hours=9), 72, DAY + timedelta(hours=81)),
    (DAY + timedelta(hours=1), DAY + timedelta(days=3), 1, DAY + timedelta(hours=2)),
    (None, DAY, 72, None),
])
def test_freshness_counts_from_the_last_moment_at_which_it_can_have_been_said(not_after, raw, hours, until):
    event = said("No.", not_after=not_after)
    assert fresh_until(rule(freshness_hours=hours), event, raw) == until


def test_a_bound_beyond_the_calendar_is_for_ever():
    assert fresh_until(rule(freshness_hours=1e9), said("No.", not_after=DAY), DAY).year == 9999
    last_day = datetime(9999, 12, 31, tzinfo=UTC)
    assert fresh_until(rule(), said("No.", not_after=last_day), DAY).year == 9999


@pytest.mark.parametrize(("fields", "force"), [
    ({}, True), ({"expires": DAY}, False), ({"expires": DAY + timedelta(seconds=1)}, True), ({"enabled": False}, False)])
def test_a_rule_is_in_force_until_it_expires(fields, force):
    assert in_force(rule(**fields), DAY) is force
