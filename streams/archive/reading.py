"""reading: records out of an archive, as they were on the topic: what replay reads when that is too young.

Partition by partition, each in the order of its offsets, one batch of a file in memory. What a takedown
blanked comes as its stub (`streams.bus.blank.taken_down` knows it). Raises `ArchiveError` when a file is not
there or its pages do not fit their checksums; that a file is the one of the manifest is `verify`'s to prove.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from streams.archive import manifest
from streams.archive.parquet import read_records
from streams.bus.interface import Record
from streams.topics import RAW


@dataclass(frozen=True, slots=True)
class Selector:
    """Which records. Times: milliseconds since 1970, UTC, `until_ms` itself left out; None: no bound.

    `partitions` None: all. `offsets`: by partition the first and the one after the last; a partition that is
    not in it is not bounded.
    """

    topic: str = RAW.name
    partitions: frozenset[int] | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    offsets: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    def wants(self, record: Record) -> bool:
        """Return whether a record is meant."""
        start, end = self.offsets.get(record.partition, (0, record.offset + 1))
        return (
            start <= record.offset < end
            and (self.since_ms is None or record.timestamp_ms >= self.since_ms)
            and (self.until_ms is None or record.timestamp_ms < self.until_ms)
        )

    def may_want_of(self, entry: manifest.Entry) -> bool:
        """Return whether a file may hold a record that is meant."""
        start, end = self.offsets.get(entry.partition, (0, entry.end))
        return (
            entry.topic == self.topic
            and (self.partitions is None or entry.partition in self.partitions)
            and entry.start < end
            and entry.end > start
            and (self.since_ms is None or entry.latest_ms >= self.since_ms)
            and (self.until_ms is None or entry.earliest_ms < self.until_ms)
        )


EVERYTHING = Selector()


def entries(folder: Path, selector: Selector = EVERYTHING) -> list[manifest.Entry]:
    """Return the files that may hold what is selected, by partition and offset; counts are an estimate."""
    found = manifest.standing(manifest.read(folder)).values()
    wanted = [each for each in found if selector.may_want_of(each)]
    return sorted(wanted, key=lambda each: (each.partition, each.start))


def records(folder: Path, selector: Selector = EVERYTHING) -> Iterator[Record]:
    """Yield the selected records, by partition and offset. Raises `ArchiveError`."""
    for entry in entries(folder, selector):
        for record in read_records(folder / entry.path):
            if selector.wants(record):
                yield record


def ends(folder: Path, topic: str = RAW.name) -> dict[int, int]:
    """Return, by partition, the offset that the archive has everything before (but for its gaps)."""
    return manifest.next_offsets(each for each in manifest.read(folder) if each.topic == topic)
