"""verify: whether the archive is whole, and what its manifest says.

In this order: that there is a manifest; its chain; that its entries follow each other without a hole; each
file's hash; with `deep` each record again; files that no entry names. `compare` then holds it against the
topic. An offset that is in no file is no hole when the archive read past it in order: the log lacked it then
(a transaction's marker); against the topic it must lack it still.

What this does not see by itself: lines taken away from the end of the manifest together with their files,
when the topic no longer has them. `expect`, a hash that the chain had before, shows that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from streams.archive import manifest, places
from streams.archive.errors import ArchiveError
from streams.archive.manifest import Entry, Kind
from streams.archive.parquet import read_records, sha256_of
from streams.archive.record_hash import Hasher
from streams.bus.blank import taken_down

MOST_TOLD: Final = 1000
"""Differences that are listed; all are counted."""


@dataclass(slots=True)
class Report:
    """What was found. `ranges`: by partition the first offset and the one after the last."""

    files: int = 0
    records: int = 0
    bytes: int = 0
    head: str = manifest.GENESIS
    ranges: dict[int, tuple[int, int]] = field(default_factory=dict)
    gaps: list[dict[str, object]] = field(default_factory=list)
    absent: int = 0
    """Offsets in no file that the log lacked when the archive read past them."""
    blanked: int | None = None
    """Stubs that takedowns left; None: not looked for (`deep`)."""
    compared: int | None = None
    """Records compared with the topic; None: not asked for."""
    wrong: list[str] = field(default_factory=list)
    differences: int = 0

    def tell(self, what: str) -> None:
        """Note something that does not hold."""
        self.differences += 1
        if len(self.wrong) < MOST_TOLD:
            self.wrong.append(what)

    @property
    def holds(self) -> bool:
        """Return whether nothing is wrong."""
        return not self.differences

    def as_dict(self) -> dict[str, object]:
        """Return the report as JSON has it."""
        ranges = {str(each): list(bounds) for each, bounds in sorted(self.ranges.items())}
        return {
            "files": self.files, "records": self.records, "bytes": self.bytes, "ranges": ranges,
            "gaps": self.gaps, "absent": self.absent, "blanked": self.blanked, "compared": self.compared,
            "head": self.head, "differences": self.differences, "wrong": self.wrong, "holds": self.holds}


def verify(
    folder: Path, *, deep: bool = False, expect: str | None = None,
    told: Callable[[int], None] = lambda _records: None,
) -> Report:
    """Return what is wrong with the archive by itself. `told(n)` hears of records that were looked at."""
    report = Report(blanked=0 if deep else None)
    entries = _entries(folder, report)
    if expect and expect not in {manifest.GENESIS, *(each.hash for each in entries)}:
        report.tell(f"the manifest does not have the entry {expect} any more")
    _follow(entries, report)
    for entry in manifest.standing(entries).values():
        _check_file(folder, entry, report, deep=deep)
        told(entry.count)
    _strangers(folder, entries, report)
    return report


def _entries(folder: Path, report: Report) -> tuple[Entry, ...]:
    found = []
    for number, line in enumerate(manifest.whole_lines(folder), 1):
        try:
            found.append(manifest.entry_of(line))
        except ArchiveError as error:
            report.tell(f"{manifest.NAME} line {number}: {error}")
    if (broken := manifest.first_broken(found)) is not None:
        report.tell(f"{manifest.NAME} line {broken + 1}: was changed, or what stood before it")
    if (lost := manifest.why_lost(folder, tuple(found))) is not None:
        report.tell(lost)
    report.head = manifest.head(tuple(found))
    return tuple(found)


def _follow(entries: tuple[Entry, ...], report: Report) -> None:
    """Check that each partition's entries go on where the one before ended."""
    known: dict[str, Entry] = {}
    for number, entry in enumerate(entries, 1):
        if entry.kind is Kind.REWRITTEN:
            before = known.get(entry.replaces)
            if before is None or _span(before) != _span(entry):
                report.tell(f"{manifest.NAME} line {number}: rewrites {entry.replaces}, which does not fit")
        else:
            _extend(entry, number, report)
        if entry.path:
            known[entry.path] = entry


def _span(entry: Entry) -> tuple[int, int, int, int]:
    return entry.partition, entry.start, entry.end, entry.count


def _extend(entry: Entry, number: int, report: Report) -> None:
    start, end = report.ranges.get(entry.partition, (entry.start, entry.start))
    if entry.start != end:
        what = f"offsets {end} to {entry.start - 1}" if entry.start > end else f"offset {entry.start} twice"
        report.tell(f"{manifest.NAME} line {number}: partition {entry.partition} has a hole: {what}")
    report.ranges[entry.partition] = (start, max(end, entry.end))
    if entry.kind is Kind.GAP:
        report.gaps.append({
            "partition": entry.partition, "start": entry.start, "end": entry.end, "why": entry.why})


def _check_file(folder: Path, entry: Entry, report: Report, *, deep: bool) -> None:
    path = folder / entry.path
    report.files += 1
    report.records += entry.count
    report.bytes += entry.bytes
    report.absent += entry.end - entry.start - entry.count
    try:
        size = path.stat().st_size
        found = sha256_of(path)
    except OSError as error:
        report.tell(f"{entry.path}: {'is missing' if isinstance(error, FileNotFoundError) else error}")
        return
    if size != entry.bytes:
        report.tell(f"{entry.path}: has {size} bytes, the manifest says {entry.bytes}")
    elif found != entry.sha256:
        report.tell(f"{entry.path}: its content was changed (SHA-256 {found[:9]}…, not {entry.sha256[:9]}…)")
    elif deep:
        _check_records(folder, entry, report)


def _check_records(folder: Path, entry: Entry, report: Report) -> None:
    hasher, count, last, stubs = Hasher(), 0, entry.start - 1, 0
    try:
        for record in read_records(folder / entry.path):
            place = (record.topic, record.partition) == (entry.topic, entry.partition)
            if not (place and last < record.offset < entry.end):
                report.tell(f"{entry.path}: {record.at} does not belong there")
                return
            last, count = record.offset, count + 1
            stubs += taken_down(record) is not None
            hasher.add(record)
    except ArchiveError as error:
        report.tell(str(error))
        return
    report.blanked = (report.blanked or 0) + stubs
    if (count, hasher.digest) != (entry.count, entry.records_sha256):
        report.tell(f"{entry.path}: its records are not those of the manifest")


def _strangers(folder: Path, entries: tuple[Entry, ...], report: Report) -> None:
    """Tell of files that should not be there. One that goes on where the manifest ends is being finished."""
    known, nexts = manifest.standing(entries), manifest.next_offsets(entries)
    gone = manifest.replaced(entries)
    for path in places.files(folder):
        name = places.name_of(path)
        if path in gone:
            report.tell(f"{path}: gave way to another file and should be gone: run `communique forget` again")
        elif path not in known and not _in_the_making(name, nexts):
            report.tell(f"{path}: no entry of the manifest names it")


def _in_the_making(name: places.FileName | None, nexts: dict[int, int]) -> bool:
    return name is not None and nexts.get(name.partition, name.start) <= name.start
