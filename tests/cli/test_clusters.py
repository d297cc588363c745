"""communique clusters, on a file that process printed and on topics."""

from __future__ import annotations

import orjson
import pytest

from schemas.ids import cluster_id
from streams import topics
from streams.core.dedup.match import MatchOptions
from streams.core.dedup.offline import enrich_all
from streams.core.dedup.sketch import SketchOptions
from streams.testing.builders import tagged

WORDS = [f"word{n}" for n in range(90)]
TEXT = " ".join(WORDS) + ". Ten people came. The end was near."
ARTICLES = [
    tagged("aaaa1111", TEXT, headline="First form"),
    tagged("aaaa2222", TEXT.replace("Ten", "Twelve"), hours=1, headline="Second <form>"),
    tagged("bbbb1111", "Quite another thing happened in the harbour.", hours=2),
    tagged("cccc1111", " ".join([TEXT, *(f"more{n}" for n in range(300))]), hours=3),
]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("clusters") / "enriched.jsonl"
    events = enrich_all(ARTICLES, SketchOptions(2), MatchOptions())
    lines = [event.model_dump_json(by_alias=True) for event in events]
    path.write_text("\n".join([*lines, '{"reason": "TOO_SHORT"}', ""]), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("asked", ["aaaa1111", "aaaa2222", "aaaa1", cluster_id("aaaa1111"), cluster_id("aaaa1111")[:12], cluster_id("aaaa2222")])
def test_an_article_and_any_id_of_its_cluster_lead_to_it(line, file, asked):
    answer = line("clusters", "show", asked, "--file", file, "--json")
    told, = answer.objects
    assert told["cluster_id"] == cluster_id("aaaa1111")
    assert [(m["article_id"], m["role"], m["rule"]) for m in told["members"]] == [
        ("aaaa1111", "canonical", None), ("aaaa2222", "near_duplicate", "runs_cover_both")]


def test_people_read_it_a_member_a_line(line, file):
    shown = line("clusters", "show", "aaaa1111", "--file", file).out.splitlines()
    assert shown[0] == f"cluster {cluster_id('aaaa1111')}, 2 articles"
    assert "canonical  aaaa1111" in shown[1]
    assert any("part of cccc1111" in each for each in shown)
    assert "runs_cover_both" in " ".join(shown)


@pytest.mark.parametrize(("asked", "code"), [("zzzz9999", 1), ("aaaa", 0), ("aaa", 1)])
def test_what_nobody_has_is_said(line, file, asked, code):
    assert line("clusters", "show", asked, "--file", file).code == code


def test_two_articles_side_by_side(line, file, tmp_path):
    shown = line("clusters", "diff", "aaaa1111", "aaaa2222", "--file", file).out
    assert "First form" in shown
    assert "Twelve" in shown
    page = tmp_path / "pair.html"
    assert line("clusters", "diff", "aaaa1111", "aaaa2222", str(page), "--html", "--file", file).code == 0
    html = page.read_text(encoding="utf-8")
    assert "<ins>Twelve</ins>" in html
    assert "Second &lt;form&gt;" in html


def test_the_topics_are_read_and_a_former_cluster_leads_to_where_its_articles_are(line):
    line.prepare()
    events = list(enrich_all(ARTICLES, SketchOptions(1), MatchOptions()))
    for event in events:
        place = {"article_id": event.article_id, "cluster_id": event.dedup.cluster_id, "canonical_id": event.dedup.canonical_id,
                 "role": event.dedup.role.value, "part_of": []}
        line.put(topics.ASSIGNMENTS.name, place, key=event.article_id.encode())
        line.put(topics.ENRICHED.name, orjson.loads(event.model_dump_json(by_alias=True)), key=event.article_id.encode())
    told, = line("clusters", "show", cluster_id("aaaa2222"), "--json").objects
    assert (told["cluster_id"], len(told["members"])) == (cluster_id("aaaa1111"), 2)
    assert told["members"][1]["headline"] == "Second <form>"
    assert line("clusters", "diff", "aaaa1111", "nothing!").code == 1
