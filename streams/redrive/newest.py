"""newest: of records of one key the one that counts, on topics where the last word does."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from streams.bus.redriven import redrive_of
from streams.bus.scan import scan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.bus.interface import Bus, Record, TopicPartition

Place: TypeAlias = "tuple[TopicPartition, bytes | None]"
"""A partition and a key."""


async def newest(bus: Bus, asked: Mapping[Place, tuple[int, int]]) -> dict[Place, Record]:
    """Return, for each key, its last record between two offsets, the second left out; copies do not count."""
    found: dict[Place, Record] = {}
    starts: dict[TopicPartition, int] = {}
    ends: dict[TopicPartition, int] = {}
    for (partition, _), (start, end) in asked.items():
        starts[partition] = min(start, starts.get(partition, start))
        ends[partition] = max(end, ends.get(partition, end))
    if not starts:
        return found
    names = sorted({partition.topic for partition in starts})
    async for records in scan(bus, names, starts=starts, ends=ends, only=starts.keys()):
        place = next(p for p in starts if p == (records[0].topic, records[0].partition))
        for record in records:
            start, end = asked.get((place, record.key), (0, 0))
            if start <= record.offset < end and redrive_of(record) is None:
                found[place, record.key] = record
    return found
