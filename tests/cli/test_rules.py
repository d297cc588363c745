"""communique rules, on an embedded log of its own: check, apply, list, explain, test, backtest."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from schemas.envelope import Envelope
from schemas.ids import ce_id
from schemas.registry import type_name
from schemas.statement_event import Novelty, NoveltyKind, StatementEvent
from streams.bus import codec
from streams.bus.envelope import to_headers
from streams.core.alerting.starter import starter_rules
from streams.testing.statements import DAY, said
from streams.topics import RULES, STATEMENTS
from tests.cli.command_line import Line

TWO = '[rules.quay]\nwords = "quay"\nfreshness_hours = 48\n[rules.bank]\noffice = "central_bank"\n'


def put(line: Line, event, hours=0.0, mode="live"):
    kind, origin = type_name(StatementEvent), f"news.articles.raw.v1-0-{int(hours * 60)}"
    time = DAY + timedelta(hours=hours)
    its = Envelope(id=ce_id(kind, origin, event.statement_id), type=kind, source="/communique/judge", time=event.event_time,
                   origin=origin, origin_time=time, delivery_mode=mode)
    headers = {name: value.decode() for name, value in to_headers(its)}
    line.put(STATEMENTS.name, codec.encode(event), key=event.statement_id.encode(), **headers)


def names(answer):
    return {key: value for key, value in answer.objects[0].items() if value}


def test_right_rules_are_right_and_every_mistake_of_others_is_told(line):
    right, wrong = line.write("rules/right.toml", TWO), line.write("rules/wrong.toml", "[rules.a]\nofice = 1\n[rules.bank]\nwords = 'x'\n")
    assert line("rules", "check", right, "--json").objects == [{"rules": 2, "mistakes": 0}]
    answer = line("rules", "check", f"{line.folder}/rules")
    assert (answer.code, answer.err) == (1, "2 right, 3 mistakes\n")
    assert answer.out.splitlines() == [
        f"{wrong}:2: [a] ofice is nothing known here: did you mean office?",
        f"{wrong}:1: [a] asks for nothing: give it a condition (office, speaker, words, …)",
        f"{wrong}:3: [bank] there is a rule of this name already: {right}:4"]
    assert [each["line"] for each in line("rules", "check", wrong, "--json").objects] == [2, 1]


@pytest.mark.parametrize(("name", "content", "told"), [
    ("none.toml", None, "there is nothing at"), ("folder/a.txt", "", "there is no .toml file in")])
def test_where_nothing_is_to_be_read_the_call_is_wrong(line, name, content, told):
    if content is not None:
        line.write(name, content)
    answer = line("rules", "check", f"{line.folder}/{name.partition('/')[0]}")
    assert (answer.code, told in answer.err) == (2, True)


def test_what_cannot_be_read_is_a_mistake(line):
    path = line.write("a.toml", b"\xff\xfe")
    os.mkfifo(line.folder / "pipe.toml")
    big = line.write("big.toml", b"#" * (17 * 1024 * 1024))
    assert line("rules", "check", path).out == f"{path}: is not UTF-8: byte 0\n"
    assert "larger than" in line("rules", "check", big).out
    assert "is no file" in line("rules", "check", f"{line.folder}/pipe.toml").out


def test_only_what_changed_is_applied_and_the_rest_stays_unless_pruned(line):
    path = line.write("rules.toml", TWO)
    assert names(line("rules", "apply", path, "--dry-run", "--json")) == {"added": ["bank", "quay"]}
    assert names(line("rules", "apply", path, "--json")) == {"added": ["bank", "quay"]}
    assert names(line("rules", "apply", path, "--json")) == {"same": ["bank", "quay"]}
    line.write("rules.toml", TWO.replace("48", "24").partition("[rules.bank]")[0])
    assert names(line("rules", "apply", path, "--json")) == {"changed": ["quay"], "left": ["bank"]}
    assert names(line("rules", "apply", path, "--prune", "--json")) == {"gone": ["bank"], "same": ["quay"]}
    assert [each["name"] for each in line("rules", "list", "--json").objects] == ["quay"]
    assert len(line("consume", RULES.name, "--from-beginning", "--exit-at-end", "--json").objects) >= 1


def test_with_one_mistake_nothing_is_applied(line):
    path = line.write("rules.toml", TWO + "[rules.c]\nx = 1\n")
    answer = line("rules", "apply", path)
    assert (answer.code, "nothing was done" in answer.err) == (2, True)
    assert line("rules", "list", "--json").objects == []


def test_a_run_gives_a_new_bus_the_starter_rules_and_an_old_one_nothing(line):
    line.process("run", "deliver", "--until-drained")
    assert [each["name"] for each in line("rules", "list", "--json").objects] == [rule.name for rule in sorted(starter_rules(), key=lambda rule: rule.name)]
    path = line.write("rules.toml", TWO)
    line("rules", "apply", path, "--prune")
    for name in ("bank", "quay"):
        line.put(RULES.name, None, key=name.encode())
    line.process("run", "deliver", "--until-drained")
    assert line("rules", "list", "--json").objects == []


def test_rules_that_are_listed_as_toml_are_the_same_rules(line):
    line("rules", "apply")
    path = line.write("back.toml", line("rules", "list", "--toml").out)
    assert set(names(line("rules", "apply", path, "--prune", "--json"))) == {"same"}


def test_a_rule_is_explained_in_words(line):
    path = line.write("rules.toml", TWO)
    answer = line("rules", "explain", "quay", "--file", path)
    assert "within 48 hours" in answer.out
    assert "“quay”" in answer.out
    assert line("rules", "explain", "spokespeople").code == 0
    assert "did you mean quay?" in line("rules", "explain", "qay", "--file", path).err


@pytest.fixture
def quay(line):
    """Rules and statements on the bus: a thing said, said again by another article, said too long before."""
    line("rules", "apply", line.write("rules.toml", TWO))
    put(line, said("The quay will open", official=True), hours=1)
    again = Novelty(kind=NoveltyKind.REPEAT, live_kind=NoveltyKind.REPEAT, first_seen=DAY)
    put(line, said("The quay will open", article="b", proposition_id=said("The quay will open").proposition_id, novelty=again), hours=2)
    put(line, said("The quay is old", not_after=DAY - timedelta(days=9)), hours=3)
    put(line, said("A quay of last year", event_time=DAY - timedelta(days=365), not_after=DAY - timedelta(days=365)), hours=4, mode="backfill")
    put(line, said("Nothing of it"), hours=5)
    return line


def test_a_rule_is_tried_on_a_statement_of_the_bus_or_of_a_file(quay):
    event = said("The quay will open")
    answer = quay("rules", "test", "quay", event.statement_id, "--now", "said", "--json")
    assert (answer.code, answer.objects[0]["raises"]) == (0, True)
    assert answer.objects[0]["conditions"][0] == {"condition": "words = quay", "held": True, "matched": "quay"}
    path = quay.write("s.json", codec.encode(event))
    answer = quay("rules", "test", "quay", path)
    assert answer.code == 1
    assert "NO   said within 48 hours before" in answer.out
    assert quay("rules", "test", "quay", path, "--now", "2018-02-15").code == 0
    assert quay("rules", "test", "bank", path, "--now", "2018-02-15").code == 1


def test_a_statement_is_found_by_the_beginning_of_its_id_where_one_has_it(quay):
    for name in ("aaaa1", "aaaa2"):
        put(quay, said("The quay will open", statement_id=name.ljust(32, "0")), hours=6)
    answer = quay("rules", "test", "quay", "AAAA1", "--now", "said", "--json")
    assert (answer.code, answer.objects[0]["statement"]) == (0, "aaaa1".ljust(32, "0"))
    assert quay("rules", "test", "quay", "aaaa1".ljust(32, "0"), "--now", "said").code == 0
    for name, told in (("aaaa", "several statements begin with aaaa"), ("nosuch", "no statement on the bus begins with nosuch"), (" ", "no statement")):
        answer = quay("rules", "test", "quay", name)
        assert (answer.code, told in answer.err) == (2, True)


def test_a_statement_that_was_loaded_from_the_past_raises_nothing_unless_a_day_is_named(quay):
    old = said("A quay of last year", event_time=DAY - timedelta(days=365), not_after=DAY - timedelta(days=365))
    answer = quay("rules", "test", "quay", old.statement_id)
    assert (answer.code, "NO   it is live" in answer.out) == (1, True)
    assert quay("rules", "test", "quay", old.statement_id, "--now", "2017-02-14").code == 0


@pytest.mark.parametrize("body", ["", "{", "[]", "{}"])
def test_what_is_no_statement_is_wrong_usage(quay, body):
    answer = quay("rules", "test", "quay", quay.write("s.json", body))
    assert (answer.code, "is no statement" in answer.err) == (2, True)


def test_a_backtest_counts_alerts_repeats_and_what_was_said_too_long_before(quay):
    [found] = quay("rules", "backtest", "quay", "--json").objects
    assert {key: found[key] for key in ("fulfilled", "repeats", "stale", "unsure")} == {"fulfilled": 4, "repeats": 1, "stale": 1, "unsure": 0}
    assert [each["at"] for each in found["alerts"]] == ["2017-02-14T00:00:00Z", "2018-02-14T01:00:00Z"]
    assert found["by_hour"][:2] == [1, 1]
    assert "2018-02-14 01:00" in quay("rules", "backtest", "quay").out


def test_a_backtest_looks_at_a_part_of_the_past(quay):
    [found] = quay("rules", "backtest", "quay", "--since", "2018-01-01", "--until", "2018-02-14T01:30:00Z", "--json").objects
    assert (found["fulfilled"], len(found["alerts"])) == (1, 1)


def test_two_versions_of_a_rule_are_compared(quay):
    new = quay.write("new.toml", '[rules.quay]\nwords = ["quay", "nothing"]\nfreshness_hours = 480\n')
    first, second, compared = quay("rules", "backtest", "quay", "--against", new, "--json").objects
    assert (len(first["alerts"]), len(second["alerts"])) == (2, 4)
    assert [len(compared[name]) for name in ("both", "first_only", "second_only")] == [2, 0, 2]
