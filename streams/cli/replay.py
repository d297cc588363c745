"""communique replay: run the log again beside the old, through the same stages, into topics of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli import exits, output, start
from streams.cli.replay_diff import accept, diff
from streams.cli.replay_drop import drop
from streams.cli.replay_move import cutover, rollback
from streams.cli.replay_plan import plan

if TYPE_CHECKING:
    from schemas.replay_job import ReplayJob, ReplayState
    from streams.replay.standing import Standing
    from streams.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Run the log again beside the old, compare, switch over.

\b
communique replay plan --topic raw --since 7d
communique replay run raw-3f2a9c1b
communique replay diff raw-3f2a9c1b --html diff.html
communique replay accept raw-3f2a9c1b --by Ines
communique replay cutover raw-3f2a9c1b
communique replay rollback raw-3f2a9c1b
communique replay drop raw-3f2a9c1b

A replay reads raw records again, up to an end that is frozen at its plan, into topics and groups of its own.
It touches nothing of the live flow and raises no alert.""",
)

app.command("plan")(plan)
app.command("diff")(diff)
app.command("accept")(accept)
app.command("cutover")(cutover)
app.command("rollback")(rollback)
app.command("drop")(drop)

JobId = Annotated[str, typer.Argument(help="Its id, or the start of it.", metavar="JOB")]
AsJson = Annotated[bool, typer.Option("--json", help="One object, on one line.")]


def _now() -> datetime:
    return datetime.now(UTC)


@app.command("run")
def run(
    job_id: JobId,
    workers: Annotated[
        list[str] | None, typer.Option("--workers", help="Workers of a stage.", metavar="STAGE=N")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="What happens, one object a line.")] = False,
) -> None:
    """Run a replay up to its frozen end, then say its digest and end.

    \b
    communique replay run raw-3f2a9c1b
    communique replay run raw-3f2a9c1b --workers tag=2

    Whatever is killed, and whenever: run it again, and it goes on. While it is paused it waits.

    Exit codes: 0 done, 2 it cannot run as it is, 75 a stage did not get ready, 130 stopped before its end.
    """
    from streams.cli.replay_run import run_job
    from streams.cli.run import spread
    from streams.stages import REPLAYED

    stages = spread(REPLAYED, workers or [])
    raise typer.Exit(start.run(run_job(start.settings(), job_id, stages, as_json=as_json)))


@app.command("pause")
def pause(job_id: JobId, as_json: AsJson = False) -> None:
    """Let a replay rest: its feeder and its stages stop in order, its run waits.

    \b
    communique replay pause raw-3f2a9c1b
    """
    from schemas.replay_job import ReplayState

    _say(start.run(_move(job_id, ReplayState.PAUSED, {ReplayState.PLANNED, ReplayState.RUNNING})), as_json)


@app.command("resume")
def resume(job_id: JobId, as_json: AsJson = False) -> None:
    """Let a paused replay go on, where it stopped.

    \b
    communique replay resume raw-3f2a9c1b
    """
    from schemas.replay_job import ReplayState

    _say(start.run(_move(job_id, ReplayState.RUNNING, {ReplayState.PAUSED})), as_json)


async def _move(job_id: str, to: ReplayState, allowed: set[ReplayState]) -> ReplayJob:
    """Give a job another state; the same again is fine. Raises `Usage` where that makes no sense."""
    from streams.bus import jobs
    from streams.bus.connect import connect

    bus = connect(start.settings())
    job = await jobs.read(bus, job_id)
    if job.state is to:
        return job
    if job.state not in allowed:
        raise exits.Usage(f"{job.job_id} is {job.state}: only {' or '.join(sorted(allowed))} can be {to}")
    return await jobs.put(bus, job.model_copy(update={"state": to}), _now())


def _say(job: ReplayJob, as_json: bool) -> None:
    from streams.replay.lock import held
    from streams.replay.standing import RUN, folder_of

    if as_json:
        output.json_line(job.model_dump(mode="json"))
        return
    runs = held(folder_of(start.settings(), job.job_id), RUN)
    told = "" if runs else f"; nobody runs it here: `communique replay run {job.job_id}`"
    output.out().print(f"{job.job_id} is {job.state}{told}")


@app.command("status")
def status(job_id: JobId, as_json: AsJson = False) -> None:
    """Say where a replay stands: how far, how fast, what each stage has not read, its digest when it is done.

    \b
    communique replay status raw-3f2a9c1b
    """
    job, standing = start.run(_status(start.settings(), job_id))
    if as_json:
        output.json_line({**job.model_dump(mode="json"), "standing": _told(standing)})
    else:
        output.out().print("\n".join(status_lines(job, standing)))


async def _status(settings: Settings, job_id: str) -> tuple[ReplayJob, Standing]:
    from streams.bus import jobs
    from streams.bus.connect import connect
    from streams.replay.lock import held
    from streams.replay.standing import RUN, folder_of, stand

    bus = connect(settings)
    job = await jobs.read(bus, job_id)
    return job, await stand(bus, job, measure=held(folder_of(settings, job.job_id), RUN))


def _told(standing: Standing) -> dict[str, object]:
    from dataclasses import asdict

    return {**asdict(standing), "live": standing.live, "seconds_left": standing.seconds_left}


def status_lines(job: ReplayJob, standing: Standing) -> list[str]:
    """Return where a job stands, for a person."""
    planned = standing.copied - standing.live
    live = f", and {standing.live:,} live since" if standing.live else ""
    lines = [
        f"{job.job_id} is {job.state}" + (f": {job.reason}" if job.reason else ""),
        f"  copied    {planned:,} of {standing.total:,} raw records{live}; {standing.read:,} read by clean",
        *(["  follows   what comes in live, beyond its frozen ends"] if job.follows else []),
    ]
    if standing.per_second is not None:
        left = standing.seconds_left
        told = "" if left is None else f", about {left:,.0f} s left"
        lines.append(f"  pace      {standing.per_second:,.1f} records/s{told}")
    lines += [f"  unread    {count:>9,} {topic}" for topic, count in standing.lag.items() if count]
    return [*lines, *([f"  digest    {job.digest}"] if job.digest else [])]


@app.command("list")
def list_jobs(as_json: Annotated[bool, typer.Option("--json", help="One object a line.")] = False) -> None:
    """List replays: id, state, how many records, digest.

    \b
    communique replay list
    """
    from streams.bus import jobs
    from streams.bus.connect import connect

    found = start.run(jobs.read_all(connect(start.settings())))
    for _, job in sorted(found.items()):
        if as_json:
            output.json_line(job.model_dump(mode="json"))
        else:
            digest = (job.digest or "")[:16]
            output.out().print(f"{job.job_id:40} {job.state:12} {job.estimate.records:>9,} {digest}")
    if not found and not as_json:
        output.say("no replays: `communique replay plan` makes one")
