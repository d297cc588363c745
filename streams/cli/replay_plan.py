"""replay_plan: `communique replay plan`: what is asked for on the command line, as a job on its topic."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.replay_job import ReplaySource
from streams.cli import exits, output, start

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.replay_job import OffsetRange, ReplayJob, ReplaySelector
    from streams.replay.planning import Asked
    from streams.settings import Settings


def plan(  # each is an option of its own
    topic: Annotated[
        str, typer.Option(help="raw, or dead-letters: raw records that have one.", metavar="NAME")
    ] = "raw",
    archive: Annotated[
        Path | None,
        typer.Option(help="Read an archive, not the topic.", metavar="DIR", file_okay=False, exists=True),
    ] = None,
    since: Annotated[str | None, typer.Option(help="Written from then on.", metavar="TIME")] = None,
    until: Annotated[str | None, typer.Option(help="Written before then.", metavar="TIME")] = None,
    offsets: Annotated[
        list[str] | None, typer.Option(help="A part of a raw partition.", metavar="PARTITION:START-END")
    ] = None,
    outlet: Annotated[list[str] | None, typer.Option(help="As raw articles name it.", metavar="NAME")] = None,
    source: Annotated[
        list[str] | None, typer.Option("--id", help="Source id or URL of raw articles.", metavar="ID")
    ] = None,
    article: Annotated[list[str] | None, typer.Option(help="Article id.", metavar="ID")] = None,
    context_hours: Annotated[
        float | None, typer.Option(help="Read so long before, without comparing.", metavar="HOURS")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What its id begins with.", metavar="NAME")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object, on one line.")] = False,
) -> None:
    """Plan a replay: what it would read, how long that takes, under which id. Nothing runs yet.

    \b
    communique replay plan --topic raw                      everything up to now
    communique replay plan --since 2024-05-01 --until 2024-06-01 --name may
    communique replay plan --topic dead-letters
    communique replay plan --archive /srv/archive --since 2019-01-01 --until 2020-01-01
    communique --set cleaning.min_chars=40 replay plan --since 7d --name shorter

    Settings of cleaning, tagging, dedup and novelty are kept with the plan: the replay runs with these and
    with this version, wherever it is run. What is read before --since or --offsets is context: what is alike
    or was said there is known, and not compared.
    """
    wanted = _asked(topic, _selector(since, until, offsets or (), outlet or (), source or ()), article or ())
    settings = start.settings()
    if archive is not None:
        wanted = replace(wanted, source=ReplaySource.ARCHIVE, folder=str(archive.resolve()))
    asked = replace(wanted, name=name, context_hours=context_hours)
    job = start.run(_planned(settings, asked))
    if as_json:
        output.json_line(job.model_dump(mode="json"))
    else:
        output.out().print("\n".join(planned_lines(job)))


def _selector(
    since: str | None, until: str | None, offsets: Sequence[str], outlets: Sequence[str], ids: Sequence[str]
) -> ReplaySelector:
    from schemas.replay_job import ReplaySelector
    from streams.cli.when import moment

    now = datetime.now(UTC)
    return ReplaySelector(
        since=moment(since, now) if since else None, until=moment(until, now) if until else None,
        offsets=tuple(map(part, offsets)), outlets=tuple(outlets), ids=tuple(ids))


def part(text: str) -> OffsetRange:
    """Return what `PARTITION:START-END` says. Raises `Usage`.

    >>> part("1:20-30")
    OffsetRange(partition=1, start=20, end=30)
    """
    from schemas.replay_job import OffsetRange

    partition, _, rest = text.partition(":")
    first, _, end = rest.partition("-")
    if not all(each.isascii() and each.isdigit() for each in (partition, first, end)):
        raise exits.Usage(f"--offsets {text}: write it as PARTITION:START-END, e.g. 0:100-200")
    return OffsetRange(partition=int(partition), start=int(first), end=int(end))


def _asked(topic: str, selector: ReplaySelector, articles: Sequence[str]) -> Asked:
    from streams.replay.planning import Asked

    sources = {"raw": ReplaySource.RAW, "dead-letters": ReplaySource.DEAD_LETTERS}
    if topic not in sources:
        raise exits.Usage(f"--topic {topic}: a replay reads raw or dead-letters")
    return Asked(selector, sources[topic], tuple(articles))


async def _planned(settings: Settings, asked: Asked) -> ReplayJob:
    from streams.bus import jobs
    from streams.bus.connect import connect
    from streams.replay.planning import plan as make

    bus = connect(settings)
    await start.ensure_topics(bus, settings)
    job = await make(bus, settings, asked, datetime.now(UTC))
    known = (await jobs.read_all(bus)).get(job.job_id)
    if known is not None and known.state not in jobs.OVER:
        return known
    anew = job.model_copy(update={"revision": known.revision if known else 1})
    return await jobs.put(bus, anew, datetime.now(UTC))


def planned_lines(job: ReplayJob) -> list[str]:
    """Return what a plan says to a person."""
    meant = sum(each.end - each.start for each in job.ranges)
    context = sum(each.start - each.context for each in job.ranges)
    told = f"{job.estimate.records:,} raw records, about {job.estimate.bytes / 1e6:,.1f} MB"
    return [
        f"{job.job_id} is {job.state}",
        f"  reads     {told}: {meant:,} offsets meant, {context:,} before them as context",
        f"  takes     about {job.estimate.seconds:,.0f} s at the pace of the last run here",
        f"  writes    topics replay.{job.job_id}.…, groups communique-….{job.job_id}; raises no alert",
        f"  next      communique replay run {job.job_id}",
    ]
