"""feed: copy the raw records that a replay means onto its own raw topic, each into its own partition.

1. *Where it stands.* The last record of each partition of the copy names the record it is of: copying goes on
   behind it. There is no other state, so nothing can disagree with what was written.
2. *Copy.* Key and value as they are, headers as they were but for those that say what it is a copy of
   (`envelope.fed`). No more than `replay.max_ahead_records` ahead of what clean has read.
   What was taken back is copied as its stub, whether the raw topic still has it whole or not: Kafka does.
3. *Follow.* A replay that `follows` goes on with what comes in live, in the records' own modes, so that its
   stages take over from the frozen ends. Else the feeder waits at the ends until it is told to stop.

Guarantee: each record is copied once and in order, through kill -9 at any moment. It fails when two feeders
of one replay run at once (`replay run` locks the state folder; two machines): a record copied twice is
processed twice, with equal bodies.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from schemas.registry import type_name
from streams.archive.kept import KeptNow
from streams.bus import envelope
from streams.bus.codec import limits_of
from streams.bus.interface import TopicPartition
from streams.bus.scan import follow, header
from streams.bus.standing import Followed
from streams.core.dedup.watermark import raw_place
from streams.core.outcome import Usage
from streams.replay.readers import EMPTY_POLLS
from streams.replay.source import selected
from streams.stages import group_of
from streams.topics import RAW, TAKEDOWNS, shadow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.replay_job import ReplayJob
    from streams.bus.interface import Admin, Bus, Producer, Record
    from streams.settings import Settings

FLUSH_RECORDS: Final = 200
_LOOK_SECONDS: Final = 0.2


@dataclass(slots=True)
class Feeder:
    """Copies for one replay. `copied`: records, by this process."""

    bus: Bus
    job: ReplayJob
    settings: Settings
    copied: int = 0
    _begun: float = field(default_factory=time.monotonic)

    async def run(self) -> None:
        """Copy up to the frozen ends; then follow, if the replay does."""
        followed = Followed(limits_of(self.settings))
        kept = KeptNow(followed(TAKEDOWNS), refuse_again=self.settings.takedown.refuse_again)
        await followed.catch_up(self.bus)
        following = asyncio.create_task(followed.keep_up(self.bus))
        try:
            await self._run(kept)
        finally:
            following.cancel()

    async def _run(self, kept: KeptNow) -> None:
        starts = await resume_at(self.bus, self.job)
        async with (
            self.bus.producer(client_id="communique-replay") as producer, self.bus.admin() as admin,
            aclosing(selected(self.bus, self.job, starts)) as records,
        ):
            async for record in records:
                await self._copy(producer, kept(record), live=False)
                if self.copied % FLUSH_RECORDS == 0:
                    await producer.flush()
                    await self._room(admin)
            await producer.flush()
            if self.job.follows:
                await self._follow(producer, kept)

    async def _copy(self, producer: Producer, record: Record, *, live: bool) -> None:
        its = envelope.of_raw(record, type_name(RAW.model))
        await producer.send(
            shadow(RAW.name, self.job.job_id), record.value, key=record.key, partition=record.partition,
            headers=envelope.fed(record, its, self.job.job_id, live=live))
        self.copied += 1

    async def _room(self, admin: Admin) -> None:
        """Wait until clean is not too far behind, and until the pace allows for more."""
        if self.settings.replay.max_records_per_second:
            due = self._begun + self.copied / self.settings.replay.max_records_per_second
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        while await behind(admin, self.job.job_id) > self.settings.replay.max_ahead_records:  # noqa: ASYNC110  # of another process
            await asyncio.sleep(_LOOK_SECONDS)

    async def _follow(self, producer: Producer, kept: KeptNow) -> None:
        at = await resume_at(self.bus, self.job)
        starts = {
            TopicPartition(RAW.name, each.partition): max(each.end, at[each.partition])
            for each in self.job.ranges
        }
        async with aclosing(follow(self.bus, starts)) as batches:
            async for records in batches:
                for record in records:
                    await self._copy(producer, kept(record), live=True)
                await producer.flush()


async def behind(admin: Admin, job: str) -> int:
    """Return how many copied records clean has not committed."""
    topic = shadow(RAW.name, job)
    ends, done = await admin.end_offsets([topic]), await admin.committed_offsets(group_of("clean", job))
    return sum(end - done.get(place, 0) for place, end in ends.items())


async def resume_at(bus: Bus, job: ReplayJob) -> Mapping[int, int]:
    """Return the offset to copy next, by raw partition: behind the last record copied, else the context."""
    topic = shadow(RAW.name, job.job_id)
    wanted = {each.partition: each.context for each in job.ranges}
    async with bus.consumer(client_id="communique-replay") as consumer:
        ends = await consumer.end_offsets([TopicPartition(topic, partition) for partition in wanted])
        for place, end in ends.items():
            if end > 0:
                wanted[place.partition] = max(wanted[place.partition], await _last(bus, place, end) + 1)
    return wanted


async def _last(bus: Bus, place: TopicPartition, end: int) -> int:
    """Return the offset of the origin of a partition's last record."""
    async with bus.consumer(client_id="communique-replay") as consumer:
        consumer.assign([place])
        await consumer.seek(place, end - 1)
        for _ in range(EMPTY_POLLS):
            for records in (await consumer.getmany(timeout_ms=1000, max_records=10)).values():
                return raw_place(header(records[-1], envelope.FED_FROM) or "")[1]
    raise Usage(f"the last record of {place.topic} {place.partition} is gone: drop this replay, plan it anew")


async def fed(bus: Bus, job: ReplayJob) -> bool:
    """Tell whether everything that the replay means was copied."""
    at = await resume_at(bus, job)
    async with aclosing(selected(bus, job, at)) as left:
        return await anext(left, None) is None
