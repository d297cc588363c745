"""communique alerts would-have, over statements that a backfill left on the topic."""

from __future__ import annotations

import pytest

from schemas.envelope import DeliveryMode, Envelope
from schemas.ids import ce_id
from streams import topics
from streams.bus import codec
from streams.bus.envelope import to_headers
from streams.testing.statements import DAY, said
from tests.cli.command_line import Line

RULES = '[rules.quay]\nwords = ["bridge"]\nofficial = "any"\n'


def put(line: Line, event, mode: DeliveryMode, job: str | None = None, number: int = 0, body: bytes = b"") -> None:
    origin = f"{topics.RAW.name}-0-{number}"
    its = Envelope(
        id=ce_id("news.statement.v1", origin, 0), type="news.statement.v1", source="/test", time=DAY, origin=origin, origin_time=DAY,
        delivery_mode=mode, replay_job_id=job)
    headers = {name: value.decode() for name, value in to_headers(its)}
    line.put(topics.STATEMENTS.name, body or codec.encode(event), key=event.statement_id.encode(), **headers)


@pytest.fixture
def past(line: Line) -> Line:
    line.prepare()
    bridge = said("the bridge closes", article="a")
    put(line, bridge, DeliveryMode.BACKFILL, "one", 1)
    put(line, bridge.model_copy(update={"revision": 2, "independent_origins": 2}), DeliveryMode.BACKFILL, "one", 1)
    put(line, said("the bridge is closed", article="b"), DeliveryMode.BACKFILL, "two", 2)
    put(line, said("the bridge was open", article="c"), DeliveryMode.REPLAY, "three", 3)
    put(line, said("the bridge will open", article="d"), DeliveryMode.LIVE, None, 4)
    put(line, said("the museum closes", article="e"), DeliveryMode.BACKFILL, "one", 5)
    line.put(topics.STATEMENTS.name, b"{}", key=b"no event")
    put(line, said("the bridge never was", article="f"), DeliveryMode.BACKFILL, "one", 6, body=b'{"statement_id": 1}')
    line.put(topics.STATEMENTS.name, None, key=b"taken back")
    return line


def lines(answer) -> list[str]:
    return [each["alert"]["evidence"][0]["spans"][0]["text"] for each in answer.objects]


@pytest.mark.parametrize(("options", "found"), [
    ((), {"the bridge closes", "the bridge is closed", "the bridge was open"}),
    (("--mode", "backfill"), {"the bridge closes", "the bridge is closed"}),
    (("--mode", "replay"), {"the bridge was open"}), (("--job", "two"), {"the bridge is closed"})])
def test_what_would_have_been_raised_is_listed_by_mode_and_job(past: Line, options, found) -> None:
    path = past.write("rules.toml", RULES)
    answer = past("alerts", "would-have", "--rules", path, "--json", *options)
    assert answer.code == 0, answer.err
    assert set(lines(answer)) == found
    assert len(lines(answer)) == len(found)


def test_a_job_that_nobody_knows_is_told_with_those_that_there_are(past: Line) -> None:
    path = past.write("rules.toml", RULES)
    answer = past("alerts", "would-have", "--rules", path, "--job", "nosuch")
    assert (answer.code, answer.out) == (1, "")
    assert "no statement of a job nosuch is on the topic: there are one, three, two" in answer.err
    assert past("alerts", "would-have", "--rules", path, "--job", "one", "--mode", "replay").code == 0
    for number in range(8):
        put(past, said("the museum", article=f"m{number}"), DeliveryMode.BACKFILL, f"more-{number}", 10 + number)
    assert "nosuch is on the topic, but of 11 others" in past("alerts", "would-have", "--rules", path, "--job", "nosuch").err


def test_a_topic_without_any_job_says_so(line: Line) -> None:
    line.prepare()
    answer = line("alerts", "would-have", "--job", "nosuch")
    assert (answer.code, "no statement of a job nosuch is on the topic: nor of any other" in answer.err) == (1, True)


def test_people_see_day_line_and_rule_and_the_rules_of_the_bus_are_taken(past: Line) -> None:
    assert past("rules", "apply", past.write("rules.toml", RULES)).code == 0
    answer = past("alerts", "would-have", "--mode", "backfill")
    assert '2018-02-14  VARGA: "THE BRIDGE CLOSES" – HARBOUR GAZETTE, FEB 14  [quay]' in answer.out
    assert "2 would have been raised" in answer.err
    assert past("alerts", "would-have", "--mode", "live").code == 2
