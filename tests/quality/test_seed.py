"""The seed article, as far as clean and mentions go, and a dozen variants of it that no rule can know.

The text is its publisher's: it is read from `../shared/seed`, never committed. Where it is missing, that is a failure.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.clean_article import CleanArticle, SegmentKind
from schemas.mention import MentionKind
from schemas.tagged_article import TaggedArticle
from streams.core.tagging.tag import load_tagger
from tests.core.reading import article

SEED = Path(__file__).resolve().parents[2].parent / "shared" / "seed"
GOLD_KINDS = {
    "headline": "headline", "dateline": "dateline", "source_credit (provenance, keep)": "source_credit",
    "comment_form": "comment_form", "captcha_random_per_load": "captcha", "widget": "widget",
}


@pytest.fixture(scope="module")
def gold() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(SEED.glob("*.gold.json")).read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def raw(gold: dict[str, Any]) -> str:
    return (SEED / gold["file"]).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def event(raw: str) -> TaggedArticle:
    return load_tagger().tag(article(raw, source_id="seed"))


def test_every_line_is_classed_as_annotated(gold: dict[str, Any], event: TaggedArticle) -> None:
    expected = [(start, end, GOLD_KINDS[kind]) for start, end, kind in gold["metadata_lines"] + gold["boilerplate"]]
    found = [(s.start, s.end, s.kind.value) for s in event.segments if s.kind is not SegmentKind.BODY]
    assert found == sorted(expected)
    assert [(s.start, s.end) for s in event.segments if s.kind is SegmentKind.BODY] == [(110, 2096)]


def test_the_fields_hold_what_the_page_says(gold: dict[str, Any], raw: str, event: TaggedArticle) -> None:
    (h0, h1, _), (d0, d1, _), (c0, c1, _) = gold["metadata_lines"]
    assert event.headline == raw[h0:h1]
    assert event.dateline is not None
    assert (event.dateline.text, event.dateline.place) == (raw[d0:d1], "Moscow")
    assert event.source_credit == raw[c0:c1]
    assert event.published is not None
    assert event.published.value.date().isoformat() == gold["published"] == "2018-02-14"
    assert (event.published.basis, event.published.precision.value, event.published.suspect) == ("dateline", "day", False)
    assert event.event_time == event.dateline.date == event.published.value
    assert (event.language.code, event.authors, event.url) == ("en", (), None)


def test_the_text_is_the_body_and_nothing_else(gold: dict[str, Any], raw: str, event: TaggedArticle) -> None:
    assert event.text == raw[110:2096]
    for start, end, _kind in gold["metadata_lines"] + gold["boilerplate"]:
        assert raw[start:end] not in event.text
    for sentence in gold["attributions"]:
        assert sentence["id"] == "H0" or sentence["sent_text"] in event.text


def test_the_three_marks_are_repaired_where_they_are_broken(event: TaggedArticle) -> None:
    repairs = [(repair.kind, repair.at + 110, repair.before, repair.after) for repair in event.repairs]
    assert repairs == [("opening_quote_missing", 276, "", "“"), ("closing_quote_wrong", 752, "“", "”")]


def test_every_span_slices_its_field_and_the_raw_text(raw: str, event: TaggedArticle) -> None:
    assert_exact(raw, event)


def assert_exact(raw: str, event: TaggedArticle) -> None:
    for piece in event.clean_to_raw:
        assert event.text[piece.clean:piece.clean + piece.length] == raw[piece.raw:piece.raw + piece.length]
    for mention in event.mentions:
        dateline = event.dateline.text if event.dateline else None
        field = {"text": event.text, "headline": event.headline, "dateline": dateline, "source_credit": event.source_credit}[mention.field.value]
        assert field is not None
        assert field[mention.start:mention.end] == mention.text == raw[mention.raw_start:mention.raw_end]


def test_ids_of_things_are_right_or_null(gold: dict[str, Any], event: TaggedArticle) -> None:
    annotated = {(start, end): entity["wikidata"] for entity in gold["entities"] for start, end in entity["spans"]}
    linked = {(m.raw_start, m.raw_end): m.qid for m in event.mentions if m.kind is not MentionKind.NORP}
    for span, qid in linked.items():
        assert qid is None or annotated.get(span) == qid, (span, qid)


def test_every_country_is_found_with_its_id(gold: dict[str, Any], event: TaggedArticle) -> None:
    found = {(mention.raw_start, mention.raw_end): mention.qid for mention in event.mentions}
    countries = [entity for entity in gold["entities"] if entity["type"] == "COUNTRY"]
    wanted = {(start, end): entity["wikidata"] for entity in countries for start, end in entity["spans"]}
    assert len(wanted) == 22
    assert {span: found.get(span) for span in wanted} == wanted


def test_people_wire_and_outlet_are_what_they_are(gold: dict[str, Any], event: TaggedArticle) -> None:
    by_span = {(mention.raw_start, mention.raw_end): mention for mention in event.mentions}
    entities = {entity["surface"]: [by_span.get((start, end)) for start, end in entity["spans"]] for entity in gold["entities"]}
    peskov = [mention for mention in entities["Dmitry Peskov"] + entities["Peskov"][1:] if mention]
    assert len(peskov) == 6
    assert {(mention.kind, mention.entity_id) for mention in peskov} == {(MentionKind.PERSON, peskov[0].entity_id)}
    putin = [mention for mention in entities["Vladimir Putin"] + entities["Putin"][1:] if mention]
    assert len(putin) == 3
    assert len({mention.entity_id for mention in putin}) == 1
    assert putin[0].entity_id != peskov[0].entity_id
    assert entities["TASS"][0] is not None
    assert entities["TASS"][0].kind is MentionKind.WIRE
    assert entities["Rossa Primavera News Agency"][0] is not None
    assert entities["Rossa Primavera News Agency"][0].kind is MentionKind.OUTLET


def test_another_captcha_is_no_new_version(raw: str, event: TaggedArticle) -> None:
    again = article(raw.replace("five × four =", "two + = eleven"), source_id="seed")
    assert (again.version, again.article_id) == (event.version, event.article_id)


def test_cleaning_it_again_changes_nothing(event: TaggedArticle) -> None:
    again = article(event.text, headline=event.headline)
    assert (again.text, again.version, again.repairs) == (event.text, event.version, event.repairs)


# Each variant changes what a rule could have learnt by heart. `day` None: ambiguous; `kinds`: what follows the source credit.
FORM = "Leave a Reply\n\nYour email address will not be published.\n\n\nfive × four =\n\nLoading Facebook Comments ..."
PEOPLE = {"Dmitry Peskov": "Ivar Lindqvist", "Peskov": "Lindqvist", "Vladimir Putin": "Olav Bergstrand", "Putin": "Bergstrand"}
LANDS = {"Syrian": "Yemeni", "Syria": "Yemen", "Iraq": "Oman", "Russian": "Egyptian", "Russia": "Egypt"}
VARIANTS: dict[str, dict[str, Any]] = {
    "day, month, year in words": {"swap": {"14.02.2018, Moscow.": "Oslo, 3 March 2019"}, "day": "2019-03-03", "place": "Oslo"},
    "month, day, year in figures": {"swap": {"14.02.2018, Moscow.": "05/21/2020, Lima"}, "day": "2020-05-21", "place": "Lima"},
    "year first": {"swap": {"14.02.2018, Moscow.": "2021-07-09 | Port-au-Prince"}, "day": "2021-07-09", "place": "Port-au-Prince"},
    "ambiguous, settled by the text": {"swap": {"14.02.2018": "04.03.2018", "February 12": "March 3"}, "day": "2018-03-04", "place": "Moscow"},
    "ambiguous, American, settled by the text": {"swap": {"14.02.2018": "03/04/2018", "February 12": "March 2"}, "day": "2018-03-04", "place": "Moscow"},
    "ambiguous": {"swap": {"14.02.2018": "04.03.2018", "February 12": "Monday"}, "day": None, "place": "Moscow"},
    "other people": {"swap": PEOPLE, "day": "2018-02-14", "place": "Moscow"},
    "other countries": {"swap": LANDS, "day": "2018-02-14", "place": "Moscow", "qids": {"Yemen": "Q805", "Oman": "Q842", "Egypt": "Q79"}},
    "another wire and outlet": {"swap": {"TASS": "Reuters", "Rossa Primavera News Agency": "Harbour Wire Service"}, "credit": "Source: Harbour Wire Service"},
    "another form": {
        "swap": {FORM: "3 Comments\n\nLeave a comment\n\nName *\n\nEmail *\n\nWebsite\n\nnine − = two\n\nShare this:\n\nTwitter\n\nFacebook\n"},
        "kinds": ["comment_form"] * 5 + ["captcha"] + ["widget"] * 3,
    },
    "rights and related": {
        "swap": {FORM: "Read also: A treaty is signed\n\nTags: treaty, boats\n\n© 2018 Harbour Wire. All rights reserved.\n"},
        "kinds": ["navigation", "navigation", "disclaimer"],
    },
    "a byline and a trail": {"swap": {"The Kremlin: meagre": "Home > News > World\n\nThe Kremlin: meagre", "14.02.2018, Moscow.": "By Ann Bee\n\n14.02.2018, Moscow."}, "authors": ("Ann Bee",)},
    "straight marks": {"swap": {"“": '"', "”": '"'}, "repairs": ["opening_quote_missing"]},
    "whole marks": {"swap": {"In regard to the United": "“In regard to the United", "support“": "support”"}, "repairs": []},
    "another mark lost": {"swap": {"supply,”": "supply,", "support“": "support"}, "repairs": ["closing_quote_missing"]},
    "Windows lines": {"swap": {"\n": "\r\n"}},
    "read in the wrong encoding": {"swap": {"“": "â€œ", "”": "â€\x9d", "× four": "Ã— four"}},
    "escaped": {"swap": {"“": "&ldquo;", "”": "&#8221;", "four =": "four&nbsp;="}},
    "hidden characters": {"swap": {"observed a lack": "ob\u00adserved a\u200b lack", "Source:": "\u200bSource:\u00a0", "five ×": "five\u2009×"}, "credit": "Source:\u00a0 Rossa Primavera News Agency"},
    "the wire's own dateline": {"swap": {"14.02.2018, Moscow.\n": "", "The Press Secretary": "MOSCOW, Feb 14, 2018 (TASS) - The Press Secretary"}, "place": "MOSCOW"},
    "a via for a source": {"swap": {"Source: Rossa": "(Via: Rossa", "Agency\n": "Agency)\n"}, "credit": "(Via: Rossa Primavera News Agency)"},
    "moving parts": {
        "swap": {FORM: "Advertisement\n\nViews: 1,204\n\n3 Responses to The Kremlin\n\nLeave a comment\n\nSecurity question: 8 + 5 =\n\nThis site uses cookies.\n\nPage 1 of 3\n"},
        "kinds": ["widget", "widget", "comment_form", "comment_form", "captcha", "disclaimer", "navigation"],
    },
    "a disclaimer of the state": {
        "swap": {FORM: "THIS MESSAGE (MATERIAL) WAS CREATED BY A FOREIGN MASS MEDIA PERFORMING THE FUNCTIONS OF A FOREIGN AGENT\n\n* An organization banned in Russia\n"},
        "kinds": ["disclaimer", "disclaimer"],
    },
}
KINDS_AFTER = ["comment_form", "comment_form", "captcha", "widget"]


@pytest.mark.parametrize("name", VARIANTS)
def test_no_rule_knows_the_seed(name: str, raw: str, event: TaggedArticle) -> None:
    variant = VARIANTS[name]
    changed = raw
    for old, new in variant["swap"].items():
        assert old in changed
        changed = changed.replace(old, new)
    found = article(changed)
    tagged = load_tagger().tag(found)
    assert_exact(changed, tagged)
    assert found.headline is not None
    assert found.headline in changed
    assert found.headline.startswith("The Kremlin:")
    assert found.text.startswith("The Press Secretary")
    assert found.text.endswith("in the region.")
    assert found.text.count("\n\n") == event.text.count("\n\n")
    assert_dateline(found, variant)
    assert found.source_credit == variant.get("credit", event.source_credit)
    assert found.authors == variant.get("authors", ())
    kinds = [segment.kind.value for segment in found.segments]
    assert kinds[kinds.index("source_credit") + 1:] == variant.get("kinds", KINDS_AFTER)
    assert [repair.kind for repair in found.repairs if "quote" in repair.kind] == variant.get("repairs", ["opening_quote_missing", "closing_quote_wrong"])
    qids = {mention.text: mention.qid for mention in tagged.mentions}
    assert {text: qids.get(text) for text in variant.get("qids", {})} == variant.get("qids", {})


def assert_dateline(found: CleanArticle, variant: dict[str, Any]) -> None:
    assert found.dateline is not None
    assert found.dateline.place == variant.get("place", "Moscow")
    day = variant.get("day", "2018-02-14")
    assert (found.dateline.date and found.dateline.date.date().isoformat()) == day
    assert (found.published and found.published.value.date().isoformat()) == day
