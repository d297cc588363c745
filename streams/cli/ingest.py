"""communique ingest: put files, folders or stdin on the raw topic."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from schemas.envelope import DeliveryMode
from streams.cli import exits, output, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress

    from streams.ingest.found import Bad, Doubt, Reading
    from streams.ingest.load import Counts
    from streams.settings import Settings

DOUBTS_SHOWN: Final = 20
"""So many are told each with its place; a wrong map puts every article in doubt."""
KINDS_SHOWN: Final = 5
"""Extensions of left-out files named, the most frequent first."""


def ingest(
    paths: Annotated[list[str], typer.Argument(help="Files, folders, or - for stdin.", metavar="PATH…")],
    field_map: Annotated[
        Path | None, typer.Option("--map", help='TOML or JSON: our field = "their field".', metavar="FILE")
    ] = None,
    backfill: Annotated[
        bool, typer.Option("--backfill", help="Mark as the past: nothing of it ever alerts.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Send also what the topic already holds.")] = False,
    encoding: Annotated[
        str | None, typer.Option(help="Of text and HTML files, e.g. cp1251.", metavar="NAME")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--format", help="jsonl, html or txt, whatever the names say.", metavar="KIND"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as one JSON object.")] = False,
) -> None:
    """Put articles on the bus: text, HTML, JSON lines, each also with .gz, whole folders, or stdin.

    \b
    communique ingest article.txt page.html folder/
    communique ingest articles.jsonl.gz --map fields.toml
    zcat old.jsonl.gz | communique ingest - --backfill
    communique ingest letters/ --encoding cp1251

    \b
    JSON lines have the fields of RawArticle (content, url, headline, published, …). For others, a map:
        content = "text"                     # their field
        headline = "title"
        outlet = "site.name"                 # inside an object
        rights = { constant = "CC BY 4.0" }  # the same for all

    In a folder, hidden files are left out, and without --format those of other kinds, which are counted. A
    bad line or file is reported with its place, the rest goes in, and the exit code is 1. An article whose
    published is no date (Unix times are none) goes in without it, with a warning. The same article from the
    same place always has the same id: what the topic already holds is left out, so a load that broke off is
    simply started again. (A raw topic of more than 50,000 records is not read through for that; repeats are
    then known by their ids.) Returns when the bus has acknowledged everything; on the embedded log that
    means on disk.
    """
    from streams.ingest import fields
    from streams.ingest.found import Reading
    from streams.ingest.sources import SOURCES

    settings = start.settings()
    if kind and kind not in SOURCES:
        raise exits.Usage(f"--format {kind}: known are {', '.join(SOURCES)}")
    mapped = fields.load(field_map) if field_map else fields.AS_IT_IS
    reading = Reading(settings.cleaning.max_content_bytes, mapped, encoding, kind)
    mode = DeliveryMode.BACKFILL if backfill else DeliveryMode.LIVE
    began = time.monotonic()
    with output.progress(quiet=as_json) as bar:
        counts = start.run(_load(settings, paths, reading, mode, again, _teller(bar)))
    _report(counts, time.monotonic() - began, as_json=as_json)
    raise typer.Exit(exits.DOES_NOT_HOLD if counts.bad else exits.DONE)


def _teller(bar: Progress) -> Callable[[Counts, Bad | Doubt | None], None]:
    from streams.ingest.found import Doubt

    task = bar.add_task("articles", total=None)

    def tell(counts: Counts, note: Bad | Doubt | None) -> None:
        """Say what was bad or in doubt, and how many articles were read."""
        if isinstance(note, Doubt):
            _doubt(note, counts.undated)
        elif note is not None:
            output.say(f"{note.where}: {note.why}")
        bar.update(task, completed=counts.read)

    return tell


def _doubt(note: Doubt, number: int) -> None:
    if number <= DOUBTS_SHOWN:
        output.say(f"{note.where}: warning: {note.why}")
    if number == DOUBTS_SHOWN:
        output.say("more of these warnings are only counted")


async def _load(  # all of one call
    settings: Settings,
    paths: list[str],
    reading: Reading,
    mode: DeliveryMode,
    again: bool,
    tell: Callable[[Counts, Bad | Doubt | None], None],
) -> Counts:
    from streams.bus.connect import connect
    from streams.ingest import load, sources
    from streams.ingest.pump import pump

    left: list[Path] = []
    found = sources.articles(sources.listed(paths, reading, left.append), reading)
    bus = connect(start.durable(settings))
    await start.ensure_topics(bus, settings)
    known = None if again else await load.known_ids(bus)
    async with bus.producer(client_id="communique-ingest") as producer:
        counts = await load.load(pump(found, 1 if "-" in paths else 100), producer, mode, known, tell)
    counts.left_out = len(left)
    _say_left_out(left)
    return counts


def _say_left_out(left: list[Path]) -> None:
    if not left:
        return
    kinds = Counter(path.suffix.lower() or "no extension" for path in left).most_common(KINDS_SHOWN)
    named = ", ".join(f"{kind} {many:,}" for kind, many in kinds)
    output.say(f"files left out, of no known kind: {len(left):,} ({named}); --format KIND reads them too")


def _report(counts: Counts, seconds: float, *, as_json: bool) -> None:
    if as_json:
        output.json_line({**counts.as_dict(), "seconds": round(seconds, 3)})
        return
    parts = [f"{counts.sent:,} sent"]
    parts += [f"{counts.known:,} already there"] if counts.known else []
    parts += [f"{counts.bad:,} bad"] if counts.bad else []
    parts += [f"{counts.undated:,} with a date that is none"] if counts.undated else []
    output.out().print(f"{', '.join(parts)} in {seconds:.1f} s")
