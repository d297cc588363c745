"""process: the sink that runs: topic → archive, until it is told to stop or has caught up.

It reads every partition by hand, from where the manifest ends: the group `communique-archive` is told how far
it is, for whoever looks at lag, and never asked. Two archives in two folders are two whole copies.

In order: what a crash left is put right; the topic must be the one that the archive has; then records are
read, files finished, offsets committed. A partition that is added, and what is taken back meanwhile, are
seen within `WIDTH_SECONDS`. Where the topic's retention has been faster, a gap is noted and told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from streams.archive import manifest
from streams.archive.kept import Kept
from streams.archive.log_side import check_same_topic
from streams.archive.places import folder_of, written_by_us
from streams.archive.writing import Sink, open_sink
from streams.bus.interface import Record, TopicPartition
from streams.bus.scan import partitions_of
from streams.bus.takedowns import takedowns
from streams.observe import metrics
from streams.stages import group_of
from streams.topics import RAW

if TYPE_CHECKING:
    from streams.bus.interface import Admin, Bus, Consumer
    from streams.settings import Settings

GROUP: Final = group_of("archive")
WIDTH_SECONDS: Final = 30.0
_POLL_MS: Final = 500
_CHUNK: Final = 500


@dataclass(slots=True)
class Archiving:
    """One run. `tell(partition, records)` hears what came in, `warn` what a person should know."""

    bus: Bus
    settings: Settings
    now: Callable[[], float]
    stopping: asyncio.Event
    tell: Callable[[int, int], None]
    warn: Callable[[str], None]
    taken: int = field(default=0, init=False)
    kept: Kept = field(default=Kept({}, {}), init=False)

    async def run(self, *, until_drained: bool) -> int:
        """Run; return how many records were archived. Raises `ArchiveBusy`, `ArchiveError`, `OtherTopic`."""
        folder = folder_of(self.settings)
        with written_by_us(folder):
            sink = open_sink(folder, RAW.name, self.settings.archive.file_bytes, self.now)
            try:
                await check_same_topic(self.bus, RAW.name, manifest.read(folder))
                await self._learn()
                await self._follow(sink, until_drained=until_drained)
            finally:
                sink.give_up()
        return self.taken

    async def _learn(self) -> None:
        """Learn what was taken back."""
        self.kept = Kept.by(
            await takedowns(self.bus), refuse_again=self.settings.takedown.refuse_again)

    async def _follow(self, sink: Sink, *, until_drained: bool) -> None:
        async with self.bus.admin() as admin:
            ends = await admin.end_offsets([RAW.name]) if until_drained else {}
            await self._commit(admin, sink)  # a crash may have come between the manifest and the commit
            while True:
                places = await partitions_of(self.bus, [RAW.name])
                async with self.bus.consumer(client_id="communique-archive") as consumer:
                    if await self._read(admin, consumer, sink, places, ends):
                        break
            sink.finish_all()
            await self._commit(admin, sink)

    async def _read(
        self, admin: Admin, consumer: Consumer, sink: Sink, places: Sequence[TopicPartition],
        ends: dict[TopicPartition, int],
    ) -> bool:
        """Read these partitions; False when there are more by now."""
        await self._seek(consumer, sink, places)
        looked = self.now()
        await _count_unread(consumer, places)
        while not self.stopping.is_set():
            batch = await consumer.getmany(timeout_ms=_POLL_MS, max_records=_CHUNK)
            for place, records in batch.items():
                await self._take(admin, sink, place, records)
            sink.finish_older_than(self.settings.archive.flush_seconds)
            await self._commit(admin, sink)
            if ends and not batch and await _reached(consumer, ends):
                return True
            if self.now() - looked > WIDTH_SECONDS:
                looked = self.now()
                await self._learn()
                await _count_unread(consumer, places)
                if len(await partitions_of(self.bus, [RAW.name])) > len(places):
                    return False
        return True

    async def _seek(self, consumer: Consumer, sink: Sink, places: Sequence[TopicPartition]) -> None:
        begins = await consumer.beginning_offsets(places)
        consumer.assign(places)
        for place in places:
            sink.begin(place.partition, begins[place])
            await consumer.seek(place, max(sink.positions[place.partition], begins[place]))

    async def _take(self, admin: Admin, sink: Sink, place: TopicPartition, records: list[Record]) -> None:
        expected = sink.positions[place.partition]
        if records[0].offset > expected:
            begin = (await admin.beginning_offsets([place.topic]))[place]
            if (gone := min(begin, records[0].offset)) > expected:
                sink.gap(place.partition, gone, "expired before it was archived")
                metrics.ARCHIVE_EXPIRED.inc(gone - expected)
                self.warn(f"{place.topic}-{place.partition}: offsets {expected} to {gone - 1} had expired")
        sink.take([self.kept(record) for record in records])
        self.taken += len(records)
        self.tell(place.partition, len(records))

    async def _commit(self, admin: Admin, sink: Sink) -> None:
        if done := sink.finished():
            offsets = {TopicPartition(RAW.name, each): end for each, end in done.items()}
            await admin.commit_offsets(GROUP, offsets)


async def _count_unread(consumer: Consumer, places: Sequence[TopicPartition]) -> None:
    ends = await consumer.end_offsets(places)
    metrics.ARCHIVE_UNREAD.set(sum([max(0, ends[each] - await consumer.position(each)) for each in places]))


async def _reached(consumer: Consumer, ends: dict[TopicPartition, int]) -> bool:
    return all([await consumer.position(place) >= end for place, end in ends.items()])
