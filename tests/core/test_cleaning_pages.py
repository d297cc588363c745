"""What clean makes of pages: the main text by several extractors, authors, dates, and what a re-crawl changes."""

from __future__ import annotations

from datetime import date

import pytest

from schemas.clean_article import CleanArticle
from streams.core.cleaning.author_names import byline_in, names_in
from streams.core.cleaning.html import bounded_tree, main_text
from streams.core.cleaning.html_choice import chosen
from streams.core.cleaning.json_ld import articles, things, types
from streams.core.cleaning.options import CleaningOptions, ExtractionPath
from streams.core.cleaning.page_authors import page_authors
from streams.core.cleaning.page_blocks import Block, blocks_of
from streams.core.cleaning.page_dates import page_dates
from streams.core.cleaning.page_facts import facts_of
from streams.core.cleaning.page_tree import tree_of
from streams.core.outcome import Refused
from tests.core.reading import PARAGRAPHS, article, outcome, page

LINE = "The mill by the lower bridge was sold to a cooperative of its workers for a token price last week."
FAST = CleaningOptions(min_chars=0, path=ExtractionPath.FAST)
AUTO = CleaningOptions(min_chars=0, path=ExtractionPath.AUTO)
EVERYTHING = CleaningOptions(min_chars=0)

BLOCKS = [
    (f"<article>{PARAGRAPHS}<ul><li>One<ul><li>Two</li></ul>Three</li></ul></article>", ["One", "Two", "Three"]),
    (f"<article>{PARAGRAPHS}<p>First line<br>Second line</p></article>", ["First line", "Second line"]),
    (f"<article>{PARAGRAPHS}<table><tr><th>Year</th><td>1994</td></tr></table></article>", ["Year", "1994"]),
    (f"<article>{PARAGRAPHS}<blockquote><p>Said so.</p></blockquote></article>", ["Said so."]),
    (f"<article>{PARAGRAPHS}<p>Wrapped\n in the source</p></article>", ["Wrapped in the source"]),
    (f"<article>{PARAGRAPHS}<div class='social-share'><p>Send it on</p></div><p>End.</p></article>", ["End."]),
    (f"<article>{PARAGRAPHS}<p><a href='/a'>A</a></p><p><a href='/b'>B</a></p><p><a href='/c'>C</a></p></article>", []),
    (f"<article>{PARAGRAPHS}<h2>Related articles</h2><p>Another story altogether.</p></article>", []),
    (f"<main>{PARAGRAPHS}</main><div><p>Offices are open from nine to five, and on Saturdays.</p></div>", []),
    (f"<body><nav><p>{LINE}</p></nav>{PARAGRAPHS}<footer><p>{LINE}</p></footer>", []),
]


@pytest.mark.parametrize(("body", "behind"), BLOCKS)
def test_blocks_are_the_paragraphs_items_and_cells_of_the_main_part(body: str, behind: list[str]) -> None:
    found = blocks_of(tree_of(page(body)))
    assert found.believed
    assert [block.text for block in found.blocks][3:] == behind
    assert len(found.blocks) == 3 + len(behind)


def test_a_page_without_paragraphs_is_not_read_by_its_blocks() -> None:
    text = "<br><br>".join([LINE] * 8)
    found = blocks_of(tree_of(page(f"<div>{text}</div><p>One line.</p>")))
    assert not found.believed
    for options in (FAST, AUTO, EVERYTHING):
        assert article(page(f"<div>{text}</div>"), options, content_type="text/html").text.count(LINE) >= 7


def test_a_name_for_no_article_that_holds_the_article_is_not_believed() -> None:
    found = blocks_of(tree_of(page(f"<div class='page-with-sidebar'><div class='share-wide'>{PARAGRAPHS}</div></div>")))
    assert len(found.blocks) == 3


