"""compare: the archive against the topic, record by record, for the offsets that both have. Flat memory.

A stub that a takedown left in the archive is the same as the topic's record blanked: on Kafka that record is
still whole. The other way round is a difference: the takedown did not reach the archive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from streams.archive import manifest
from streams.archive.errors import ArchiveError, OtherTopic
from streams.archive.log_side import check_same_topic, of_partition
from streams.archive.reading import Selector, records
from streams.bus.blank import blanked, taken_down
from streams.bus.interface import Record, TopicPartition

if TYPE_CHECKING:
    from streams.archive.verify import Report
    from streams.bus.interface import Bus, Consumer


async def against_topic(
    bus: Bus, folder: Path, topic: str, report: Report, told: Callable[[int], None] = lambda _records: None
) -> None:
    """Add to the report what differs. Raises `UnknownTopic`."""
    report.compared = 0
    try:
        entries = manifest.read(folder)
        await check_same_topic(bus, topic, entries)
    except (ArchiveError, OtherTopic) as error:
        report.tell(str(error))
        return
    archived = manifest.next_offsets(entries)
    async with bus.admin() as admin:
        begins = await admin.beginning_offsets([topic])
    async with bus.consumer(client_id="communique-archive-verify") as consumer:
        for partition, end in sorted(archived.items()):
            place = TopicPartition(topic, partition)
            first = report.ranges[partition][0]
            start = max(begins[place], first)
            await _Side(folder, consumer, place, report, told).compare(start, end)


class _Side:
    """One partition's comparison."""

    def __init__(
        self, folder: Path, consumer: Consumer, place: TopicPartition, report: Report,
        told: Callable[[int], None],
    ) -> None:
        self._folder, self._consumer, self._place = folder, consumer, place
        self._report, self._told = report, told

    async def compare(self, start: int, end: int) -> None:
        """Walk both sides from `start` to before `end`."""
        place = self._place
        ours = self._ours(start, end)
        mine = next(ours, None)
        async for theirs in of_partition(self._consumer, place, start, end):
            while mine is not None and mine.offset < theirs.offset:
                await self._only_ours(mine)
                mine = next(ours, None)
            if mine is None or mine.offset > theirs.offset:
                self._report.tell(f"{theirs.at}: is on the topic and not in the archive")
                continue
            self._same(mine, theirs)
            mine = next(ours, None)
        while mine is not None:
            await self._only_ours(mine)
            mine = next(ours, None)

    def _ours(self, start: int, end: int) -> Iterator[Record]:
        chosen = Selector(self._place.topic, frozenset({self._place.partition}),
                          offsets={self._place.partition: (start, end)})
        try:
            yield from records(self._folder, chosen)
        except ArchiveError as error:
            self._report.tell(str(error))

    def _same(self, mine: Record, theirs: Record) -> None:
        self._report.compared = (self._report.compared or 0) + 1
        self._told(1)
        takedown = taken_down(mine)
        if mine == theirs or (takedown and blanked(theirs, takedown) == mine):
            return
        if taken_down(theirs):
            self._report.tell(f"{mine.at}: was taken down on the topic, not in the archive: forget it again")
        else:
            self._report.tell(f"{mine.at}: differs in {', '.join(differing(mine, theirs))}")

    async def _only_ours(self, mine: Record) -> None:
        """Tell of a record that the topic lacks, unless retention took it since this began."""
        begin = (await self._consumer.beginning_offsets([self._place]))[self._place]
        if mine.offset >= begin:
            self._report.tell(f"{mine.at}: is in the archive and not on the topic")


def differing(mine: Record, theirs: Record) -> list[str]:
    """Return the names of the parts in which two records differ."""
    parts = ("timestamp_ms", "key", "value", "headers")
    return [name for name in parts if getattr(mine, name) != getattr(theirs, name)]
