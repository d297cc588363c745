"""replay_run: a replay's feeder and stages under the supervisor, until all is read; then its digest.

In order: take the lock; refuse what cannot be (another version, other files than planned); create what is
missing; run; while it is paused wait; at the end write digest and state. Every step may be killed: the next
run takes it up, because what was done stands on the bus.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

from schemas.replay_job import ReplayState
from streams import __version__
from streams.audit.lag import look
from streams.bus import jobs
from streams.bus.connect import connect
from streams.bus.errors import BusError
from streams.cli import exits, output, start
from streams.cli.children import Worker
from streams.cli.run import HOPELESS_DEATHS, environment
from streams.cli.supervisor import Happening, Plan, Supervisor, What
from streams.cli.telling import Teller
from streams.observe import logging
from streams.replay import pace, settled
from streams.replay.digest import digest_of
from streams.replay.lock import claim
from streams.replay.standing import RUN, create, folder_of, stand
from streams.stages import REPLAYED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from schemas.replay_job import ReplayJob
    from streams.bus.interface import Bus
    from streams.settings import Settings

FEED: Final = "feed"
LOOK_SECONDS: Final = 0.3
JOB_SECONDS: Final = 1.0
"""How often the job is read: a pause is seen so late."""


class Ended(Enum):
    """Why a shift of workers ended."""

    DRAINED = "drained"
    TOLD = "told"
    STOPPED = "stopped"


@dataclass(slots=True)
class Shift:
    """Workers of a replay from one start to one stop. `fed`: the feeder has said that it is at the ends."""

    job: ReplayJob
    bus: Bus
    supervisor: Supervisor
    teller: Teller
    fed: bool = False
    last_words: str = ""
    """Of the feeder."""
    gave_up: str = ""
    """Why the feeder gave up."""
    ended: Ended = Ended.STOPPED

    def heard(self, happening: Happening) -> None:
        """Take in what happens to a worker, and tell it."""
        if happening.worker.stage == FEED:
            if happening.what is What.LINE:
                self.fed = self.fed or happening.text.startswith("fed ")
                self.last_words = happening.text
            elif happening.what is What.STARTED:
                self.fed = False
            elif happening.what is What.HOPELESS:
                self.gave_up = self.last_words
        self.teller.tell(happening)

    async def watch(self) -> None:
        """Look until all is read, the job is told otherwise, or somebody stops the supervisor.

        However it ends, the workers end with it: what nobody watches would never be done.
        """
        try:
            await self._look_on(self.supervisor.stopping)
        finally:
            self.supervisor.stopping.set()

    async def _look_on(self, stopping: asyncio.Event) -> None:
        before: object = None
        read_at, job = 0.0, jobs.Watch(self.bus, self.job)
        while not stopping.is_set():
            try:
                if time.monotonic() >= read_at:
                    read_at = time.monotonic() + JOB_SECONDS
                    if self._told_otherwise(await job.latest()):
                        return self._end(Ended.TOLD)
                before = await self._look(before)
            except BusError as error:
                self.teller.say(f"the bus cannot be asked: {error}")
            await _pause(stopping, LOOK_SECONDS)
        return None

    def _told_otherwise(self, now: ReplayJob) -> bool:
        return now.state in {ReplayState.PAUSED, ReplayState.DROPPED} or now.follows is not self.job.follows

    async def _look(self, before: object) -> object:
        """Return the lags; end when nothing is unread, twice in a row, and all was copied before."""
        fed = self.fed
        async with self.bus.admin() as admin:
            lags = await look(admin, REPLAYED, self.job.job_id)
        self.teller.lag(lags)
        if fed and not self.job.follows and lags == before and not any(lag.records for lag in lags):
            self._end(Ended.DRAINED)
        return lags if fed else None

    def _end(self, why: Ended) -> None:
        self.ended = why
        self.supervisor.stopping.set()


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return


@dataclass(slots=True)
class Run:
    """One `replay run`."""

    settings: Settings
    bus: Bus
    workers: Sequence[Worker]
    as_json: bool
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def until_done(self, job: ReplayJob) -> int:
        """Run, wait while paused, and finish; return the exit code."""
        while not self.stopping.is_set():
            if job.state is ReplayState.DROPPED:
                output.say(f"{job.job_id} is dropped")
                return exits.DONE
            if job.state is ReplayState.PAUSED:
                await _pause(self.stopping, JOB_SECONDS)
                job = await jobs.read(self.bus, job.job_id)
                continue
            ended, code, why = await self.shift(job)
            if code and ended is Ended.STOPPED and not self.stopping.is_set():
                return await self._failed(job, code, why)
            job = await jobs.read(self.bus, job.job_id)
            if ended is Ended.DRAINED and job.state not in {ReplayState.PAUSED, ReplayState.DROPPED}:
                return await self.finish(job)
            if job.state is ReplayState.PAUSED:
                output.say(f"{job.job_id} is paused: `communique replay resume {job.job_id}` lets it go on")
        output.say(f"{job.job_id} is stopped before its end: run it again, and it goes on")
        return exits.INTERRUPTED

    async def shift(self, job: ReplayJob) -> tuple[Ended, int, str]:
        """Run workers until they are drained, the job is told otherwise, or we are stopped.

        Returns also why the feeder gave up, "" when it did not.
        """
        begun, first = time.monotonic(), await stand(self.bus, job)

        def heard(happening: Happening) -> None:
            shift.heard(happening)

        with Teller.open(as_json=self.as_json, plain=not self.settings.observe.log_json) as teller:
            supervisor = Supervisor(self.plan(job), heard)
            shift = Shift(job, self.bus, supervisor, teller)
            told = asyncio.create_task(_follow(self.stopping, supervisor.stopping))
            watching = asyncio.create_task(shift.watch())
            code = await supervisor.run()
            await watching
            told.cancel()
        if shift.ended is Ended.DRAINED:
            read = (await stand(self.bus, job)).read - first.read
            pace.remember(self.settings, read, time.monotonic() - begun)
        return shift.ended, code, shift.gave_up

    def plan(self, job: ReplayJob) -> Plan:
        """Return what runs: the feeder, and the stages' workers."""
        workers = [Worker(FEED, 0), *self.workers]
        return Plan(
            workers,
            lambda worker: [
                sys.executable, "-m",
                *(["streams.replay"] if worker.stage == FEED else ["streams.worker", worker.stage]),
                "--ordinal", str(worker.ordinal),
            ],
            lambda worker: child_environment(self.settings, job, workers.index(worker)),
            self.settings.run,
            HOPELESS_DEATHS,
        )

    async def finish(self, job: ReplayJob) -> int:
        """Write digest and state, if they are not written, and say them."""
        counts: dict[str, int] = {}
        if job.state is ReplayState.RUNNING:
            digest, counts = await digest_of(self.bus, job, folder_of(self.settings, job.job_id))
            copied = (await stand(self.bus, job)).copied
            done = {"state": ReplayState.DONE, "digest": digest, "records": copied}
            job = await jobs.put(self.bus, job.model_copy(update=done), datetime.now(UTC))
        if self.as_json:
            said = {"job_id": job.job_id, "digest": job.digest, "records": job.records, "compared": counts}
            output.json_line({"event": "done", **said})
            return exits.DONE
        output.out().print(f"{job.job_id} is {job.state}: {job.records or 0:,} raw records")
        for topic, count in sorted(counts.items()):
            output.out().print(f"  {count:>9,} {topic}")
        output.out().print(f"  digest {job.digest}")
        return exits.DONE

    async def _failed(self, job: ReplayJob, code: int, why: str) -> int:
        if code == exits.WRONG_USAGE:
            job = await jobs.read(self.bus, job.job_id)
        if code == exits.WRONG_USAGE and job.state is ReplayState.RUNNING:
            told = why or "a stage cannot start as it is set up"
            failed = {"state": ReplayState.FAILED, "reason": told}
            await jobs.put(self.bus, job.model_copy(update=failed), datetime.now(UTC))
        return code