@pytest.mark.parametrize(("options", "path", "extractors"), [
    (EVERYTHING, "quality", {"blocks+trafilatura"}), (FAST, "fast", {"blocks"}), (AUTO, "fast", {"blocks"}),
])
def test_an_article_says_how_its_text_was_taken_out(options: CleaningOptions, path: str, extractors: set[str]) -> None:
    found = article(page(f"<article>{PARAGRAPHS}</article>"), options, content_type="text/html").extraction
    assert found is not None
    assert found.path == path
    assert found.extractor in extractors
    assert (found.agreement is None) == (path == "fast")
    assert article("A plain text has no extraction at all.").extraction is None


def test_the_automatic_path_asks_the_others_where_it_is_not_sure() -> None:
    text = "<br><br>".join([LINE] * 8)
    found = article(page(f"<div>{text}</div>"), AUTO, content_type="text/html").extraction
    assert found is not None
    assert found.path == "quality"


FOUR = tuple(
    Block(text, is_link=False)
    for text in (
        "Follow the gazette wherever its readers may be, on every device.", LINE, "The workers will run the mill by themselves from the first of May on.",
        "Holidays by the sea for the whole family are on offer until Friday night.",
    )
)
WHOLE = "\n\n".join(block.text for block in FOUR)
CHOICES = [
    (FOUR[1].text + "\n" + FOUR[2].text, WHOLE, FOUR, "\n\n".join(block.text for block in FOUR[1:3])),
    ("Too little to be the page.", WHOLE, FOUR, WHOLE),
    ("A text of its own that shares no four words in a row. " * 9, WHOLE, FOUR, "A text of its own that shares no four words in a row. " * 9),
    (WHOLE, FOUR[0].text, (), WHOLE),
]


@pytest.mark.parametrize(("careful", "quick", "blocks", "text"), CHOICES, ids=["ends", "too little", "strangers", "no blocks"])
def test_blocks_are_kept_from_the_first_to_the_last_that_the_other_has(
    careful: str, quick: str, blocks: tuple[Block, ...], text: str
) -> None:
    assert chosen(careful, quick, "blocks", blocks).text == text


def test_agreement_is_one_between_equals_and_nothing_between_strangers() -> None:
    assert chosen(WHOLE, WHOLE, "blocks").agreement == 1
    assert chosen("", "", "blocks").agreement == 1
    assert chosen("One two three four five six. " * 40, WHOLE, "blocks").agreement == 0


ARTICLE = f"<article><h1>Mill sold</h1><p>By Ann Bee</p>{PARAGRAPHS}</article>"


@pytest.mark.parametrize("options", [EVERYTHING, FAST, AUTO])
def test_a_page_crawled_again_with_another_captcha_advert_or_count_is_the_same_version(options: CleaningOptions) -> None:
    def crawled(captcha: str, advert: str, comments: int) -> CleanArticle:
        around = (
            f"<aside><p>{advert}</p></aside>", f"<div class='advert-box'><p>{advert}</p></div>",
            f"<section class='comments'><h3>{comments} Comments</h3></section><form><label>{captcha}</label><input></form>",
        )
        body = f"<nav><a href='/'>Home</a></nav>{around[0]}{ARTICLE}{around[1]}{around[2]}<footer><p>Seen {comments} times</p></footer>"
        return article(page(body), options, content_type="text/html", url="https://news.example.org/mill")

    first = crawled("five × four =", "Buy a boat today and get the oars for nothing.", 3)
    again = crawled("2 + 9 =", "Holidays by the sea for the whole family, from Friday on.", 41)
    assert (first.article_id, first.version) == (again.article_id, again.version)
    assert first.text == again.text
    other = article(page(ARTICLE.replace("eleven years", "twelve years")), options, content_type="text/html")
    assert other.version != first.version


NAMES = [
    ("By Ann Bee", ["Ann Bee"]), ("Ann Bee and Cy Dee", ["Ann Bee", "Cy Dee"]), ("Ann Bee, Cy Dee & Eve Fay", ["Ann Bee", "Cy Dee", "Eve Fay"]),
    ("Written by: Ann Bee | Updated May 3, 2024", ["Ann Bee"]), ("Ann Bee, Senior Editor", ["Ann Bee"]), ("Ann Bee, MD, PhD", ["Ann Bee"]),
    ("Ann Bee (photographs)", ["Ann Bee"]), ("View all posts by Ann Bee", ["Ann Bee"]), ("Posted by Ann Bee on Friday", ["Ann Bee"]),
    ("admin", []), ("@annbee", []), ("https://example.org/ann", []), ("ann@example.org", []), ("ann.bee", []), ("May 3, 2024", []), ("", []), ("By", []),
    ("Ann Bee is a reporter at the Harbour Gazette", ["Ann Bee"]), ("a" * 500, []), ("Łukasz Śnieg", ["Łukasz Śnieg"]),
]


