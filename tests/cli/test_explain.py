"""communique explain and dlt, from topics written by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from streams import topics
from tests.cli.command_line import Line

ARTICLE = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
RAW = {
    "content": "Head\n\nAnn spoke in Oslo.\n\nfive × two =",
    "url": "https://x.example/1?utm=1",
    "source_id": "mine/1",
}
CLEAN = {
    "article_id": ARTICLE,
    "version": "v",
    "url": "https://x.example/1",
    "source_id": "mine/1",
    "headline": "Head",
    "text": "Ann spoke in Oslo.",
    "language": {"code": "en", "probability": 1.0},
    "event_time": "2018-02-14T00:00:00Z",
    "segments": [
        {"start": 0, "end": 4, "kind": "headline", "rule": "r"},
        {"start": 6, "end": 24, "kind": "body", "rule": "r"},
        {"start": 26, "end": 38, "kind": "captcha", "rule": "r"},
    ],
    "repairs": [{"kind": "opening_quote_missing", "at": 3, "before": "", "after": "“"}],
}
MENTIONS = [
    {
        "field": "text",
        "start": 0,
        "end": 3,
        "text": "Ann",
        "kind": "PERSON",
        "confidence": 1.0,
        "nil_reason": "no_gazetteer",
    }
]


@pytest.fixture
def origin(line: Line, raw: Callable[..., str]) -> str:
    """An article that went the whole way."""
    place = raw(RAW, ce_id="raw-id")
    event = {"ce_origin": place, "ce_correlationid": ARTICLE}
    line.put(topics.CLEAN.name, CLEAN, **event)
    line.put(topics.TAGGED.name, CLEAN | {"mentions": MENTIONS}, **event)
    dedup = {
        "cluster_id": "cc",
        "canonical_id": ARTICLE,
        "role": "canonical",
        "matches": [
            {"article_id": "other", "relation": "near_duplicate", "similarity": 0.9, "containment": 1.0}
        ],
    }
    line.put(topics.ENRICHED.name, CLEAN | {"mentions": MENTIONS, "dedup": dedup}, **event)
    line.put(
        topics.ASSIGNMENTS.name,
        {"article_id": ARTICLE, "cluster_id": "cc", "role": "canonical"},
        key=ARTICLE.encode(),
    )
    line.put(
        topics.CLUSTERS.name, {"cluster_id": "cc", "members": [ARTICLE, "other"], "kind": "joined"}, key=b"cc"
    )
    return place


@pytest.mark.parametrize(
    "name",
    [
        ARTICLE,
        ARTICLE[:8],
        "https://x.example/1",
        "https://x.example/1?utm=1",
        "mine/1",
        "news.articles.raw.v1-0-0",
    ],
)
def test_an_article_is_found_by_any_of_its_names(line: Line, origin: str, name: str) -> None:
    name = origin if name.startswith("news.") else name
    assert f"{origin}: enriched" in line("explain", name).out


def test_the_page_shows_text_mentions_repairs_segments_and_cluster(line: Line, origin: str) -> None:
    out = line("explain", "mine/1").out
    for shown in (
        "[captcha] five × two =",
        "Ann spoke in Oslo.",
        "text:0-3",
        "PERSON",
        "opening_quote_missing at 3",
        "near_duplicate",
        "cluster_id",
        "other",
    ):
        assert shown in out


def test_json_is_one_object_with_every_event(line: Line, origin: str) -> None:
    (known,) = line("explain", "mine/1", "--json").objects
    (walk,) = known["walks"]
    assert (walk["origin"], walk["fate"]) == (origin, "enriched")
    assert [each["topic"] for each in walk["events"]] == [
        topics.RAW.name,
        topics.CLEAN.name,
        topics.TAGGED.name,
        topics.ENRICHED.name,
    ]
    assert known["cluster"]["members"] == [ARTICLE, "other"]


def test_each_raw_record_of_an_article_has_its_walk(line: Line, origin: str, raw: Callable[..., str]) -> None:
    second = raw(RAW)
    line.put(
        topics.REFUSALS.name, {"source_id": "mine/1", "stage": "clean", "reason": "empty"}, ce_origin=second
    )
    fates = {walk["origin"]: walk["fate"] for walk in line("explain", "mine/1", "--json").objects[0]["walks"]}
    assert fates == {origin: "enriched", second: "refused"}


def test_an_article_nobody_knows_says_so(line: Line, origin: str) -> None:
    answer = line("explain", "https://nowhere.example")
    assert answer.code == 1
    assert "no topic knows" in answer.err


def test_a_page_never_carries_a_terminals_commands(line: Line, raw: Callable[..., str]) -> None:
    place = raw({"content": "\x1b[2J", "source_id": "evil"})
    line.put(
        topics.CLEAN.name,
        CLEAN | {"source_id": "evil", "text": "a\x1b]0;x\x07b", "headline": "\x9b31m"},
        ce_origin=place,
    )
    assert not {"\x1b", "\x07", "\x9b"} & set(line("explain", "evil").out)


def bury(line: Line, place: str, code: str = "SCHEMA", value: bytes = b'{"content": ') -> None:
    _, partition, offset = place.rsplit("-", 2)
    line.put(
        topics.RAW.dead_letters,
        value,
        key=b"k",
        ce_id="x",
        errors_topic=topics.RAW.name,
        errors_partition=partition,
        errors_offset=offset,
        errors_code=code,
        errors_stage="clean",
        errors_exception="JSONDecodeError",
        errors_message="unexpected end",
        errors_stacktrace="clean.py:1 clean",
        errors_first_failure="2018-02-14T00:00:00Z",
    )


def test_dead_letters_are_listed_with_code_place_and_reason(line: Line, raw: Callable[..., str]) -> None:
    place = raw(b"{")
    bury(line, place)
    out = line("dlt", "list").out
    assert out.startswith(f"open           SCHEMA     {place}  clean  2018-02-14T00:00:00  ?  JSONDecodeError: unexpected end")
    assert line("dlt", "list", "--json").objects[0]["origin"] == place


def test_dead_letters_are_chosen_by_topic_and_code(line: Line, raw: Callable[..., str]) -> None:
    bury(line, raw(b"{"))
    assert line("dlt", "list", "--topic", "clean", "--json").objects == []
    assert len(line("dlt", "list", "--topic", "raw", "--code", "schema", "--json").objects) == 1
    assert line("dlt", "list", "--code", "BUG", "--json").objects == []


@pytest.mark.parametrize("words", [("--code", "BUGS"), ("--topic", "claen")])
def test_a_code_or_topic_nobody_knows_is_wrong_usage(line: Line, words: tuple[str, str]) -> None:
    assert line("dlt", "list", *words).code == 2


def test_a_dead_letter_is_shown_whole(line: Line, raw: Callable[..., str]) -> None:
    place = raw(b"{")
    bury(line, place)
    out = line("dlt", "show", place).out
    for shown in ("unexpected end", "clean.py:1 clean", "ce_id: x", '{"content":'):
        assert shown in out
    assert line("dlt", "show", place, "--json").objects[0]["value"] == '{"content": '


def test_a_dead_letter_of_bytes_is_shown_in_base64(line: Line, raw: Callable[..., str]) -> None:
    place = raw(b"{")
    bury(line, place, value=b"\xff\x00")
    assert line("dlt", "show", place, "--json").objects[0]["value_base64"] == "/wA="
    assert r"\xff" in line("dlt", "show", place).out


def test_a_dead_letter_that_is_not_there_is_wrong_usage(line: Line) -> None:
    line.prepare()
    assert line("dlt", "show", "news.articles.raw.v1-0-9").code == 2


def test_a_dead_raw_record_can_be_explained_by_its_place(line: Line, raw: Callable[..., str]) -> None:
    place = raw(b"{")
    bury(line, place)
    assert f"{place}: dead letter" in line("explain", place).out


LETTER = (
    "Minister promises a bridge\n\nOslo, 3 March 2021\n\n"
    "“We will build the bridge,” Ann Bee said in Oslo on Tuesday. The works begin in spring, she added.\n\nfive × two =\n"
)  # fmt: skip


def test_a_file_is_explained_without_any_topic(line: Line, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(LETTER, encoding="utf-8")
    answer = line("explain", str(tmp_path / "letter.txt"))
    assert answer.code == 0
    for shown in ("published.value", "2021-03-03", "[captcha] five × two =", "We will build the bridge", "Ann Bee"):
        assert shown in answer.out


def test_a_file_becomes_a_page(line: Line, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(LETTER, encoding="utf-8")
    to_stdout = line("explain", str(tmp_path / "letter.txt"), "--html")
    assert to_stdout.out.startswith("<!doctype html>")
    assert line("explain", str(tmp_path / "letter.txt"), str(tmp_path / "p.html"), "--html").code == 0
    assert (tmp_path / "p.html").read_text(encoding="utf-8").strip() == to_stdout.out.strip()


def test_an_article_on_the_topics_becomes_a_page(line: Line, origin: str) -> None:
    page = line("explain", "mine/1", "--html").out
    assert "Ann" in page
    assert "five × two =" in page


def test_a_file_that_is_refused_says_why(line: Line, tmp_path: Path) -> None:
    (tmp_path / "short.txt").write_text("Hi.", encoding="utf-8")
    answer = line("explain", str(tmp_path / "short.txt"))
    assert answer.code == 1
    assert "too_short" in answer.out


@pytest.mark.parametrize(("more", "said"), [
    (["no/such/folder/p.html", "--html"], "name a file that can be written"),
    (["p.html"], "where --html writes"),
    (["--html", "--json"], "one of the two"),
])  # fmt: skip
def test_a_wrong_call_says_what_to_do(line: Line, tmp_path: Path, more: list[str], said: str) -> None:
    (tmp_path / "letter.txt").write_text(LETTER, encoding="utf-8")
    answer = line("explain", str(tmp_path / "letter.txt"), *more)
    assert answer.code == 2
    assert said in answer.err
