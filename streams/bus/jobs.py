"""jobs: the replays on their topic: read how they stand, write the next revision.

`news.replay.jobs.v1` is compacted, one partition, a record a revision. A reader takes the greatest revision
of a job; a writer reads, changes, and writes one revision more (`put`). Two who write at the same moment: the
later record of the same revision counts, the other's change is lost, and its writer is told so (`Changed`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from schemas.envelope import Envelope
from schemas.ids import ce_id
from schemas.registry import type_name
from schemas.replay_job import ReplayJob, ReplayState
from streams import __version__
from streams.bus import envelope
from streams.bus.codec import encode
from streams.bus.interface import TopicPartition
from streams.bus.scan import scan
from streams.core.outcome import CommuniqueError, Usage
from streams.topics import REPLAY_JOBS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from streams.bus.interface import Bus, Record

OVER: Final = frozenset({ReplayState.DROPPED, ReplayState.FAILED})


class Changed(CommuniqueError):
    """Somebody else has changed the job meanwhile."""


async def read_all(bus: Bus) -> dict[str, ReplayJob]:
    """Return every job by its id, as it stands; {} when there is none, or no topic yet."""
    return await _begun_with(bus, "")


async def _begun_with(bus: Bus, start: str) -> dict[str, ReplayJob]:
    """Return the jobs whose ids begin so; others, which may name 10,000 records, are not decoded."""
    found: dict[str, ReplayJob] = {}
    async for records in scan(bus, [REPLAY_JOBS.name], missing_ok=True):
        _take(found, records, start.encode("utf-8", "surrogateescape"))
    return found


def _take(found: dict[str, ReplayJob], records: Iterable[Record], start: bytes) -> None:
    for record in records:
        if not (record.key or b"").startswith(start):
            continue
        if record.value is None:
            found.pop((record.key or b"").decode("utf-8", "replace"), None)
            continue
        try:
            job = ReplayJob.model_validate_json(record.value)
        except ValidationError:
            continue  # a stranger's: no reason to stand still
        known = found.get(job.job_id)
        if known is None or known.revision <= job.revision:
            found[job.job_id] = job


async def read(bus: Bus, job_id: str) -> ReplayJob:
    """Return a job as it stands. Raises `Usage` when there is none of that name, or of several."""
    if job_id in (jobs := await _begun_with(bus, job_id)):
        return jobs[job_id]
    alike = sorted(jobs) if job_id else []
    if len(alike) == 1:
        return jobs[alike[0]]
    told = f"it may be {', '.join(alike[:5])}" if alike else "`communique replay list` shows them"
    raise Usage(f"there is no replay {job_id}: {told}")


@dataclass(slots=True)
class Watch:
    """Looks at one job again and again: reads of the topic only what has come since the last look."""

    bus: Bus
    job: ReplayJob
    _at: dict[TopicPartition, int] = field(default_factory=dict)

    async def latest(self) -> ReplayJob:
        """Return the job as it stands."""
        found = {self.job.job_id: self.job}
        async for records in scan(self.bus, [REPLAY_JOBS.name], starts=self._at, missing_ok=True):
            _take(found, records, self.job.job_id.encode())
            self._at[TopicPartition(REPLAY_JOBS.name, records[-1].partition)] = records[-1].offset + 1
        self.job = found.get(self.job.job_id, self.job)
        return self.job


async def put(bus: Bus, job: ReplayJob, now: datetime) -> ReplayJob:
    """Write a job as the revision after the one it holds, and return it. Raises `Changed`.

    A new job holds revision 0 of nobody: give it as the model makes it, it is written as revision 1.
    """
    known = (await _begun_with(bus, job.job_id)).get(job.job_id)
    if known is not None and known.revision != job.revision:
        raise Changed(f"replay {job.job_id} was changed meanwhile: it is {known.state}; try again")
    written = job if known is None else job.model_copy(update={"revision": job.revision + 1})
    kind = type_name(ReplayJob)
    origin = f"{REPLAY_JOBS.name}-0-{written.revision}"
    its = Envelope(
        id=ce_id(kind, job.job_id, written.revision), type=kind, source="/communique/replay", time=now,
        origin=origin, origin_time=now, pipeline_version=__version__)
    async with bus.producer(client_id="communique-replay") as producer:
        await producer.send(
            REPLAY_JOBS.name, encode(written), key=job.job_id.encode(),
            headers=envelope.to_headers(its, processed_at=now))
        await producer.flush()
    if (await _begun_with(bus, job.job_id)).get(job.job_id) != written:
        raise Changed(f"replay {job.job_id} was changed at the same moment: look at it and try again")
    return written
