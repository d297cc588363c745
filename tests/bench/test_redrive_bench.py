"""A redrive that is killed and stopped with Ctrl-C, by real processes beside real stages; and what would be found wrong."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest

from streams.bench.redrive import Report, measure, not_once, stops_of
from streams.bench.truth import Truth
from streams.core.fates import Fate, FateKind
from streams.redrive.rows import Row


async def test_each_letter_that_is_put_back_by_interrupted_redrives_comes_out_once(tmp_path):
    report = await measure(12, 1, tmp_path, kafka=False, seed=5, tell=lambda _line: None)
    assert report.holds, report
    assert sum(report.letters.values()) == 12
    assert len(report.letters) == 2  # died on raw, and on tagged
    assert [each.split()[0] for each in report.stopped] == ["SIGINT", "SIGKILL"]


def test_ctrl_c_comes_halfway_and_kills_on_both_sides():
    stops = stops_of(500, 10, seed=1)
    at = next(place for place, stop in enumerate(stops) if stop.number is signal.SIGINT)
    assert stops[at].notes == 500
    assert 0 < at < 10
    assert len(stops) == 11


HELD = Report({"t": 2}, (), (0, 0, 0), 2, 0, {"enriched": 2}, 3, 3, 0, 0, 0, 2, True, (), 9, (), 0, 0, 1.0)


@pytest.mark.parametrize(
    "wrong",
    [{"copies": 1}, {"copies": 3}, {"copied_twice": 1}, {"states": {"enriched": 1, "pending": 1}}, {"pending": 1}, {"redriven": 1}, {"audit_holds": False},
     {"not_once": ("a",)}, {"differing": ("k",)}, {"second_sent": 1}, {"second_wrote": 1}, {"codes": (0, 1, 0)}],
    ids=" ".join,
)
def test_anything_that_is_not_as_it_should_be_does_not_hold(wrong):
    assert HELD.holds
    assert not replace(HELD, **wrong).holds


def fate(kind, *, redriven=False):
    return Fate(kind, "a", "", redriven)


DEAD, OUT, NO = fate(FateKind.DEAD), fate(FateKind.ENRICHED, redriven=True), fate(FateKind.REFUSED)


@pytest.mark.parametrize(
    ("fates", "bodies", "once"),
    [
        ({DEAD, OUT}, {b"1"}, True), ({DEAD, OUT}, {b"1", b"2"}, False), ({DEAD, OUT}, set(), False), ({DEAD}, set(), False),
        ({OUT, NO}, {b"1"}, False), (set(), set(), False), ({NO}, set(), False),
    ],
    ids=["out", "two bodies", "no body", "still dead", "two ends", "nowhere", "refused"],
)
def test_an_article_that_died_is_out_once_or_named(fates, bodies, once):
    letter = Row("a", "t", "LIMIT", "clean", "", "", "", "a", "t.dlt-0-0", sound=True)
    assert not_once(Truth({"a": bodies}, {"a": fates}), [letter]) == ([] if once else ["a"])
