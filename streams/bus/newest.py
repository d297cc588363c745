"""newest: which record of each key is the last, over whole topics: a temporary SQLite file, flat memory."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.bus.interface import Record

_TABLE: Final = """
CREATE TABLE last (topic TEXT, key BLOB, partition INT, offset INT, PRIMARY KEY (topic, key)) WITHOUT ROWID
"""
_ASKED: Final = "SELECT 1 FROM last WHERE topic = ? AND key = ? AND partition = ? AND offset = ?"


class Newest(AbstractContextManager["Newest"]):
    """Takes records in the order of their partitions; tells of each whether it is the last of its key."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="communique-newest-")
        self._file = sqlite3.connect(Path(self._folder.name) / "newest.db", isolation_level=None)
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute("PRAGMA synchronous = OFF")
        self._file.execute(_TABLE)
        self._file.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()
        self._folder.cleanup()

    def take(self, records: Iterable[Record]) -> None:
        """Take records in."""
        self._file.executemany("INSERT OR REPLACE INTO last VALUES (?, ?, ?, ?)", map(_place, records))

    def has(self, record: Record) -> bool:
        """Tell whether a record is the last of its key."""
        return self._file.execute(_ASKED, _place(record)).fetchone() is not None


def _place(record: Record) -> tuple[str, bytes, int, int]:
    return record.topic, record.key or b"", record.partition, record.offset
