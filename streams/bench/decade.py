"""decade: invented short articles over ten years, by number, the same at every run, as a WARC.

    python -m streams.bench.decade --count 100000 OUT.warc.gz

An article has a headline, a dateline and three sentences, of which one or two say who said what. Of a
hundred, five are another outlet's near-copy of the one before, three a new version of it, and three repeat
what its speaker said in other company. Their days grow with their number; neighbours are out of order by up
to some hundred places, as archives are. Words and sentences: decade.toml.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from random import Random
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from schemas.raw_article import ContentType, RawArticle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

START: Final = datetime(2008, 1, 1, tzinfo=UTC)
YEARS: Final = 10
DISORDER: Final = 200
"""Places by which an article may stand before or behind its day's."""


class Story(NamedTuple):
    """What an article is made of, before it is one."""

    outlet: str
    headline: str
    town: str
    wire: str
    sentences: tuple[str, ...]


@cache
def _words() -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = tomllib.loads((files("streams.bench") / "decade.toml").read_text("utf-8"))
    return found


def article(number: int, count: int) -> RawArticle:
    """Return article `number` of `count`, from 0."""
    kind, day = number % 100, _day(number, count)
    told, first = story(number, day), number - 1
    url = f"https://{_domain(told.outlet)}/{number}"
    if kind in {11, 31, 51, 71, 91}:
        told = story(first, _day(first, count))._replace(outlet=told.outlet)
        told = told._replace(sentences=(*told.sentences[:-1], story(number, day).sentences[-1]))
    elif kind in {21, 41, 61}:
        before = story(first, _day(first, count))
        told = before._replace(sentences=(*before.sentences, story(number, day).sentences[-1]))
        url = f"https://{_domain(before.outlet)}/{first}"
    elif kind in {25, 45, 65}:
        told = told._replace(sentences=(story(first, day).sentences[0], *told.sentences[1:]))
    return RawArticle(
        url=url, headline=told.headline, outlet=told.outlet, content_type=ContentType.PLAIN,
        published=day.strftime("%Y-%m-%dT%H:%M:%SZ"), content=_text(told, day))


def _day(number: int, count: int) -> datetime:
    moved = number + Random(number).randrange(-DISORDER, DISORDER)
    span = timedelta(days=365.25 * YEARS)
    return START + span * (min(max(moved, 0), count - 1) / count) + timedelta(seconds=number % 3600)


def story(number: int, day: datetime) -> Story:
    """Return what article `number` tells when it is nobody's copy."""
    draw, words = Random(f"story {number}"), _words()
    surname = draw.choice(words["family"])
    named = f"{draw.choice(words['titles'])} {draw.choice(words['given'])} {surname}"
    town, thing = draw.choice(words["towns"]), draw.choice(words["things"])

    def fill(sentence: str) -> str:
        """Put words into the places of a sentence."""
        full = sentence.format(
            p=named, s=surname, b=draw.choice(words["bodies"]), c=draw.choice(words["towns"]), t=thing,
            n=draw.randrange(2, 900), d=(day - timedelta(days=draw.randrange(3))).strftime("%A"))
        return full[0].upper() + full[1:]

    lines = [fill(draw.choice(words["said"])), fill(draw.choice(words["told"]))]
    lines.append(fill(draw.choice(words["said" if draw.random() < 0.4 else "told"])))
    headline = fill(draw.choice(words["headlines"]))
    return Story(draw.choice(words["outlets"]), headline, town, draw.choice(words["wires"]), tuple(lines))


def today(number: int, day: datetime) -> Story:
    """Return what article `number` of a live flow tells: thousands of its kind come within dedup's window.

    Made of whole sentences, one in 25 of them would share a phrase with any other.
    """
    draw, words = Random(f"today {number}"), _words()
    named = " ".join(draw.choice(words[name]) for name in ("titles", "given", "family"))

    def fill(shape: str) -> str:
        """Put parts into a shape, and words into the parts."""
        parts = {name: draw.choice(words[name]) for name in ("verb", "time", "outcome", "manner", "reason")}
        parts["x"] = f"the {draw.choice(words['kind'])} {draw.choice(words['object'])}"
        full = shape.format(p=named, c=draw.choice(words["towns"]), **parts).format(
            c=draw.choice(words["towns"]), n=draw.randrange(2, 900), d=day.strftime("%A"))
        return full[0].upper() + full[1:]

    headline, *sentences = (fill(draw.choice(words["today"])) for _ in range(4))
    town, wire = draw.choice(words["towns"]), draw.choice(words["wires"])
    return Story(draw.choice(words["outlets"]), headline.rstrip("."), town, wire, tuple(sentences))


def _domain(outlet: str) -> str:
    return f"{outlet.lower().replace(' ', '-')}.example"


def _text(told: Story, day: datetime) -> str:
    place = f"{told.town.upper()}, {day.strftime('%B')} {day.day} ({told.wire}) - "
    return f"{told.headline}\n\n{place}{told.sentences[0]}\n\n" + "\n\n".join(told.sentences[1:]) + "\n"


def articles(count: int) -> Iterator[RawArticle]:
    """Yield all articles of a decade of `count`."""
    return (article(number, count) for number in range(count))


def page(made: RawArticle) -> bytes:
    """Return an article as the page that an archive would have kept, UTF-8."""
    news = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": made.headline,
            "datePublished": made.published, "publisher": {"@type": "Organization", "name": made.outlet}}
    body = "".join(f"<p>{line}</p>" for line in made.content.split("\n\n")[1:])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{made.headline}</title>'
        f'<script type="application/ld+json">{json.dumps(news)}</script></head><body><main><article>'
        f"<h1>{made.headline}</h1>{body}</article></main></body></html>"
    ).encode()


def write(count: int, stream: BinaryIO) -> None:
    """Write a decade as gzipped WARC response records, each crawled an hour after it was published."""
    writer = WARCWriter(stream, gzip=True)
    for made in articles(count):
        head = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
        crawled = datetime.fromisoformat(made.published or "") + timedelta(hours=1)
        writer.write_record(writer.create_warc_record(
            made.url, "response", payload=io.BytesIO(page(made)), http_headers=head,
            warc_headers_dict={"WARC-Date": crawled.strftime("%Y-%m-%dT%H:%M:%SZ")}))


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return 0."""
    parser = argparse.ArgumentParser("python -m streams.bench.decade", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("out", help="a .warc.gz to write", type=argparse.FileType("wb"))
    called = parser.parse_args(arguments)
    with called.out as stream:
        write(called.count, stream)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
