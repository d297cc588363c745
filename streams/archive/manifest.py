"""manifest: what the archive has, one JSON object a line, each with the hash of the one before it.

An entry is believed once its line is whole and synced; a file without one does not count. Kinds:

- `file`: a Parquet file with everything that the topic had of one partition from `start` to before `end`;
- `gap`: from `start` to before `end` the topic had nothing any more when the archive came to read it;
- `rewritten`: the file at `replaces` gave way to this one, where the records at `offsets` are stubs (`why`).

`hash` is SHA-256 over `previous` and the entry's other fields, as JSON with sorted keys. So a line that was
edited, taken out or put in is found; lines taken away at the end are not, but for what the topic still has,
and for whoever kept a later hash (`archive verify --expect HASH`).

A line that was cut short by a crash has no newline: a reader leaves it out, the next writer cuts it off.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import orjson

from streams.archive import places
from streams.archive.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NAME: Final = "manifest.jsonl"
GENESIS: Final = "0" * 64
"""The `previous` of the first entry."""


class Kind(StrEnum):
    """What an entry tells."""

    FILE = "file"
    GAP = "gap"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. Times are milliseconds since 1970, UTC; a gap has no path, no hashes and no records."""

    kind: Kind
    topic: str
    partition: int
    start: int
    end: int
    """The offset after the last one that the entry speaks for."""
    path: str = ""
    sha256: str = ""
    """Of the file."""
    records_sha256: str = ""
    """Of its records, in order (`record_hash`)."""
    count: int = 0
    bytes: int = 0
    """Of the file."""
    earliest_ms: int = 0
    latest_ms: int = 0
    last_offset: int = -1
    last_birthmark: str = ""
    """Of the last record: tells the topic from one made anew under its name."""
    replaces: str = ""
    offsets: tuple[int, ...] = ()
    why: str = ""
    previous: str = GENESIS
    hash: str = ""


def sealed(entry: Entry, previous: str) -> Entry:
    """Return the entry chained to the one before it."""
    fields = {**asdict(entry), "previous": previous}
    fields.pop("hash")
    return Entry(**{**fields, "hash": _hash(fields, previous)})


def _hash(fields: dict[str, object], previous: str) -> str:
    return sha256(previous.encode() + orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)).hexdigest()


def line_of(entry: Entry) -> bytes:
    """Return the entry as its line."""
    return orjson.dumps(asdict(entry)) + b"\n"


def entry_of(line: bytes) -> Entry:
    """Return the entry of a line. Raises `ArchiveError` when it is none."""
    try:
        fields = orjson.loads(line)
        fields["kind"], fields["offsets"] = Kind(fields["kind"]), tuple(fields["offsets"])
        return Entry(**fields)
    except (orjson.JSONDecodeError, TypeError, KeyError, ValueError) as error:
        raise ArchiveError(f"a line of {NAME} is no entry: {error}") from None


def read(folder: Path) -> tuple[Entry, ...]:
    """Return the entries, none for a new archive.

    Raises `ArchiveError` where the chain does not hold, and where files are there and the manifest is gone.
    """
    entries = tuple(entry_of(line) for line in whole_lines(folder))
    if (lost := why_lost(folder, entries)) is not None:
        raise ArchiveError(lost)
    if (broken := first_broken(entries)) is not None:
        raise ArchiveError(
            f"{folder / NAME} was changed: line {broken + 1} does not follow from the one before it; "
            "`communique archive verify` tells what is wrong, a copy of the archive mends it")
    return entries


def why_lost(folder: Path, entries: tuple[Entry, ...]) -> str | None:
    """Return what to tell a person when the manifest of these files is gone, None when it is not.

    A crash leaves one new file without an entry at most: what was rewritten had one, and so had the first.
    """
    files = [] if entries else places.files(folder)
    names = [name for name in map(places.name_of, files) if name]
    if len(names) < 2 and not any(name.rewrites for name in names):
        return None
    return (
        f"{folder} has {len(files)} files and no {NAME}: nothing is known of them without it. Copy it back, "
        "or move the files away to begin a new archive")


def whole_lines(folder: Path) -> list[bytes]:
    """Return the lines of the manifest that end with a newline."""
    try:
        return (folder / NAME).read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []


def first_broken(entries: Iterable[Entry]) -> int | None:
    """Return the number, from 0, of the first entry whose chain does not hold; None when all do."""
    previous = GENESIS
    for number, entry in enumerate(entries):
        if sealed(entry, previous) != entry:
            return number
        previous = entry.hash
    return None


def head(entries: tuple[Entry, ...]) -> str:
    """Return the hash of the last entry."""
    return entries[-1].hash if entries else GENESIS


def standing(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Return the files that count, by path: replaced ones do not."""
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.kind is Kind.GAP:
            continue
        if entry.replaces:
            found.pop(entry.replaces, None)
        found[entry.path] = entry
    return found


def replaced(entries: Iterable[Entry]) -> set[str]:
    """Return the paths of files that gave way to others."""
    return {entry.replaces for entry in entries if entry.replaces}


def next_offsets(entries: Iterable[Entry]) -> dict[int, int]:
    """Return the offset that each partition is to be read from."""
    ends: dict[int, int] = {}
    for entry in entries:
        ends[entry.partition] = max(ends.get(entry.partition, 0), entry.end)
    return ends


def append(folder: Path, entry: Entry, previous: str) -> Entry:
    """Add an entry, synced to the disk, and return it as it stands there."""
    added = sealed(entry, previous)
    descriptor = os.open(folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    try:
        line = line_of(added)
        if os.write(descriptor, line) != len(line):
            raise ArchiveError(f"{folder / NAME} could not be written whole: is the disk full?")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return added


def cut_torn_line(folder: Path) -> None:
    """Take away what a crash left of a line."""
    path = folder / NAME
    if path.exists() and not (content := path.read_bytes()).endswith(b"\n"):
        os.truncate(path, content.rfind(b"\n") + 1)
