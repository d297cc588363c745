"""communique demo: a dozen articles through the whole walk, in a folder of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from streams.cli import demo_alerts, exits, output, start
from streams.cli.audit import page
from streams.core.outcome import CommuniqueError

if TYPE_CHECKING:
    from streams.audit.overview import Row
    from streams.core.audit_report import Report
    from streams.settings import Settings

COLUMNS: Final = ("article", "outlet", "date", "cluster", "names", "fate")
HEADLINE_CHARS: Final = 60
OUTLET_FROM_CHARS: Final = 110
"""A narrower terminal keeps its room for the headlines."""
BROKEN: Final = "broken_record.json"
"""What a careless producer might write: JSON that breaks off.

Ingest would refuse it, so it is put on the topic as it is.
"""
LOG_LINES: Final = 30


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the folder, to look around in it afterwards.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print rows and audit as one JSON object.")] = False,
) -> None:
    """Take a dozen articles through the whole walk: see it work, with nothing to set up.

    \b
    communique demo
    communique demo --keep          then: communique --state DIR explain 01_harbour_talks.txt

    The articles are invented. Among them: one with a comment form, a captcha and broken quotation marks; an
    exact copy of it, and one with other boilerplate; a report and its update with other numbers; a roundup
    that contains another article; HTML pages; a text in Spanish; one too short; and a broken record. They
    go through an embedded log in a folder of its own, whatever your settings say. It ends with the alert on
    the first article as it fires on the day it came out, and with what fires today. Exit code 1 when the
    audit does not hold.
    """
    with _folder(keep=keep) as folder:
        settings = _own_settings(folder)
        with output.progress(quiet=as_json, counted=False) as bar:
            task = bar.add_task("putting articles on the raw topic", total=None)
            start.run(_put(settings))
            bar.update(task, description="running all stages until drained (the models load first)")
            start.run(_run_stages(folder))
        rows, report = start.run(_look(settings))
        fired = start.run(demo_alerts.look(settings, _alerting(rows)))
        if as_json:
            output.json_line({"articles": [asdict(row) for row in rows], "audit": report.as_dict(),
                              "alerts": fired.as_dict()})
        else:
            _show(rows, report, folder if keep else None)
            demo_alerts.show(fired)
    raise typer.Exit(exits.DONE if report.holds and not report.pending else exits.DOES_NOT_HOLD)


@contextmanager
def _folder(*, keep: bool) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="communique-demo-"))
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _own_settings(folder: Path) -> Settings:
    """Return settings that owe nothing to this machine's: no bus, no file, a state of their own.

    Children inherit them.
    """
    for name in [each for each in os.environ if each.upper().startswith("COMMUNIQUE_")]:
        del os.environ[name]
    os.environ.update({"COMMUNIQUE_STATE": str(folder), "COMMUNIQUE_CONFIG": os.devnull})
    return start.settings()


def articles_folder() -> Path:
    """Return the folder of the demo's articles, inside the package."""
    return Path(str(files("streams.cli") / "demo_articles"))


async def _put(settings: Settings) -> None:
    from schemas.envelope import DeliveryMode
    from streams import topics
    from streams.bus.connect import connect
    from streams.ingest import load, sources
    from streams.ingest.found import Reading
    from streams.ingest.pump import pump

    bus = connect(settings)
    await start.ensure_topics(bus, settings)
    folder = articles_folder()
    reading = Reading(settings.cleaning.max_content_bytes)
    found = sources.articles(sources.listed([str(folder)], reading), reading)
    async with bus.producer(client_id="communique-demo") as producer:
        sending = load.Sending(producer, DeliveryMode.LIVE, lambda _counts, _note: None)
        await load.load(pump(found, 100), sending)
        await producer.send(topics.RAW.name, (folder / BROKEN).read_bytes(), key=BROKEN.encode())
        await producer.flush()


async def _run_stages(folder: Path) -> None:
    """Run all stages as a user would.

    Raise `DemoFailed` with the end of their log when they do not come to an end.
    """
    log = folder / "run.log"
    with log.open("wb") as stream:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "streams.cli.app", "run", "--until-drained",
            "--now", demo_alerts.ON_ITS_DAY, stdout=stream, stderr=stream)
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
    if code:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])
        raise DemoFailed(f"the stages ended with {code}; the end of their log:\n{tail}")


class DemoFailed(CommuniqueError):
    """The stages did not come to their end."""


def _alerting(rows: Sequence[Row]) -> frozenset[str]:
    """Return the article that the demo ends with, and those that share its text: one of them came first."""
    cluster = next((row.cluster_id for row in rows if row.source == demo_alerts.ABOUT), None)
    return frozenset(row.article_id for row in rows if row.article_id and row.cluster_id == cluster)


async def _look(settings: Settings) -> tuple[Sequence[Row], Report]:
    from streams.audit.collect import audit
    from streams.audit.overview import overview
    from streams.bus.connect import connect

    bus = connect(settings)
    return await overview(bus), await audit(bus)


def _show(rows: Sequence[Row], report: Report, kept: Path | None) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console = output.out()
    columns = [name for name in COLUMNS if name != "outlet" or console.width >= OUTLET_FROM_CHARS]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(
            name,
            justify="right" if name == "names" else "left",
            no_wrap=name not in {"article", "outlet"},
            max_width=HEADLINE_CHARS if name == "article" else None,
        )
    names = cluster_names(rows)
    for row in sorted(rows, key=lambda row: (names.get(row.cluster_id or "", "~"), row.published or "~")):
        cells = _cells(row, names)
        table.add_row(*(Text(cells[name], no_wrap=True, overflow="ellipsis") for name in columns))
    console.print(table, soft_wrap=False)
    console.print("\n".join(page(report)))
    if kept:
        console.print(
            f"\nkept in {kept}; look around:\n  communique --state {kept} explain 01_harbour_talks.txt"
        )
        console.print(f"  communique --state {kept} consume enriched --exit-at-end --json")


def cluster_names(rows: Sequence[Row]) -> dict[str, str]:
    """Return a letter for each cluster that more than one row belongs to: A, B and so on."""
    ids = [row.cluster_id for row in rows if row.cluster_id]
    shared = [each for each in dict.fromkeys(ids) if ids.count(each) > 1]
    return {each: chr(ord("A") + place) for place, each in enumerate(shared)}


def _cells(row: Row, names: dict[str, str]) -> dict[str, str]:
    from streams.render.lines import plain

    return {
        "article": plain(row.headline or row.source or "(a broken record)"),
        "outlet": plain(row.outlet or "-"),
        "date": (row.published or "-")[:10],
        "cluster": f"{names.get(row.cluster_id or '', ' ')} {row.role}" if row.role else "",
        "names": "" if row.mentions is None else str(row.mentions),
        "fate": row.fate,
    }
