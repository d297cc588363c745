"""writing: records of a topic → finished files, in an order that a crash anywhere leaves right.

For each partition one file is open at most. A file is finished when it has taken in `file_bytes`, when a
record of a later day comes, and when it is asked for: written and synced under a temporary name, renamed, its
folder synced, its manifest entry appended and synced. Only then may its offsets be committed.

`open_sink` puts in order what a crash left: temporary files are deleted, a torn manifest line is cut off; a
file that no entry names is adopted when it goes on where the manifest ends and can be read whole, else it is
deleted: its records are read again, since the manifest says from where. A file that gave way to another is
deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from streams.archive import manifest, places
from streams.archive.errors import ArchiveError, OtherTopic
from streams.archive.manifest import Entry, Kind
from streams.archive.parquet import FileWriter, read_records, sha256_of, size_of
from streams.archive.record_hash import Hasher, birthmark
from streams.bus.interface import Record
from streams.observe import metrics


@dataclass(slots=True)
class Draft:
    """An entry in the making: what its records say."""

    count: int = 0
    earliest_ms: int = 0
    latest_ms: int = 0
    last: Record | None = None
    hasher: Hasher = field(default_factory=Hasher)

    def add(self, record: Record) -> None:
        """Take one more record."""
        stamp = record.timestamp_ms
        self.earliest_ms = min(self.earliest_ms, stamp) if self.count else stamp
        self.latest_ms = max(self.latest_ms, stamp) if self.count else stamp
        self.count += 1
        self.last = record
        self.hasher.add(record)

    def entry(self, name: places.FileName, path: str, sha256: str, size: int) -> Entry:
        """Return the entry of a file with these records. Raises ValueError for none."""
        if self.last is None:
            raise ValueError("a file without records")
        return Entry(
            Kind.FILE, name.topic, name.partition, name.start, self.last.offset + 1, path, sha256,
            self.hasher.digest, self.count, size, self.earliest_ms, self.latest_ms, self.last.offset,
            birthmark(self.last))


@dataclass(slots=True)
class _Open:
    """The file of a partition that is being written."""

    name: places.FileName
    day: int
    since: float
    writer: FileWriter
    draft: Draft = field(default_factory=Draft)
    taken_bytes: int = 0


@dataclass(slots=True)
class Sink:
    """See the module. `now`: monotonic seconds. Made by `open_sink`; one at a time (`written_by_us`)."""

    folder: Path
    topic: str
    file_bytes: int
    now: Callable[[], float]
    head: str
    positions: dict[int, int]
    """By partition the offset that comes next; one without is new."""
    _open: dict[int, _Open] = field(default_factory=dict)
    _finished: dict[int, int] = field(default_factory=dict)

    def begin(self, partition: int, offset: int) -> None:
        """Let a partition that the archive does not know begin at an offset."""
        self.positions.setdefault(partition, offset)

    def take(self, records: Iterable[Record]) -> None:
        """Take records of one partition, in order; those that are there already are left out."""
        for record in records:
            if record.offset >= self.positions.get(record.partition, 0):
                self._take(record)

    def _take(self, record: Record) -> None:
        day = places.day_number(record.timestamp_ms)
        opened = self._open.get(record.partition)
        if opened and (day > opened.day or opened.taken_bytes >= self.file_bytes):
            self.finish(record.partition)
            opened = None
        if opened is None:
            opened = self._new(record, day)
        opened.writer.add(record)
        opened.draft.add(record)
        opened.taken_bytes += size_of(record)
        self.positions[record.partition] = record.offset + 1

    def _new(self, record: Record, day: int) -> _Open:
        start = self.positions.get(record.partition, record.offset)
        name = places.FileName(self.topic, record.partition, start, 0)
        path = self.folder / (places.relative_path(name, day) + places.PART)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._open[record.partition] = opened = _Open(name, day, self.now(), FileWriter(path))
        return opened

    def finish(self, partition: int) -> None:
        """Finish the partition's open file; nothing when it has none."""
        if (opened := self._open.pop(partition, None)) is None:
            return
        sha256, size = opened.writer.finish()
        path = places.relative_path(opened.name, opened.day)
        settle(self.folder, opened.writer.path, path)
        entry = opened.draft.entry(opened.name, path, sha256, size)
        self.head = manifest.append(self.folder, entry, self.head).hash
        self._finished[partition] = entry.end
        metrics.ARCHIVE_RECORDS.inc(entry.count)

    def finish_older_than(self, seconds: float) -> None:
        """Finish the files that were begun longer ago."""
        before = self.now() - seconds
        for partition in [each for each, opened in self._open.items() if opened.since <= before]:
            self.finish(partition)

    def finish_all(self) -> None:
        """Finish every open file."""
        for partition in list(self._open):
            self.finish(partition)

    def gap(self, partition: int, end: int, why: str) -> None:
        """Note that the topic has nothing any more from this partition's position to before `end`."""
        self.finish(partition)
        start = self.positions[partition]
        entry = Entry(Kind.GAP, self.topic, partition, start, end, why=why)
        self.head = manifest.append(self.folder, entry, self.head).hash
        self.positions[partition] = self._finished[partition] = end

    def finished(self) -> dict[int, int]:
        """Return by partition what has become safe to commit since the last call."""
        found, self._finished = self._finished, {}
        return found

    def adopt_or_delete(self, path: str) -> None:
        """Give a file that a crash left without an entry its entry, or delete it."""
        name = places.name_of(path)
        if name is None:
            raise ArchiveError(f"{self.folder / path} is no file of an archive: move it elsewhere")
        entry = None
        if self.positions.get(name.partition, name.start) == name.start and not name.rewrites:
            entry = _entry_of(self.folder, path, name)
        if entry is None:
            (self.folder / path).unlink()
            return
        self.head = manifest.append(self.folder, entry, self.head).hash
        self.positions[name.partition] = self._finished[name.partition] = entry.end

    def give_up(self) -> None:
        """Delete the files that are being written."""
        for opened in self._open.values():
            opened.writer.give_up()
        self._open.clear()


