"""What tag marks, how it links and groups it, and that every span is its text, in the field and in the raw content."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.clean_article import CleanArticle
from schemas.mention import Mention, MentionKind
from schemas.tagged_article import TaggedArticle
from streams.core.tagging.entities import AMBIGUOUS, Named, entity_keys, people_of_article
from streams.core.tagging.mentions import trimmed
from streams.core.tagging.names import names_of
from streams.core.tagging.pieces import LONGEST_CHARS, pieces
from streams.core.tagging.tag import Tagger, load_tagger
from streams.core.tagging.territories import people_of, territory_of
from streams.core.walk import tagged
from tests.core.reading import PARAGRAPHS, article, page

NAMES = names_of("en")

RAW = (
    "Norway and Chile sign a fishing treaty\n\n"
    "Oslo, 3 May 2024.\n\n"
    "Norway’s Foreign Minister Astrid Lindqvist-Hauge met Pablo Arriagada in Santiago on Friday, Reuters reported.\n\n"
    "Arriagada praised the treaty. Lindqvist-Hauge said that Norwegian boats would leave Chile by June. The United Nations welcomed it.\n\n"
    "Source: River News Agency\n\nfive × four =\n"
)


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return load_tagger()


def by_text(event: TaggedArticle) -> dict[str, Mention]:
    return {mention.text: mention for mention in event.mentions}


def fields(event: CleanArticle) -> dict[str, str | None]:
    return {"text": event.text, "headline": event.headline, "dateline": event.dateline and event.dateline.text, "source_credit": event.source_credit}


def assert_exact(event: TaggedArticle, raw: str | None) -> None:
    for mention in event.mentions:
        field = fields(event)[mention.field.value]
        assert field is not None
        assert field[mention.start:mention.end] == mention.text != ""
        assert (mention.qid is None) == (mention.nil_reason is not None) == (mention.link_method is None)
        if raw is not None and mention.raw_start is not None:
            assert raw[mention.raw_start:mention.raw_end] == mention.text


def test_mentions_are_located_in_every_field_and_in_the_raw_content(tagger: Tagger) -> None:
    event = tagger.tag(article(RAW))
    assert_exact(event, RAW)
    assert all(mention.raw_start is not None for mention in event.mentions)
    assert {mention.field.value for mention in event.mentions} == {"text", "headline", "dateline", "source_credit"}
    found = by_text(event)
    assert (found["Norway"].kind, found["Norway"].qid) == (MentionKind.GPE, "Q20")
    assert found["Chile"].qid == "Q298"
    assert (found["Norwegian"].kind, found["Norwegian"].qid, found["Norwegian"].link_method) == (MentionKind.NORP, "Q20", "rigour_demonym")
    assert (found["Reuters"].kind, found["Reuters"].qid) == (MentionKind.WIRE, "Q130879")
    assert (found["River News Agency"].kind, found["River News Agency"].field.value) == (MentionKind.OUTLET, "source_credit")
    assert found["United Nations"].kind is MentionKind.ORG                        # without "The"


def test_a_surname_is_the_last_full_name_that_ends_with_it(tagger: Tagger) -> None:
    event = tagger.tag(article(RAW))
    found = by_text(event)
    assert found["Arriagada"].entity_id == found["Pablo Arriagada"].entity_id is not None
    assert found["Norway"].entity_id is not None
    assert found["Arriagada"].entity_id != found["Norway"].entity_id
    assert found["United Nations"].entity_id is None                              # alone in its article


def test_the_same_article_gives_the_same_bytes_alone_or_in_company(tagger: Tagger) -> None:
    alone = tagger.tag(article(RAW)).model_dump_json()
    many = [tagger.tag(each) for each in (article(page(PARAGRAPHS), content_type="text/html"), article(RAW), article(RAW))]
    assert [event.model_dump_json() for event in many[1:]] == [alone, alone]


def test_a_page_has_mentions_without_raw_offsets(tagger: Tagger) -> None:
    event = tagger.tag(article(page(f"<p>Norway and Chile signed a treaty in Oslo.</p>{PARAGRAPHS}"), content_type="text/html"))
    assert "Norway" in by_text(event)
    assert_exact(event, None)
    assert all(mention.raw_start is None and mention.raw_end is None for mention in event.mentions)


def test_a_headline_that_only_the_producer_knows_has_no_raw_offsets(tagger: Tagger) -> None:
    event = tagger.tag(article("Norway signed a treaty with Chile on Friday, the ministry in Oslo said.", headline="Chile gains a treaty"))
    places = {(mention.field.value, mention.raw_start is None) for mention in event.mentions}
    assert places == {("headline", True), ("text", False)}


def test_a_language_without_a_pack_passes_without_mentions(tagger: Tagger) -> None:
    clean = article("Норвегия и Чили подписали в пятницу договор о рыболовстве, сообщило министерство в Осло.")
    event = tagger.tag(clean)
    assert event.language.code == "ru"
    assert event.mentions == ()
    assert event.text == clean.text
    assert event.model_dump(exclude={"mentions", "statements"}) == clean.model_dump()


def test_a_refusal_goes_through_tag_as_it_is(tagger: Tagger) -> None:
    clean = article(RAW)
    assert tagged(clean, None) is clean


TERRITORIES = [
    ("Syria", "Q858", "rigour_name"), ("United States", "Q30", "rigour_name"), ("US", "Q30", "rigour_alias"), ("U.S.", "Q30", "rigour_alias"),
    ("Turkey", None, "not_in_territories"), ("Texas", "Q1439", "rigour_name"), ("RUSSIA", "Q159", "rigour_name"), ("Moscow", "Q649", "rigour_name"), ("UK", "Q145", "rigour_alias"),
    ("IT", None, "not_in_territories"), ("In", None, "not_in_territories"), ("us", None, "not_in_territories"), ("Atlantis", None, "not_in_territories"),
    ("Paris", None, "place_inside_a_territory"), ("Georgia", None, "ambiguous"), ("Washington", None, "ambiguous"), ("", None, "not_in_territories"),
    ("Q30", None, "not_in_territories"), ("usa", None, "not_in_territories"),
]


@pytest.mark.parametrize(("name", "qid", "how"), TERRITORIES)
def test_a_territory_is_linked_or_null_with_a_reason(name: str, qid: str | None, how: str) -> None:
    found = territory_of(name, NAMES.codes, NAMES.ambiguous)
    assert (found.qid, found.method or found.nil_reason) == (qid, how)


@pytest.mark.parametrize(("name", "qid"), [("Syrian", "Q858"), ("Syrians", "Q858"), ("Russian", "Q159"), ("Muslim", None), ("Turkeys", None), ("European", None), ("Syria", None)])
def test_a_people_is_linked_to_its_territory(name: str, qid: str | None) -> None:
    assert people_of(name, NAMES.ambiguous, NAMES.demonym_endings).qid == qid


@pytest.mark.parametrize(("text", "name"), [
    ("the United States", "United States"), ("The Hague", "Hague"), ("Norway's", "Norway"), ("Norway’s ", "Norway"), ("  Oslo", "Oslo"), ("the", "the"),
    ("Theresa", "Theresa"), ("boats'", "boats"), ("'s", ""), ("a the  Sun", "Sun"),
])
def test_articles_and_possessives_are_no_part_of_a_name(text: str, name: str) -> None:
    start, end = trimmed(text, 0, len(text), NAMES)
    assert text[start:end] == name


PEOPLE = [
    (["Ann Bee", "Bee", "Mr Bee", "Dee"], ["ann bee", "ann bee", "ann bee", "dee"]),
    (["Ann Bee", "Bee", "Cy Bee"], ["ann bee", AMBIGUOUS, "cy bee"]),
    (["Bee", "Ann Bee", "Ann"], ["ann bee", "ann bee", "ann"]),                                       # the headline first; never a first name
    (["Dmitry Orlov", "D. Orlov", "Dmitry S. Orlov"], ["dmitry orlov"] * 3),
    (["Xi Jinping", "Xi", "Jinping"], ["xi jinping"] * 3),
    (["Pedro Sanz Castillo", "Sanz", "Sanz Castillo", "Castillo"], ["pedro sanz castillo"] * 4),
    (["Ursula von der Heide", "von der Heide", "Heide"], ["ursula von der heide"] * 3),
    (["Bashar al-Hariri", "al-Hariri", "President Bashar al-Hariri"], ["bashar al-hariri"] * 3),
]


@pytest.mark.parametrize(("mentions", "meant"), PEOPLE)
def test_a_short_name_is_the_one_person_who_is_named_in_full_with_it(mentions: list[str], meant: list[str]) -> None:
    assert people_of_article([Named(MentionKind.PERSON, name, None) for name in mentions], NAMES) == meant


def test_dates_and_ambiguous_names_are_no_entity() -> None:
    mentions = [Named(MentionKind.PERSON, "Bee", None), Named(MentionKind.DATE, "Friday", None), Named(MentionKind.ORG, "River Board", None), Named(MentionKind.ORG, "RB", None)]
    keys = entity_keys(mentions, [AMBIGUOUS, None, None, None], {"RB": "River Board"})
    assert keys == [None, None, "ORG\triver board", "ORG\triver board"]


TEXTS = st.lists(st.sampled_from(["word ", "Oslo. ", "\n\n", "\n", "x" * 150, "x" * 500, " ", "“", "said that it would. "]), max_size=80).map("".join)


@settings(max_examples=200, deadline=None)
@given(TEXTS | st.text(max_size=300))
def test_pieces_are_slices_in_order_and_leave_out_only_blanks_and_what_is_no_word(text: str) -> None:
    at = 0
    for start, piece in pieces(text):
        assert text[start:start + len(piece)] == piece
        assert 0 < len(piece) <= LONGEST_CHARS
        assert start >= at
        between = text[at:start]
        assert not between.strip() or len(between) > 200
        at = start + len(piece)
    rest = text[at:]
    assert not rest.strip() or len(rest) > 200


def test_mentions_are_looked_for_in_so_many_tokens() -> None:
    clean = article("The river rose in Oslo in a single night, the water board said.\n\n" * 60)
    few = Tagger(load_tagger().model, most_tokens=300).tag(clean)
    every = load_tagger().tag(clean)
    assert 0 < len(few.mentions) < len(every.mentions)
    assert few.mentions[:5] == every.mentions[:5]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["Norway’s ", "the United States", " (Oslo) ", "“", "Ann Bee", "\n\n", "\r\n", " said on Friday. ", "Re\u00aduters ", "é", "😀", "\u200b"]), max_size=30).map("".join))
def test_every_span_is_its_text(raw: str) -> None:
    clean = article(f"The river rose in a single night, the water board said. {raw}", language="en")
    event = load_tagger().tag(clean)
    assert_exact(event, None)
    for mention in event.mentions:
        if mention.raw_start is not None:
            sliced = f"The river rose in a single night, the water board said. {raw}"[mention.raw_start:mention.raw_end]
            visible = sliced.translate({0xAD: None, 0x200B: None, 0x0D: None})
            assert re.sub(r"[^\S\n]+\n", "\n", visible) == mention.text, "blanks at a line's end are left out"
