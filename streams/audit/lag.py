"""lag: what each stage has not read yet, from the bus, never from the stage: right while a stage is down.

`look` asks what is committed before it asks for the ends: when they agree for every topic, all was read at
one moment, and as a stage writes its outputs before it commits, nothing is on its way. What waits in a table
then waits for a record that is dead, and counts for nothing (DESIGN §3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from streams.audit.collect import reader_of
from streams.bus.interface import TopicPartition
from streams.bus.views import names
from streams.stages import FOLLOWING, PROCESSES, STAGES, group_of
from streams.topics import TOPICS, shadow

if TYPE_CHECKING:
    from collections.abc import Collection

    from schemas.view import View
    from streams.bus.interface import Admin, Bus

Offsets: TypeAlias = Mapping[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class Lag:
    """What a stage has not committed of one topic.

    `oldest` are the first unread offsets of the partitions that have some.
    """

    stage: str
    topic: str
    records: int
    end: int
    """Sum of the partitions' ends: it grows with every record written."""
    oldest: Mapping[TopicPartition, int]


async def look(
    admin: Admin, stages: Collection[str] = PROCESSES, job: str | None = None
) -> tuple[Lag, ...]:
    """Return the lag of each topic that these stages (of a replay) read, in the order of the walk.

    Topics that are not there have none.
    """
    there = await admin.partition_counts()
    read = {
        shadow(spec.name, job): stage
        for spec in TOPICS
        for stage in stages
        if group_of(stage) == reader_of(spec) and shadow(spec.name, job) in there
    }
    return await _of(admin, read, job)


async def look_followed(admin: Admin, stages: Collection[str], view: View) -> tuple[Lag, ...]:
    """Return what stages that never fork have unread of replays that are, or were, production."""
    there = await admin.partition_counts()
    return await _of(admin, {
        name: stage
        for spec in TOPICS
        for stage in FOLLOWING.intersection(stages)
        if group_of(stage) == reader_of(spec)
        for name in names(view, spec.name)
        if name != spec.name and name in there
    })


async def _of(admin: Admin, read: Mapping[str, str], job: str | None = None) -> tuple[Lag, ...]:
    """Return the lag of each topic; `read`: topic → stage."""
    if not read:
        return ()
    committed = {
        stage: await admin.committed_offsets(group_of(stage, job)) for stage in dict.fromkeys(read.values())}
    first = await admin.beginning_offsets(list(read))
    ends = await admin.end_offsets(list(read))
    return tuple(_of_topic(topic, stage, committed[stage], first, ends) for topic, stage in read.items())


def _of_topic(topic: str, stage: str, committed: Offsets, first: Offsets, ends: Offsets) -> Lag:
    own = {each: end for each, end in ends.items() if each.topic == topic}
    at = {each: max(committed.get(each, 0), first.get(each, 0)) for each in own}
    oldest = {each: at[each] for each, end in own.items() if at[each] < end}
    return Lag(stage, topic, sum(own[each] - at[each] for each in oldest), sum(own.values()), oldest)


async def standing(admin: Admin) -> Mapping[str, tuple[int, int]]:
    """Return by topic how many records its stage has not committed, and how many it has."""
    return {lag.topic: (lag.records, lag.end - lag.records) for lag in await look(admin, STAGES)}


async def age_seconds(bus: Bus, lag: Lag, now_ms: int) -> float:
    """Return how long the oldest unread record of a topic has been there; 0 when nothing is unread."""
    if not lag.oldest:
        return 0.0
    oldest = now_ms
    async with bus.consumer(client_id="communique-lag") as consumer:
        for partition, offset in lag.oldest.items():
            consumer.assign([partition])
            await consumer.seek(partition, offset)
            for records in (await consumer.getmany(timeout_ms=1000, max_records=1)).values():
                oldest = min(oldest, records[0].timestamp_ms)
    return max(0.0, (now_ms - oldest) / 1000)
