"""communique explain FILE: the stages' functions over a file, shown on a terminal or as a page."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from streams.cli import articles, exits, output, start, when

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.text import Text

    from streams.ingest.found import Article
    from streams.ingest.found import Reading as How
    from streams.render.explain_page import Reading
    from streams.render.lines import Body
    from streams.settings import Settings

METADATA: Final = (
    ("stage",),
    ("reason",),
    ("detail",),
    ("article_id",),
    ("version",),
    ("source_id",),
    ("url",),
    ("outlet", "name"),
    ("outlet", "domain"),
    ("published", "value"),
    ("published", "precision"),
    ("published", "basis"),
    ("published", "suspect"),
    ("event_time",),
    ("language", "code"),
    ("extraction", "extractor"),
    ("extraction", "agreement"),
    ("dateline", "text"),
    ("source_credit",),
    ("rights",),
)


def explained(
    path: str, page: Path | None, encoding: str | None, now: str | None, *, as_json: bool, as_html: bool
) -> int:
    """Show the articles of a file; return the exit code: 1 when one was refused or could not be read."""
    started = datetime.now(UTC)
    settings, bad = start.settings(), articles.BadPlaces()
    moment = when.moment(now, started) if now else None
    found = articles.dated([path], read_as(settings, encoding), moment, started, bad)
    readings = list(_read(found, settings))
    if as_html:
        write_page(readings, page)
    elif as_json:
        for reading in readings:
            output.json_line(reading.body)
    else:
        console = output.out()
        for reading in readings:
            for each in paragraphs({"content": reading.raw}, reading.body):
                console.print(each)
    refused = any("article_id" not in reading.body or "text" not in reading.body for reading in readings)
    return exits.DOES_NOT_HOLD if refused or bad.count else exits.DONE


def read_as(settings: Settings, encoding: str | None) -> How:
    """Return how a file is read; `encoding` None: by its own word, else UTF-8."""
    from streams.ingest.found import Reading

    return Reading(settings.cleaning.max_content_bytes, encoding=encoding)


def _read(found: Iterable[tuple[Article, datetime]], settings: Settings) -> Iterator[Reading]:
    from streams.agents.clean import options_of
    from streams.bus.codec import encode
    from streams.core.walk import cleaned, tagged
    from streams.render.explain_page import Reading

    options, tagger = options_of(settings), articles.tagger(settings)
    for number, (each, moment) in enumerate(found):
        event = tagged(cleaned(each.article, number, moment, options), tagger)
        yield Reading(each.article.content, orjson.loads(encode(event)))


def write_page(readings: Sequence[Reading], page: Path | None) -> None:
    """Write the page to a file, else to stdout."""
    from streams.render.explain_page import page as written

    write_text(written(readings), page)


def write_text(html: str, page: Path | None) -> None:
    """Write a finished page to a file, else to stdout."""
    if page is None:
        output.body_line(html.rstrip().encode())
        return
    try:
        page.write_text(html, encoding="utf-8")
    except OSError as error:
        why = error.strerror or error
        raise exits.Usage(f"--html {page}: {why}; name a file that can be written") from error
    output.say(f"{page}: open it in a browser")


def paragraphs(raw: Body | None, body: Body) -> Iterator[str | Text]:
    """Yield what was read in an article as paragraphs for a terminal; a refusal as its facts."""
    from streams.render import lines, spans

    yield from part("article", spans.facts(body, METADATA))
    if raw and (classed := spans.segments(raw, body)):
        yield from title("raw text, classed")
        yield classed
    yield from part("repairs", spans.repair_lines(body))
    if lines.field_text(body, "text"):
        yield from title("text")
        shown = [name for name in ("headline", "text") if lines.field_text(body, name)]
        yield from (spans.coloured(name, body) for name in shown)
    if said := list(spans.statement_lines(body)):
        yield from title("statements")
        yield from said
    yield from part("mentions", spans.mention_lines(body))


def title(words: str) -> Iterator[str | Text]:
    """Yield a heading."""
    from rich.text import Text

    from streams.render.lines import printable

    yield ""
    yield Text(printable(words), "bold underline")


def part(heading: str, lines: list[str]) -> Iterator[str | Text]:
    """Yield a heading and its lines, nothing when there are none."""
    from streams.render.lines import printable

    if lines:
        yield from title(heading)
        yield from (f"  {printable(each)}" for each in lines)
