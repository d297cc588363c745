"""Articles for weighing: 3 kB of text each, invented, by number, the same at every run.

A fixed small vocabulary would flatter every cache and every index, so names and nouns are made of syllables:
60,000 of them, the common ones far more often than the rare (rank log-uniform, which is Zipf's law). Every
second article is an HTML page with the furniture of one. In each ten, one is a near-duplicate of their first
(three sentences changed) and one an exact copy of it under another address.

>>> raw(7, SPAN / 100).value == raw(7, SPAN / 100).value
True
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

import orjson

from streams.bench.articles import RawRecord

START: Final = datetime(2019, 3, 14, 6, tzinfo=UTC)
SPAN: Final = timedelta(hours=60)
"""All are published within it: less than the window of near-duplicates (72 h), so none is forgotten."""

VOCABULARY: Final = 60_000
SENTENCES: Final = 26
"""3 kB of text."""

SYLLABLES: Final = (
    "ka", "lor", "min", "ta", "ver", "so", "den", "ri", "pal", "gu", "ne", "fost", "bra", "li", "mar", "ock",
)
FRAMES: Final = (
    "The minister of {a} said on Monday that the {b} near {c} would be opened again in {n} days.",
    "According to the {a} of {b}, the work on the old {c} has cost more than {n} million so far.",
    "People in {a} have waited {n} weeks for the {b}, and many of them no longer believe in {c}.",
    "“We will not leave this {a} without the {b},” the leader of {c} told reporters after {n} hours.",
    "A spokeswoman for {a} denied that {n} workers had left the {b} because of the trouble with {c}.",
    "In the afternoon {n} members of the {a} signed a letter that asks {b} to repair the {c}.",
    "The {a} was built for {n} years, and its {b} was always the pride of everybody in {c}.",
    "Nobody knows yet why the {a} and the {b} could not agree about the {n} ships from {c}.",
)
PAGE: Final = (
    "<!DOCTYPE html><html lang='en'><head><title>{head}</title><meta property='og:title' content='{head}'>"
    "<script>var page = {number};</script></head><body><nav><ul><li><a href='/'>Home</a></li>"
    "<li><a href='/world'>World</a></li></ul></nav><main><article><h1>{head}</h1>{body}</article></main>"
    "<aside><p><a href='/more'>More from this section</a></p></aside><footer>All rights reserved</footer>"
    "</body></html>"
)


def word(rank: int) -> str:
    """Return the invented word of a rank: syllables as its hexadecimal digits."""
    digits = f"{rank:x}"
    return "".join(SYLLABLES[int(digit, 16)] for digit in digits.rjust(2, "0"))


def raw(number: int, step: timedelta) -> RawRecord:
    """Return the raw record of `number`, from 0, published `step` after the one before it."""
    first = number - number % 10
    lines = sentences(first if number % 10 in {7, 8} else number)
    if number % 10 == 7:
        lines = [*lines[:-3], *sentences(number)[-3:]]
    url = f"https://wire-{number % 7}.example/articles/{number}"
    page = number % 2 == 0
    article = {
        "url": url,
        "headline": lines[0][:80],
        "published": (START + number * step).isoformat(),
        "content_type": "text/html" if page else "text/plain",
        "content": _page(number, lines) if page else "\n\n".join(lines),
    }
    return RawRecord(url.encode(), orjson.dumps(article))


def sentences(number: int) -> list[str]:
    """Return the sentences of article `number`."""
    draw = Random(number)
    return [draw.choice(FRAMES).format(n=draw.randrange(2, 900), **_names(draw)) for _ in range(SENTENCES)]


def _names(draw: Random) -> dict[str, str]:
    return {slot: word(int(VOCABULARY ** draw.random())) for slot in "abc"}


def _page(number: int, lines: list[str]) -> str:
    body = "".join(f"<p>{line}</p>" for line in lines)
    return PAGE.format(head=lines[0][:80], number=number, body=body)
