"""communique archive: keep raw articles for good, and prove that they are there."""

from __future__ import annotations

import asyncio
import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli import exits, output, start

if TYPE_CHECKING:
    from streams.archive.manifest import Entry
    from streams.archive.process import Archiving
    from streams.archive.verify import Report
    from streams.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Keep raw articles for good: what the raw topic had, in Parquet files with a chained manifest.

\b
communique archive run --until-drained
communique archive run
communique archive verify --against-topic
communique archive list
communique archive show news.articles.raw.v1-0-17
communique archive export --warc articles.warc.gz

The folder is archive.folder, by default `archive` in the state folder. Kafka keeps raw articles for 30 days;
the archive keeps them until you delete it, and `communique replay` reads either.""",
)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
SHOWN = 20


@app.command("run")
def run(
    until_drained: Annotated[
        bool, typer.Option("--until-drained", help="End when all that is there now is archived.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Archive what is on the raw topic and what comes; Ctrl-C finishes the files and ends.

    \b
    communique archive run --until-drained
    communique --set archive.flush_seconds=60 archive run
    communique --set archive.metrics_port=9400 archive run

    `communique run` does not start it. A file is finished after archive.flush_seconds, when it has
    archive.file_bytes, or with the day (UTC). Killed anywhere it goes on where its manifest ends: no record
    twice, none missing. Exit code 2 when the topic is not the one that the archive has, 75 when another
    process writes it.
    """
    from streams.archive.errors import ArchiveBusy

    try:
        with output.progress(quiet=as_json) as bar:
            task = bar.add_task("archived", total=None)
            found = start.run(_run(
                start.settings(), until_drained=until_drained, tell=lambda n: bar.advance(task, n)))
    except ArchiveBusy as busy:
        output.say(f"communique: {busy}")
        raise typer.Exit(exits.TRY_AGAIN) from None
    if as_json:
        output.json_line({"archived": found})
    else:
        output.say(f"archived {found:,} records")


async def _run(settings: Settings, *, until_drained: bool, tell: object) -> int:
    from streams.bus.connect import connect
    from streams.observe import metrics

    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    bus = connect(settings)
    await start.ensure_topics(bus, settings)
    metrics.serve(settings.observe.metrics_host, 0 if until_drained else settings.archive.metrics_port)
    return await _archiving(settings, stopping, tell).run(until_drained=until_drained)


def _archiving(settings: Settings, stopping: asyncio.Event, tell: object) -> Archiving:
    from streams.archive.process import Archiving
    from streams.bus.connect import connect

    def told(_partition: int, records: int) -> None:
        tell(records)  # type: ignore[operator]

    return Archiving(connect(settings), settings, time.monotonic, stopping, told, output.say)


