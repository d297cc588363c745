"""Take text out of the embedded log for good: records are blanked in place, then the file is written anew.

SQLite leaves what was deleted or overwritten in free pages, in the slack of pages, and in the WAL.
`secure_delete` zeroes what one transaction frees; what was freed before, by retention or compaction, is gone
only after VACUUM, and the WAL after a checkpoint that truncates it. What the disk itself keeps (snapshots,
wear levelling, backups) is beyond any program.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from streams.bus.errors import BusError
from streams.bus.interface import Record
from streams.bus.sqlite_append import pack_headers
from streams.bus.sqlite_file import locked, open_file, open_lock


def blank(connection: sqlite3.Connection, stubs: Sequence[tuple[int, Record]]) -> None:
    """Overwrite records, by table number, inside the writer's transaction."""
    connection.execute("PRAGMA secure_delete=ON")
    try:
        for pid, stub in stubs:
            connection.execute(
                f"UPDATE p{pid} SET value=?, headers=? WHERE off=?",  # noqa: S608  # our own number
                (stub.value, pack_headers(stub.headers), stub.offset))
    finally:
        connection.execute("PRAGMA secure_delete=OFF")


def rewrite(path: Path) -> bool:
    """Write the file anew while nobody writes; False when a reader is in the way: try again.

    Needs as much free space again as the file has. Raises `BusError` when it cannot be done.
    """
    lock = open_lock(path)
    try:
        connection = open_file(path)
        try:
            with locked(lock):
                connection.execute("VACUUM")
                busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                return not busy
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise BusError(f"the embedded log {path} could not be written anew: {error}") from error
    finally:
        os.close(lock)
