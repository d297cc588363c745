"""run_replays: in `communique run`, what replays that follow the live flow need, beside its own stages.

Each such replay is one child more, `communique replay run JOB`, which runs its feeder and its stages. One
that begins to follow while we run is started then; one that somebody else runs already is left to him.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from streams.cli.children import Worker

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


async def keep(supervisor: Supervisor, bus: Bus, settings: Settings) -> None:
    """Start the run of every replay that follows, until the supervisor stops."""
    from streams.bus.errors import BusError
    from streams.replay.lock import held
    from streams.replay.standing import RUN, folder_of

    known: set[str] = set()
    while not supervisor.stopping.is_set():
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
