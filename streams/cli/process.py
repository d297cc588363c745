"""communique process: the stages' functions over files, without any bus; one event a line, in input order."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final

import typer

from streams.cli import exits, output, start, when
from streams.core.walk import Until, cleaned, tagged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from schemas.clean_article import CleanArticle
    from schemas.refusal import Refusal
    from streams.ingest.found import Article, Bad, Reading
    from streams.settings import Settings

_TRUSTED_FROM: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""A file that claims to be older was unpacked from an archive that keeps no times."""


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
        typer.Option("--format", help="jsonl, html or txt, whatever the names say.", metavar="KIND"),
    ] = None,
) -> None:
    """Clean, tag and compare articles in files.

    One event a line on stdout, in input order, refusals included.

    \b
    communique process article.txt page.html folder/
    communique process articles.jsonl.gz --map fields.toml > events.jsonl
    communique process --until clean pages/ | jq -r .text
    zcat old.jsonl.gz | communique process - --until tag

    Inputs and maps are those of `communique ingest`. A bad line or file is reported on stderr with its place,
    has no line on stdout, and makes the exit code 1; a refused article has a line with its reason.

    The same input gives the same bytes. With --until clean or tag the memory stays the same however long the
    input; enrich (the default) keeps the near-duplicate index in memory and the articles in a temporary file,
    and prints when all are compared: clusters are as they stand at rest.
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
    bad = _Bad()
    with output.progress() as bar:
        task = bar.add_task(until.value, total=None)
        events = _walk(
            _dated(inputs, reading, when.moment(now, started) if now else None, started, bad), until, settings
        )
        _print(events, until, settings, lambda: bar.advance(task))
    raise typer.Exit(exits.DOES_NOT_HOLD if bad.count else exits.DONE)


class _Bad:
    """Counts and tells what could not be read."""

    count = 0

    def tell(self, bad: Bad) -> None:
        self.count += 1
        output.say(f"{bad.where}: {bad.why}")


def _dated(
    inputs: list[str], reading: Reading, now: datetime | None, started: datetime, bad: _Bad
) -> Iterator[tuple[Article, datetime]]:
    """Yield each article with the time that stands for its raw record's.

    `now`, else its file's, for stdin `started`.
    """
    from streams.ingest import sources
    from streams.ingest.found import Article

    for entry in sources.listed(inputs, reading):
        moment = now or _written(entry.path, started)
        for found in sources.read(entry, reading):
            if isinstance(found, Article):
                yield found, moment
            else:
                bad.tell(found)


def _written(path: Path, started: datetime) -> datetime:
    try:
        moment = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    except (OSError, OverflowError, ValueError):
        return started
    return moment if moment >= _TRUSTED_FROM else started


def _walk(
    articles: Iterable[tuple[Article, datetime]], until: Until, settings: Settings
) -> Iterator[CleanArticle | Refusal]:
    from streams.agents.clean import options_of

    tagger = None
    if until is not Until.CLEAN:
        from streams.core.tagging.tag import load_tagger

        tagger = load_tagger(settings.tagging.batch_size)
    options = options_of(settings)
    for number, (found, moment) in enumerate(articles):
        yield tagged(cleaned(found.article, number, moment, options), tagger)


def _print(
    events: Iterator[CleanArticle | Refusal], until: Until, settings: Settings, advance: Callable[[], None]
) -> None:
    from streams.bus.codec import encode

    if until is Until.ENRICH:
        with TemporaryFile() as spool:
            for line in _at_rest(events, settings, spool, advance):
                output.body_line(line)
        return
    for event in events:
        output.body_line(encode(event))
        advance()


def _at_rest(
    events: Iterator[CleanArticle | Refusal], settings: Settings, spool: BinaryIO, advance: Callable[[], None]
) -> Iterator[bytes]:
    """Compare all, with the events in `spool`; then yield each line as it stands in the end."""
    from schemas.tagged_article import TaggedArticle
    from streams.agents import match, sketch
    from streams.bus.codec import encode
    from streams.core.dedup.offline import Offline

    offline = Offline(sketch.options_of(settings), match.options_of(settings))
    for number, event in enumerate(events):
        if isinstance(event, TaggedArticle):
            offline.add(event, f"process-0-{number}")
        spool.write(encode(event) + b"\n")
        advance()
    spool.seek(0)
    for number, line in enumerate(spool):
        origin = f"process-0-{number}"
        if origin in offline.answers:
            yield encode(offline.at_rest(TaggedArticle.model_validate_json(line), origin))
        else:
            yield line.rstrip(b"\n")
