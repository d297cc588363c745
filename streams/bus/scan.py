"""scan: read topics outside any group, from a place to the end, or on and on.

Commits nothing, disturbs nobody.

The end is looked up once, before the first record: what is written meanwhile is the next scan's. A
retention that runs meanwhile moves the start; what it took is not reported. A topic that is deleted
meanwhile ends it with `UnknownTopic`: Kafka's client would wait for its end for ever, so the end is looked up
again when nothing comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.bus.errors import UnknownTopic
from streams.bus.interface import TopicPartition

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence

    from streams.bus.interface import Bus, Consumer, Record

POLL_MS: Final = 500
_CHUNK: Final = 1000


async def partitions_of(bus: Bus, names: Sequence[str], *, missing_ok: bool = False) -> list[TopicPartition]:
    """Return all partitions of the topics.

    Raises `UnknownTopic` for one that is not there, unless `missing_ok`.
    """
    async with bus.admin() as admin:
        there = await admin.partition_counts()
    if not missing_ok and (gone := [name for name in names if name not in there]):
        raise UnknownTopic(f"there is no topic {gone[0]} on {bus.url}: `communique topics apply` creates it")
    return [TopicPartition(name, p) for name in names if name in there for p in range(there[name])]


async def scan(
    bus: Bus,
    names: Sequence[str],
    *,
    starts: Mapping[TopicPartition, int] | None = None,
    ends: Mapping[TopicPartition, int] | None = None,
    missing_ok: bool = False,
    only: Collection[TopicPartition] | None = None,
    noted: Callable[[Mapping[TopicPartition, tuple[int, int]]], None] | None = None,
) -> AsyncGenerator[list[Record], None]:
    """Yield all records up to the topics' ends, a partition's in order, a list of one partition at a time.

    `starts` gives the first offset of some partitions, `ends` the one to stop before; the others are read
    from their beginning to their end. `only` these partitions, None: all. With `missing_ok` a topic that does
    not exist holds nothing. `noted` hears, before the first record, from where to where each is read.
    """
    partitions = await partitions_of(bus, names, missing_ok=missing_ok)
    if only is not None:
        partitions = [each for each in partitions if each in only]
    async with bus.consumer(client_id="communique-scan") as consumer:
        found = await consumer.end_offsets(partitions)
        ends = {each: min(end, (ends or {}).get(each, end)) for each, end in found.items()}
        at = await _positions(consumer, partitions, starts or {})
        if noted is not None:
            noted({each: (min(at[each], ends[each]), ends[each]) for each in partitions})
        left = {each for each in partitions if at[each] < ends[each]}
        async for records in _until(consumer, left, at, ends):
            yield records


async def _positions(
    consumer: Consumer, partitions: Sequence[TopicPartition], starts: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    first = await consumer.beginning_offsets(partitions)
    return {each: max(first[each], starts.get(each, 0)) for each in partitions}


async def _until(
    consumer: Consumer,
    left: set[TopicPartition],
    at: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
) -> AsyncGenerator[list[Record], None]:
    consumer.assign(left)
    for each in left:
        await consumer.seek(each, at[each])
    while left:
        polled = await consumer.getmany(timeout_ms=POLL_MS, max_records=_CHUNK)
        if not polled:
            await consumer.end_offsets(left)
        for partition, records in polled.items():
            if wanted := [record for record in records if record.offset < ends[partition]]:
                yield wanted
        left = {each for each in left if await consumer.position(each) < ends[each]}


async def follow(bus: Bus, starts: Mapping[TopicPartition, int]) -> AsyncGenerator[list[Record], None]:
    """Yield records from `starts` on, for ever.

    An empty list at least twice a second, so that a caller can look around.
    """
    async with bus.consumer(client_id="communique-follow") as consumer:
        consumer.assign(starts)
        for partition, offset in starts.items():
            await consumer.seek(partition, offset)
        while True:
            batch = await consumer.getmany(timeout_ms=POLL_MS, max_records=_CHUNK)
            for records in batch.values():
                yield records
            if not batch:
                yield []


def header(record: Record, name: str) -> str | None:
    """Return a header's value as text, None when the record has none; the last one of a name counts."""
    return next(
        (value.decode("utf-8", "replace") for key, value in reversed(record.headers) if key == name), None
    )


async def starts_since(bus: Bus, names: Sequence[str], time_ms: int) -> dict[TopicPartition, int]:
    """Return each partition's first offset at or after a time, its end where there is none."""
    partitions = await partitions_of(bus, names)
    async with bus.consumer(client_id="communique-scan") as consumer:
        ends = await consumer.end_offsets(partitions)
        found = await consumer.offsets_for_times(dict.fromkeys(partitions, time_ms))
    return {each: ends[each] if (at := found.get(each)) is None else at for each in partitions}


async def starts_at_end(bus: Bus, names: Sequence[str]) -> dict[TopicPartition, int]:
    """Return each partition's end: what is written from now on."""
    partitions = await partitions_of(bus, names)
    async with bus.consumer(client_id="communique-scan") as consumer:
        return await consumer.end_offsets(partitions)


async def in_group(
    bus: Bus, names: Sequence[str], group: str, *, to_end: bool, room: Callable[[], int | None]
) -> AsyncGenerator[list[Record], None]:
    """Yield records as a group's member from its committed offsets on; commit a list when asked for the next.

    With `to_end` it stops at the ends as they were at the start, for the partitions that this member is
    given. An empty list comes at least twice a second. `room` is asked how many more records are
    wanted (None: no end): never more are taken, and at 0, when all that were taken are committed, it ends.
    """
    ends = await starts_at_end(bus, names)
    async with bus.consumer(client_id="communique-consume", group=group) as consumer:
        consumer.subscribe(names)
        while (left := room()) != 0:
            most = _CHUNK if left is None else min(left, _CHUNK)
            polled = await consumer.getmany(timeout_ms=POLL_MS, max_records=most)
            if to_end and not polled:
                await consumer.end_offsets(ends)
            for partition, records in polled.items():
                yield records
                await consumer.commit({partition: records[-1].offset + 1})
            mine = consumer.assignment()
            if to_end and mine and not await _unread(consumer, mine, ends):
                return
            yield []


async def _unread(
    consumer: Consumer, mine: frozenset[TopicPartition], ends: Mapping[TopicPartition, int]
) -> list[TopicPartition]:
    return [each for each in mine if await consumer.position(each) < ends.get(each, 0)]
