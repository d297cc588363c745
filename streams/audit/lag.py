"""lag: what each stage has not read yet, from the bus, never from the stage: right while a stage is down.

`look` goes down the walk: a stage writes its outputs before it commits, so when every topic in turn has
nothing unread, nothing is on its way. What waits in a table then waits for a record that is dead, and
counts for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from streams.audit.collect import WALK, reader_of
from streams.bus.interface import TopicPartition
from streams.stages import STAGES, group_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from streams.bus.interface import Admin, Bus


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


async def look(admin: Admin, stages: Collection[str] = tuple(STAGES)) -> tuple[Lag, ...]:
    """Return the lag of each topic that these stages read, in the order of the walk.

    Topics that are not there have none.
    """
    there = await admin.describe_topics()
    found = []
    for spec in WALK:
        stage = next((each for each in stages if group_of(each) == reader_of(spec)), None)
        if stage and spec.name in there:
            found.append(await _of_topic(admin, stage, spec.name))
    return tuple(found)


async def _of_topic(admin: Admin, stage: str, topic: str) -> Lag:
    committed = await admin.committed_offsets(group_of(stage))
    first = await admin.beginning_offsets([topic])
    ends = await admin.end_offsets([topic])
    at = {each: max(committed.get(each, 0), first.get(each, 0)) for each in ends}
    oldest = {each: at[each] for each in ends if at[each] < ends[each]}
    return Lag(stage, topic, sum(ends[each] - at[each] for each in oldest), sum(ends.values()), oldest)


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
