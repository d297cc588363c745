"""What the bench of cutover counts: what readers printed, beside what each raw record's run made of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from streams.bench.cutover import Report
from streams.bench.production import Reading, held_against, named_by, printed
from streams.topics import ENRICHED, shadow

ALL = Reading(3, (), (), ())
LINES = [
    json.dumps({"topic": topic, "headers": {"ce_origin": origin}}, separators=(",", ":")).encode()
    for topic, origin in ((ENRICHED.name, "a"), (shadow(ENRICHED.name, "job"), "b"), (ENRICHED.name, "c"))]


def test_what_is_printed_is_counted_by_origin_and_run_and_a_torn_line_is_none():
    """A reader that is killed tears a line; the next one goes on behind the torn end."""
    text = b"\n".join([b"waiting: production is being moved", LINES[0], LINES[1][:30] + LINES[1], LINES[2], LINES[2][:20]])
    assert printed(text) == {("a", None): 1, ("b", "job"): 1, ("c", None): 1}


@pytest.mark.parametrize(("expected", "reading"), [
    ({"a": None, "b": "job", "c": None}, ALL),
    ({"a": None, "b": "job"}, Reading(2, (), (), ("c",))),
    ({"a": None, "b": "job", "c": None, "d": "job"}, Reading(3, ("d",), (), ())),
    ({"a": None, "b": None, "c": None}, Reading(2, ("b",), (), ("b",))),
], ids=["all", "one that its run refused", "one missed", "one of the other run"])
def test_a_reader_must_have_what_each_records_own_run_let_out(expected, reading):
    found = printed(b"\n".join([*LINES, b""]))
    assert held_against(found, expected) == reading
    assert held_against(found + found, expected).again == tuple(sorted({"a", "b", "c"} - {*reading.foreign, *reading.missed}))


def test_what_a_diff_names_is_each_raw_record_and_each_statement_that_only_one_run_has():
    pairs = [{"kind": kind, "old": old, "new": new} for kind, old, new in (("removed", "x", None), ("added", None, "y"), ("changed", "p", "q"))]
    lines = [{"origin": "a", "statements": pairs}, {"origin": "b", "statements": []}, {"same": 3}]
    assert named_by(b"\n".join(json.dumps(each).encode() for each in lines)) == {("a", ""), ("a", "x"), ("a", "y"), ("b", "")}


HELD = Report(4, 1, 3, 1, {"removed": 1}, 2, 0, (), ALL, ALL._replace(again=("a",)), ALL, 3, {}, {}, (), 1.0)


@pytest.mark.parametrize("wrong", [
    {"of_replay": 0}, {"named": 0}, {"otherwise": 1}, {"by_rule": 0}, {"nowhere": ("a",)}, {"plain": ALL._replace(again=("a",))}, {"anew": ALL._replace(again=("a",))},
    {"plain": ALL._replace(missed=("a",))}, {"group": ALL._replace(missed=("a",))}, {"group": ALL._replace(foreign=("a",))},
    {"codes": {"replay drop": 75}}, {"died": {75: 1}}, {"topics_left": ("t",)},
], ids=str)
def test_anything_that_is_not_as_it_should_be_does_not_hold(wrong):
    assert HELD.holds  # who is killed may have some again
    assert not replace(HELD, **wrong).holds
