"""communique export: articles and statements in formats that other people's tools read."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import orjson
import typer

from streams.cli import exits, output, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from streams.exports.json_ld import Json
    from streams.exports.latest import Latest, Wanted

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Write what is on the bus as schema.org JSON-LD, GDELT GQG lines, or Parquet.

\b
communique export jsonld -o articles.jsonl
communique export jsonld --topic statements --since 7d
communique export gqg -o quotes.gqg.jsonl
communique export parquet --topic statements -o statements.parquet

Of each article or statement the last revision, by event time, then id: the same truth gives the same bytes.
What was taken back is left out.""",
)

Topic = Annotated[str, typer.Option(help="enriched (articles) or statements.", metavar="NAME")]
Since = Annotated[str | None, typer.Option(help="Event time from here on: a date, 7d.", metavar="TIME")]
Until = Annotated[str | None, typer.Option(help="Event time before this.", metavar="TIME")]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="A file; else stdout.", metavar="FILE")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the counts as one object; needs -o.")]


@app.command("jsonld")
def jsonld(
    topic: Topic = "enriched", since: Since = None, until: Until = None, out: Output = None,
    as_json: JsonOption = False,
) -> None:
    """Write schema.org JSON-LD, one object a line: NewsArticle with Quotations, or Quotations.

    \b
    communique export jsonld -o articles.jsonl
    communique export jsonld --topic statements --since 2026-11-01 -o statements.jsonl
    """
    from schemas.enriched_article import EnrichedArticle
    from schemas.statement_event import StatementEvent, StatementState
    from streams.exports import json_ld

    def made(found: EnrichedArticle | StatementEvent) -> dict[str, Json] | None:
        """Return an item's object; None for a statement that its article no longer has."""
        if isinstance(found, EnrichedArticle):
            return json_ld.article(found)
        return None if found.state is StatementState.WITHDRAWN else json_ld.quotation(found)

    _lines(_wanted(topic, since, until), out, made, as_json=as_json)


@app.command("gqg")
def gqg(
    since: Since = None, until: Until = None, out: Output = None, as_json: JsonOption = False
) -> None:
    """Write lines as GDELT's Global Quotation Graph has them, with our speakers beside.

    \b
    communique export gqg -o quotes.gqg.jsonl
    """
    from schemas.enriched_article import EnrichedArticle
    from schemas.statement_event import StatementEvent
    from streams.exports.gqg import line

    def made(found: EnrichedArticle | StatementEvent) -> dict[str, Json] | None:
        """Return an article's line, None when nothing in it is quoted."""
        return line(found) if isinstance(found, EnrichedArticle) else None

    _lines(_wanted("enriched", since, until), out, made, as_json=as_json)


@app.command("parquet")
def parquet(
    out: Annotated[Path, typer.Option("-o", "--output", help="The file.", metavar="FILE")],
    topic: Topic = "enriched", since: Since = None, until: Until = None, as_json: JsonOption = False,
) -> None:
    """Write a flat Parquet table of articles or statements; docs/exports.md has the columns.

    \b
    communique export parquet -o articles.parquet
    communique export parquet --topic statements --since 30d -o statements.parquet
    """
    from schemas.enriched_article import EnrichedArticle
    from schemas.statement_event import StatementEvent
    from streams.exports import tables

    wanted = _wanted(topic, since, until)
    with _gathered(wanted, quiet=as_json) as (latest, tell), _whole(out) as path:
        schema = tables.STATEMENTS if topic == "statements" else tables.ARTICLES
        rows = (tables.article_row(each) if isinstance(each, EnrichedArticle) else tables.statement_row(each)
                for each in latest if isinstance(each, EnrichedArticle | StatementEvent))
        number = tables.write(path, schema, rows, tell)
        unreadable = latest.unreadable
    _report(number, unreadable, as_json=as_json)


def _wanted(topic: str, since: str | None, until: str | None) -> Wanted:
    from streams.cli.when import moment
    from streams.exports.latest import SPECS, Wanted

    if topic not in SPECS:
        raise exits.Usage(f"--topic {topic}: known are {', '.join(SPECS)}")
    now = datetime.now(UTC)
    return Wanted(topic, moment(since, now) if since else None, moment(until, now) if until else None)


def _lines(
    wanted: Wanted, out: Path | None, made: Callable[..., dict[str, Json] | None], *, as_json: bool
) -> None:
    if as_json and out is None:
        raise exits.Usage("--json needs -o FILE: stdout is for one of the two")
    with _gathered(wanted, quiet=as_json or out is None) as (latest, tell):
        objects = (found for each in latest if (found := made(each)) is not None)
        if out is None:
            number = _to_stdout(objects, tell)
        else:
            with _whole(out) as path, path.open("wb") as file:
                number = _written(file, objects, tell)
        unreadable = latest.unreadable
    _report(number, unreadable, as_json=as_json)


def _written(file: BinaryIO, objects: Iterable[dict[str, Json]], tell: Callable[[int], None]) -> int:
    number = 0
    for each in objects:
        file.write(orjson.dumps(each).replace(b"<", rb"\u003c") + b"\n")  # JSON-LD goes into <script>
        number += 1
        tell(1)
    file.flush()
    return number


def _to_stdout(objects: Iterable[dict[str, Json]], tell: Callable[[int], None]) -> int:
    """Write to stdout; a reader that goes away (`| head`) ends it, and is no failure."""
    try:
        return _written(sys.stdout.buffer, objects, tell)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(exits.DONE) from None


@contextmanager
def _gathered(wanted: Wanted, *, quiet: bool) -> Iterator[tuple[Latest, Callable[[int], None]]]:
    """Yield what is to be exported, and what to tell of each that was written."""
    from streams.bus.codec import limits_of
    from streams.bus.connect import connect
    from streams.exports.latest import gather, gathering

    settings = start.settings()
    with output.progress(quiet=quiet) as bar, gathering(wanted) as latest:
        reading = bar.add_task("read", total=None)
        start.run(gather(
            connect(settings), wanted, limits_of(settings), latest,
            lambda number: bar.advance(reading, number)))
        writing = bar.add_task("written", total=len(latest))
        yield latest, lambda number: bar.advance(writing, number)


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Yield a file beside `path`, which takes its place once it is whole."""
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise exits.Usage(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)


def _report(number: int, unreadable: int, *, as_json: bool) -> None:
    if as_json:
        output.json_line({"written": number, "unreadable": unreadable})
    else:
        output.say(f"{number:,} written" + (f", {unreadable:,} records unreadable" if unreadable else ""))
    raise typer.Exit(exits.DOES_NOT_HOLD if unreadable else exits.DONE)
