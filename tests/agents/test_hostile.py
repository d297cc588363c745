"""Bad input through the whole walk, in the simulator: each record ends in one named fate, and everything else goes on.

Real agents, codec, guard, tables and catalogue; the model of tag included.
"""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from streams import topics
from streams.agents import alert, clean, cluster, enrich, judge, match, sketch, split, tag
from streams.bus.interface import Headers, Record
from streams.settings import Settings
from streams.testing import oracle
from streams.testing.driver import Simulation
from tests.bus.hostile import HOSTILE

STAGES = {
    "clean": [clean.register], "tag": [tag.register],
    "dedup": [sketch.register, match.register, cluster.register, enrich.register],
    "statements": [split.register, judge.register], "alert": [alert.register]}
SETTINGS = Settings(topics={"partitions": 2, "shards": 2})
SOUND = "The foreign minister said on Monday in Geneva that the talks with Norway would go on until the end of the year. " * 3
EXPECTED_CODES = {"SCHEMA", "LIMIT"}


def walk(*bodies: bytes | None, headers: Headers = ()) -> Simulation:
    """Put the bodies on raw, each between two sound articles, and let everything happen that can."""
    simulation = Simulation(STAGES, SETTINGS, seed=1)
    for number, body in enumerate(bodies):
        simulation.put(topics.RAW.name, sound(number), key=b"%d" % number)
        simulation.put(topics.RAW.name, body, key=b"%d" % number, headers=headers)
    simulation.put(topics.RAW.name, sound(len(bodies)), key=b"last")
    simulation.settle()
    return simulation


def sound(number: int) -> bytes:
    return json.dumps({"content": f"Report {number}. {SOUND}", "source_id": f"sound-{number}"}).encode()


def letters(simulation: Simulation) -> list[Record]:
    return [record for spec in topics.TOPICS for record in simulation.log.all(spec.dead_letters)]


def codes(simulation: Simulation) -> list[str]:
    return [dict(record.headers)["__streams.errors.code"].decode() for record in letters(simulation)]


def source_ids(simulation: Simulation, topic: str) -> set[Any]:
    """Return what the events of a topic name, those put there by a test aside."""
    written = [record for record in simulation.log.all(topic) if record.headers]
    return {json.loads(record.value or b"")["source_id"] for record in written}


def check(simulation: Simulation, hostile: int) -> None:
    """Every raw record has exactly one fate, no failure is a bug, and every sound article came through."""
    report = oracle.audit(simulation.log)
    assert report.holds, report
    assert set(codes(simulation)) <= EXPECTED_CODES
    assert {f"sound-{n}" for n in range(hostile + 1)} <= source_ids(simulation, topics.ENRICHED.name)


@pytest.mark.parametrize(("body", "code"), [pytest.param(body, code, id=name) for name, body, code in HOSTILE])
def test_a_hostile_body_ends_as_a_named_dead_letter(body: bytes | None, code: str) -> None:
    simulation = walk(body)
    check(simulation, 1)
    (letter,) = letters(simulation)
    assert codes(simulation) == [code]
    assert letter.value == body


def article(content: str, **more: Any) -> bytes:
    return json.dumps({"content": content, "source_id": "hostile", **more}).encode()


def page(body: str, head: str = "") -> bytes:
    return article(f"<html><head>{head}</head><body>{body}</body></html>", content_type="text/html")


