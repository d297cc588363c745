"""communique ingest: put files, folders or stdin on the raw topic."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from schemas.envelope import DeliveryMode
from streams.cli import exits, output, start
from streams.cli.yielding import gated, limits

if TYPE_CHECKING:
    from rich.progress import Progress

    from streams.core.throttle import Limits
    from streams.ingest.found import Bad, Doubt, Passed, Reading
    from streams.ingest.load import Counts
    from streams.settings import Settings

DOUBTS_SHOWN: Final = 20
"""So many are told each with its place; a wrong map puts every article in doubt."""
KINDS_SHOWN: Final = 5
"""Kinds of left-out files and records named, the most frequent first."""
KINDS_KEPT: Final = 100


def ingest(
    paths: Annotated[list[str], typer.Argument(help="Files, folders, or - for stdin.", metavar="PATH…")],
    field_map: Annotated[
        Path | None, typer.Option("--map", help='TOML or JSON: our field = "their field".', metavar="FILE")
    ] = None,
    backfill: Annotated[
        bool, typer.Option("--backfill", help="Mark as the past: nothing of it ever alerts.")
    ] = False,
    per_second: Annotated[
        float | None, typer.Option(help="With --backfill: no faster than so many a second.", min=0.1)
    ] = None,
    job: Annotated[
        str | None, typer.Option(help="With --backfill: its name, for alerts would-have.", metavar="NAME")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Send also what the topic already holds.")] = False,
    encoding: Annotated[
        str | None, typer.Option(help="Of text and HTML files, e.g. cp1251.", metavar="NAME")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--format", help="warc, jsonl, csv, parquet, html, txt.", metavar="KIND"),
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="Between fields of CSV. Default: found out.", metavar="CHARACTER")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as one JSON object.")] = False,
) -> None:
    """Put articles on the bus: WARC, JSON lines, CSV, Parquet, HTML, text, folders of these, or stdin.

    \b
    communique ingest article.txt page.html folder/
    communique ingest crawl-00001.warc.gz
    communique ingest articles.csv --map fields.toml
    zcat old.jsonl.gz | communique ingest - --backfill --job archive-2017
    communique ingest letters/ --encoding cp1251

    \b
    Lines and rows have the fields of RawArticle (content, url, headline, published, …). For others, a map:
        content = "text"                     # their field
        headline = "title"
        outlet = "site.name"                 # inside an object
        rights = { constant = "CC BY 4.0" }  # the same for all

    In a folder, hidden files are left out, and without --format those of other kinds, which are counted. A
    bad line or file is reported with its place, the rest goes in, and the exit code is 1. An article whose
    published is no date (Unix times are none) goes in without it, with a warning. The same article from the
    same place always has the same id: what a raw topic of at most 50,000 records holds already is left out,
    beyond that repeats are known by their ids. A load that broke off goes on where it was when it is started
    again. Of a WARC, pages that were answered with 200 go in, other records are counted.

    A backfill goes in no faster than the live flow allows: little of it waits in any stage at a time, and it
    slows down when live articles take longer than in the pauses that it makes to see how long they take
    alone (backfill.* settings). Where no stage is running it just loads.

    Returns when the bus has acknowledged everything; on the embedded log that means on disk.
    """
    from streams.ingest import fields
    from streams.ingest.found import Reading
    from streams.ingest.sources import SOURCES

    settings = start.settings()
    if kind and kind not in SOURCES:
        raise exits.Usage(f"--format {kind}: known are {', '.join(SOURCES)}")
    mapped = fields.load(field_map) if field_map else fields.AS_IT_IS
    reading = Reading(settings.cleaning.max_content_bytes, mapped, encoding, kind, delimiter)
    if (per_second or job) and not backfill:
        raise exits.Usage("--per-second and --job go with --backfill")
    mode = DeliveryMode.BACKFILL if backfill else DeliveryMode.LIVE
    how = How(mode, job, again, limits(settings, per_second) if backfill else None)
    began = time.monotonic()
    with output.progress(quiet=as_json) as bar:
        how.show(bar)
        counts = start.run(_load(settings, paths, reading, how))
    _report(counts, time.monotonic() - began, as_json=as_json)
    raise typer.Exit(exits.DOES_NOT_HOLD if counts.bad else exits.DONE)


@dataclass(slots=True)
class How:
    """How a load goes: its mode and name, whether all is sent again; and what is told on the way."""

    mode: DeliveryMode
    job: str | None
    again: bool
    past: Limits | None = None
    """What the past is held to; None for live articles."""
    tell: Callable[[Counts, Bad | Doubt | Passed | None], None] = lambda _counts, _note: None
    passed: Counter[str] = field(default_factory=Counter)

    def name(self, reading: Reading) -> str:
        """Return what tells this load from another of the same files."""
        read = (reading.fields, reading.encoding, reading.kind, reading.delimiter)
        return f"{self.mode} {self.job} {read}"

    def show(self, bar: Progress) -> None:
        """Tell what was bad or in doubt, and show how many articles were read."""
        from streams.ingest.found import Doubt, Passed

        task = bar.add_task("articles", total=None)

        def tell(counts: Counts, note: Bad | Doubt | Passed | None) -> None:
            """Take what was noted of one article."""
            if isinstance(note, Passed):
                room = note.what in self.passed or len(self.passed) < KINDS_KEPT
                self.passed[note.what if room else "other"] += 1
            elif isinstance(note, Doubt):
                _doubt(note, counts.undated)
            elif note is not None:
                output.say(f"{note.where}: {note.why}")
            bar.update(task, completed=counts.read)

        self.tell = tell


def _doubt(note: Doubt, number: int) -> None:
    if number <= DOUBTS_SHOWN:
        output.say(f"{note.where}: warning: {note.why}")
    if number == DOUBTS_SHOWN:
        output.say("more of these warnings are only counted")


async def _load(settings: Settings, paths: list[str], reading: Reading, how: How) -> Counts:
    from streams.bus.connect import connect
    from streams.ingest import load, sources
    from streams.ingest.checkpoint import Checkpoint
    from streams.ingest.known import Known, known_ids
    from streams.ingest.pump import pump

    left: list[Path] = []
    entries = sources.listed(paths, reading, left.append)
    bus = connect(start.durable(settings))
    await start.ensure_topics(bus, settings)
    place = Checkpoint.of(settings.state, entries, settings.bus_url, how.name(reading))
    at = await place.start(bus) if place and not how.again else (0, 0)
    if at != (0, 0):
        where = f"{entries[at[0]].path}, behind {at[1]:,}"
        output.say(f"goes on where it broke off: {where}; --again starts anew")
    known = None if how.again else Known(await known_ids(bus))
    found = sources.articles(entries, reading, *at)
    async with bus.producer(client_id="communique-ingest") as producer, gated(bus, how.past) as admitted:
        sending = load.Sending(producer, how.mode, how.tell, known, how.job, admitted, place)
        counts = await load.load(pump(found, 1 if "-" in paths else 100), sending)
    counts.left_out += len(left)
    unknown = Counter(path.suffix.lower() or "no extension" for path in left)
    _say_left_out("files left out, of no known kind", unknown, "; --format KIND reads them too")
    _say_left_out("records left out", how.passed)
    return counts


def _say_left_out(what: str, kinds: Counter[str], hint: str = "") -> None:
    if kinds:
        named = ", ".join(f"{kind} {many:,}" for kind, many in kinds.most_common(KINDS_SHOWN))
        output.say(f"{what}: {kinds.total():,} ({named}){hint}")


def _report(counts: Counts, seconds: float, *, as_json: bool) -> None:
    if as_json:
        output.json_line({**counts.as_dict(), "seconds": round(seconds, 3)})
        return
    parts = [f"{counts.sent:,} sent"]
    parts += [f"{counts.known:,} already there"] if counts.known else []
    parts += [f"{counts.bad:,} bad"] if counts.bad else []
    parts += [f"{counts.undated:,} with a date that is none"] if counts.undated else []
    output.out().print(f"{', '.join(parts)} in {seconds:.1f} s")
