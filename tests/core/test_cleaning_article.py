"""What clean makes of an article besides the body: ids, dates, language, quotation marks, outlet; and of a page."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.clean_article import CleanArticle
from schemas.raw_article import RawArticle
from streams.core.cleaning.clean import clean
from streams.core.cleaning.dates import candidate
from streams.core.cleaning.html import without_headline
from streams.core.cleaning.language import language_of
from streams.core.cleaning.options import CleaningOptions
from streams.core.cleaning.page_headline import without_site
from streams.core.cleaning.quotes import marks_of, quote_repairs
from streams.core.cleaning.urls import canonical, day_in, domain_of
from streams.core.outcome import Permanent, RefusalReason, Refused
from tests.core.reading import BODY, ENVELOPE, NOW, PARAGRAPHS, article, outcome, page

URL = "https://news.example.org/2024/05/03/river"


def test_the_id_is_of_the_url_else_of_the_source_id_else_of_the_text() -> None:
    by_url = article(BODY, url=URL, source_id="7")
    assert by_url.article_id == article(f"{BODY} More.", url=f"{URL}?utm_source=mail#top").article_id
    assert article(BODY, source_id="7").article_id == article(f"{BODY} More.", source_id="7").article_id
    assert article(BODY).article_id == article(f"{BODY}\n\nLeave a Reply").article_id
    assert len({by_url.article_id, article(BODY, source_id="7").article_id, article(BODY).article_id}) == 3


def test_another_captcha_is_no_new_version_and_another_word_is() -> None:
    first, second = (article(f"{BODY}\n\n12 Comments\n\n{captcha}") for captcha in ("five × four =", "2 + 9 ="))
    assert first.version == second.version
    assert article(f"{BODY} Again.").version != first.version


def test_the_producers_word_goes_before_the_pages() -> None:
    head = '<title>Their title</title><meta name="author" content="Cy Dee"><meta property="og:site_name" content="Their Site">'
    found = article(page(PARAGRAPHS, head), content_type="text/html", headline="Our title", authors=["Ann Bee"], outlet="The Daily Word",
                    rights="CC BY", source_id="7")
    assert (found.headline, found.authors, found.outlet.name, found.rights, found.source_id) == (
        "Our title", ("Ann Bee",), "The Daily Word", "CC BY", "7")
    assert article(page(PARAGRAPHS, head), content_type="text/html").outlet.name == "Their Site"


GIVEN = [
    ("2024-05-03T10:15:30Z", "2024-05-03T10:15:30+00:00", "second"), ("2024-05-03T10:15:30+02:00", "2024-05-03T08:15:30+00:00", "second"),
    ("2024-05-03T10:15Z", "2024-05-03T10:15:00+00:00", "minute"), ("2024-05-03", "2024-05-03T00:00:00+00:00", "day"),
    ("2024-05", "2024-05-01T00:00:00+00:00", "month"), ("2024", "2024-01-01T00:00:00+00:00", "year"),
    ("Fri, 03 May 2024 10:15:30 GMT", "2024-05-03T10:15:30+00:00", "second"), ("May 3, 2024", "2024-05-03T00:00:00+00:00", "day"),
]


@pytest.mark.parametrize(("text", "value", "precision"), GIVEN)
def test_a_date_keeps_its_precision(text: str, value: str, precision: str) -> None:
    found = candidate(text, "producer")
    assert found is not None
    assert (found.value.isoformat(), found.precision.value) == (value, precision)


@pytest.mark.parametrize("text", ["", "yesterday", "03.02.2018", "2018-13", "9" * 5000, "0000", "1714731330", "1" * 64])
def test_what_is_no_date_is_none(text: str) -> None:
    assert candidate(text, "producer") is None


SUSPECT = [
    ("2024-05-03", False), ("1989-12-31", True), ("1990-01-01", False), ("2024-06-01", False), ("2050-01-01", True),
]


@pytest.mark.parametrize(("day", "suspect"), SUSPECT)
def test_a_date_from_a_page_outside_1990_to_the_raw_timestamp_is_suspect_and_no_event_time(day: str, suspect: bool) -> None:
    head = f'<meta property="article:published_time" content="{day}T00:00:00Z">'
    found = article(page(PARAGRAPHS, head), content_type="text/html")
    assert found.published is not None
    assert found.published.suspect is suspect
    assert found.published.value.date().isoformat() == day
    assert found.event_time == (NOW if suspect else found.published.value)


def test_what_the_producer_gave_is_kept_however_odd() -> None:
    found = article(BODY, published="1889-01-01T00:00:00Z")
    assert found.published is not None
    assert not found.published.suspect
    assert found.event_time == datetime(1889, 1, 1, tzinfo=UTC)


def test_an_undated_article_takes_the_raw_timestamp() -> None:
    found = article(BODY)
    assert found.published is None
    assert found.event_time == NOW


def test_all_dates_of_a_page_are_kept_best_first() -> None:
    head = (
        '<script type="application/ld+json">{"datePublished": "2024-05-03T10:00:00Z", "dateModified": "2024-05-05T10:00:00Z"}</script>'
        '<meta property="article:published_time" content="2024-05-03T11:00:00Z"><meta property="article:modified_time" content="2024-05-06T00:00:00Z">'
    )
    found = article(page(f"<time datetime='2024-05-04'>4 May</time>{PARAGRAPHS}", head), content_type="text/html", url=URL)
    assert found.published is not None
    assert found.published.basis == "json_ld"
    bases = [each.basis for each in found.published.candidates]
    assert bases[:4] == ["json_ld", "meta", "url", "time"]
    assert {"json_ld_modified", "meta_modified"} <= set(bases)
    given = article(page(PARAGRAPHS, head), content_type="text/html", published="2024-05-01")
    assert given.published is not None
    assert given.published.basis == "producer"
    assert len(given.published.candidates) > 4


def test_a_page_without_a_date_asks_no_clock() -> None:
    early = clean(RawArticle(content=page(PARAGRAPHS + "<p>Updated 2024-05-20</p>"), content_type="text/html"),
                  ENVELOPE.model_copy(update={"origin_time": datetime(2024, 5, 1, tzinfo=UTC)}), CleaningOptions())
    assert isinstance(early, CleanArticle)
    assert early.published is None or early.published.suspect or early.published.value <= datetime(2024, 5, 2, tzinfo=UTC)


REPAIRS = [
    ("It is short,” he said.", [("opening_quote_missing", 0)]),
    ("She called it “a gift“.", [("closing_quote_wrong", 21)]),
    ("He said ”no way” twice.", [("opening_quote_wrong", 8)]),
    ("He said “no way and left.", [("closing_quote_missing", 25)]),
    ('It is short," he said.', [("opening_quote_missing", 0)]),
    ("He left. It is short,” he said.", [("opening_quote_missing", 0)]),
    ("He said “no”. It is short,” he added.", [("opening_quote_missing", 14)]),
    ("“One paragraph goes on\n\n“and ends here,” he said.", []),
    ("“One paragraph goes on\n\nand another says so.", [("closing_quote_missing", 22)]),
    ("“Fine,” she said. “And you?” he asked (“softly”).", []), ('"Fine," she said. "And you?"', []), ("“He said ‘no’ twice,” she said.", []),
    ("It is short,” he said.\n\nHe called it “good“.", [("opening_quote_missing", 0), ("closing_quote_wrong", 42)]),
    ("", []), ("No marks.", []),
]


@pytest.mark.parametrize(("text", "defects"), REPAIRS)
def test_defects_of_quotation_marks_are_recorded_paragraph_by_paragraph(text: str, defects: list[tuple[str, int]]) -> None:
    marks = marks_of("en")
    assert marks is not None
    found = quote_repairs(text, marks)
    assert [(repair.kind, repair.at) for repair in found] == defects
    assert all(text[repair.at:repair.at + len(repair.before)] == repair.before for repair in found)


def test_repairs_leave_the_text_as_it_is_and_need_a_pack() -> None:
    broken = "The river is falling now, as everybody on the quay can see,” the board said."
    found = article(broken)
    assert found.text == broken
    assert [repair.kind for repair in found.repairs] == ["opening_quote_missing"]
    russian = "Река поднялась за ночь на два метра, сообщили в управлении,” и никто не пострадал в нижнем городе."
    assert article(russian).language.code == "ru"
    assert article(russian).repairs == ()


LANGUAGES = [
    (BODY, None, "en"), ("Der Fluss ist in einer einzigen Nacht um zwei Meter gestiegen, sagte die Behörde.", None, "de"),
    ("La rivière est montée de deux mètres en une seule nuit, selon les autorités.", "en", "fr"),
    ("12 345", None, "und"), ("12 345", "pt-BR", "pt"), ("12 345", "no such code", "und"), ("", None, "und"),
]


@pytest.mark.parametrize(("text", "claimed", "code"), LANGUAGES)
def test_the_language_is_the_texts_and_in_doubt_the_producers(text: str, claimed: str | None, code: str) -> None:
    assert language_of(text, claimed).code == code


URLS = [
    ("https://Example.org/a?utm_source=x&id=3#top", "https://example.org/a?id=3"), ("http://example.org", "http://example.org"),
    ("ftp://example.org/a", None), ("javascript:alert(1)", None), ("", None), (None, None), ("https://x/" + "a" * 5000, None), ("http://", None),
]


@pytest.mark.parametrize(("url", "found"), URLS)
def test_a_canonical_url_has_no_trackers(url: str | None, found: str | None) -> None:
    assert canonical(url) == found
    assert canonical(found) == found


def test_the_domain_is_the_registered_one() -> None:
    assert domain_of("https://www.news.example.co.uk/a") == "example.co.uk"
    assert domain_of("http://[::1") is None
    assert domain_of("http://127.0.0.1/") is None
    assert domain_of(None) is None


@pytest.mark.parametrize(("url", "day"), [
    (URL, "2024-05-03"), ("https://e.org/2024/may/03/x", "2024-05-03"), ("https://e.org/2024-05-03-x", "2024-05-03"),
    ("https://e.org/20240503/x", "2024-05-03"), ("https://e.org/2024/05/x", None), ("https://e.org/2024/02/31/x", None), ("https://e.org/a2024/05/03", None),
])
def test_a_path_may_name_the_day(url: str, day: str | None) -> None:
    found = day_in(url)
    assert (found and found.isoformat()) == day


HEADLINES = [
    ("<title>Rivers rise in the north - The Daily Word</title>", "<h1>Rivers rise in the north</h1>", "Rivers rise in the north"),
    ("<title>Rivers rise in the north | The Daily Word</title>", "<h1>The Daily Word</h1>", "Rivers rise in the north"),
    ('<meta property="og:title" content="Rivers rise in the north">', "<h1>Weather and rivers today</h1>", "Rivers rise in the north"),
    ("", "<h1>Rivers rise in the north</h1>", "Rivers rise in the north"),
    ("<title>Co-op opens mill</title>", "", "Co-op opens mill"),
]


@pytest.mark.parametrize(("head", "heading", "headline"), HEADLINES)
def test_the_headline_of_a_page_is_not_the_sites_name(head: str, heading: str, headline: str) -> None:
    site = '<meta property="og:site_name" content="The Daily Word">'
    assert article(page(heading + PARAGRAPHS, head + site), content_type="text/html").headline == headline


def test_a_title_loses_only_what_names_the_site() -> None:
    assert without_site("The Daily Word: a history of a paper - and its town, told by those who made it", None).endswith("made it")
    assert without_site("Word | Rivers rise", "Word") == "Rivers rise"


@pytest.mark.parametrize(
    ("heading", "begins"),
    [
        ("<h1>Rivers rise in  the north</h1>", "The river rose"),
        ("<h1>Our title</h1>", "The river rose"),
        ("<h2>What the town did</h2>", "What the town did\n\nThe river rose"),
    ],
    ids=["the page's", "the producer's", "another"],
)
def test_the_text_of_a_page_does_not_begin_with_its_headline(heading: str, begins: str) -> None:
    head = "<title>Rivers rise in the north</title>"
    found = article(page(f"<article>{heading}{PARAGRAPHS}</article>", head), content_type="text/html", headline="Our title")
    assert found.text.startswith(begins)


def test_a_text_that_is_its_headline_alone_stays() -> None:
    assert without_headline("Rivers rise", "Rivers rise") == "Rivers rise"


def test_a_page_gives_its_main_text_and_no_offsets() -> None:
    found = article(page(f"<nav><a href='/'>Home</a><a href='/w'>World</a></nav><article>{PARAGRAPHS}</article><footer>© 2024</footer>"), content_type="text/html")
    assert found.text.startswith("The river rose")
    assert "Home" not in found.text
    assert found.text.count("\n\n") == 2
    assert found.segments == ()
    assert found.clean_to_raw == ()


def test_a_page_names_its_own_address_when_the_producer_does_not() -> None:
    head = '<link rel="canonical" href="https://news.example.org/river?utm_source=a">'
    assert article(page(PARAGRAPHS, head), content_type="text/html").url == "https://news.example.org/river"
    assert article(page(PARAGRAPHS, head), content_type="text/html", url=URL).url == URL


@pytest.mark.parametrize(("content", "reason"), [
    ("", RefusalReason.EMPTY), ("<html></html>", RefusalReason.EMPTY), ("<!--", RefusalReason.UNPARSABLE), ("<p>", RefusalReason.EMPTY),
    ("<b>" * 1000 + "x", RefusalReason.TOO_COMPLEX), ("<p>x</p>" * 60_001, RefusalReason.TOO_COMPLEX),
    ("<p " + " ".join(f"a{n}=1" for n in range(20_000)) + ">", RefusalReason.TOO_COMPLEX),
])
def test_a_page_that_gives_nothing_is_refused_by_name(content: str, reason: RefusalReason) -> None:
    found = outcome(content, content_type="text/html")
    assert isinstance(found, Refused)
    assert found.reason is reason
    assert found.detail is not None


def test_the_length_of_the_text_is_bounded_below_and_of_the_content_above() -> None:
    assert isinstance(outcome("The river rose.", CleaningOptions(min_chars=16)), Refused)
    assert isinstance(outcome("The river rose.", CleaningOptions(min_chars=15)), CleanArticle)
    with pytest.raises(Permanent) as limit:
        outcome("ä" * 11, CleaningOptions(max_content_bytes=21))
    assert limit.value.code == "LIMIT"
    assert isinstance(outcome("ä" * 10, CleaningOptions(max_content_bytes=20, min_chars=0)), CleanArticle)


MARKUP = st.lists(st.sampled_from([
    "<p>", "</p>", "<div>", "</div>", "<a href='", "'", '"', ">", "<", "<table><tr><td>", "</table>", "<script>", "</script>", "<title>", "<h1>", "</h1>",
    "<meta name='date' content='", "<time datetime='2024-05-03'>", "<!--", "-->", "<![CDATA[", "&amp;", "&#0;", "&#x110000;", "<?xml version='1.0' encoding='utf-16'?>",
    "The river rose by two metres in a single night, the water board said. ", "ü", "\u2028", "\x1b", "<svg>", "<select>", '{"datePublished": "',
    "<base href='http://[::1'>", "<link rel='canonical' href='http://[::1'>", "<link rel='canonical' href='https://e.org/a'>",
]), max_size=60).map("".join)


@settings(max_examples=150, deadline=None)
@given(MARKUP | st.text(max_size=200))
def test_whatever_the_markup_it_ends_in_an_article_or_a_named_refusal(content: str) -> None:
    found = outcome(content, content_type="text/html")
    assert isinstance(found, (CleanArticle, Refused))
    if isinstance(found, CleanArticle):
        found.model_dump_json()
        assert found.text == found.text.strip()
        assert found.text
        assert outcome(content, content_type="text/html") == found
