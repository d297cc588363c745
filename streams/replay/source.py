"""source: the raw records that a replay means, oldest first over all partitions, from where it stands.

Reads a partition at a time, `CHUNK` records ahead, and gives the record with the least timestamp next: what
came in at one time stays together, and what is read is in memory once. Within a partition the order is the
log's. What the selector does not mean is left out here, and never copied.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import orjson

from streams.bus.interface import TopicPartition
from streams.core.outcome import Usage
from streams.topics import RAW

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from schemas.replay_job import ReplayJob, ReplaySelector
    from streams.bus.interface import Bus, Consumer, Record

CHUNK: Final = 500
_POLL_MS: Final = 1000
EMPTY_POLLS: Final = 30
"""A partition that gives nothing for so many polls below its end has nothing: its records are gone."""


async def selected(
    bus: Bus, job: ReplayJob, starts: Mapping[int, int]
) -> AsyncGenerator[Record, None]:
    """Yield the records that a replay copies, from `starts` (partition → offset) up to its ends."""
    sift = sift_of(job.selector)
    async with bus.consumer(client_id="communique-replay") as consumer:
        await _check_kept(consumer, starts, {each.partition: each.end for each in job.ranges})
        async for record in merged(consumer, starts, {each.partition: each.end for each in job.ranges}):
            if sift(record):
                yield record


async def merged(
    consumer: Consumer, starts: Mapping[int, int], ends: Mapping[int, int]
) -> AsyncGenerator[Record, None]:
    """Yield the raw records of several partitions by their timestamps."""
    at = dict(starts)
    ahead: dict[int, deque[Record]] = {each: deque() for each in starts}
    while True:
        for partition, records in ahead.items():
            if not records and at[partition] < ends[partition]:
                records.extend(await _read(consumer, partition, at[partition], ends[partition]))
                at[partition] = records[-1].offset + 1 if records else ends[partition]
        full = [records for records in ahead.values() if records]
        if not full:
            return
        yield min(full, key=lambda records: records[0].timestamp_ms).popleft()


async def _read(consumer: Consumer, partition: int, start: int, end: int) -> list[Record]:
    place = TopicPartition(RAW.name, partition)
    consumer.assign([place])
    await consumer.seek(place, start)
    for _ in range(EMPTY_POLLS):
        found = (await consumer.getmany(timeout_ms=_POLL_MS, max_records=CHUNK)).get(place, [])
        if found or await consumer.position(place) >= end:
            return [record for record in found if record.offset < end]
    return []


async def _check_kept(consumer: Consumer, starts: Mapping[int, int], ends: Mapping[int, int]) -> None:
    """Raise `Usage` when raw no longer keeps what is to be read: a replay with holes is none."""
    first = await consumer.beginning_offsets([TopicPartition(RAW.name, each) for each in starts])
    for place, kept in first.items():
        if starts[place.partition] < min(kept, ends[place.partition]):
            raise Usage(
                f"{RAW.name} no longer keeps offset {starts[place.partition]} of partition {place.partition} "
                f"(it starts at {kept}): plan anew, from the archive (`replay plan --archive FOLDER`)")


def sift_of(selector: ReplaySelector) -> Callable[[Record], bool]:
    """Return what tells whether a raw record between first and last is meant: it fits all that is named.

    What cannot be read has no outlet and no ids.
    """
    origins, outlets, ids = map(frozenset, (selector.origins, selector.outlets, selector.ids))

    def means(record: Record) -> bool:
        if origins and record.at not in origins:
            return False
        if not (outlets or ids):
            return True
        body = _body(record)
        names = {body.get("source_id"), body.get("url")}
        return (not outlets or body.get("outlet") in outlets) and (not ids or not names.isdisjoint(ids))

    return means


def _body(record: Record) -> dict[str, object]:
    try:
        body = orjson.loads(record.value or b"")
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
