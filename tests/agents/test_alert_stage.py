"""The alert stage behind the statements stage, in the simulator: crashes, redelivery, order, rules that change."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from random import Random

import orjson
import pytest

from schemas.alert import Alert
from schemas.envelope import DeliveryMode
from schemas.statement import Hop, SaidOn
from streams import topics
from streams.bus import codec
from streams.bus.envelope import read_headers
from streams.settings import (
    AlertingSettings,
    NoveltySettings,
    RunSettings,
    Settings,
    StreamSettings,
    TopicSettings,
)
from streams.testing.builders import DAY
from streams.testing.driver import Simulation
from streams.testing.histories import registers
from streams.testing.rules import put_rule, rule
from streams.testing.sayings import enriched, put_enriched, said_by_chance, statement

STAGES = {name: registers(name) for name in ("statements", "alert")}
BRIDGE = "the harbour bridge will be closed for repairs until the summer"
FRIGATES = "the northern fleet receives three frigates from the yard"
FIVE = "the northern fleet receives five frigates from the yard"
WIRE = (Hop(hop=0, actor="Ines Varga", relation="said"), Hop(hop=1, actor="North Wire", relation="reports"))
SAID = SaidOn(value=DAY, basis="text:today", not_after=DAY)


def stage(*rules, seed=1, now=DAY + timedelta(hours=5), atomic=False, partitions=2, statements=2, kept_days=None):
    simulation = Simulation(STAGES, Settings(
        topics=TopicSettings(partitions=partitions, statements=statements), stream=StreamSettings(chunk_records=3),
        novelty=NoveltySettings(lateness_days=None, versions_days=None), alerting=AlertingSettings(kept_days=kept_days),
        run=RunSettings(now=now)), seed=seed, atomic=atomic)
    for each in rules or (rule(novelty=("new", "update", "contradiction")),):
        put_rule(simulation, each)
    return simulation


def said(content, article, **fields):
    return statement(content, article, **({"said_on": SAID, "chain": WIRE} | fields))


def come(simulation, *articles, settle=True, **fields):
    for article in articles:
        put_enriched(simulation, article, **fields)
        if settle:
            simulation.settle()


def sent(simulation):
    """Return every alert as sent, repetitions included, checking that one id has one body and place."""
    bodies, alerts = {}, []
    for record in simulation.log.all(topics.ALERTS.name):
        alert = Alert.model_validate(orjson.loads(record.value))
        assert bodies.setdefault(alert.alert_id, (record.value, record.partition)) == (record.value, record.partition)
        assert record.key.decode() == alert.alert_id
        alerts.append(alert)
    assert not [r for spec in topics.TOPICS for r in simulation.log.all(spec.dead_letters)]
    return alerts


def alerts(simulation):
    return list({alert.alert_id: alert for alert in sent(simulation)}.values())


def kinds(simulation):
    return [alert.kind.value for alert in alerts(simulation)]


def test_a_new_thing_said_is_one_alert_with_its_line_and_why():
    simulation = stage(rule("quay", words=("bridge",), channels=("desk",), group_by=("speaker",)))
    come(simulation, enriched("a", [said(BRIDGE, "a")], outlet="Gazette"))
    (alert,) = sent(simulation)
    assert alert.line == "VARGA: THE HARBOUR BRIDGE WILL BE CLOSED FOR REPAIRS UNTIL THE SUMMER – NORTH WIRE, FEB 14"
    assert (alert.kind, alert.revision, alert.channels, alert.rule.group) == ("new", 1, ("desk",), {"speaker": "Ines Varga"})
    assert [each.condition.split(" ")[0] for each in alert.why][-2:] == ["novelty", "said"]
    assert alert.evidence[0].spans[0].text == BRIDGE
    assert alert.fresh_until == DAY + timedelta(hours=72)


def test_forty_rewrites_of_one_wire_over_two_days_are_one_alert_and_its_correction_is_one_follow_up():
    simulation = stage()
    rewrites = [enriched(f"a{n:02}", [said(FRIGATES, f"a{n:02}")], hours=n * 1.2, outlet=f"Outlet {n}") for n in range(40)]
    come(simulation, *rewrites, settle=False)
    simulation.settle()
    (first,) = alerts(simulation)
    come(simulation, enriched("a00", [said(FIVE, "a00")], hours=50, outlet="Outlet 0"))
    assert kinds(simulation) == ["new", "correction"]
    correction = alerts(simulation)[1]
    assert correction.corrects == first.alert_id
    assert correction.line.startswith("CORRECTION: VARGA: THE NORTHERN FLEET RECEIVES FIVE FRIGATES")
    assert [each.spans[0].text for each in correction.evidence] == [FIVE, FRIGATES]


@pytest.mark.parametrize("seed", range(6))
def test_rewrites_that_come_in_any_order_are_one_alert(seed):
    simulation = stage(seed=seed)
    rewrites = [enriched(f"a{n:02}", [said(FRIGATES, f"a{n:02}")], hours=n * 1.2, outlet=f"Outlet {n}") for n in range(12)]
    Random(seed).shuffle(rewrites)
    come(simulation, *rewrites, settle=seed % 2 == 0)
    simulation.settle()
    assert kinds(simulation) == ["new"]


def test_a_killed_article_withdraws_its_alert_once():
    simulation = stage()
    come(simulation, enriched("a", [said(BRIDGE, "a")]), enriched("a", [], hours=2), enriched("a", [], hours=3))
    assert kinds(simulation) == ["new", "withdrawal"]
    first, last = alerts(simulation)
    assert last.corrects == first.alert_id
    assert last.line.startswith("WITHDRAWN: VARGA: THE HARBOUR BRIDGE")


def test_while_another_article_reports_it_the_alert_stands():
    simulation = stage()
    come(simulation, enriched("a", [said(BRIDGE, "a")]), enriched("b", [said(BRIDGE, "b")], hours=1), enriched("a", [], hours=2))
    assert kinds(simulation) == ["new"]
    come(simulation, enriched("b", [], hours=3))
    assert kinds(simulation) == ["new", "withdrawal"]


def test_a_changed_article_is_a_correction_and_a_live_blog_that_goes_on_is_an_update():
    changed, goes_on = stage(), stage()
    come(changed, enriched("a", [said(FRIGATES, "a")]), enriched("a", [said(FIVE, "a")], hours=2))
    assert kinds(changed) == ["new", "correction"]
    come(goes_on, enriched("a", [said(FRIGATES, "a")]), enriched("a", [said(FRIGATES, "a"), said(FIVE, "a")], hours=2))
    assert kinds(goes_on) == ["new", "update"]


@pytest.mark.parametrize("names", [("1", "2"), ("2", "1")], ids="-".join)
@pytest.mark.parametrize("turned", [False, True], ids=["in order", "the later first"])
def test_of_two_versions_of_one_date_the_one_written_later_stands(names, turned):
    simulation = stage()
    versions = [(enriched("a", [said(text, "a")], version=name), hours) for text, name, hours in zip((FRIGATES, FIVE), names, (1, 2), strict=True)]
    for version, hours in reversed(versions) if turned else versions:
        come(simulation, version, written_hours=hours)
    assert kinds(simulation) == (["new"] if turned else ["new", "correction"])
    assert alerts(simulation)[-1].evidence[0].spans[0].text == FIVE


@pytest.mark.parametrize("five_first", [
    [enriched("c", [said(FIVE, "c")], hours=1), enriched("a", [said(FIVE, "a")], hours=2)],
    [enriched("a", [said(FRIGATES, "a"), said(FIVE, "a")], hours=1), enriched("a", [said(FIVE, "a")], hours=2)]],
    ids=["another article", "the same article"])
def test_a_correction_to_what_was_told_already_does_not_say_the_old_words_again(five_first):
    simulation = stage()
    come(simulation, enriched("a", [said(FRIGATES, "a")]), *five_first)
    assert kinds(simulation) == ["new", "update", "correction"]
    assert alerts(simulation)[-1].line.startswith("WITHDRAWN: VARGA: THE NORTHERN FLEET RECEIVES THREE")


def test_a_correction_can_be_corrected_and_withdrawn():
    simulation = stage()
    seven = FIVE.replace("five", "seven")
    come(simulation, *(enriched("a", [said(text, "a")] if text else [], hours=n) for n, text in enumerate((FRIGATES, FIVE, seven, ""))))
    assert kinds(simulation) == ["new", "correction", "correction", "withdrawal"]
    chain = alerts(simulation)
    assert [each.corrects for each in chain] == [None, *(each.alert_id for each in chain[:-1])]


def test_other_words_for_the_same_page_nobody():
    simulation = stage()
    come(simulation, enriched("a", [said(BRIDGE, "a")]), enriched("a", [said(BRIDGE.replace("the harbour", "our harbour"), "a")], hours=1))
    assert kinds(simulation) == ["new"]


@pytest.mark.parametrize("mode", [DeliveryMode.REPLAY, DeliveryMode.REDRIVE, DeliveryMode.BACKFILL])
def test_a_correction_comes_in_any_delivery_mode_and_nothing_else_does(mode):
    simulation = stage()
    come(simulation, enriched("a", [said(FRIGATES, "a")]))
    come(simulation, enriched("a", [said(FIVE, "a"), said(BRIDGE, "a")], hours=2), enriched("b", [said("the museum opens on Sunday", "b")]), mode=mode, job="j")
    assert kinds(simulation) == ["new", "correction"]
    modes = [read_headers(record.headers)["ce_deliverymode"] for record in simulation.log.all(topics.ALERTS.name)]
    assert modes == ["live", mode.value]


def test_a_backfill_raises_nothing_and_hides_no_live_news():
    simulation = stage()
    come(simulation, enriched("old", [said(BRIDGE, "old")]), mode=DeliveryMode.BACKFILL, job="past")
    assert kinds(simulation) == []
    come(simulation, enriched("live", [said(BRIDGE, "live")], hours=1))
    assert kinds(simulation) == ["new"]
    come(simulation, enriched("again", [said(BRIDGE, "again")], hours=2))
    assert kinds(simulation) == ["new"]


@pytest.mark.parametrize("mode", [DeliveryMode.REPLAY, DeliveryMode.REDRIVE, DeliveryMode.BACKFILL])
def test_a_second_origin_that_comes_from_the_past_pages_nobody_and_a_live_one_does(mode):
    simulation = stage(rule("two", min_independent_origins=2))

    def report(name, hours=0.0):
        chain = (WIRE[0], Hop(hop=1, actor=f"Wire {name}", relation="reports"))
        return enriched(name, [said(BRIDGE, name, chain=chain)], hours=hours, outlet=f"Outlet {name}")

    come(simulation, report("a"))
    come(simulation, report("b", 1), mode=mode, job="j")
    moved = [read_headers(record.headers) for record in simulation.log.all(topics.STATEMENTS.name)]
    assert [each.get("ce_causemode") for each in moved if each["ce_deliverymode"] == "live"] == [None, mode.value]
    assert kinds(simulation) == []
    come(simulation, report("c", 2))
    assert kinds(simulation) == ["new"]


NEVER = {
    "inferred": {"attribution": "inferred"}, "ambiguous": {"attribution": "ambiguous"}, "recurring": {"recurring": True},
    "without a day": {"said_on": SaidOn(basis="none")}, "last week": {"said_on": SaidOn(value=DAY, basis="text", not_after=DAY - timedelta(days=7))},
}


@pytest.mark.parametrize("fields", NEVER.values(), ids=NEVER)
def test_what_never_alerts(fields):
    simulation = stage()
    come(simulation, enriched("a", [said(BRIDGE, "a", **fields)]))
    assert kinds(simulation) == []


def test_an_article_of_its_day_that_comes_years_later_raises_nothing():
    simulation = stage(now=DAY + timedelta(days=8 * 365))
    come(simulation, enriched("a", [said(BRIDGE, "a")]))
    assert kinds(simulation) == []


def test_inferred_and_ambiguous_words_are_shown_apart():
    simulation = stage()
    besides = [said("it takes long work", "a", attribution="inferred"), said("the troops will go on", "a", attribution="ambiguous")]
    come(simulation, enriched("a", [said(BRIDGE, "a"), *besides]))
    (alert,) = alerts(simulation)
    assert sorted(each.attribution.value for each in alert.shown_apart) == ["ambiguous", "inferred"]


def test_a_rendition_of_a_better_one_raises_nothing_of_its_own():
    simulation = stage()
    best = said(BRIDGE, "a")
    come(simulation, enriched("a", [best, said("the bridge closes", "a", rendition_of=best.statement_id)]))
    assert [alert.evidence[0].statement_id for alert in alerts(simulation)] == [best.statement_id]


def test_a_rule_changes_while_it_runs_and_raises_nothing_twice():
    simulation = stage(rule("fleet", words=("frigates",)))
    come(simulation, enriched("a", [said(BRIDGE, "a")]))
    put_rule(simulation, rule("fleet", version="2", words=("frigates", "museum")), at_once=False)
    come(simulation, enriched("b", [said(FRIGATES, "b")], hours=1))
    put_rule(simulation, rule("fleet", version="3", words=("frigates", "museum", "fleet")), at_once=False)
    for number in range(4):
        come(simulation, enriched(f"c{number}", [said(FRIGATES, f"c{number}")], hours=2 + number))
    assert [alert.evidence[0].article_id for alert in alerts(simulation)] == ["b"]
    assert alerts(simulation)[0].rule.version in {"1", "2"}


def test_a_rule_under_another_key_than_its_name_is_none():
    simulation = stage(rule("fleet", words=("frigates",)))
    simulation.put(topics.RULES.name, codec.encode(rule("fleet", version="2", channels=("elsewhere",))), key=b"other")
    simulation.put(topics.RULES.name, codec.encode(rule("")), key=b"")
    come(simulation, enriched("a", [said(FRIGATES, "a"), said(BRIDGE, "a")]))
    assert [(alert.rule.version, alert.channels) for alert in sent(simulation)] == [("1", ())]


def test_a_digest_is_called_so_and_waits_for_its_window():
    simulation = stage(rule("day", digest_hours=12))
    come(simulation, enriched("a", [said(BRIDGE, "a"), said(FRIGATES, "a")]))
    assert [(a.kind.value, a.rule.wait_seconds) for a in alerts(simulation)] == [("digest", 43200)] * 2


def test_alerts_of_one_group_are_on_one_partition_in_order():
    simulation = stage(rule("all"), statements=4)
    come(simulation, *(enriched(f"a{n}", [said(f"the {n} thing of {n}", f"a{n}", speaker=f"Speaker {n}")], hours=n / 9) for n in range(9)))
    assert len({record.partition for record in simulation.log.all(topics.ALERTS.name)}) == 1
    assert [a.evidence[0].article_id for a in alerts(simulation)] == [f"a{n}" for n in range(9)]


def test_what_is_long_past_is_forgotten():
    simulation = stage(kept_days=10)
    come(simulation, enriched("a", [said(BRIDGE, "a")]))
    later = [enriched(f"b{n}", [said(f"matter {n} of {n}", f"b{n}")], hours=24 * 40 + n) for n in range(4)]
    come(simulation, *later)
    keys = [record.key for record in simulation.log.all("communique-alert-raised-by-proposition-changelog") if record.value is None]
    assert len(keys) == 1


def lived(seed, *, every, atomic=False, wide=True):
    simulation = stage(rule("all", novelty=("new", "update", "contradiction"), freshness_hours=24 * 90),
                       rule("fleet", words=("frigates",)), seed=seed, atomic=atomic, partitions=2 if wide else 1,
                       statements=1 + seed % 3 if wide else 1)
    random = Random(seed)
    for article in said_by_chance(random, random.randint(4, 12)):
        dated = [each.model_copy(update={"said_on": SAID}) for each in article.statements]
        put_enriched(simulation, article.model_copy(update={"statements": tuple(dated)}))
        simulation.run(simulation.random.randint(0, 30), every=every)
    simulation.run(400, every=every)
    simulation.settle()
    return simulation


@cache
def undisturbed(seed):
    return {alert.alert_id: alert for alert in sent(lived(seed, every=0, wide=False))}


@pytest.mark.parametrize("seed", range(16))
def test_crashes_and_redelivery_repeat_alerts_byte_for_byte_and_add_none(seed):
    simulation = lived(seed, every=(15, 40)[seed % 2], atomic=seed % 3 == 0)
    found = alerts(simulation)
    assert len({(a.rule.name, a.evidence[0].proposition_id) for a in found if a.corrects is None}) == len([a for a in found if a.corrects is None])
    followed = [a.corrects for a in found if a.corrects]
    assert len(followed) == len(set(followed))
    assert {a.alert_id for a in found} >= set(followed)


@pytest.mark.parametrize("seed", range(14))
def test_crashes_and_rebalances_change_no_alert_where_the_order_is_one(seed):
    simulation = lived(seed, every=(12, 30)[seed % 2], atomic=seed % 3 == 0, wide=False)
    assert {alert.alert_id: alert for alert in alerts(simulation)} == undisturbed(seed)


def test_the_histories_raise_and_correct():
    every = [alert.kind.value for seed in range(14) for alert in undisturbed(seed).values()]
    assert {"new", "correction", "withdrawal"} <= set(every)
