from __future__ import annotations

import pytest

from schemas.clean_article import Outlet
from streams.core.dedup.boilerplate import LEAST, BadBoilerplate, Boilerplate, Printed, learned, read, written
from streams.core.dedup.match import MatchOptions
from streams.core.dedup.offline import enrich_all
from streams.core.dedup.sketch import SketchOptions
from streams.testing.builders import tagged

FOOT = "Sign up for the daily letter of the harbour gazette and never miss what moves the port of ansel again"


def story(name, words=40):
    return " ".join(f"{name}{n}" for n in range(words))


def printed(count, domain="gazette.example"):
    return [Printed(domain, f"c{n}", f"{story(f's{n}x')} in the port of ansel {story(f't{n}x', 5)} {FOOT}") for n in range(count)]


def test_what_stands_under_many_different_articles_is_left_out_and_phrases_are_not():
    table = learned(printed(20))
    text = f"{story('new')} in the port of ansel today {FOOT}".split()
    assert table.without(text, "gazette.example") == f"{story('new')} in the port of ansel today".split()
    assert table.without(text, "other.example") == text
    assert table.without(text, None) == text


def test_fewer_articles_teach_nothing():
    assert learned(printed(LEAST - 1)) == Boilerplate()


def test_a_story_with_200_copies_is_no_boilerplate():
    copies = [Printed("gazette.example", "one cluster", f"{story('wire', 200)} copy{n}") for n in range(200)]
    table = learned([*copies, *printed(20)])
    text = story("wire", 200).split()
    assert table.without(text, "gazette.example") == text


def test_what_a_large_outlet_prints_now_and_then_is_no_boilerplate():
    rare = printed(LEAST)
    many = [Printed("gazette.example", f"m{n}", story(f"m{n}x")) for n in range(LEAST * 30)]
    assert learned([*rare, *many]) == Boilerplate()


def test_a_table_is_stored_with_its_version_and_one_that_was_changed_is_refused():
    table = learned([*printed(20), *printed(20, "other.example")])
    stored = written(table)
    again = read(stored)
    assert (again.version, sorted(again.outlets)) == (table.version, ["gazette.example", "other.example"])
    assert learned(printed(20)).version != table.version
    for broken in ({}, stored | {"version": "x"}, stored | {"outlets": {}}, stored | {"outlets": {"a": "!"}}):
        with pytest.raises(BadBoilerplate):
            read(broken)


def test_two_short_pages_with_one_foot_are_no_duplicates_once_it_is_learned():
    pages = [
        tagged(name, f"{story(name, 6)} {FOOT} {FOOT.upper()}", outlet=Outlet(domain="gazette.example"), headline="Port news")
        for name in ("fog", "fish")
    ]
    plain = list(enrich_all(pages, SketchOptions(2), MatchOptions()))
    assert [len(event.dedup.matches) for event in plain] == [1, 1]
    table = learned(printed(20))
    found = list(enrich_all(pages, SketchOptions(2, boilerplate=table), MatchOptions()))
    assert [len(event.dedup.matches) for event in found] == [0, 0]
    assert {event.dedup.boilerplate_version for event in found} == {table.version}
    assert {event.dedup.boilerplate_version for event in plain} == {None}