@pytest.mark.parametrize(("text", "names"), NAMES)
def test_names_are_cut_out_of_what_stands_around_them(text: str, names: list[str]) -> None:
    assert list(names_in(text)) == names


@pytest.mark.parametrize(("line", "names"), [
    ("By Ann Bee", ["Ann Bee"]), ("by Ann van der Bee and Cy Dee", ["Ann van der Bee", "Cy Dee"]), ("By clicking you agree", []), ("Bygone Days", []), ("By the numbers", []),
])
def test_a_byline_is_by_and_people(line: str, names: list[str]) -> None:
    assert byline_in(line) == names


def ld(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


AUTHORS = [
    (ld('{"@type": "NewsArticle", "author": [{"@type": "Person", "name": "Ann Bee"}, {"name": "Cy Dee"}]}'), "", ("Ann Bee", "Cy Dee")),
    (ld('{"@graph": [{"@type": "Article", "author": {"@id": "#a"}}, {"@type": "Person", "@id": "#a", "name": "Ann Bee"}]}'), "", ("Ann Bee",)),
    (ld('{"@type": "Article", "author": "Ann Bee and Cy Dee"}'), "", ("Ann Bee", "Cy Dee")),
    (ld('{"@type": "Article", "author": {"@type": "Organization", "name": "Harbour Gazette"}}'), "<p class='byline'>By Ann Bee</p>", ("Ann Bee",)),
    ('<meta name="author" content="Harbour Gazette"><meta property="og:site_name" content="Harbour Gazette">', "<p>By Ann Bee</p>", ("Ann Bee",)),
    ('<meta name="author" content="Harbour Gazette"><meta property="og:site_name" content="The Gazette">', "", ("Harbour Gazette",)),
    ('<meta name="citation_author" content="Ann Bee"><meta name="citation_author" content="Cy Dee">', "", ("Ann Bee", "Cy Dee")),
    ('<meta name="twitter:label1" content="Written by"><meta name="twitter:data1" content="Ann Bee">', "", ("Ann Bee",)),
    ("", "<span itemprop='author'><b itemprop='name'>Ann Bee</b></span>", ("Ann Bee",)),
    ("", "<a rel='author' href='/x'>Ann Bee</a>", ("Ann Bee",)),
    ("", "<div class='article-author'><b>Ann Bee</b><i>May 3</i></div>", ("Ann Bee",)),
    ("", "<a href='/team/join'>Join Us</a><a href='/people/ann-bee'>Ann Bee</a>", ("Ann Bee",)),
    ("", "<p>Nothing is said.</p>", ()),
    (ld("{not json"), "", ()),
    ('<meta name="author" content="Ann Bee"><meta property="og:site_name" content="Ann Bee">', "", ("Ann Bee",)),
]


@pytest.mark.parametrize(("head", "body", "names"), AUTHORS)
def test_authors_are_people_wherever_the_page_names_them(head: str, body: str, names: tuple[str, ...]) -> None:
    facts = facts_of(tree_of(page(body, head)))
    assert page_authors(facts, (facts.meta.get("og:site_name"),)) == names


LAST = date(2030, 1, 1)
DATES = [
    (ld('{"@type": "Article", "datePublished": "2024-05-03T10:00:00Z"}'), "", None, ("2024-05-03T10:00:00+00:00", "second", "json_ld")),
    (ld('{"@type": "Article", "datePublished": "2024-05-03T22:30:00-05:00"}'), "", None, ("2024-05-03T00:00:00+00:00", "day", "json_ld")),
    (ld('{"@type": "Article", "datePublished": "2024-05-04T03:30:00Z"}'), "", "https://e.org/2024/05/03/x", ("2024-05-03T00:00:00+00:00", "day", "url")),
    (ld('{"@type": "Article", "datePublished": "2024-05-04T03:30:00Z"}'), "<p class='date'>May 3, 2024</p>", None, ("2024-05-03T00:00:00+00:00", "day", "shown")),
    (ld('{"@type": "Article", "datePublished": "2024-05-03T22:30:00Z"}'), "<p class='date'>Updated May 4, 2024</p>", None, ("2024-05-03T22:30:00+00:00", "second", "json_ld")),
    (ld('{"@type": "Article", "datePublished": "2024-05-03T22:30:00Z"}'), "<p class='date'>March 3, 2024</p>", None, ("2024-05-03T22:30:00+00:00", "second", "json_ld")),
    ('<meta property="article:published_time" content="2024-05-03T10:00Z">', "", None, ("2024-05-03T10:00:00+00:00", "minute", "meta")),
    ("", "<span itemprop='datePublished'>May 3, 2024</span>", None, ("2024-05-03T00:00:00+00:00", "day", "microdata")),
    ("", "<div><i>May 3, 2024</i></div>", None, ("2024-05-03T00:00:00+00:00", "day", "text")),
    ("", "<div><i>May 3, 2050</i></div>", None, None),
    ('<script type="application/ld+json">{"datePublished": "2024-05-03", broken</script>', "", None, ("2024-05-03T00:00:00+00:00", "day", "json_ld")),
]


@pytest.mark.parametrize(("head", "body", "url", "first"), DATES)
def test_the_date_of_a_page_is_the_day_its_readers_saw(head: str, body: str, url: str | None, first: tuple[str, str, str] | None) -> None:
    found = page_dates(facts_of(tree_of(page(body, head))), url, LAST)
    assert (found[0].value.isoformat(), found[0].precision.value, found[0].basis) == first if first else found == ()


@pytest.mark.parametrize("year", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_there_are_are_dates_like_others(year: str) -> None:
    head = ld(f'{{"@type": "Article", "datePublished": "{year}T12:00:00Z", "dateModified": "{year}T23:30:00-05:00"}}')
    found = article(page(f"<time datetime='{year}'>then</time>{PARAGRAPHS}", head), content_type="text/html")
    assert found.published is not None
    assert found.published.suspect


def test_the_moment_is_the_events_time_where_the_day_is_the_date() -> None:
    head = ld('{"@type": "Article", "datePublished": "2024-05-03T22:30:00-05:00"}')
    found = article(page(PARAGRAPHS, head), content_type="text/html")
    assert found.published is not None
    assert (found.published.value.date().isoformat(), found.published.precision.value) == ("2024-05-03", "day")
    assert found.event_time.isoformat() == "2024-05-04T03:30:00+00:00"
    assert found.event_time in {each.value for each in found.published.candidates}


def test_json_ld_is_found_wherever_it_is_nested_and_articles_come_first() -> None:
    known = things(['{"@type": "WebPage", "mainEntity": {"@type": ["NewsArticle", "Thing"], "name": "x"}}', "{", '[{"@type": "Person"}]'])
    assert [types(each) for each in known] == ["WebPage", "NewsArticle Thing", "Person"]
    assert [types(each) for each in articles(known)] == ["NewsArticle Thing", "WebPage"]
    assert things(["[" * 100_000, '{"a": "line\nend"}']) == [{"a": "line\nend"}]


@pytest.mark.parametrize("options", [FAST, AUTO, EVERYTHING])
def test_a_page_too_complex_is_refused_on_every_path(options: CleaningOptions) -> None:
    for content in ("<div>" * 1000 + "x", "<p>x</p>" * 60_001):
        assert isinstance(outcome(content, options, content_type="text/html"), Refused)
    tree = bounded_tree(page(PARAGRAPHS), options)
    assert not isinstance(tree, Refused)
    assert not isinstance(main_text(page(PARAGRAPHS), tree, options), Refused)
