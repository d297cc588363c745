"""standing: how far a replay has come, asked of the bus; and what is taken down when it is dropped."""

from __future__ import annotations

import asyncio
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from streams.audit.lag import look
from streams.bus.admin import wanted_of_job
from streams.stages import REPLAYED, group_of
from streams.topics import RAW, job_of, shadow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from schemas.replay_job import ReplayJob
    from streams.bus.interface import Admin, Bus
    from streams.settings import Settings

MEASURE_SECONDS: Final = 2.0
RUN: Final = "run"
"""The lock that `replay run` holds."""


@dataclass(frozen=True, slots=True)
class Standing:
    """`total`: raw records up to the frozen ends; `copied`: of these and, once all are, of what is live.

    `read`: by clean; `lag`: unread records by topic (live names).
    `per_second`: raw records that clean reads; None when not measured.
    """

    total: int
    copied: int
    read: int
    lag: Mapping[str, int]
    per_second: float | None = None

    @property
    def live(self) -> int:
        """Return how many of those copied came in live, beyond the frozen ends: those are copied first."""
        return max(0, self.copied - self.total)

    @property
    def seconds_left(self) -> float | None:
        """Return how long clean will take for the rest, None when that cannot be told."""
        return max(0, self.total - self.read) / self.per_second if self.per_second else None


def folder_of(settings: Settings, job_id: str) -> Path:
    """Return the folder of a replay's stores, marks and locks."""
    return settings.state / "replays" / job_id


async def stand(bus: Bus, job: ReplayJob, *, measure: bool = False) -> Standing:
    """Return how far a replay has come; `measure`: look twice and tell its pace."""
    async with bus.admin() as admin:
        first, begun = await _look(admin, job), time.monotonic()
        if not measure:
            return first
        await asyncio.sleep(MEASURE_SECONDS)
        second = await _look(admin, job)
        pace = (second.read - first.read) / (time.monotonic() - begun)
        return Standing(second.total, second.copied, second.read, second.lag, pace)


async def _look(admin: Admin, job: ReplayJob) -> Standing:
    topic = shadow(RAW.name, job.job_id)
    if topic not in await admin.partition_counts():
        return Standing(job.estimate.records, 0, 0, {})
    done = await admin.committed_offsets(group_of("clean", job.job_id))
    lags = await look(admin, REPLAYED, job.job_id)
    ends = await admin.end_offsets([topic])
    return Standing(
        job.estimate.records, sum(ends.values()), sum(done.values()),
        {lag.topic.removeprefix(shadow("", job.job_id)): lag.records for lag in lags})


async def create(bus: Bus, settings: Settings, job: ReplayJob) -> None:
    """Create the replay's topics and changelogs; those that are there stay."""
    async with bus.admin() as admin:
        there = await admin.partition_counts()
        for topic in wanted_of_job(settings.topics, job.job_id):
            if topic.name not in there:
                await admin.create_topic(topic.name, topic.partitions, topic.config)


async def take_down(bus: Bus, settings: Settings, job_id: str) -> int:
    """Delete the replay's topics, changelogs (with what groups committed) and folder; return how many topics.

    Nothing of another name is touched; what is gone already is fine.
    """
    wanted = wanted_of_job(settings.topics, job_id)
    changelogs = {topic.name for topic in wanted if job_of(topic.name) is None}
    async with bus.admin() as admin:
        there = await admin.partition_counts()
        own = [name for name in there if job_of(name) == job_id or name in changelogs]
        for name in own:
            await admin.delete_topic(name)
    shutil.rmtree(folder_of(settings, job_id), ignore_errors=True)
    return len(own)
