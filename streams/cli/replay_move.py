"""replay_move: `communique replay cutover` and `rollback`: which run is production."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli import exits, output, start

if TYPE_CHECKING:
    from schemas.replay_job import ReplayJob
    from schemas.view import View
    from streams.bus.interface import Bus
    from streams.settings import Settings

JobId = Annotated[str, typer.Argument(help="Its id, or the start of it.", metavar="JOB")]
By = Annotated[str | None, typer.Option(help="Who does it.", metavar="NAME")]
AsJson = Annotated[bool, typer.Option("--json", help="The view as one object, on one line.")]


def cutover(
    job_id: JobId,
    by: By = None,
    patience: Annotated[
        float, typer.Option(help="Seconds to wait while it comes no nearer.", min=1, metavar="SECONDS")
    ] = 60.0,
    as_json: AsJson = False,
) -> None:
    """Make a replay production: readers of short names go on with its topics, each article once.

    \b
    communique replay cutover raw-3f2a9c1b --by Ines

    The replay is done and its differences are accepted. Its stages then go on with what comes in live
    (`communique run` runs them beside the old ones); when they have caught up the pointer moves. What came
    in before stays where readers had it; nothing is deleted; the old stages go on. `rollback` moves back.

    Exit codes: 0 moved, 1 not accepted, 75 the replay does not catch up: does `communique run` run?
    """
    view = start.run(_cutover(start.settings(), job_id, by, patience))
    if view is None:
        raise typer.Exit(exits.DOES_NOT_HOLD)
    _say(view, as_json)


async def _cutover(settings: Settings, job_id: str, by: str | None, patience: float) -> View | None:
    from streams.bus import jobs
    from streams.bus.connect import connect
    from streams.replay import moving

    bus = connect(settings)
    await start.ensure_topics(bus, settings)
    job = await jobs.read(bus, job_id)
    if refused := await _not_accepted(bus, job):
        output.say(refused)
        return None
    job = await moving.follow(bus, job, datetime.now(UTC))
    with output.progress() as bar:
        task = bar.add_task(f"{job.job_id} catches up", total=None)
        tell = lambda left: bar.update(task, description=f"{left:,} behind")  # noqa: E731
        await moving.catch_up(bus, job, tell, patience)
    return await moving.cut_over(bus, await jobs.read(bus, job.job_id), by, datetime.now(UTC))


async def _not_accepted(bus: Bus, job: ReplayJob) -> str | None:
    """Return why a replay may not become production, None when it may."""
    from streams.replay.judging import judge, spooled

    accept = f"`communique replay accept {job.job_id}`"
    if job.accepted_digest is None:
        return f"{job.job_id} is {job.state}, and nobody has accepted what it changes: see {accept}"
    with spooled() as spool:
        verdict = await judge(bus, job, spool)
    if verdict.accepted:
        return None
    return f"what {job.job_id} changes is not what was accepted: look at its diff, then {accept}"


def rollback(job_id: JobId, by: By = None, as_json: AsJson = False) -> None:
    """Make production again what it was before a replay was cut over to.

    \b
    communique replay rollback raw-3f2a9c1b --by Ines

    What readers had from the replay they keep; from now on each article comes from the run before. Nothing
    is deleted: the replay goes on until `replay drop`, and can be cut over to again.
    """
    _say(start.run(_rollback(start.settings(), job_id, by)), as_json)


async def _rollback(settings: Settings, job_id: str, by: str | None) -> View:
    from streams.bus import jobs
    from streams.bus.connect import connect
    from streams.replay import moving

    bus = connect(settings)
    return await moving.roll_back(bus, await jobs.read(bus, job_id), by, datetime.now(UTC))


def _say(view: View, as_json: bool) -> None:
    if as_json:
        output.json_line(view.model_dump(mode="json"))
        return
    last = view.spans[-1]
    since = ", ".join(f"{cut.partition}: {cut.offset}" for cut in last.since)
    output.out().print(f"production is {last.job_id or 'the first run'}, by raw partition since {since}")
