"""The outbox: grouping, order, corrections, silences, acknowledgements, retries, restarts. Time is moved by hand."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta

import pytest

from schemas.alert import AlertKind, AlertRule, Severity
from schemas.envelope import DeliveryMode
from schemas.quiet_hours import QuietHours
from streams.bus.durable import writing
from streams.core.delivering.matching import Inhibition, matcher
from streams.deliver import upkeep, view
from streams.deliver.config import Pace
from streams.deliver.notification import Failed
from streams.testing.builders import DAY, alert
from tests.deliver.yard import START, Yard


@pytest.fixture
def yard(tmp_path):
    return Yard(tmp_path)


def names(notifications):
    return [[each.evidence[0].spans[0].text for each in found.alerts] for found in notifications]


def correction(of, name="fix", kind=AlertKind.CORRECTION, **fields):
    return alert(name, kind=kind, corrects=of.alert_id, **fields)


def test_alerts_of_a_group_wait_and_leave_together_in_their_order(yard):
    yard.take(alert("P1"), alert("P2"))
    assert yard.later(9) == []
    yard.take(alert("P3"))
    assert names(yard.later(1)) == [["P1", "P2", "P3"]]


def test_an_alert_that_comes_again_changes_nothing(yard):
    assert yard.take(alert("P1")) == 1
    assert yard.take(alert("P1")) == 0
    assert names(yard.later(10)) == [["P1"]]
    assert yard.take(alert("P1")) == 0
    assert yard.later(1000) == []


def test_groups_are_apart_by_rule_and_by_values_of_group_by(yard):
    for name, group in (("a", {"speaker": "X"}), ("b", {"speaker": "Y"}), ("c", {"speaker": "X"})):
        yard.take(alert(name, rule=AlertRule(name="r", version="1", group=group)))
    assert names(yard.later(10)) == [["a", "c"], ["b"]]


def test_a_group_that_has_left_waits_for_its_interval(yard):
    yard.take(alert("a"))
    yard.later(10)
    yard.take(alert("b"))
    assert yard.later(30) == []
    assert names(yard.later(30)) == [["b"]]


def test_what_comes_while_a_notification_is_under_way_goes_into_the_next(yard):
    yard.take(alert("a"))
    yard.later(10, outcome=Failed("http 503"))
    for name in "bcd":
        yard.take(alert(name))
        yard.later(0.1)
    assert names(yard.later(10)) == [["a"]]
    assert names(yard.later(60)) == [["b", "c", "d"]]


def test_more_than_a_notification_takes_follows_at_once(tmp_path):
    yard = Yard(tmp_path, Pace(group_wait_seconds=0, group_interval_seconds=600, max_alerts=2))
    yard.take(*(alert(name) for name in "abcde"))
    assert [names(yard.later(1)) for _ in range(4)] == [[["a", "b"]], [["c", "d"]], [["e"]], []]


def test_the_rule_says_how_long_its_group_waits(yard):
    yard.take(alert("a", rule=AlertRule(name="r", version="1", wait_seconds=0)))
    assert names(yard.later(0)) == [["a"]]


def test_an_attempt_that_nobody_noted_comes_again_under_the_same_key_with_the_same_bytes(yard):
    yard.take(alert("a"))
    yard.at += 10
    yard.leave()
    first = yard.attempts().next(())[0].notification
    yard.restart()
    yard.take(alert("a"))
    second = yard.attempts().next(())[0].notification
    assert (first.key, first.body) == (second.key, second.body)


@pytest.mark.parametrize("mode", [DeliveryMode.BACKFILL, DeliveryMode.REPLAY, DeliveryMode.REDRIVE])
def test_what_is_not_live_is_never_sent(yard, mode):
    yard.take(alert("old"), mode=mode)
    assert yard.later(1000) == []
    assert yard.outcomes() == [("suppressed", "not live")]


@pytest.mark.parametrize("until", [None, DAY])
def test_what_is_not_fresh_is_never_sent_whatever_the_agent_thought(yard, until):
    yard.take(alert("old", fresh_until=until))
    assert yard.later(1000) == []
    assert yard.outcomes() == [("suppressed", "not fresh")]


def test_a_correction_goes_to_the_channels_that_had_the_alert_and_to_no_other(yard):
    said = alert("a", channels=("desk",))
    yard.take(said)
    yard.later(10, channel="desk")
    yard.take(correction(said, channels=("log", "desk")), mode=DeliveryMode.REDRIVE)
    assert yard.later(100) == []
    assert names(yard.send(channel="desk")) == [["fix"]]


def test_a_correction_of_what_was_suppressed_is_sent_to_nobody(yard):
    said = alert("a")
    yard.take(said, mode=DeliveryMode.BACKFILL)
    yard.take(correction(said))
    assert yard.later(1000) == []
    assert yard.outcomes()[1] == ("suppressed", "its alert was never sent here")


def test_a_correction_is_told_once(yard):
    said = alert("a")
    yard.take(said)
    yard.later(10)
    for _ in range(2):
        yard.take(correction(said))
    assert names(yard.later(100)) == [["fix"]]
    assert yard.later(1000) == []


def test_a_correction_leaves_after_its_alert_never_before(yard):
    said = alert("a")
    yard.take(said)
    yard.later(10, outcome=Failed("http 500"))
    yard.take(correction(said, rule=AlertRule(name="rule", version="2", group={"moved": "elsewhere"})))
    assert [names(yard.later(30)) for _ in range(3)] == [[["a"]], [], [["fix"]]]


def test_an_alert_that_was_corrected_before_it_came_is_not_sent(yard):
    said = alert("a")
    yard.take(correction(said))
    yard.take(said)
    assert names(yard.later(10)) == [["fix"]]
    assert ("suppressed", "corrected before it came") in yard.outcomes()


def test_a_withdrawal_of_what_still_waits_takes_both_away(yard):
    said = alert("a")
    yard.take(said, alert("b"))
    yard.take(correction(said, kind=AlertKind.WITHDRAWAL))
    assert names(yard.later(10)) == [["b"]]
    assert yard.outcomes()[:2] == [("suppressed", "withdrawn before it left")] * 2


def test_a_withdrawal_of_what_may_have_arrived_follows_it(yard):
    said = alert("a")
    yard.take(said)
    yard.later(10, outcome=Failed("timeout"))
    yard.take(correction(said, kind=AlertKind.WITHDRAWAL))
    assert [names(yard.later(100)) for _ in range(2)] == [[["a"]], [["fix"]]]


@pytest.mark.parametrize(("wait", "left"), [(10, [["a"]]), (0, [])], ids=["its alert was told", "all of it waits"])
def test_a_withdrawal_of_a_correction_that_waits_is_told_when_its_alert_was(yard, wait, left):
    said = alert("a")
    yard.take(said)
    assert names(yard.later(wait)) == left
    fix = correction(said)
    yard.take(fix)
    yard.take(correction(fix, "gone", AlertKind.WITHDRAWAL))
    assert names(yard.later(100)) == ([["fix", "gone"]] if left else [])
    assert yard.later(1000) == []


def test_a_correction_of_what_is_silenced_before_it_leaves_is_not_told(yard):
    said = alert("a")
    yard.take(said, correction(said))
    view.silence(yard.store, [matcher("alert=" + said.alert_id)], yard.at, yard.at + 3600, "me", "drill")
    assert yard.later(100) == []
    assert yard.outcomes() == [("suppressed", "silence 1"), ("suppressed", "its alert was never sent here")]


def test_a_silence_holds_alerts_back_but_no_correction(yard):
    said = alert("a")
    yard.take(said)
    yard.later(10)
    view.silence(yard.store, [matcher("speaker=ines*")], yard.at, yard.at + 3600, "me", "drill")
    yard.restart()
    yard.take(alert("b"), correction(said))
    assert names(yard.later(60)) == [["fix"]]
    assert ("suppressed", "silence 1") in yard.outcomes()
    yard.at += 3600
    yard.take(alert("c"))
    assert names(yard.later(60)) == [["c"]]


def test_a_silence_that_was_taken_away_holds_nothing_back(yard):
    number = view.silence(yard.store, [matcher("rule=rule")], yard.at, yard.at + 3600, None, None)
    assert view.unsilence(yard.store, number, yard.at)
    assert not view.unsilence(yard.store, 99, yard.at)
    yard.take(alert("a"))
    assert names(yard.later(10)) == [["a"]]


def test_an_alert_inhibits_another_with_the_same_values(tmp_path):
    rule = Inhibition((matcher("severity=critical"),), (matcher("severity=info"),), ("speaker",), 3600)
    yard = Yard(tmp_path, inhibitions=(rule,))
    yard.take(alert("big", rule=AlertRule(name="c", version="1", severity=Severity.CRITICAL)), alert("small"))
    assert names(yard.later(10)) == [["big"]]
    assert ("suppressed", "inhibited") in yard.outcomes()
    yard.at += 7200
    yard.take(alert("later"))
    assert names(yard.later(10)) == [["later"]]


def test_what_is_acknowledged_before_it_leaves_does_not_leave(yard):
    yard.take(alert("a"))
    assert view.acknowledge(yard.store, alert("a").alert_id, yard.at, "me")
    yard.restart()
    assert yard.later(10) == []
    assert yard.outcomes() == [("suppressed", "acknowledged")]


def test_what_nobody_acknowledges_is_said_again_as_often_as_asked(tmp_path):
    yard = Yard(tmp_path, Pace(group_wait_seconds=0, repeat_interval_seconds=100, repeat_times=2))
    yard.take(alert("a"))
    found = [yard.later(0)] + [yard.later(100) for _ in range(4)]
    assert [[each.repetition for each in one] for one in found] == [[0], [1], [2], [], []]
    assert len({each.key for one in found for each in one}) == 3


def test_what_is_acknowledged_is_not_said_again(tmp_path):
    yard = Yard(tmp_path, Pace(group_wait_seconds=0, repeat_interval_seconds=100))
    yard.take(alert("a"))
    yard.later(0)
    view.acknowledge(yard.store, alert("a").alert_id, yard.at, None)
    assert yard.later(200) == []


def test_a_failure_is_tried_again_after_a_pause_that_doubles(yard):
    yard.take(alert("a"))
    assert yard.later(10, outcome=Failed("timeout"))
    for pause in (2, 4, 8):
        assert yard.later(pause - 0.1) == []
        assert yard.later(0.2, outcome=Failed("timeout"))


def test_a_channel_that_keeps_failing_rests_and_is_tried_with_one(yard):
    for name in "abcdef":
        yard.take(alert(name, rule=AlertRule(name=name, version="1")))
    yard.at += 10
    tries = []
    for _ in range(40):
        tries.append(len(yard.send(outcome=Failed("http 500"))))
        yard.at += 1
    assert tries[0] == 4
    assert max(tries[3:]) <= 1
    assert sum(tries[3:]) <= 4


def test_retry_after_is_kept_to_by_the_whole_channel(yard):
    for name in "ab":
        yard.take(alert(name, rule=AlertRule(name=name, version="1")))
    yard.at += 10
    yard.send(outcome=Failed("http 429", asked_seconds=300))
    yard.restart()
    assert yard.later(299) == []
    assert len(yard.later(2)) == 2


def test_a_notification_is_dead_after_three_days_and_the_next_of_its_group_leaves(yard):
    yard.take(alert("a"))
    yard.later(10, outcome=Failed("http 500"))
    yard.take(alert("b"))
    while yard.outcomes()[-1][0] != "dead":
        yard.later(3600, outcome=Failed("http 500"))
    assert 70 < (yard.at - START) / 3600 < 78
    yard.at += 3600
    assert names(yard.later(3600)) == [["b"]]
    assert view.retry(yard.store, yard.results[0]["idempotency_key"], yard.at)
    assert names(yard.later(0)) == [["a"]]


def test_a_final_no_is_dead_at_once(yard):
    yard.take(alert("a"))
    yard.later(10, outcome=Failed("http 410", final=True))
    assert yard.outcomes() == [("dead", "http 410")]


def test_what_is_older_than_its_rules_expiry_is_not_sent(yard):
    rule = AlertRule(name="r", version="1", expires_after_seconds=60)
    yard.take(alert("a", rule=rule, fresh_until=DAY + timedelta(days=9)))
    yard.later(10, outcome=Failed("http 500"))
    yard.take(alert("b", rule=rule))
    yard.later(100, outcome=Failed("http 500"))
    yard.later(100)
    assert [each for each, _ in yard.outcomes()] == ["failed", "expired", "expired"]


def test_one_outcome_one_id_and_two_outcomes_two(yard):
    yard.take(alert("a"))
    yard.later(10, outcome=Failed("timeout"))
    yard.later(10)
    rows = [row["headers"] for row in yard.store.execute("SELECT headers FROM results")]
    ids = [next(value for name, value in json.loads(row) if name == "ce_id") for row in rows]
    assert len(set(ids)) == 2
    assert [each["outcome"] for each in yard.results] == ["failed", "delivered"]
    assert len({each["idempotency_key"] for each in yard.results}) == 1


def test_a_thousand_silenced_alerts_do_not_hide_the_next(yard):
    view.silence(yard.store, [matcher("speaker=ines*")], yard.at, yard.at + 3600, None, None)
    yard.take(*(alert(f"a{number}") for number in range(1100)))
    loud = alert("loud").evidence[0].model_copy(update={"speaker": "Somebody Else"})
    yard.take(alert("loud", evidence=(loud,)))
    assert names(yard.later(10) + yard.later(1)) == [["loud"]]


def test_what_is_done_with_is_forgotten_in_time_and_what_is_not_is_kept(yard):
    yard.take(alert("done"))
    yard.later(10)
    yard.take(alert("under way"))
    yard.later(100, outcome=Failed("timeout"))
    upkeep.clean(yard.store, yard.at - 3600)
    assert len(view.alerts(yard.store)) == 2
    upkeep.clean(yard.store, yard.at + 1)
    assert [each.alert.line for each in view.alerts(yard.store)] == [alert("under way").line]
    assert names(yard.later(100)) == [["under way"]]
    upkeep.clean(yard.store, yard.at + 1)
    for table in ("alerts", "members", "notifications"):
        assert yard.store.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0  # noqa: S608


def test_a_transaction_that_fails_leaves_nothing(yard):
    with pytest.raises(sqlite3.IntegrityError), writing(yard.store):
        yard.store.execute("INSERT INTO acknowledgements VALUES('a', 1, NULL), ('a', 2, NULL)")
    assert not yard.store.execute("SELECT 1 FROM acknowledgements").fetchone()


NIGHT = QuietHours(begins="00:30", ends="06:00")


def sleepy(name, severity=Severity.INFO, **fields):
    return alert(name, rule=AlertRule(name="r", version="1", severity=severity, quiet_hours=(NIGHT,)), **fields)


def test_quiet_hours_hold_an_alert_until_they_end_over_a_restart(yard):
    yard.take(sleepy("a"))
    assert yard.later(10) == []
    yard.restart()
    yard.take(sleepy("b"))
    assert yard.later(4 * 3600) == []
    assert names(yard.later(3600 - 10)) == [["a", "b"]]
    assert yard.outcomes() == [("delivered", None)]


def test_a_critical_alert_breaks_through_quiet_hours_alone(yard):
    yard.take(sleepy("a"))
    yard.later(10)
    yard.take(sleepy("b", Severity.CRITICAL))
    assert names(yard.later(10)) == [["b"]]
    assert names(yard.later(5 * 3600)) == [["a"]]


def test_what_quiet_hours_hold_does_not_hold_up_the_end_of_a_run(yard):
    yard.take(sleepy("a"))
    assert upkeep.pending(yard.folder / "outbox.db", flush=True) == 1
    assert yard.send() == []
    assert upkeep.pending(yard.folder / "outbox.db", flush=True) == 0
    assert yard.later(10) == []
    assert names(yard.later(5 * 3600)) == [["a"]]


def test_an_alert_that_is_withdrawn_in_quiet_hours_is_never_told(yard):
    held = sleepy("a")
    yard.take(held)
    yard.later(10)
    yard.take(correction(held, kind=AlertKind.WITHDRAWAL, rule=held.rule))
    assert yard.later(6 * 3600) == []


def test_a_correction_of_what_was_told_waits_for_the_end_of_quiet_hours_too(yard):
    yard.at -= 3600
    told = sleepy("a")
    yard.take(told)
    assert names(yard.later(10)) == [["a"]]
    yard.at += 3600
    yard.take(correction(told, rule=told.rule))
    assert yard.later(120) == []
    assert names(yard.later(5 * 3600)) == [["fix"]]
