"""communique alerts, and run with deliver: over an outbox that a run filled."""

from __future__ import annotations

import pytest

from schemas.alert import AlertKind
from schemas.envelope import DeliveryMode
from streams.deliver.store import open_store, path_of
from streams.testing.builders import alert, alert_record
from streams.topics import ALERTS, DELIVERIES
from tests.cli.command_line import Line

NOW = "2018-02-14T08:00:00Z"
FIRST = alert("first thing", channels=("lines",))


def put(line: Line, what, mode=DeliveryMode.LIVE):
    key, body, headers = alert_record(what, mode=mode)
    line.put(ALERTS.name, body, key=key, **{name: value.decode() for name, value in headers})


def drain(line: Line):
    answer = line.process("run", "deliver", "--until-drained", "--now", NOW)
    assert answer.code == 0, answer.err
    return answer


@pytest.fixture
def desk(line: Line, monkeypatch: pytest.MonkeyPatch) -> Line:
    """A log with two alerts and a channel that writes lines; its groups would wait ten minutes for company."""
    path = line.write("channels.toml", f'[channels.lines]\nkind = "file"\npath = "{line.folder}/alerts.jsonl"\ngroup_wait_seconds = 600\n')
    monkeypatch.setenv("COMMUNIQUE_DELIVER__CHANNELS_FILE", path)
    monkeypatch.setenv("COMMUNIQUE_RUN__NOW", NOW)
    line.prepare()
    put(line, FIRST)
    put(line, alert("an old thing", channels=("lines",)), DeliveryMode.BACKFILL)
    return line


def test_a_run_until_drained_flushes_open_groups_and_ends(desk):
    drain(desk)
    assert (desk.folder / "alerts.jsonl").read_text(encoding="utf-8").count("\n") == 1
    listed = {each["alert"]["line"]: each["channels"][0] for each in desk("alerts", "list", "--json").objects}
    assert listed[FIRST.line]["state"] == "delivered"
    assert [each["reason"] for each in listed.values() if each["state"] == "suppressed"] == ["not live"]
    told = desk("consume", "deliveries", "--exit-at-end", "--json").objects
    assert sorted(each["outcome"] for each in told) == ["delivered", "suppressed"]
    assert "nothing to do" in drain(desk).err


def test_an_alert_is_shown_by_the_start_of_its_id(desk):
    drain(desk)
    shown = desk("alerts", "show", FIRST.alert_id[:6]).out
    for part in (FIRST.line, "why: speaker = Ines Varga", "lines: lines delivered"):
        assert part in shown
    assert desk("alerts", "show", FIRST.alert_id, "--json").objects[0]["alert"]["alert_id"] == FIRST.alert_id
    assert desk("alerts", "show", "zzz").code == 2


def test_a_silence_holds_back_and_can_be_ended(desk):
    drain(desk)
    assert desk("alerts", "silence", "speaker=ines*", "--for", "2h", "--comment", "drill", "--json").objects[0]["silence"] == 1
    assert "speaker=ines*" in desk("alerts", "silences").out
    put(desk, alert("second thing", channels=("lines",)))
    drain(desk)
    assert "second thing" in desk("alerts", "list", "--only", "suppressed").out
    assert desk("alerts", "unsilence", "1").code == 0
    assert desk("alerts", "unsilence", "1").code == 2
    put(desk, alert("fix", kind=AlertKind.CORRECTION, corrects=FIRST.alert_id))
    drain(desk)
    assert (desk.folder / "alerts.jsonl").read_text(encoding="utf-8").count("\n") == 2


def test_an_acknowledgement_is_kept_with_its_author(desk):
    drain(desk)
    assert desk("alerts", "ack", FIRST.alert_id[:8], "--by", "Ines").code == 0
    assert desk("alerts", "show", FIRST.alert_id, "--json").objects[0]["acknowledged"] == "Ines"


def test_a_channel_that_is_down_does_not_hold_up_the_end(desk):
    put(desk, alert("elsewhere", channels=("nobody",)))
    drain(desk)
    shown = next(each for each in desk("alerts", "list", "--json").objects if each["channels"][0]["channel"] == "nobody")
    assert (shown["channels"][0]["state"], shown["channels"][0]["reason"]) == ("out", "no such channel")


@pytest.mark.parametrize("words", [
    ("alerts", "list"), ("alerts", "silences"), ("alerts", "show", "a"),
])
def test_without_an_outbox_it_says_what_makes_one(line, words):
    answer = line(*words)
    assert answer.code == 2
    assert "communique run" in answer.err


@pytest.mark.parametrize("words", [
    ("silence", "nothing"), ("silence", "rule=x", "--for", "later"), ("list", "--only", "lost"), ("retry", "key"),
    ("unsilence", "9"),
])
def test_what_cannot_be_is_wrong_usage(line, words):
    open_store(path_of(line.settings)).close()
    answer = line("alerts", *words)
    assert answer.code == 2
    assert "no outbox" not in answer.err


def test_deliver_is_one_process(line):
    assert "one process" in line("run", "--workers", "deliver=2").err


def test_the_topics_are_on_the_command_line(line):
    line.prepare()
    for name, topic in (("alerts", ALERTS.name), ("deliveries", DELIVERIES.name)):
        assert line("consume", name, "--exit-at-end").code == 0
        assert topic in line("topics", "list").out


def test_channels_are_listed_once_they_are_right(desk, monkeypatch):
    assert [each["channel"] for each in desk("alerts", "channels", "--json").objects] == ["lines", "log"]
    desk.write("channels.toml", '[channels.desk]\nkind = "webhook"\nurl_env = "NOT_SET"\n')
    answer = desk("alerts", "channels")
    assert answer.code == 2
    assert "channel desk: the variable NOT_SET is not set" in answer.err


def test_a_channel_is_tried_with_an_alert_that_nobody_said(desk):
    assert desk("alerts", "try", "lines").code == 0
    assert "A TRIAL OF THIS CHANNEL" in (desk.folder / "alerts.jsonl").read_text(encoding="utf-8")
    assert desk("alerts", "try", "nobody").code == 2
    desk.write("channels.toml", '[channels.bad]\nkind = "command"\nargv = ["false"]\n')
    answer = desk("alerts", "try", "bad")
    assert (answer.code, "bad did not take it: command: exit 1" in answer.err) == (1, True)
