"""moving: cut production over to a replay, or back: move the pointer that readers follow. Deletes nothing.

1. *Follow.* The replay `follows`: its feeder goes on behind the frozen ends with what comes in live.
   `communique run`, and `replay run`, run it.
2. *Catch up.* The pointer moves only when its stages are as far as the live flow.
3. *Move*, in two steps (`streams.core.replay.view`): readers wait; the raw topic's ends are looked up; from
   there on each raw record's events are read from the other run.

What if the process dies: before 3 nothing has changed for readers. Within 3, for a moment, readers wait; the
same command again goes on from there. A rollback is a move, too: back to what production was before.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from schemas.envelope import Envelope
from schemas.ids import ce_id
from schemas.registry import type_name
from schemas.replay_job import ReplayState
from schemas.view import View
from streams import __version__
from streams.audit.lag import look
from streams.bus import envelope, jobs
from streams.bus.codec import encode
from streams.bus.errors import BusError
from streams.bus.views import Watch
from streams.core.outcome import Usage
from streams.core.replay.view import given_up, held, job_now, moved
from streams.replay.feed import resume_at
from streams.stages import REPLAYED
from streams.topics import RAW, VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from schemas.replay_job import ReplayJob
    from streams.audit.lag import Offsets
    from streams.bus.interface import Bus

MOST_BEHIND: Final = 100
"""Records that the stages of a replay may have unread, all together, when production moves: the live flow
never stands still. What is unread then comes out a moment later, from the run that takes over."""
DROP_OF: Final = "drop of "
"""So the reason of a hold begins that is a drop's (`leaving`)."""
_LOOK_SECONDS: Final = 0.3


async def follow(bus: Bus, job: ReplayJob, now: datetime) -> ReplayJob:
    """Let a replay go on with live records from now on; one that does already is left as it is.

    Raises `Usage` for one that leaves records out: what comes in live would meet only some of the past.
    """
    if job.selector.sifts:
        raise Usage(f"{job.job_id} reads only some records (of outlets, ids): production needs them all")
    return job if job.follows else await jobs.put(bus, job.model_copy(update={"follows": True}), now)


async def unfed(bus: Bus, job: ReplayJob, ends: Offsets) -> int:
    """Return how many records before `ends` of the raw topic, behind its frozen ones, it has not copied."""
    at = await resume_at(bus, job)
    places = {each.partition: max(each.end, at[each.partition]) for each in job.ranges}
    return sum(max(0, end - places.get(place.partition, 0)) for place, end in ends.items())


async def behind(bus: Bus, job: ReplayJob) -> int:
    """Return how many records the replay has not read yet: of the raw topic, and of its own."""
    async with bus.admin() as admin:
        raw = await unfed(bus, job, await admin.end_offsets([RAW.name]))
        return raw + sum(lag.records for lag in await look(admin, REPLAYED, job.job_id))


async def catch_up(
    bus: Bus, job: ReplayJob, tell: Callable[[int], None], patience_seconds: float
) -> None:
    """Wait until a replay has caught up with the live flow; `tell` hears how far it is behind.

    Raises `BusError` when it does not come nearer for so long: nobody runs it.
    """
    least, nearer = await behind(bus, job), time.monotonic()
    moves = False
    while (now := await behind(bus, job)) > (MOST_BEHIND if moves else 0):
        tell(now)
        nearer = time.monotonic() if now < least else nearer
        moves, least = moves or now < least, min(least, now)
        if time.monotonic() - nearer >= patience_seconds:
            raise BusError(
                f"{job.job_id} is {now:,} records behind and comes no nearer: start `communique run` (or "
                f"`communique replay run {job.job_id}`), then try again")
        await asyncio.sleep(_LOOK_SECONDS)


async def move(bus: Bus, to: str | None, by: str | None, reason: str, now: datetime) -> View:
    """Move production to a run, nothing when it is there; return the view.

    Goes on with a move that was killed. Raises `Usage` for a run that is being dropped.
    """
    async with Watch(bus) as watch:
        view = await watch.latest()
        if not view.moving and job_now(view) == to:
            return view
        if view.leaving is not None and view.leaving.job_id == to:
            raise Usage(f"{to} is being dropped: `communique replay drop {to}` ends that")
        if view.moving and (view.reason or "").startswith(DROP_OF):
            raise jobs.Changed(f"readers wait for the {view.reason}: let that end, or run it again, first")
        if not view.moving:
            view = await put(bus, watch, held(view, by, reason), now)
        try:
            async with bus.admin() as admin:
                found = await admin.end_offsets([RAW.name])
        except BaseException:
            await put(bus, watch, given_up(view), now)
            raise
        if job_now(view) == to:  # what was killed was a move away from here
            return await put(bus, watch, given_up(view), now)
        ends = {place.partition: end for place, end in found.items()}
        return await put(bus, watch, moved(view, to, ends), now)


async def put(bus: Bus, watch: Watch, view: View, now: datetime) -> View:
    """Write the view and look that it stands. Raises `Changed` when another one moves it meanwhile."""
    kind = type_name(View)
    its = Envelope(
        id=ce_id(kind, view.name, view.revision), type=kind, source="/communique/replay", time=now,
        origin=f"{VIEWS.name}-0-{view.revision}", origin_time=now, pipeline_version=__version__)
    async with bus.producer(client_id="communique-replay") as producer:
        headers = envelope.to_headers(its, processed_at=now)
        await producer.send(VIEWS.name, encode(view), key=view.name.encode(), headers=headers)
        await producer.flush()
    if await watch.latest() != view:
        raise jobs.Changed("somebody else moves production at this moment: look where it is and try again")
    return view


async def cut_over(bus: Bus, job: ReplayJob, by: str | None, now: datetime) -> View:
    """Move production to a replay that has caught up."""
    view = await move(bus, job.job_id, by, f"cutover of {job.job_id}", now)
    await _state(bus, job.job_id, ReplayState.CUT_OVER, now)
    return view


async def roll_back(bus: Bus, job: ReplayJob, by: str | None, now: datetime) -> View:
    """Move production back to what it was before this replay. Raises `Usage` when it is not production."""
    async with Watch(bus) as watch:
        view = await watch.latest()
    spans = [span.job_id for span in view.spans]
    if spans[-1] != job.job_id and not (view.moving or job.state is ReplayState.CUT_OVER):
        raise Usage(f"{job.job_id} is not production: that is {spans[-1] or 'the first run'}")
    before = spans[spans.index(job.job_id) - 1] if spans[-1] == job.job_id else spans[-1]
    view = await move(bus, before, by, f"rollback of {job.job_id}", now)
    await _state(bus, job.job_id, ReplayState.ROLLED_BACK, now)
    return view


async def _state(bus: Bus, job_id: str, state: ReplayState, now: datetime) -> None:
    job = await jobs.read(bus, job_id)
    if job.state is not state:
        await jobs.put(bus, job.model_copy(update={"state": state}), now)
