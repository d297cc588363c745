"""past_alerts: ten years of statements, loaded as a backfill, through the live alert agent and deliver.

    python -m streams.bench.past_alerts --statements 100000

Statement events are written onto an embedded log as judge would have written them: a hundred speakers, over
ten years, a third of them repeats, some of them old when they were printed. Then `communique run alert
deliver` reads them. `alerts` and `notifications` must be 0; `listed` is what `would_have` finds afterwards,
`expected` what a plain reading of the input says: both must be the same, alert by alert. Exit code 1 unless
all holds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from schemas.clean_article import Outlet
from schemas.envelope import DeliveryMode, Envelope
from schemas.found_statement import ArticleRef
from schemas.ids import ce_id, digest
from schemas.registry import type_name
from schemas.span import Span
from schemas.statement import Attribution, Official, SaidOn, Speaker, SpeechAct, StatementMode
from schemas.statement_event import Novelty, NoveltyKind, StatementEvent, StatementState
from streams import topics
from streams.audit.past_alerts import would_have
from streams.bus import codec
from streams.bus.admin import ensure
from streams.bus.connect import connect
from streams.bus.envelope import to_headers
from streams.bus.scan import scan
from streams.settings import Settings
from streams.testing.rules import rule

if TYPE_CHECKING:
    from streams.bus.interface import Bus

BEGIN: Final = datetime(2008, 1, 1, tzinfo=UTC)
YEARS: Final = 10
SPEAKERS: Final = 100
JOB: Final = "ten-years"
RULES: Final = (
    rule("speaker-7", speaker=("Speaker 7",)),
    rule("harbour", words=("harbour",), freshness_hours=24 * 365 * 30),
)
"""The second finds everything fresh: nothing but the delivery mode holds it back."""
_RUN: Final = (sys.executable, "-m", "streams.cli.app", "run", "alert", "deliver", "--until-drained")


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it."""

    statements: int
    alerts: int
    notifications: int
    listed: int
    expected: int
    same: bool
    run_seconds: float
    list_seconds: float

    @property
    def holds(self) -> bool:
        """Return whether nobody was paged, and the list is whole."""
        return not self.alerts and not self.notifications and self.same and self.expected > 0


def statements(count: int) -> Iterator[StatementEvent]:
    """Yield statements, evenly over the years. Every third repeats one before; every fifth was old news."""
    for number in range(count):
        root = number - 1 if number % 3 == 2 else number
        yield _statement(number, root, BEGIN + number * timedelta(days=365 * YEARS) / count)


def _statement(number: int, root: int, time: datetime) -> StatementEvent:
    place = "harbour" if root % 20 == 0 else "museum"
    text, article = f"the {place} opens for visitors at number {root}", digest("article", str(number))
    kind = NoveltyKind.NEW if root == number else NoveltyKind.REPEAT
    said = time - timedelta(days=30) if number % 5 == 4 else time
    return StatementEvent(
        statement_id=digest("statement", str(number)), proposition_id=digest("proposition", str(root)),
        mode=StatementMode.INDIRECT, speech_act=SpeechAct.ASSERT, attribution=Attribution.EXPLICIT,
        content=(Span(start=0, end=len(text), text=text),), confidence=1,
        speaker=Speaker(name=f"Speaker {root % SPEAKERS}", kind="person"),
        said_on=SaidOn(basis="text", not_after=said), official=Official(is_official=True),
        article=ArticleRef(id=article, version=article, outlet=Outlet(name="Gazette")), event_time=time,
        independent_origins=1 + (root != number), state=StatementState.REPORTED, revision=1,
        novelty=Novelty(kind=kind, live_kind=NoveltyKind.NEW, first_seen=time))


def expected(event: StatementEvent, number: int) -> set[tuple[str, str]]:
    """Return rule and proposition of every alert that a statement is good for."""
    if event.novelty.kind is NoveltyKind.REPEAT:
        return set()
    speaks = event.speaker is not None and event.speaker.name == "Speaker 7" and number % 5 != 4
    found = {"speaker-7"} if speaks else set()
    found |= {"harbour"} if "harbour" in event.content[0].text else set()
    return {(name, event.proposition_id) for name in found}


async def measure(count: int, folder: Path) -> Report:
    """Run it in a folder."""
    settings = Settings(state=folder)
    bus = connect(settings)
    async with bus.admin() as admin:
        await ensure(admin, settings.topics)
    wanted = await _write(bus, settings, count)
    began = time.monotonic()
    await _run(folder)
    ran = time.monotonic()
    modes = frozenset({DeliveryMode.BACKFILL})
    listed = [
        (alert.rule.name, str(alert.evidence[0].proposition_id))
        async for alert, _ in would_have(bus, settings, RULES, modes=modes, job=JOB)]
    return Report(
        count, await _records(bus, topics.ALERTS.name), await _records(bus, topics.DELIVERIES.name),
        len(listed), len(wanted), len(listed) == len(wanted) and set(listed) == wanted, round(ran - began, 1),
        round(time.monotonic() - ran, 1))


async def _write(bus: Bus, settings: Settings, count: int) -> set[tuple[str, str]]:
    """Write rules and statements; return what is expected of them."""
    wanted: set[tuple[str, str]] = set()
    kind = type_name(StatementEvent)
    async with bus.producer(client_id="bench") as producer:
        for each in RULES:
            await producer.send(topics.RULES.name, codec.encode(each), key=each.name.encode())
        for number, event in enumerate(statements(count)):
            origin = f"{topics.RAW.name}-0-{number}"
            its = Envelope(
                id=ce_id(kind, origin, 0), type=kind, source="/bench", time=event.event_time, origin=origin,
                origin_time=datetime(2018, 1, 1, tzinfo=UTC), delivery_mode=DeliveryMode.BACKFILL,
                replay_job_id=JOB)
            await producer.send(
                topics.STATEMENTS.name, codec.encode(event), key=event.statement_id.encode(),
                headers=to_headers(its), partition=number % SPEAKERS % settings.topics.statements)
            wanted |= expected(event, number)
        await producer.flush()
    return wanted


async def _run(folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COMMUNIQUE_")}
    environment |= {"COMMUNIQUE_STATE": str(folder), "COMMUNIQUE_CONFIG": os.devnull}
    with (folder / "run.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(*_RUN, env=environment, stdout=log, stderr=log)
        if await process.wait():
            end = (folder / "run.log").read_text()[-2000:]
            raise RuntimeError(f"the run ended with {process.returncode}: {end}")


async def _records(bus: Bus, name: str) -> int:
    return sum([len(records) async for records in scan(bus, [name])])


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser("python -m streams.bench.past_alerts", description=__doc__)
    parser.add_argument("--statements", type=int, default=100_000)
    called = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="communique-past-alerts-") as folder:
        report = asyncio.run(measure(called.statements, Path(folder)))
    print(json.dumps({**asdict(report), "holds": report.holds}))
    return int(not report.holds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
