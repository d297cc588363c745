"""replay_drop: `communique replay drop`: a replay's topics, groups and stores go, once nobody needs them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli import output, start

if TYPE_CHECKING:
    from schemas.replay_job import ReplayJob
    from streams.bus.interface import Bus
    from streams.settings import Settings


def drop(
    job_id: Annotated[str, typer.Argument(help="Its id, or the start of it.", metavar="JOB")],
    force: Annotated[
        bool, typer.Option("--force", help="Now: readers that are behind miss what they have not read of it.")
    ] = False,
    patience: Annotated[
        float, typer.Option(help="Seconds to wait while readers come no nearer.", min=0, metavar="SECONDS")
    ] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="One object, on one line.")] = False,
) -> None:
    """Take a replay down: its topics, groups and stores. What lives beside it is not touched.

    \b
    communique replay drop raw-3f2a9c1b

    Refused while it is production: `rollback` first. One that was production is waited for, until every group
    has read what it has for them; a group that comes no nearer is named, with how much it has not read.

    Exit codes: 0 dropped, 2 it is production, 75 a group has not read all of it, or the replay is behind.
    """
    job, topics = start.run(_dropped(start.settings(), job_id, patience, force=force))
    if as_json:
        output.json_line({"job_id": job.job_id, "topics_deleted": topics})
    else:
        output.out().print(f"{job.job_id} is dropped: {topics} topics deleted")


def _now() -> datetime:
    return datetime.now(UTC)


async def _dropped(settings: Settings, job_id: str, patience: float, *, force: bool) -> tuple[ReplayJob, int]:
    from schemas.replay_job import ReplayState
    from streams.bus import jobs
    from streams.bus.connect import connect
    from streams.replay.standing import take_down

    bus = connect(settings)
    job = await jobs.read(bus, job_id)
    await _let_go(bus, job, patience, force=force)
    job = await jobs.read(bus, job.job_id)
    if job.state is not ReplayState.DROPPED:
        over = {"state": ReplayState.DROPPED, "follows": False}
        job = await jobs.put(bus, job.model_copy(update=over), _now())
    await _until_free(settings, bus, job.job_id)
    return job, await take_down(bus, settings, job.job_id)


async def _let_go(bus: Bus, job: ReplayJob, patience: float, *, force: bool) -> None:
    """Take it out of the pointer, once readers have had all of it, or at once."""
    from streams.replay import leaving

    if force:
        await leaving.let_go(bus, job, _now(), force=True)
        return
    with output.progress() as bar:
        task = bar.add_task(f"readers of {job.job_id}", total=None)
        tell = lambda left: bar.update(task, description=f"{left:,} unread")  # noqa: E731
        await leaving.let_go_when_read(bus, job, _now, tell, patience)


async def _until_free(settings: Settings, bus: Bus, job_id: str) -> None:
    """Wait until the replay's run, which sees that it is dropped, has stopped. Raises `BusError` when not."""
    from streams.bus.errors import BusError
    from streams.replay.lock import held
    from streams.replay.standing import RUN, folder_of

    for _ in range(int(settings.run.stop_seconds) * 2):
        if not held(folder_of(settings, job_id), RUN):
            return
        await asyncio.sleep(0.5)
    raise BusError(f"{job_id} still runs on {bus.url}: stop its run, then drop it again")
