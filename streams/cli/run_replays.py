"""run_replays: in `communique run`, what replays that follow the live flow need, beside its own stages.

Each such replay is one child more, `communique replay run JOB`, which runs its feeder and its stages. One
that begins to follow while we run is started then; one that somebody else runs already is left to him.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from streams.cli.children import Worker
from streams.stages import STAGES, group_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.bus.interface import Bus
    from streams.cli.supervisor import Supervisor
    from streams.settings import Settings

_STAGE: Final = "replay "
LOOK_SECONDS: Final = 2.0


def is_replay(worker: Worker) -> bool:
    """Tell whether a worker is a replay's run."""
    return worker.stage.startswith(_STAGE)


def program(worker: Worker) -> Sequence[str]:
    """Return the module that runs a replay, with its arguments."""
    return ["streams.cli.app", "replay", "run", worker.stage.removeprefix(_STAGE)]


async def following(bus: Bus) -> list[str]:
    """Return the replays that follow the live flow, by id."""
    from streams.bus import jobs

    found = await jobs.read_all(bus)
    return sorted(job.job_id for job in found.values() if job.follows and job.state not in jobs.OVER)


async def unread(bus: Bus, stages: Sequence[str]) -> int:
    """Return how many records replays that follow have not read, and alert of their statements.

    0 when only some stages run here.
    """
    from streams.bus import jobs
    from streams.bus.views import current, names
    from streams.replay.moving import behind
    from streams.topics import STATEMENTS

    if not STAGES.keys() <= set(stages):
        return 0
    found = await jobs.read_all(bus)
    left = sum([await behind(bus, found[job]) for job in await following(bus)])
    others = names(await current(bus), STATEMENTS.name)[1:]
    async with bus.admin() as admin:
        ends, done = await admin.end_offsets(others), await admin.committed_offsets(group_of("alert"))
    return left + sum(end - done.get(place, 0) for place, end in ends.items())


async def keep(supervisor: Supervisor, bus: Bus, stages: Sequence[str], settings: Settings) -> None:
    """Start the run of every replay that follows, until the supervisor stops; with all stages, or none."""
    from streams.bus.errors import BusError
    from streams.replay.lock import held
    from streams.replay.standing import RUN, folder_of

    known: set[str] = set()
    while STAGES.keys() <= set(stages) and not supervisor.stopping.is_set():
        try:
            for job in await following(bus):
                if job not in known and not held(folder_of(settings, job), RUN):
                    known.add(job)
                    supervisor.add(Worker(_STAGE + job, 0))
        except BusError:
            pass  # the watcher of the lag says so
        try:
            await asyncio.wait_for(supervisor.stopping.wait(), LOOK_SECONDS)
        except TimeoutError:
            continue
