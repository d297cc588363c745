"""communique process: the stages' functions over files, without any bus; one event a line, in input order."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from streams.cli import articles, exits, judged, output, start, when
from streams.core.walk import Until, cleaned, tagged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from schemas.clean_article import CleanArticle
    from schemas.refusal import Refusal
    from streams.ingest.found import Article
    from streams.settings import Settings

def process(
    inputs: Annotated[list[str], typer.Argument(help="Files, folders, or - for stdin.", metavar="INPUT…")],
    until: Annotated[Until, typer.Option(help="How far to take each article.")] = Until.ENRICH,
    field_map: Annotated[
        Path | None, typer.Option("--map", help='TOML or JSON: our field = "their field".', metavar="FILE")
    ] = None,
    now: Annotated[
        str | None,
        typer.Option(help="Time of undated articles. Default: when their file was written.", metavar="TIME"),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of text and HTML files, e.g. cp1251.", metavar="NAME")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--format", help="warc, jsonl, csv, parquet, html, txt.", metavar="KIND"),
    ] = None,
) -> None:
    """Clean, tag and compare articles in files.

    One event a line on stdout, in input order, refusals included.

    \b
    communique process article.txt page.html folder/
    communique process articles.jsonl.gz --map fields.toml > events.jsonl
    communique process --until clean pages/ | jq -r .text
    zcat old.jsonl.gz | communique process - --until tag
    communique process --until statements folder/ | jq -r '.novelty.kind + " " + .content[0].text'

    Inputs and maps are those of `communique ingest`. A bad line or file is reported on stderr with its place,
    has no line on stdout, and makes the exit code 1; a refused article has a line with its reason.

    The same input gives the same bytes. With --until clean or tag the memory stays the same however long the
    input; enrich (the default) keeps the near-duplicate index in memory and the articles in a temporary file,
    and prints when all are compared: clusters are as they stand at rest. With --until statements a line is a
    statement (or a refusal), as it stands at rest beside all others of its speaker.
    """
    from streams.ingest import fields
    from streams.ingest.found import Reading
    from streams.ingest.sources import SOURCES

    if kind and kind not in SOURCES:
        raise exits.Usage(f"--format {kind}: known are {', '.join(SOURCES)}")
    settings = start.settings()
    mapped = fields.load(field_map) if field_map else fields.AS_IT_IS
    reading = Reading(settings.cleaning.max_content_bytes, mapped, encoding, kind)
    started = datetime.now(UTC)
    bad = articles.BadPlaces()
    with output.progress() as bar:
        task = bar.add_task(until.value, total=None)
        moment = when.moment(now, started) if now else None
        events = _walk(articles.dated(inputs, reading, moment, started, bad), until, settings)
        _print(events, until, settings, lambda: bar.advance(task))
    raise typer.Exit(exits.DOES_NOT_HOLD if bad.count else exits.DONE)


def _walk(
    found: Iterable[tuple[Article, datetime]], until: Until, settings: Settings
) -> Iterator[tuple[CleanArticle | Refusal, datetime]]:
    """Yield the event of each article, with the time that stands for its raw record's."""
    from streams.agents.clean import options_of

    tagger = articles.tagger(settings) if until is not Until.CLEAN else None
    options = options_of(settings)
    for number, (each, moment) in enumerate(found):
        arrived = each.article.fetched_at or moment
        yield tagged(cleaned(each.article, number, moment, options), tagger), arrived


def _print(
    events: Iterator[tuple[CleanArticle | Refusal, datetime]], until: Until, settings: Settings,
    advance: Callable[[], None],
) -> None:
    from streams.bus.codec import encode

    if until in {Until.ENRICH, Until.STATEMENTS}:
        with TemporaryFile() as spool, TemporaryFile() as compared:
            lines = _at_rest(events, settings, spool, advance)
            for line in lines if until is Until.ENRICH else judged.at_rest(lines, settings, compared):
                output.body_line(line)
        return
    for event, _ in events:
        output.body_line(encode(event))
        advance()


def _at_rest(
    events: Iterator[tuple[CleanArticle | Refusal, datetime]], settings: Settings, spool: BinaryIO,
    advance: Callable[[], None],
) -> Iterator[bytes]:
    """Compare all, with the events in `spool`; then yield each line as it stands in the end."""
    from schemas.tagged_article import TaggedArticle
    from streams.agents import match, sketch
    from streams.bus.codec import encode
    from streams.core.dedup.offline import Offline

    offline = Offline(sketch.options_of(settings), match.options_of(settings))
    places: dict[tuple[str, str], int] = {}
    for number, (event, arrived) in enumerate(events):
        if isinstance(event, TaggedArticle):
            offline.add(event, f"process-0-{number}", arrived)
            places[event.article_id, event.version] = spool.tell()
        spool.write(encode(event) + b"\n")
        advance()

    def text_of(*version: str) -> str | None:
        """Return the text of a version that was spooled."""
        here = spool.tell()
        spool.seek(places[version])  # type: ignore[index]  # an article and its version
        text = TaggedArticle.model_validate_json(spool.readline()).text
        spool.seek(here)
        return text

    spool.seek(0)
    for number, line in enumerate(iter(spool.readline, b"")):
        origin = f"process-0-{number}"
        if origin in offline.answers:
            yield encode(offline.at_rest(TaggedArticle.model_validate_json(line), origin, text_of))
        else:
            yield line.rstrip(b"\n")
