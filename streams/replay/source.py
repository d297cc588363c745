"""source: the raw records that a replay means, oldest first over all partitions, from where it stands.

Reads a partition at a time, some hundred records ahead, and gives the record with the least timestamp next:
what came in at one time stays together, and what is read is in memory once. Within a partition the order
is the log's. What the selector does not mean is left out here, and never copied.
"""

from __future__ import annotations

from collections import deque
from contextlib import aclosing
from typing import TYPE_CHECKING

import orjson

from streams.core.outcome import Usage
from streams.replay.readers import opened

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from schemas.replay_job import ReplayJob, ReplaySelector
    from streams.bus.interface import Bus, Record
    from streams.replay.readers import Reader


async def selected(
    bus: Bus, job: ReplayJob, starts: Mapping[int, int]
) -> AsyncGenerator[Record, None]:
    """Yield the records that a replay copies, from `starts` (partition → offset) up to its ends.

    When all are copied the source is not asked for: it may be gone by then.
    """
    sift, ends = sift_of(job.selector), {each.partition: each.end for each in job.ranges}
    if all(start >= ends[partition] for partition, start in starts.items()):
        return
    async with opened(bus, job.folder) as reader:
        await _check_kept(reader, starts, ends)
        async with aclosing(merged(reader, starts, ends)) as records:
            async for record in records:
                if sift(record):
                    yield record


async def merged(
    reader: Reader, starts: Mapping[int, int], ends: Mapping[int, int]
) -> AsyncGenerator[Record, None]:
    """Yield the raw records of several partitions by their timestamps."""
    at = dict(starts)
    ahead: dict[int, deque[Record]] = {each: deque() for each in starts}
    while True:
        for partition, records in ahead.items():
            if not records and at[partition] < ends[partition]:
                records.extend(await reader.read(partition, at[partition], ends[partition]))
                at[partition] = records[-1].offset + 1 if records else ends[partition]
        full = [records for records in ahead.values() if records]
        if not full:
            return
        yield min(full, key=lambda records: records[0].timestamp_ms).popleft()


async def _check_kept(reader: Reader, starts: Mapping[int, int], ends: Mapping[int, int]) -> None:
    """Raise `Usage` when what is to be read is no longer kept: a replay with holes is none."""
    bounds = await reader.bounds()
    for partition, start in starts.items():
        kept, end = bounds.get(partition, (0, 0))
        if start < ends[partition] and (start < kept or end < ends[partition]):
            raise Usage(
                f"offsets {start} to {ends[partition]} of partition {partition} are meant, {kept} to {end} "
                f"are there: plan anew, or from an archive (`replay plan --archive FOLDER`)")


def sift_of(selector: ReplaySelector) -> Callable[[Record], bool]:
    """Return what tells whether a raw record between first and last is meant: it fits all that is named.

    What cannot be read has no outlet and no ids.
    """
    origins, outlets, ids = map(frozenset, (selector.origins, selector.outlets, selector.ids))

    def means(record: Record) -> bool:
        """Tell whether a record fits."""
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