async def _follow(one: asyncio.Event, other: asyncio.Event) -> None:
    await one.wait()
    other.set()


def child_environment(settings: Settings, job: ReplayJob, place: int) -> Mapping[str, str]:
    """Return a child's environment: ours, with the plan's settings in place of our own, and the job."""
    return {
        **environment(settings, place), **settled.as_environment(job.settings, follows=job.follows),
        "COMMUNIQUE_BUS": settings.bus_url, "COMMUNIQUE_RUN__JOB": job.job_id,
    }


async def run_job(settings: Settings, job_id: str, workers: Sequence[Worker], *, as_json: bool) -> int:
    """Run a replay to its end; return the exit code. Raises `Usage` for one that cannot run here."""
    logging.configure(settings.observe)
    bus = connect(settings)
    job = await jobs.read(bus, job_id)
    _check(settings, job)
    if (lock := claim(folder_of(settings, job.job_id), RUN)) is None:
        raise exits.Usage(f"{job.job_id} runs here already: `communique replay status {job.job_id}`")
    try:
        job = await jobs.read(bus, job.job_id)  # somebody may have dropped it before we had the lock
        _check(settings, job)
        await start.ensure_topics(bus, settings)
        await create(bus, settings, job)
        if job.state in {ReplayState.PLANNED, ReplayState.FAILED}:
            running = {"state": ReplayState.RUNNING, "reason": None}
            job = await jobs.put(bus, job.model_copy(update=running), datetime.now(UTC))
        one = Run(settings, bus, workers, as_json)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, one.stopping.set)
        if job.digest is not None and not job.follows and job.state is not ReplayState.PAUSED:
            return await one.finish(job)
        return await one.until_done(job)
    finally:
        os.close(lock)


def _check(settings: Settings, job: ReplayJob) -> None:
    if job.state is ReplayState.DROPPED:
        raise exits.Usage(f"{job.job_id} is dropped: plan it anew")
    if job.pipeline_version != __version__:
        raise exits.Usage(
            f"{job.job_id} was planned for version {job.pipeline_version}, not {__version__}: plan it anew")
    if settled.digest_of(job.settings, settings.offices_folder) != job.settings_digest:
        raise exits.Usage(f"{job.job_id}: offices or boilerplate are others than planned: plan it anew")

