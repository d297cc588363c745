"""communique consume."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from streams import topics
from tests.cli.command_line import Line


def test_bodies_come_out_as_they_went_in(line: Line, raw: Callable[..., str]) -> None:
    raw(b'{"content":"a" , "x": 1}')
    assert line("consume", "raw", "--exit-at-end", "--json").out == '{"content":"a" , "x": 1}\n'


def test_a_body_of_several_lines_becomes_one_and_no_json_is_told(line: Line, raw: Callable[..., str]) -> None:
    raw(b'{\n"a": 1}')
    raw(b"\xffno")
    assert sorted(line("consume", "raw", "--exit-at-end", "--json").out.splitlines()) == [
        '{"a":1}',
        '{"not_json_base64":"/25v"}',
    ]


def test_tombstones_are_left_out_of_bodies(line: Line) -> None:
    line.prepare()
    line.put(topics.CLUSTERS.name, None, key=b"c")
    assert line("consume", "clusters", "--exit-at-end", "--json").out == ""
    assert "gone" in line("consume", "clusters", "--exit-at-end").out
    assert line("consume", "clusters", "--exit-at-end", "--envelope").objects[0]["body"] is None


def test_an_unknown_topic_names_the_nearest(line: Line) -> None:
    line.prepare()
    done = line("consume", "enrichd")
    assert done.code == 2
    assert "did you mean enriched" in done.err


def test_a_topic_that_is_not_there_yet_says_how_to_create_it(line: Line) -> None:
    done = line("consume", "enriched", "--exit-at-end")
    assert done.code == 2
    assert "communique topics apply" in done.err


@pytest.mark.parametrize(
    ("condition", "contents"),
    [
        ("outlet=A", ["1"]),
        ("outlet!=A", ["2", "3"]),
        ("outlet=null", ["3"]),
        ("http.status=200", ["2"]),
        ("authors=Bo", ["1", "2"]),
        ("ce_deliverymode=backfill", ["3"]),
        ("x=true", ["2"]),
    ],
)
def test_conditions_look_into_objects_lists_and_headers(
    line: Line, raw: Callable[..., str], condition: str, contents: list[str]
) -> None:
    raw({"content": "1", "outlet": "A", "authors": ["Ann", "Bo"]})
    raw({"content": "2", "outlet": "B", "authors": ["Bo"], "http": {"status": 200}, "x": True})
    raw({"content": "3"}, ce_deliverymode="backfill")
    found = line("consume", "raw", "--exit-at-end", "--json", "--where", condition).objects
    assert sorted(body["content"] for body in found) == contents


def test_a_condition_that_says_nothing_is_wrong_usage(line: Line) -> None:
    assert line("consume", "raw", "--where", "outlet").code == 2


@pytest.mark.parametrize(
    ("topic", "condition", "says"),
    [
        ("enriched", "dedup.rolle=canonical", "did you mean dedup.role?"),
        ("enriched", "mentions.txt!=Geneva", "did you mean mentions.text?"),
        ("news.refusals.v1.dlt", "resaon=EMPTY", "did you mean reason?"),
        ("refusals", "x=1", "they have source_id, article_id"),
    ],
)
def test_a_field_that_no_event_has_is_wrong_usage(line: Line, topic: str, condition: str, says: str) -> None:
    line.prepare()
    done = line("consume", topic, "--exit-at-end", "--where", condition)
    assert done.code == 2
    assert says in done.err


@pytest.mark.parametrize("condition", ["from=a", "cluster_id=b", "ce_origin=c"])
def test_a_field_by_its_name_in_json_is_known(line: Line, condition: str) -> None:
    line.prepare()
    assert line("consume", "clusters", "--exit-at-end", "--where", condition).code == 0


def test_a_group_carries_on_where_it_stopped(line: Line, raw: Callable[..., str]) -> None:
    raw({"content": "1"})
    assert len(line("consume", "raw", "--group", "g", "--exit-at-end", "--json").objects) == 1
    assert line("consume", "raw", "--group", "g", "--exit-at-end", "--json").objects == []
    raw({"content": "2"})
    assert [
        each["content"] for each in line("consume", "raw", "--group", "g", "--exit-at-end", "--json").objects
    ] == ["2"]


def test_a_group_carries_on_after_a_limit(line: Line, raw: Callable[..., str]) -> None:
    for each in "abcde":
        raw({"content": each})
    told = [
        each["content"]
        for _ in range(3)
        for each in line(
            "consume", "raw", "--group", "g", "--exit-at-end", "--limit", "2", "--json", "--where", "content!=c"
        ).objects
    ]
    assert sorted(told) == ["a", "b", "d", "e"]


def test_the_stages_groups_are_not_for_readers(line: Line) -> None:
    assert line("consume", "raw", "--group", "communique-clean").code == 2


def test_a_limit_ends_in_the_middle(line: Line, raw: Callable[..., str]) -> None:
    for each in "abc":
        raw({"content": each})
    assert len(line("consume", "raw", "--from-beginning", "--limit", "2", "--json").objects) == 2


@pytest.mark.parametrize(("since", "count"), [("1h", 1), ("2001-01-01", 1), ("2999-01-01T00:00:00Z", 0)])
def test_since_takes_ages_and_dates(line: Line, raw: Callable[..., str], since: str, count: int) -> None:
    raw()
    assert len(line("consume", "raw", "--since", since, "--exit-at-end", "--json").objects) == count


def test_since_a_word_is_wrong_usage(line: Line) -> None:
    assert line("consume", "raw", "--since", "yesterday").code == 2


async def test_what_comes_is_printed_at_once_and_ctrl_c_is_no_failure(line: Line) -> None:
    await asyncio.to_thread(line.prepare)
    process = subprocess.Popen(  # noqa: ASYNC220  # starting it takes no time
        [sys.executable, "-m", "streams.cli.app", "consume", "raw", "--from-beginning", "--json"],
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    await asyncio.to_thread(line.put, topics.RAW.name, {"content": "now"})
    assert await asyncio.to_thread(process.stdout.readline) == b'{"content":"now"}\n'
    process.send_signal(signal.SIGINT)
    assert await asyncio.to_thread(process.wait, 10) == 0
    process.stdout.close()


def test_a_reader_that_goes_away_is_no_failure(line: Line, raw: Callable[..., str]) -> None:
    raw({"content": "x" * 100_000})
    raw({"content": "y" * 100_000})
    process = subprocess.Popen(
        [sys.executable, "-m", "streams.cli.app", "consume", "raw", "--exit-at-end"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    process.stdout.close()
    assert process.stderr
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(10) == 0


def test_a_line_never_carries_a_terminals_commands(line: Line, raw: Callable[..., str]) -> None:
    raw({"content": "x", "headline": "\x1b[2Jboo\u202eoob\nsecond"})
    out = line("consume", "raw", "--exit-at-end").out
    assert len(out.splitlines()) == 1
    assert not {"\x1b", "\u202e"} & set(out)
