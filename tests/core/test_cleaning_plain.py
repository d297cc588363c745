"""Plain text flattened from a page: every line classed, nothing deleted, every offset exact."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.clean_article import SegmentKind
from streams.core.cleaning.dateline import date_line, date_prefix
from streams.core.cleaning.day import days_in
from streams.core.cleaning.header import names_in_byline
from streams.core.cleaning.mending import mended_text
from streams.core.cleaning.offsets import to_raw
from streams.core.outcome import RefusalReason, Refused
from tests.core.reading import BODY, article, outcome

FURNITURE = [
    ("comment_form", "Leave a Reply"), ("comment_form", "Leave a comment"), ("comment_form", "Leave a Reply Cancel reply"),
    ("comment_form", "Your email address will not be published. Required fields are marked *"),
    ("comment_form", "Save my name, email, and website in this browser for the next time I comment."),
    ("comment_form", "12 Comments"), ("comment_form", "You must be logged in to post a comment."),
    ("comment_form", "This site uses Akismet to reduce spam. Learn how your comment data is processed."),
    ("captcha", "five × four ="), ("captcha", "3 + 7 ="), ("captcha", "nine − = two"), ("captcha", "× 4 = twenty four"),
    ("captcha", "What is 2 + 3?"), ("captcha", "Please enter an answer in digits:"), ("captcha", "I’m not a robot"),
    ("widget", "Loading Facebook Comments ..."), ("widget", "Like Loading..."), ("widget", "Share this:"),
    ("widget", "Click to share on Twitter (Opens in new window)"), ("widget", "ADVERTISEMENT"), ("widget", "Follow us on Telegram"),
    ("navigation", "Home > World > Europe"), ("navigation", "Related articles"), ("navigation", "Read more: Ferry sails again"),
    ("navigation", "« Previous post: The mill"), ("navigation", "Tags: river, ferry"), ("navigation", "Back to top"),
    ("disclaimer", "© 2024 The Daily Word. All rights reserved."), ("disclaimer", "Copyright 2024 The Daily Word"),
    ("disclaimer", "The views expressed in this article are the author's own."),
    ("source_credit", "Source: River News Agency"), ("source_credit", "Originally published by: The Daily Word"),
    ("disclaimer", "(c) 2024 The Daily Word"),
    ("byline", "(Reporting by Ann Bee in Lowtown; editing by Cy Dee)"),
]

NOT_FURNITURE = [
    "Loading the barges took all night.", "Home is where the ferry stops, she said.", "Comments by the minister were short.",
    "Share prices fell.", "Two plus two is four, the child said.", "Sources say that the mill will open.", "More rain is expected.",
    "Copyright law is to change next year.", "Related crimes have been charged.", "He read more than a hundred letters.",
    "Ines Varga said on December 30 the bridge is safe.", "Ann Bee said on 3 March that she would go.",
]


@pytest.mark.parametrize(("kind", "line"), FURNITURE)
def test_furniture_is_classed_and_is_not_text(kind: str, line: str) -> None:
    found = article(f"{BODY}\n\n{line}")
    assert found.text == BODY
    assert [s.kind.value for s in found.segments] == ["body", kind]


@pytest.mark.parametrize("line", NOT_FURNITURE)
def test_a_sentence_is_not_taken_for_furniture(line: str) -> None:
    assert article(f"{BODY}\n\n{line}").text == f"{BODY}\n\n{line}"


def test_fields_of_a_form_are_furniture_only_behind_a_form() -> None:
    form = f"{BODY}\n\nLeave a Reply\n\nName *\n\nEmail *\n\nWebsite"
    assert article(form).text == BODY
    assert article(f"{BODY}\n\nWebsite").text == f"{BODY}\n\nWebsite"


def test_a_flattened_page_gives_up_its_fields() -> None:
    raw = f"Home > News\n\nFerry waits for the river\n\nBy Ann Bee and Cy Dee\n\nLowtown, 3 May 2024\n\n{BODY}\n\nSource: River News Agency\n"
    found = article(raw)
    assert found.headline == "Ferry waits for the river"
    assert found.authors == ("Ann Bee", "Cy Dee")
    assert found.dateline is not None
    assert found.dateline.place == "Lowtown"
    assert found.published is not None
    assert found.published.value.isoformat() == "2024-05-03T00:00:00+00:00"
    assert found.event_time == found.published.value
    assert found.source_credit == "Source: River News Agency"
    assert found.text == BODY
    for segment in found.segments:
        assert raw[segment.start:segment.end].strip() == raw[segment.start:segment.end]


HEADLINES = [
    (f"Ferry waits\n\n{BODY}", "Ferry waits"),                                     # alone, then sentences
    (f"Will the ferry sail?\n\n{BODY}", "Will the ferry sail?"),
    (f"{BODY}", None),                                                             # a sentence is no headline
    (f"Ferry waits\n\nThe river is high\n\n{BODY}", None),                         # two: which one?
    ("Ferry waits for the river to fall and\nthe people wait with it, they said.", None),   # a wrapped line
    ("Ferry waits\n\nRiver rises\n\nMill opens", None),                            # a list
    (f"In this issue:\n\n{BODY}", None),
]


@pytest.mark.parametrize(("raw", "headline"), HEADLINES)
def test_a_headline_is_guessed_only_where_it_is_one(raw: str, headline: str | None) -> None:
    assert article(raw).headline == headline


def test_the_headline_of_the_producer_is_found_in_the_text_as_it_stands_there() -> None:
    found = article(f"“Ferry” waits\n\nThe river is high\n\n{BODY}", headline='"Ferry" waits')
    assert found.headline == "“Ferry” waits"
    assert found.text.startswith("The river is high")
    assert article(BODY, headline="Ferry waits").headline == "Ferry waits"


DAYS = [
    ("14.02.2018", ["2018-02-14"]), ("02/14/2018", ["2018-02-14"]), ("03.02.2018", ["2018-02-03", "2018-03-02"]),
    ("2018-02-14", ["2018-02-14"]), ("5.5.2018", ["2018-05-05"]), ("13.13.2018", []), ("31.04.2018", []),
    ("February 14, 2018", ["2018-02-14"]), ("14 Feb 2018", ["2018-02-14"]), ("14th of February 2018", ["2018-02-14"]),
    ("Feb. 14, 2018", ["2018-02-14"]), ("14/02/18", ["2018-02-14"]), ("1.2.3.4", []), ("29 February", ["0004-02-29"]),
]


@pytest.mark.parametrize(("text", "days"), DAYS)
def test_a_written_day_has_every_reading_it_allows(text: str, days: list[str]) -> None:
    assert [day.isoformat() for found in days_in(text) for day in found.readings] == days


DATE_LINES = [
    ("14.02.2018, Moscow.", "Moscow"), ("Moscow, 14 February 2018", "Moscow"), ("Published: May 3, 2024", None),
    ("Friday, 3 May 2024, 10:15 GMT", None), ("New York City | 05/13/2024", "New York City"), ("2024-05-03", None),
    ("Posted on May 3, 2024 at 10:15 am", None), ("3 May 2024 - Port-au-Prince", "Port-au-Prince"),
]


@pytest.mark.parametrize(("line", "place"), DATE_LINES)
def test_a_line_of_day_and_place_is_a_dateline(line: str, place: str | None) -> None:
    found = date_line(line)
    assert found is not None
    assert found.place == place


@pytest.mark.parametrize("line", [
    "The ferry sailed on 3 May 2024.", "On May 3, 2024 the river rose", "Moscow", "14.02.2018 to 15.02.2018", "Price 14.02.2018 EUR 12",
])
def test_a_sentence_with_a_day_is_no_dateline(line: str) -> None:
    assert date_line(line) is None


PREFIXES = [
    ("MOSCOW, Feb 14 (TASS) - The ferry sailed.", "MOSCOW"), ("LOWTOWN (AP) — The ferry sailed.", "LOWTOWN"),
    ("PARIS — The ferry sailed.", "PARIS"), ("Port-au-Prince, 3 May 2024 (RNA) – The ferry sailed.", "Port-au-Prince"),
    ("KYIV, Ukraine (AP) -- The ferry sailed.", "KYIV, Ukraine"), ("MOSCOW, February 14. /TASS/. The ferry sailed.", "MOSCOW"),
]


@pytest.mark.parametrize(("text", "place"), PREFIXES)
def test_a_paragraph_may_begin_with_a_dateline(text: str, place: str) -> None:
    found = date_prefix(text)
    assert found is not None
    assert found.place == place
    assert text[found.length:] == "The ferry sailed."
    assert article(text).text == "The ferry sailed."


@pytest.mark.parametrize("text", [
    "BREAKING - The ferry sailed.", "FILE - The ferry sailed.", "The ferry - a new one - sailed.", "UPDATE — The ferry sailed.", "A well-known ferry sailed.",
    "Ann Bee - The ferry sailed.",
])
def test_a_dash_makes_no_dateline(text: str) -> None:
    assert date_prefix(text) is None


AMBIGUOUS = [
    ("", {}, None),                                                                # nothing settles it
    ("The board met on February 1. ", {}, "2024-02-03"),                           # the text names a day near one reading
    ("The board met on 28 February. ", {}, "2024-03-02"),
    ("", {"published": "2024-03-02T10:00:00Z"}, "2024-03-02"),                     # the producer knows
    ("", {"url": "https://example.org/2024/02/03/river"}, "2024-02-03"),           # so does the path
]


@pytest.mark.parametrize(("sentence", "fields", "day"), AMBIGUOUS)
def test_an_ambiguous_dateline_is_settled_by_evidence_or_left_null(sentence: str, fields: dict[str, str], day: str | None) -> None:
    found = article(f"Ferry waits\n\n03.02.2024, Lowtown.\n\n{sentence}{BODY}", **fields)
    assert found.dateline is not None
    assert found.dateline.place == "Lowtown"
    assert (found.dateline.date and found.dateline.date.date().isoformat()) == day


def test_a_dateline_without_a_year_takes_the_year_of_the_other_dates() -> None:
    found = article(f"LOWTOWN, Dec 30 (RNA) - {BODY}", published="2020-01-02")
    assert found.dateline is not None
    assert found.dateline.date is not None
    assert found.dateline.date.date().isoformat() == "2019-12-30"


BYLINES = [
    ("By Ann Bee", ("Ann Bee",)), ("by Ann Bee and Cy Dee", ("Ann Bee", "Cy Dee")), ("By Ann van der Bee, Staff Writer", ("Ann van der Bee",)),
    ("By Ann Bee, Associated Press", ("Ann Bee",)), ("By the river", ()), ("By Monday 3 May the ferry will sail", ()), ("By our own correspondent", ()), ("Bypass opens", ()),
]


@pytest.mark.parametrize(("line", "names"), BYLINES)
def test_a_byline_gives_its_names(line: str, names: tuple[str, ...]) -> None:
    assert names_in_byline(line) == names


def test_odd_line_ends_and_invisible_characters_leave_the_map_exact() -> None:
    raw = "\ufeffFerry waits\r\n\r\nThe ri\u00adver rose.\u2028It fell\u200b again.\r\n \u00a0 \r\nNobody was hurt.\x0c"
    found = article(raw)
    assert found.text == "The river rose.\nIt fell again.\n\nNobody was hurt."
    for piece in found.clean_to_raw:
        assert found.text[piece.clean:piece.clean + piece.length] == raw[piece.raw:piece.raw + piece.length]
    where = found.text.index("river")
    assert to_raw(found.clean_to_raw, where, where + 5) == (raw.index("ri\u00ad"), raw.index("ver") + 3)


CONTENT = {
    "NUL": ("abc\x00def", RefusalReason.NOT_TEXT), "gzip": ("\x1f\x8b\x08abc", RefusalReason.NOT_TEXT),
    "gzip, decoded": ("\x1f\ufffd\x08abc", RefusalReason.NOT_TEXT), "UTF-16": ("a\x00b\x00c\x00", RefusalReason.NOT_TEXT),
    "zip": ("PK\x03\x04abc", RefusalReason.NOT_TEXT), "PDF": ("%PDF-1.7 abc", RefusalReason.NOT_TEXT),
    "a lone surrogate": ("abc \ud800 def", RefusalReason.NOT_TEXT), "noise": ("\x01\x02\x03\x04ab" * 50, RefusalReason.NOT_TEXT),
    "empty": ("", RefusalReason.EMPTY), "blank": (" \n\u200b\n\ufeff", RefusalReason.EMPTY), "furniture": ("Share this:\n\nLeave a Reply", RefusalReason.EMPTY),
}


@pytest.mark.parametrize("name", CONTENT)
def test_what_is_no_text_is_refused_by_name(name: str) -> None:
    content, reason = CONTENT[name]
    for content_type in ("text/plain", "text/html") if reason is RefusalReason.NOT_TEXT else ("text/plain",):
        found = outcome(content, content_type=content_type)
        assert isinstance(found, Refused)
        assert found.reason is reason


LINES = st.sampled_from([
    *[line for _, line in FURNITURE], *NOT_FURNITURE, *[raw for raw, _ in HEADLINES], *[text for text, _ in PREFIXES], *[line for line, _ in DATE_LINES],
    *[line for line, _ in BYLINES], "", " ", "Ferry waits", "Website", "Twitter", "“Well", "said”.", "03.02.2024", "MOSCOW (AP) — Ferry waits",
])
PAGES = st.lists(st.tuples(LINES | st.text(max_size=40), st.sampled_from(["\n", "\n\n", "\r\n", "\u2028", "\n \n"])), max_size=12).map(
    lambda parts: "".join(line + end for line, end in parts))


@settings(max_examples=400, deadline=None)
@given(PAGES)
def test_every_piece_slices_the_same_on_both_sides_and_cleaning_again_changes_nothing(raw: str) -> None:
    found = outcome(raw)
    if isinstance(found, Refused):
        return
    at = 0
    for piece in found.clean_to_raw:
        assert found.text[piece.clean:piece.clean + piece.length] == raw[piece.raw:piece.raw + piece.length]
        between = found.text[at:piece.clean]                             # not from the raw text: line ends of ours, and what was mended
        assert between.strip("\n") == "" or any(at <= repair.at < piece.clean for repair in found.repairs)
        at = piece.clean + piece.length
    assert at == len(found.text) or any(at <= repair.at for repair in found.repairs)
    again = article(found.text, headline=found.headline)
    assert (again.text, again.version) == (found.text, found.version)
    assert [each for each in again.repairs if "quote" in each.kind] == [each for each in found.repairs if "quote" in each.kind]
    alone = article(found.text)
    assert alone.text == found.text or found.headline is not None


@settings(max_examples=200, deadline=None)
@given(PAGES)
def test_segments_are_in_order_and_hold_all_that_is_visible(raw: str) -> None:
    found = outcome(raw)
    if isinstance(found, Refused):
        return
    at = 0
    for segment in found.segments:
        assert at <= segment.start < segment.end <= len(raw)
        assert not any(c.isalnum() for c in mended_text(raw[at:segment.start]))
        at = segment.end
    assert not any(c.isalnum() for c in mended_text(raw[at:]))
    assert any(segment.kind is SegmentKind.BODY for segment in found.segments)


def test_a_body_that_would_be_refused_by_itself_is_refused() -> None:
    found = outcome("Leave a Reply\n7z\u00bc\u00af\n")
    assert isinstance(found, Refused)
    assert found.reason is RefusalReason.NOT_TEXT
    assert article("BZh is no word, GIF8 neither: both stay in the text.").text.startswith("BZh")


def test_a_headline_of_marks_is_the_same_again_when_it_is_mended() -> None:
    found = article("River rises\n\nThe river rose in Oslo by two metres, and more rain is on its way to the town.", headline="&amp;")
    assert article(found.text, headline=found.headline).text == found.text