CONTENTS: tuple[tuple[str, bytes, str], ...] = (
    ("empty", article(""), "empty"),
    ("blank", article(" \n\t\u00a0\u200b\ufeff "), "empty"),
    ("short", article("Too short."), "too_short"),
    ("binary", article("\x89PNG\r\n\x1a\n" + "\x01\x02\x03\x7f" * 200), "not_text"),
    ("gzip-read-as-latin-1", article("\x1f\x8b\x08" + "".join(map(chr, range(1, 256))) * 4), "not_text"),
    ("replacement-characters", article("\ufffd" * 500), "not_text"),
    ("html-without-text", page(""), "unparsable|empty|too_short"),
    ("html-of-nodes", page("<b>x</b>" * 100_000), "too_complex"),
    ("html-of-depth", page("<div>" * 20_000 + SOUND), "too_complex"),
    ("html-of-attributes", page("<p " + " ".join(f"a{n}='1'" for n in range(50_000)) + f">{SOUND}</p>"), "any"),
    ("html-of-unclosed-tags", article("<" * 200_000, content_type="text/html"), "any"),
    ("html-of-entities", page("&lt;" * 100_000 + f"<p>{SOUND}</p>"), "any"),
    ("html-of-comments", page("<!--" * 50_000 + f"<p>{SOUND}</p>"), "any"),
    ("html-of-cdata", page("<![CDATA[" * 20_000 + SOUND), "any"),
    ("html-that-declares-entities", article(
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><p>&b;&b;' + SOUND, content_type="text/html"), "any"),
    ("html-that-includes-a-file", article(
        '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><p>&f;' + SOUND, content_type="text/html"), "any"),
    ("html-of-tables", page("<table><tr><td>" * 3_000 + SOUND), "any"),
    ("html-with-json-ld", page(f"<p>{SOUND}</p>", '<script type="application/ld+json">' + "[" * 50_000 + "</script>"), "any"),
    ("html-with-a-wrong-date", page(f"<p>{SOUND}</p>", '<meta property="article:published_time" content="9999-99-99T99:99:99Z">'), "any"),
    ("html-with-a-far-date", page(f"<p>{SOUND}</p>", '<meta property="article:published_time" content="9999-12-31T23:59:59-14:00">'), "enriched"),
    ("one-line", article("word " * 100_000), "enriched"),
    ("one-word", article("a" * 400_000), "any"),
    ("lines", article("\n".join("word" for _ in range(100_000))), "any"),
    ("quotes", article("“" * 100_000 + SOUND), "any"),
    ("spaces", article(" " * 400_000 + SOUND), "enriched"),
    ("combining-marks", article("e" + "\u0301" * 100_000 + SOUND), "any"),
    ("right-to-left-overrides", article("\u202e" * 1000 + SOUND), "any"),
    ("emoji", article("😀" * 50_000 + SOUND), "any"),
    ("date-of-year-0", article(SOUND, published="0000-00-00"), "enriched"),
    ("date-of-year-1", article(SOUND, published="0001-01-01T00:00:00+14:00"), "enriched"),
    ("date-of-year-9999", article(SOUND, published="9999-12-31T23:59:59-14:00"), "enriched"),
    ("date-that-is-none", article(SOUND, published="the day before"), "enriched"),
    ("naive-fetch", article(SOUND, fetched_at="2018-02-14T00:00:00"), "enriched"),
    ("fetch-before-time", article(SOUND, fetched_at="0001-01-01T00:00:00+14:00"), "any"),
    ("url-that-is-none", article(SOUND, url="http://[::1"), "enriched"),
    ("url-of-script", article(SOUND, url="javascript:alert(1)"), "enriched"),
    ("url-without-end", article(SOUND, url="https://e.org/" + "a/" * 20_000), "enriched"),
    ("language-that-is-none", article(SOUND, language="x" * 10_000), "enriched"),
    ("authors", article(SOUND, authors=["a" * 1000] * 500), "enriched"),
    ("fields-of-markup", article(SOUND, headline="<script>alert(1)</script>", outlet="\u202e\u0007"), "enriched"),
)


@pytest.mark.parametrize(("body", "fate"), [pytest.param(body, fate, id=name) for name, body, fate in CONTENTS])
def test_hostile_content_ends_as_enriched_or_named(body: bytes, fate: str) -> None:
    simulation = walk(body)
    check(simulation, 1)
    refusals = [json.loads(record.value or b"")["reason"] for record in simulation.log.all(topics.REFUSALS.name)]
    if fate == "enriched":
        assert (refusals, codes(simulation)) == ([], [])
    elif fate != "any":
        assert len(refusals) == 1
        assert refusals[0] in fate.split("|")


def test_no_text_of_an_article_stands_in_the_error_headers() -> None:
    simulation = walk(*(body for _, body, _ in HOSTILE))
    check(simulation, len(HOSTILE))
    told = [value for record in letters(simulation) for name, value in record.headers if name.startswith("__streams.errors.")]
    assert len(letters(simulation)) == len(HOSTILE)
    assert not any(b"secret" in value for value in told)


BROKEN_HEADERS: Headers = (
    ("ce_id", b"\xff"), ("ce_origin", b"other.topic-0-0"), ("ce_time", b"never"), ("ce_deliverymode", b"\0"), ("", b""),
    ("ce_type", b"com.example.article"), ("ce_specversion", b"9"), ("content-type", b"text/html"), ("x" * 1000, b"y" * 10_000))


def test_broken_headers_of_a_raw_record_change_nothing() -> None:
    simulation = walk(article(SOUND), headers=BROKEN_HEADERS)
    check(simulation, 1)
    assert "hostile" in source_ids(simulation, topics.ENRICHED.name)


READ = [spec for spec in topics.TOPICS if spec.read_by and spec is not topics.ALERTS]
"""Topics that agents read; deliver, which is none, has tests of its own."""


@pytest.mark.parametrize("spec", READ, ids=lambda spec: spec.name)
@pytest.mark.parametrize("body", [None, b"", b"\xff", b"{}", b"[]", b'{"content":"a"}'])
def test_nonsense_on_any_topic_is_a_dead_letter_there(spec: topics.TopicSpec, body: bytes | None) -> None:
    simulation = Simulation(STAGES, SETTINGS, seed=1)
    simulation.put(spec.name, body, key=b"k")
    simulation.put(topics.RAW.name, sound(0), key=b"k")
    simulation.settle()
    if spec is not topics.RAW or body != b'{"content":"a"}':
        assert [record.topic for record in letters(simulation)] == [spec.dead_letters]
    assert "sound-0" in source_ids(simulation, topics.ENRICHED.name)


PATIENT = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.generate, Phase.shrink])
MARKUP = st.lists(st.sampled_from(["<p>", "</p>", "<div>", "<", ">", "&amp;", "&#0;", "&#xD800;", "<!--", "-->", "<script>", "“", "said", "\n", "\x0c", SOUND]),
                  max_size=40).map("".join)
TEXT = st.text(max_size=300) | MARKUP | st.text(st.sampled_from(string.printable + "“”«»—…\u00ad\u2028"), max_size=200)
FIELDS = {"url": TEXT, "headline": TEXT, "published": TEXT, "outlet": TEXT, "language": TEXT, "authors": st.lists(TEXT, max_size=3),
          "fetched_at": TEXT | st.floats() | st.integers(), "source_id": TEXT, "content_type": st.sampled_from(["text/html", "text/plain", "x"])}
ARTICLES = st.fixed_dictionaries({"content": TEXT}, optional=FIELDS).map(lambda body: json.dumps(body).encode("utf-8", "surrogatepass"))
MUTATED = st.tuples(ARTICLES, st.integers(0, 400), st.binary(max_size=3)).map(lambda cut: cut[0][:cut[1]] + cut[2] + cut[0][cut[1] + len(cut[2]):])


@PATIENT
@given(st.lists(st.none() | st.binary(max_size=200) | ARTICLES | MUTATED, min_size=1, max_size=8))
def test_random_bytes_through_the_whole_walk_end_in_exactly_one_named_fate(bodies: list[bytes | None]) -> None:
    check(walk(*bodies), len(bodies))
