"""leaving: take a replay out of the pointer before it is dropped. Nobody misses an article or sees it twice.

Once it is dropped the raw records that were its part are those of the run before it, which has them, too.
Articles are made once a run; statements, clusters and assignments of the part are revised for ever, in both.

1. *Ready.* Both runs are through with the part, the replay has done all that came in, every group has read
   it up to where it is now (`owing`). Whoever does not come so far is named, and nothing has changed.
2. *Hand back.* Readers wait for a moment, and the ends of the run before are looked up: what it writes of the
   part from there on is production, too (`view.left`). What readers had passed over of it lies before.
3. *Level, and read*, again: the replay does all that came in by then. So of each revision that readers had
   passed over it has one of its own, and what they must have read of it has an end.
4. *Let go.* Readers wait again, so that none takes what was looked for; then it leaves the pointer.

Articles are seen once. From 2 on a revision may be seen in both runs, and for these seconds an older one
after a newer: what is at rest is what the run before has. What if the process dies: the same command goes
on, once its hold has stood so long that nobody can be at it; readers that wait say so.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from streams.audit.lag import look
from streams.bus import jobs
from streams.bus.errors import BusError
from streams.bus.interface import TopicPartition
from streams.bus.views import FOLLOWED, Watch
from streams.core.outcome import Usage
from streams.core.replay.view import given_up, held, job_now, left, runs, without
from streams.replay.moving import DROP_OF, put, unfed
from streams.replay.owing import handed, on_the_way, owing
from streams.stages import REPLAYED
from streams.topics import RAW, shadow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from schemas.replay_job import ReplayJob
    from schemas.view import View
    from streams.audit.lag import Offsets
    from streams.bus.interface import Admin, Bus
    from streams.replay.owing import Owed

_SOMEBODY: Final = "somebody else drops it at this moment: look where it is and try again"
DEAD_SECONDS: Final = 20.0
"""A hold that stands for so long is of a command that died: a live one looks for a few seconds."""
_LOOK_SECONDS: Final = 0.3


@dataclass(slots=True)
class Nearing:
    """Looks whether something becomes less. `tell` hears how much is left."""

    tell: Callable[[int], None]
    patience_seconds: float
    least: int | None = None
    since: float = field(default_factory=time.monotonic)

    async def comes(self, amount: int) -> bool:
        """Wait a moment; False when it has not become less for so long."""
        self.tell(amount)
        if self.least is None or amount < self.least:
            self.least, self.since = amount, time.monotonic()
        if time.monotonic() - self.since >= self.patience_seconds:
            return False
        await asyncio.sleep(_LOOK_SECONDS)
        return True


async def let_go_when_read(
    bus: Bus, job: ReplayJob, now: Callable[[], datetime], tell: Callable[[int], None],
    patience_seconds: float,
) -> None:
    """Take a replay out of the pointer once readers have had all of it; `tell` hears how much is owed.

    Raises `BusError`, which says by whom, when it does not become less for so long, and `Usage` while the
    replay is production.
    """
    async def until_none(asked: Callable[[], Awaitable[list[Owed]]]) -> None:
        """Wait until nothing is owed."""
        nearing = Nearing(tell, patience_seconds)
        while owed := await asked():
            if not await nearing.comes(sum(each.records for each in owed)):
                raise BusError(_told(job.job_id, owed))

    if not await _asked_for(bus, job.job_id, now):
        return
    await until_none(lambda: _on_the_way(bus, job))
    before = await _levelled(bus, job, tell, patience_seconds)
    await until_none(lambda: _owed(bus, job, before))
    await hand_back(bus, job, now())
    ends = await _levelled(bus, job, tell, patience_seconds)

    async def last() -> list[Owed]:
        return await _owed(bus, job, ends) or await let_go(bus, job, now(), ends)

    await until_none(last)


async def hand_back(bus: Bus, job: ReplayJob, now: datetime) -> None:
    """Let the run before be read, too, from here on; nothing when it is already."""
    async with Watch(bus) as watch:
        view = _checked(await watch.latest(), job.job_id)
        if view.moving:
            raise jobs.Changed(_SOMEBODY)
        if view.leaving is not None or job.job_id not in runs(view):
            return
        view = await put(bus, watch, held(view, None, DROP_OF + job.job_id), now)
        try:
            ends = await handed(bus, view, job)
        except BaseException:
            await put(bus, watch, given_up(view), now)
            raise
        places = [(*place, end) for place, end in ends.items()]
        await put(bus, watch, left(view, job.job_id, places), now)


async def let_go(
    bus: Bus, job: ReplayJob, now: datetime, ends: Offsets | None = None, *, force: bool = False
) -> list[Owed]:
    """Take a replay out of the pointer; return what is owed before `ends` (`owing`): then it stays in.

    Readers wait meanwhile, so that none takes what was looked for. Raises `Usage` while it is production.
    Only with `force` a hold that is there is taken for one of a drop that died.
    """
    async with Watch(bus) as watch:
        view = _checked(await watch.latest(), job.job_id)
        if view.moving and not force:
            raise jobs.Changed(_SOMEBODY)
        if job.job_id not in runs(view):
            return []
        view = view if view.moving else await put(bus, watch, held(view, None, DROP_OF + job.job_id), now)
        try:
            owed = [] if force else await owing(bus, view, job, ends)
        except BaseException:
            await put(bus, watch, given_up(view), now)
            raise
        await put(bus, watch, given_up(view) if owed else without(view, job.job_id), now)
        return owed


async def _asked_for(bus: Bus, job_id: str, now: Callable[[], datetime]) -> bool:
    """Give up the hold of a drop that died; return whether the replay has a part. Raises as `_checked`."""
    async with Watch(bus) as watch:
        view = _checked(await watch.latest(), job_id)
        if view.moving:
            await asyncio.sleep(DEAD_SECONDS)
            if (await watch.latest()).revision != view.revision:
                raise jobs.Changed(_SOMEBODY)
            view = await put(bus, watch, given_up(view), now())
        return job_id in runs(view)


def _checked(view: View, job_id: str) -> View:
    """Return the view if the replay may leave it. Raises `Usage` or `Changed` when not."""
    if view.moving and view.reason != DROP_OF + job_id:
        raise jobs.Changed("production is being moved: look where it is and try again")
    if job_now(view) == job_id:
        raise Usage(f"readers follow {job_id}: `communique replay rollback {job_id}` first")
    if view.leaving is not None and view.leaving.job_id != job_id and job_id in runs(view):
        other = view.leaving.job_id
        raise Usage(f"{other} is being dropped: `communique replay drop {other}` first")
    return view


async def _levelled(
    bus: Bus, job: ReplayJob, tell: Callable[[int], None], patience_seconds: float
) -> Offsets:
    """Wait until the replay has done what came in before this; return up to where both are to be read then.

    A record goes through at most as many topics as there are: so often each is read to its end of a moment.
    Raises `BusError` when it comes no nearer: nobody runs it.
    """
    async with bus.admin() as admin, Watch(bus) as watch:
        there, view = await admin.partition_counts(), await watch.latest()
        here = [name for topic in sorted(FOLLOWED) if (name := shadow(topic, job.job_id)) in there]
        if shadow(RAW.name, job.job_id) in there and job.job_id in runs(view):
            goal, nearing = await admin.end_offsets([RAW.name]), Nearing(tell, patience_seconds)
            while left_out := await unfed(bus, job, goal):
                await _wait(job.job_id, nearing, left_out)
            for _ in range(len(await look(admin, REPLAYED, job.job_id))):
                await _round(admin, job.job_id, tell, patience_seconds)
        ends = await admin.end_offsets(here)
        if view.leaving is None:
            return ends | await handed(bus, view, job)
        return ends | {TopicPartition(each.topic, each.partition): each.offset for each in view.leaving.since}


async def _round(admin: Admin, job_id: str, tell: Callable[[int], None], patience_seconds: float) -> None:
    """Wait until the replay's stages have read what their topics hold now."""
    nearing, lags = Nearing(tell, patience_seconds), await look(admin, REPLAYED, job_id)
    ends = await admin.end_offsets([lag.topic for lag in lags])
    while unread := sum(max(0, ends[at] - oldest) for lag in lags for at, oldest in lag.oldest.items()):
        await _wait(job_id, nearing, unread)
        lags = await look(admin, REPLAYED, job_id)


async def _wait(job_id: str, nearing: Nearing, amount: int) -> None:
    if not await nearing.comes(amount):
        raise BusError(
            f"{job_id} is not dropped: it is {amount:,} records behind what readers have, and comes no "
            "nearer. To do: start `communique run`, or let it go on; then drop it again. With --force it "
            "goes now, and revisions of its statements may be missed")


async def _on_the_way(bus: Bus, job: ReplayJob) -> list[Owed]:
    async with Watch(bus) as watch:
        return await on_the_way(bus, await watch.latest(), job)


async def _owed(bus: Bus, job: ReplayJob, ends: Offsets) -> list[Owed]:
    """Return what is owed, without letting readers wait."""
    async with Watch(bus) as watch:
        view = await watch.latest()
    asked = not view.moving and job.job_id in runs(view) and job_now(view) != job.job_id
    return await owing(bus, view, job, ends) if asked else []


def _told(job_id: str, owed: Sequence[Owed]) -> str:
    them, cures = "; ".join(map(str, owed)), "; ".join(dict.fromkeys(each.cure for each in owed))
    return (
        f"{job_id} is not dropped, not all of it is read. {them}. To do: {cures}; then drop it again. With "
        "--force it goes now, and who has not read it misses that, or sees it twice")
