"""log_side: what the archive asks of the topic: one partition's records, and whether it is still the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.archive.errors import OtherTopic
from streams.archive.manifest import Entry
from streams.archive.record_hash import birthmark
from streams.bus.interface import TopicPartition

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping

    from streams.bus.interface import Bus, Consumer, Record

_POLL_MS: Final = 500
_CHUNK: Final = 500


async def of_partition(
    consumer: Consumer, place: TopicPartition, start: int, end: int
) -> AsyncGenerator[Record, None]:
    """Yield a partition's records from `start` to before `end`, which the topic has reached."""
    consumer.assign([place])
    await consumer.seek(place, start)
    while await consumer.position(place) < end:
        for record in (await consumer.getmany(timeout_ms=_POLL_MS, max_records=_CHUNK)).get(place, ()):
            if record.offset >= end:
                return
            yield record


async def check_same_topic(bus: Bus, topic: str, entries: Iterable[Entry]) -> None:
    """Raise `OtherTopic` when the topic on the bus is not the one that the archive has.

    Told by its ends, and by the last record of each partition that both have: key and timestamp.
    """
    last = {each.partition: each for each in entries if each.last_offset >= 0}
    nexts: dict[int, int] = {}
    for each in entries:
        nexts[each.partition] = max(nexts.get(each.partition, 0), each.end)
    async with bus.admin() as admin:
        ends, begins = await admin.end_offsets([topic]), await admin.beginning_offsets([topic])
    _check_ends(topic, nexts, ends)
    async with bus.consumer(client_id="communique-archive-check") as consumer:
        for partition, entry in last.items():
            place = TopicPartition(topic, partition)
            if begins[place] <= entry.last_offset:
                await _check_last(consumer, place, entry)


def _check_ends(topic: str, nexts: Mapping[int, int], ends: Mapping[TopicPartition, int]) -> None:
    for partition, offset in nexts.items():
        if offset > ends.get(TopicPartition(topic, partition), -1):
            raise _other(topic, f"partition {partition} ends before offset {offset}, which the archive has")


async def _check_last(consumer: Consumer, place: TopicPartition, entry: Entry) -> None:
    async for record in of_partition(consumer, place, entry.last_offset, entry.last_offset + 1):
        if birthmark(record) == entry.last_birthmark:
            return
    what = f"record {place.partition}-{entry.last_offset}"
    raise _other(place.topic, f"{what} has another key or time than in the archive")


def _other(topic: str, why: str) -> OtherTopic:
    return OtherTopic(
        f"the topic {topic} was made anew, or this is another bus: {why}. Nothing was written. Keep this "
        "archive as it is, and give the new topic a folder of its own (--set archive.folder=…)")
