"""communique export: what other tools read is what is on the bus, the last of each, in the same bytes every time."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from streams.topics import ENRICHED, STATEMENTS, TAKEDOWNS

GOLDEN = Path(__file__).parents[2] / "schemas" / "golden"
ARTICLE = json.loads((GOLDEN / "news.article.enriched.v1" / "full.json").read_text())
STATEMENT = json.loads((GOLDEN / "news.statement.v1" / "full.json").read_text())
TEXT = 'The port opens. "We shall reopen the harbour on Monday," the minister said. Ships wait.'

PROPERTIES = {
    "NewsArticle": {"identifier", "version", "url", "headline", "articleBody", "inLanguage", "datePublished", "dateline", "author",
                    "publisher", "creditText", "usageInfo", "mentions", "hasPart"},
    "Quotation": {"identifier", "text", "spokenByCharacter", "dateCreated", "isPartOf"},
    "Person": {"name", "sameAs", "jobTitle"}, "Organization": {"name", "sameAs", "url"}, "Place": {"name", "sameAs"},
    "Event": {"name", "sameAs"},
}
"""Of schema.org, as documented in docs/exports.md."""


def quoted():
    start = TEXT.index('"')
    end = TEXT.index('"', start + 1) + 1
    content = {"field": "text", "start": start, "end": end, "raw_start": None, "raw_end": None, "text": TEXT[start:end]}
    said = {**STATEMENT, "mode": "direct", "content": [content], "rendition_of": None}
    return {name: value for name, value in said.items() if name in ARTICLE["statements"][0] or name in STATEMENT}


def article(name="a", revision=1, at="2026-11-20T10:00:00Z", **fields):
    return {**ARTICLE, "article_id": name, "event_time": at, "text": TEXT, "statements": [quoted()],
            "dedup": {**ARTICLE["dedup"], "revision": revision}, **fields}


def statement(name="s", revision=1, **fields):
    return {**STATEMENT, "statement_id": name, "revision": revision, **fields}


def put(line, *articles, spec=ENRICHED):
    line.prepare()
    kind = "news.statement.v1" if spec is STATEMENTS else "news.article.enriched.v1"
    for each in articles:
        line.put(spec.name, each, key=(each.get("statement_id") if spec is STATEMENTS else each["article_id"]).encode(), ce_type=kind)


def export(line, *words, name="out"):
    found = line("export", *words, "-o", name, "--json")
    assert found.code == 0, found.err
    return (line.folder / name).read_bytes()


def nodes(value):
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(each)


@pytest.mark.parametrize(("words", "spec", "events"), [
    (["jsonld"], ENRICHED, [article(), ARTICLE]), (["jsonld", "--topic", "statements"], STATEMENTS, [statement(), STATEMENT]),
])
def test_json_ld_has_only_what_schema_org_has(line, words, spec, events):
    put(line, *events, spec=spec)
    lines = export(line, *words).splitlines()
    assert len(lines) == 2
    for each in lines:
        found = json.loads(each)
        assert found["@context"] == "https://schema.org"
        for node in nodes(found):
            names = {name for name in node if not name.startswith("@")}
            assert names <= PROPERTIES.get(node.get("@type"), {"@id"} if "@id" in node else set()), node


def test_json_ld_of_an_article_says_who_said_what(line):
    put(line, article(headline="Harbour to reopen"))
    found = json.loads(export(line, "jsonld"))
    part = found["hasPart"][0]
    speaker = STATEMENT["speaker"]
    assert (found["@type"], found["headline"], found["articleBody"]) == ("NewsArticle", "Harbour to reopen", TEXT)
    assert (part["@type"], part["text"]) == ("Quotation", '"We shall reopen the harbour on Monday,"')
    assert part["spokenByCharacter"]["name"] == speaker["name"]
    assert part["spokenByCharacter"].get("sameAs") == (speaker["qid"] and f"http://www.wikidata.org/entity/{speaker['qid']}")


def test_what_goes_into_a_page_as_it_is_cannot_end_its_script(line):
    hostile = "</script><script>alert(1)</script><!--"
    put(line, article(headline=hostile))
    said = export(line, "jsonld")
    assert b"<" not in said
    assert json.loads(said)["headline"] == hostile


def test_a_gqg_line_has_the_fields_of_gdelt_and_our_speakers_beside(line):
    one = article(headline="Harbour to reopen", url="https://news.example.org/a", event_time="2026-11-20T10:00:00.123456Z")
    put(line, one, article("b", statements=[]))
    found = json.loads(export(line, "gqg"))
    ours = found.pop("communique")
    assert ours["language"] == "en"
    assert found == {
        "date": "2026-11-20T10:00:00Z", "url": "https://news.example.org/a", "title": "Harbour to reopen",
        "lang": "ENGLISH",
        "quotes": [{"pre": "The port opens.", "quote": "We shall reopen the harbour on Monday,", "post": "the minister said. Ships wait."}]}
    assert [each["name"] for each in ours["speakers"]] == [STATEMENT["speaker"]["name"]]


def test_parquet_is_read_back_by_arrow_in_order_with_the_last_revisions(line):
    put(line, article("b", 2, "2026-11-21T00:00:00Z", headline="new"), article("b", 1, headline="old"), article("a"), article("c"))
    export(line, "parquet", name="out.parquet")
    table = pq.read_table(line.folder / "out.parquet")
    assert table.column("article_id").to_pylist() == ["a", "c", "b"]
    assert table.column("headline").to_pylist()[2] == "new"
    assert str(table.schema.field("event_time").type) == "timestamp[us, tz=UTC]"
    assert table.column_names[:4] == ["article_id", "version", "source_id", "url"]
    rows = pq.read_table(line.folder / "out.parquet", columns=["text", "statements"]).to_pylist()
    assert rows[0] == {"text": TEXT, "statements": 1}


def test_parquet_of_statements_has_speakers_dates_and_novelty(line):
    put(line, statement("s", 1, state="reported"), statement("s", 2, state="withdrawn"), spec=STATEMENTS)
    export(line, "parquet", "--topic", "statements", name="out.parquet")
    row, = pq.read_table(line.folder / "out.parquet").to_pylist()
    assert (row["statement_id"], row["state"], row["revision"]) == ("s", "withdrawn", 2)
    assert (row["speaker_name"], row["novelty"]) == (STATEMENT["speaker"]["name"], STATEMENT["novelty"]["kind"])
    assert export(line, "jsonld", "--topic", "statements") == b""  # what an article no longer says is no quotation


@pytest.mark.parametrize("words", [["jsonld"], ["gqg"], ["parquet"]])
def test_the_same_truth_gives_the_same_bytes_whatever_the_order_and_what_came_twice(line, words, monkeypatch):
    events = [article(name, revision) for name in "abc" for revision in (1, 2)]
    put(line, *events)
    first = export(line, *words)
    monkeypatch.setenv("COMMUNIQUE_STATE", str(line.folder / "other"))
    monkeypatch.setenv("COMMUNIQUE_TOPICS__PARTITIONS", "5")
    put(line, *events[::-1], *events)
    assert export(line, *words) == first
    assert first


def test_times_a_takedown_and_a_tombstone_leave_things_out(line):
    put(line, article("a", at="2026-11-20T10:00:00Z"), article("b", at="2026-11-22T10:00:00Z"), article("c"), article("d"))
    line.put(TAKEDOWNS.name, {"takedown_id": "t", "article_id": "c", "state": "done", "reason": "asked", "taken_at": "2026-11-23T00:00:00Z",
                              "origins": []}, key=b"c", ce_type="news.takedown.v1")
    line.put(ENRICHED.name, None, key=b"d")
    names = [json.loads(each)["identifier"] for each in export(line, "jsonld").splitlines()]
    assert names == ["a", "b"]
    names = [json.loads(each)["identifier"] for each in export(line, "jsonld", "--since", "2026-11-21").splitlines()]
    assert names == ["b"]
    names = [json.loads(each)["identifier"] for each in export(line, "jsonld", "--until", "2026-11-21").splitlines()]
    assert names == ["a"]


def test_a_record_that_is_none_is_told_and_the_rest_is_written(line):
    put(line, article())
    line.put(ENRICHED.name, b"{}", key=b"x", ce_type="news.article.enriched.v1")
    found = line("export", "jsonld", "-o", "out", "--json")
    assert (found.code, found.objects) == (1, [{"written": 1, "unreadable": 1}])


@pytest.mark.parametrize(("words", "told"), [
    (["jsonld", "--topic", "raw"], "known are enriched, statements"), (["jsonld", "--json"], "--json needs -o"),
    (["parquet", "-o", "nowhere/x"], "cannot be written"), (["gqg", "--since", "soon"], "is no time"),
])
def test_wrong_words_are_told(line, words, told):
    line.prepare()
    found = line("export", *words)
    assert (found.code, told in found.err) == (2, True), found.err
