"""communique process: one event a line in input order, the same bytes every time, without any bus."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import orjson
import pytest

from streams.bench.quality import floors, under_floor
from tests.cli.command_line import Line

TEXT = (
    "The river rose by two metres in Oslo in a single night, the water board of Norway said. Nobody was hurt, but "
    "the ferry stayed at its pier until noon, and the people of the lower town watched the water with patience."
)


def articles(*contents: str, **fields: object) -> bytes:
    return b"\n".join(orjson.dumps({"content": text, "source_id": str(n), **fields}) for n, text in enumerate(contents))


def test_every_article_has_a_line_in_input_order_refusals_included(line: Line) -> None:
    line.write("in.jsonl", articles(TEXT, "Short.", f"{TEXT} Again.").decode())
    answer = line("process", "in.jsonl", "--until", "clean")
    assert answer.code == 0
    first, refused, last = answer.objects
    assert (first["text"], last["text"]) == (TEXT, f"{TEXT} Again.")
    assert (refused["source_id"], refused["stage"], refused["reason"]) == ("1", "clean", "too_short")


def test_tag_adds_mentions_and_enrich_adds_clusters_at_rest(line: Line) -> None:
    other = "Chile opened a new harbour on Friday, and three hundred boats were there to see the minister cut the ribbon."
    line.write("in.jsonl", articles(TEXT, other, "Short.", f"{TEXT} It fell again.").decode())
    tagged = line("process", "in.jsonl", "--until", "tag").objects
    assert {"Oslo", "Norway"} <= {mention["text"] for mention in tagged[0]["mentions"]}
    first, alone, refused, copy = line("process", "in.jsonl").objects
    assert first["dedup"]["cluster_id"] == copy["dedup"]["cluster_id"] != alone["dedup"]["cluster_id"]
    assert first["dedup"]["matches"][0]["article_id"] == copy["article_id"]      # known only once all were read
    assert refused["reason"] == "too_short"
    assert [event["mentions"] for event in (first, copy)] == [tagged[0]["mentions"], tagged[3]["mentions"]]


def test_statements_are_printed_as_they_stand_at_rest_beside_all_others(line: Line) -> None:
    said = "The harbour will stay closed until the summer, Minister Ines Varga said on Monday in Lindholm. The people of the town were not asked before."
    line.write("in.jsonl", articles(f"{said} A.", "Short.", f"{said} But the boats may sail, the harbour master told the newspaper.", published="2019-03-05T00:00:00Z").decode())
    lines = line("process", "in.jsonl", "--until", "statements").objects
    assert [each["reason"] for each in lines if "reason" in each] == ["too_short"]
    told = [each for each in lines if "novelty" in each and "closed" in each["content"][0]["text"]]
    assert len(told) == 2
    assert sorted(each["novelty"]["kind"] for each in told) == ["new", "repeat"]
    assert len({each["proposition_id"] for each in told}) == 1
    assert {each["revision"] for each in told} <= {1, 2}


def test_two_runs_give_the_same_bytes(line: Line) -> None:
    line.write("in.jsonl", articles(TEXT, f"{TEXT} Again.").decode())
    assert line("process", "in.jsonl").out == line("process", "in.jsonl").out


def test_a_bad_line_is_told_with_its_place_and_the_rest_goes_on(line: Line) -> None:
    line.write("in.jsonl", f"{{not json\n{articles(TEXT).decode()}\n")
    answer = line("process", "in.jsonl", "--until", "clean")
    assert answer.code == 1
    assert "in.jsonl:1" in answer.err
    assert [event["text"] for event in answer.objects] == [TEXT]


def test_text_pages_gzip_and_stdin_are_read_alike(line: Line) -> None:
    line.write("a.txt", TEXT)
    line.write("b.html", f"<html><body><article><p>{TEXT}</p></article></body></html>")
    Path("c.jsonl.gz").write_bytes(gzip.compress(articles(TEXT)))
    answer = line("process", "a.txt", "b.html", "c.jsonl.gz", "--until", "clean")
    assert [event["text"] for event in answer.objects] == [TEXT] * 3
    assert [event["source_id"] for event in answer.objects] == ["a.txt", "b.html", "0"]
    piped = line.process("process", "-", "--until", "clean", given=articles(TEXT))
    assert [event["text"] for event in piped.objects] == [TEXT]


def test_a_map_says_where_fields_come_from(line: Line) -> None:
    line.write("map.toml", 'content = "text"\nheadline = "title"\n')
    line.write("in.jsonl", orjson.dumps({"text": TEXT, "title": "Ferry waits"}).decode())
    assert line("process", "in.jsonl", "--map", "map.toml", "--until", "clean").objects[0]["headline"] == "Ferry waits"


UNDATED = [
    ((), {}, "2020-01-02T03:04:05Z"),                                                # when its file was written
    (("--now", "2021-05-06"), {}, "2021-05-06T00:00:00Z"),
    (("--now", "2021-05-06"), {"fetched_at": "2019-07-08T09:10:11Z"}, "2019-07-08T09:10:11Z"),
]


@pytest.mark.parametrize(("options", "fields", "moment"), UNDATED)
def test_an_undated_article_has_a_time_that_does_not_depend_on_the_clock(
    line: Line, options: tuple[str, ...], fields: dict[str, str], moment: str
) -> None:
    line.write("in.jsonl", articles(TEXT, **fields).decode())
    os.utime("in.jsonl", (1577934245, 1577934245))
    assert line("process", "in.jsonl", "--until", "clean", *options).objects[0]["event_time"] == moment


@pytest.mark.parametrize("words", [("nowhere.txt",), ("a.pdf",), ("a.txt", "--now", "soon"), ("a.txt", "--format", "pdf"), ("a.txt", "--map", "none.toml")])
def test_a_wrong_call_says_what_to_do(line: Line, words: tuple[str, ...]) -> None:
    line.write("a.txt", TEXT)
    line.write("a.pdf", TEXT)
    answer = line("process", *words)
    assert answer.code != 0
    assert answer.err


def test_a_figure_under_its_floor_is_told() -> None:
    least = floors()
    assert least["cleaning"]["f1"] >= 0.9
    assert list(under_floor({"mentions": {"f1": 1.0}}, least)) == []
    assert list(under_floor({"mentions": {"f1": 0.1}}, {"mentions": {"f1": 0.7}})) == [("mentions", "f1", 0.1, 0.7)]
    assert [each[:2] for each in under_floor({"mentions": {}}, {"mentions": {"f1": 0.7}})] == [("mentions", "f1")]
    for found, wrong in (({"false_pairs": 20}, []), ({"false_pairs": 21}, ["false_pairs"]), ({}, ["false_pairs"])):
        assert [each[1] for each in under_floor({"pairs": found}, {"pairs": {"false_pairs": 20}})] == wrong
