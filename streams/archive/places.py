"""places: where an archive is, how its files are named, and who may write to it.

    <folder>/manifest.jsonl
    <folder>/2026-11-25/news.articles.raw.v1-0-00000000000000000000-r0.parquet
    <folder>/….part        a file that is being written; the next writer deletes it

A file's name holds topic, partition, the offset it starts from, and how often it was rewritten; its folder is
the UTC day of its first record.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.archive.errors import ArchiveBusy
from streams.bus.sole import claim

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from streams.settings import Settings

PART: Final = ".part"
_NAME: Final = re.compile(r"(.+)-(\d+)-(\d{20})-r(\d+)\.parquet")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_DAY: Final = 2_932_896
"""9999-12-31; a record may claim any time."""
DAY_MS: Final = 86_400_000


class FileName(NamedTuple):
    """What a file's name says."""

    topic: str
    partition: int
    start: int
    rewrites: int


def folder_of(settings: Settings) -> Path:
    """Return the folder of the archive."""
    return (settings.archive.folder or settings.state / "archive").expanduser()


def day_number(timestamp_ms: int) -> int:
    """Return the UTC day of a time, counted from 1970; within the years 1970 to 9999."""
    return min(max(timestamp_ms // DAY_MS, 0), _LAST_DAY)


def relative_path(name: FileName, day: int) -> str:
    """Return a file's path within the archive."""
    folder = (_EPOCH + timedelta(days=day)).strftime("%Y-%m-%d")
    return f"{folder}/{name.topic}-{name.partition}-{name.start:020d}-r{name.rewrites}.parquet"


def name_of(path: str) -> FileName | None:
    """Return what a path's name says, None when it is no file of an archive."""
    found = _NAME.fullmatch(path.rpartition("/")[2])
    return FileName(found[1], int(found[2]), int(found[3]), int(found[4])) if found else None


def files(folder: Path) -> list[str]:
    """Return the paths of all Parquet files within the archive, whatever the manifest says."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.glob("*/*.parquet"))


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def written_by_us(folder: Path) -> Iterator[None]:
    """Be the one writer of the archive. Raises `ArchiveBusy`; the kernel ends it when the process dies."""
    if (lock := claim(folder / "lock")) is None:
        raise ArchiveBusy(
            f"another process writes the archive {folder}: stop it (`communique archive run`), try again")
    try:
        yield
    finally:
        os.close(lock)
