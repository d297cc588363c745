"""Text made to hurt: 900 kB of whatever costs most, and each step stays under 5 s of processor time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from time import process_time

import pytest

from schemas.clean_article import CleanArticle
from streams.core.cleaning.html_bounds import too_complex
from streams.core.cleaning.options import CleaningOptions, ExtractionPath
from streams.core.outcome import Refused
from streams.core.tagging.tag import load_tagger
from tests.core.reading import outcome

SENTENCE = "The river rose by two metres in Oslo in a single night, the water board said. "
LIMIT_BYTES = 900_000
MOST_SECONDS = 5.0

PLAIN = {
    "a long text": SENTENCE * 11_400,
    "many paragraphs": f"{SENTENCE}\n\n" * 11_000,
    "quotation marks": SENTENCE + "“" * 100_000 + '"' * 100_000,
    "quoted words": SENTENCE * 40 + "“a” ”b“ " * 60_000,
    "a line of 10^5 words": SENTENCE + "River " * 100_000,
    "one word": "a" * 890_000,
    "one word of marks": "(“‘a-b/c.d!’”)," * 35_000,
    "short lines": "ab\n" * 290_000,
    "datelines": "14.02.2018\n" * 80_000,
    "captchas": "five × four =\n" * 50_000,
    "hidden characters": "a\u00ad" * 290_000,
    "mojibake": "â€œWe Ã© " * 60_000,
    "entities": "&amp;#8217; a " * 60_000,
    "escaped again and again": "&amp;" * 180_000,
    "invisible in entities": "a\u00ad&am\u00adp; " * 60_000,
    "short lines, each another": "\n".join(f"a{n}" for n in range(130_000)),
    "almost furniture": "\n".join(f"share {n} facebook twitter read more sign up for {n}" for n in range(15_000)),
    "apostrophes": "‘a s’ b 'c' " * 70_000,
    "capitals before a dash": ("A" * 41 + ", ") * 20_000 + " - ",
}

PAGES = {
    "wide": "<p>x" * 59_000,
    "nested again and again": ("<div>" * 200 + SENTENCE + "</div>" * 200) * 45,
    "nested too often": ("<div>" * 200 + SENTENCE + "</div>" * 200) * 196,
    "nested tags": "<b>" * 59_000,
    "one long paragraph": "<p>" + SENTENCE * 11_000,
    "dates": "<p>" + "2018-02-14 Updated: 1/2/18 " * 30_000,
    "attributes": "<p " + " ".join(f"a{n}=1" for n in range(90_000)) + ">",
    "attributes behind a quoted bracket": "<p x='>' " + " ".join(f"a{n}=1" for n in range(90_000)) + ">",
    "structured dates": "<script type='application/ld+json'>" + '{"datePublished":"2018-01-01",' * 25_000 + f"</script><p>{SENTENCE * 5}",
    "lists in lists": ("<ul><li>" * 190 + SENTENCE + "</li></ul>" * 190) * 45,
    "an item of many blocks": "<article><ul><li>" + f"<p>{SENTENCE}</p>" * 10_000,
    "an item of many links": "<article><ul><li>" + "<p><a href='/x'>River</a></p>" * 29_000,
    "line breaks": "<p>River<br>" * 29_000,
    "shares in shares": ("<div class=share>" * 390 + "River" + "</div>" * 390) * 35,
    "articles in articles": ("<article>" * 390 + f"<p>{SENTENCE}" + "</article>" * 390) * 40,
    "parents of one child": f"<div><p>{SENTENCE}</div>" * 9_000,
    "meta tags": "<meta name=author content='Ann Bee'>" * 24_000 + f"<p>{SENTENCE * 5}",
    "authors": "<p class=author>By Ann Bee and Cy Dee, " * 20_000,
    "bylines": "<p>By Ann Bee and Cy Dee, " * 30_000,
    "days shown": "<time class=date>May 3, 2024 " * 30_000,
    "nested JSON": "<script type='application/ld+json'>" + '{"author":[' * 25_000 + f"</script><p>{SENTENCE * 5}",
    "persons": "<script type='application/ld+json'>[" + '{"@type":"Article","author":{"@id":"#a"}},' * 7_000 + f"{{}}]</script><p>{SENTENCE * 5}",
    "unclosed quotes": '<a href="x' * 59_000,
}


@pytest.fixture(scope="module", autouse=True)
def _only_what_is_measured() -> Iterator[None]:
    """Keep the collector from walking what ten thousand other tests have left in this process."""
    load_tagger()
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def seconds(
    content: str, content_type: str, path: ExtractionPath = ExtractionPath.QUALITY
) -> tuple[float, CleanArticle | Refused]:
    content = content.encode()[:LIMIT_BYTES].decode(errors="ignore")
    options = CleaningOptions(min_chars=0, path=path)
    began = process_time()
    found = outcome(content, options, content_type=content_type)
    return process_time() - began, found


@pytest.mark.parametrize("name", PLAIN)
def test_no_text_takes_long(name: str) -> None:
    took, found = seconds(PLAIN[name], "text/plain")
    assert took < MOST_SECONDS
    if isinstance(found, CleanArticle):
        tagger = load_tagger()                                               # which takes a second or two by itself
        began = process_time()
        tagged = tagger.tag(found)
        assert process_time() - began < MOST_SECONDS
        assert tagged.text == found.text


@pytest.mark.parametrize("path", [ExtractionPath.QUALITY, ExtractionPath.FAST])
@pytest.mark.parametrize("name", PAGES)
def test_no_page_takes_long(name: str, path: ExtractionPath) -> None:
    took, _ = seconds(PAGES[name], "text/html", path)
    assert took < MOST_SECONDS


def test_a_wide_tag_is_seen_wherever_it_hides() -> None:
    wide = " ".join(f"a{n}" for n in range(6_000))
    padding = "<p>river</p>" * 13_000                                      # a shorter page is not walked
    for tag in (f"<p {wide}>", f"<p x='>' {wide}>", f'<p x="<b>" {wide}>', f"<p/{wide.replace(' ', '/')}>", f"<p {wide}"):
        assert too_complex(padding + tag, 60_000) is not None
    assert too_complex(padding + f"<p>{wide}</p><!-- {wide} -->", 60_000) is None