def settle(folder: Path, written: Path, path: str) -> None:
    """Give a synced file its name, durably."""
    to = folder / path
    written.rename(to)
    places.sync_folder(to.parent)
    places.sync_folder(folder)


def open_sink(folder: Path, topic: str, file_bytes: int, now: Callable[[], float]) -> Sink:
    """Put the folder in order and return what writes to it. Raises `ArchiveError`, `OtherTopic`."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest.cut_torn_line(folder)
    entries = manifest.read(folder)
    if entries and entries[0].topic != topic:
        raise OtherTopic(f"{folder} is an archive of {entries[0].topic}: give another archive.folder")
    sink = Sink(folder, topic, file_bytes, now, manifest.head(entries), manifest.next_offsets(entries))
    tidy(folder, entries, sink.adopt_or_delete)
    return sink


def tidy(folder: Path, entries: tuple[Entry, ...], stranger: Callable[[str], None]) -> None:
    """Delete temporary files and those that gave way to others; hand over those that nobody names."""
    for left in folder.glob(f"*/*{places.PART}"):
        left.unlink()
    known, gone = manifest.standing(entries), manifest.replaced(entries)
    for path in places.files(folder):
        if path in gone:
            (folder / path).unlink()
        elif path not in known:
            stranger(path)


def _entry_of(folder: Path, path: str, name: places.FileName) -> Entry | None:
    """Return the entry of a file as it is found; None when it cannot be read whole."""
    draft = Draft()
    try:
        for record in read_records(folder / path):
            draft.add(record)
        return draft.entry(name, path, sha256_of(folder / path), (folder / path).stat().st_size)
    except (ArchiveError, ValueError):
        return None