@app.command("verify")
def verify(
    against_topic: Annotated[
        bool, typer.Option("--against-topic", help="Compare record by record with what the topic still has.")
    ] = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every record again, not only every byte.")
    ] = False,
    expect: Annotated[
        str | None, typer.Option(help="A hash that the manifest had, and must have.", metavar="HASH")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prove that the archive is whole; with --against-topic, that it is exactly the topic's content.

    \b
    communique archive verify
    communique archive verify --against-topic --json
    communique archive verify --expect 4f2a…

    Whole: the manifest's chain, every file's hash, no holes. May run while the archive is written. `head` is
    the hash of the last entry: keep it elsewhere, and a later --expect proves that nothing before it was
    taken away. A gap is what had expired before the archive came to read it; `absent` offsets are those that
    the log itself lacked. Exit code 1 and the list when it does not hold.
    """
    with output.progress(quiet=as_json) as bar:
        task = bar.add_task("records", total=None)
        report = start.run(_verify(
            start.settings(), against=against_topic, deep=deep, expect=expect,
            told=lambda n: bar.advance(task, n)))
    if as_json:
        output.json_line(report.as_dict())
    else:
        output.out().print("\n".join(page(report)))
    raise typer.Exit(exits.DONE if report.holds else exits.DOES_NOT_HOLD)


async def _verify(
    settings: Settings, *, against: bool, deep: bool, expect: str | None, told: object
) -> Report:
    from streams.archive.compare import against_topic
    from streams.archive.verify import verify as check
    from streams.bus.connect import connect
    from streams.topics import RAW

    folder = _folder(settings)
    report = check(folder, deep=deep, expect=expect, told=told)  # type: ignore[arg-type]
    if against:
        await against_topic(connect(settings), folder, RAW.name, report, told)  # type: ignore[arg-type]
    return report


def page(report: Report) -> list[str]:
    """Return a report as lines for a person."""
    lines = [f"{report.files:,} files, {report.records:,} records, {report.bytes:,} bytes"]
    lines += [f"partition {each}: offsets {first} to {end - 1}"
              for each, (first, end) in sorted(report.ranges.items()) if end > first]
    lines += [f"gap: partition {each['partition']}, {each['start']} to before {each['end']}: {each['why']}"
              for each in report.gaps]
    lines += [f"{report.absent:,} offsets that the log itself lacked"] if report.absent else []
    lines += [f"{report.blanked:,} records taken down"] if report.blanked else []
    lines += [] if report.compared is None else [f"{report.compared:,} records compared with the topic"]
    lines += [f"wrong: {each}" for each in report.wrong[:SHOWN]]
    if report.differences > SHOWN:
        lines.append(f"… and {report.differences - SHOWN:,} more (--json lists them)")
    return [*lines, f"head {report.head}", "", f"The archive {'holds' if report.holds else 'does NOT hold'}."]


@app.command("list")
def list_files(as_json: AsJson = False) -> None:
    """List the files: partition, offsets, records, size, times.

    \b
    communique archive list
    communique archive list --json | jq .path
    """
    from streams.archive.reading import entries

    for entry in entries(_folder(start.settings())):
        if as_json:
            output.json_line(_as_dict(entry))
        else:
            output.out().print(
                f"{entry.path}  {entry.start}–{entry.end - 1}  {entry.count:,} records  "
                f"{entry.bytes:,} bytes  "
                f"{_moment(entry.earliest_ms)} to {_moment(entry.latest_ms)}")


@app.command("show")
def show(
    place: Annotated[str, typer.Argument(help="The record's topic-partition-offset.", metavar="RECORD")],
    as_json: AsJson = False,
) -> None:
    """Show one archived record: key, time, headers, value.

    \b
    communique archive show news.articles.raw.v1-0-17
    """
    from streams.archive.reading import Selector, records

    topic, _, rest = place.rpartition("-")
    name, _, partition = topic.rpartition("-")
    if not (rest.isdigit() and partition.isdigit()):
        raise exits.Usage(f"{place}: write it as topic-partition-offset, e.g. news.articles.raw.v1-0-17")
    offset = int(rest)
    chosen = Selector(name, frozenset({int(partition)}), offsets={int(partition): (offset, offset + 1)})
    for record in records(_folder(start.settings()), chosen):
        told = {
            "at": record.at, "time": _moment(record.timestamp_ms), "key": _text(record.key),
            "headers": {each: _text(value) for each, value in record.headers}, "value": _text(record.value)}
        if as_json:
            output.json_line(told)
        else:
            output.out().print("\n".join(f"{each:8} {value}" for each, value in told.items()))
        return
    raise exits.Usage(f"the archive has no record {place}: `communique archive list` shows what it has")


@app.command("export")
def export(
    warc: Annotated[Path, typer.Option(help="File to write, e.g. articles.warc.gz.", metavar="FILE")],
    since: Annotated[str | None, typer.Option(help="First time, RFC 3339 or 7d.", metavar="TIME")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time.", metavar="TIME")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a view of the archive as WARC: articles only; the Parquet files stay the archive.

    \b
    communique archive export --warc articles.warc.gz
    communique archive export --warc may.warc.gz --since 2026-05-01T00:00:00Z --until 2026-06-01T00:00:00Z
    """
    from streams.archive.reading import Selector, records
    from streams.archive.warc import export as write
    from streams.cli.when import moment

    now = datetime.now(UTC)
    bounds = [int(moment(text, now).timestamp() * 1000) if text else None for text in (since, until)]
    chosen = Selector(since_ms=bounds[0], until_ms=bounds[1])
    with warc.open("wb") as file:
        done = write(records(_folder(start.settings()), chosen), file)
    if as_json:
        output.json_line({"articles": done.articles, "left_out": done.left_out})
    else:
        output.say(f"wrote {done.articles:,} articles to {warc}; {done.left_out:,} records hold none")


def _folder(settings: Settings) -> Path:
    """Return the archive's folder. Raises `Usage` when there is none."""
    from streams.archive.manifest import NAME
    from streams.archive.places import folder_of

    folder = folder_of(settings)
    if not (folder / NAME).exists():
        raise exits.Usage(f"there is no archive at {folder}: `communique archive run` makes it")
    return folder


def _as_dict(entry: Entry) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(entry)


def _moment(milliseconds: int) -> str:
    from schemas.base import rfc3339

    return rfc3339(datetime.fromtimestamp(milliseconds / 1000, UTC))


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "backslashreplace")
