"""The file of the embedded log: where it is, how it is laid out, how it is opened and locked.

One SQLite file in WAL mode, `log.db`, with `log.db.lock` beside it: whoever writes holds an exclusive
`flock` on that side file first, then begins. SQLite's own lock is taken by polling, and under load one
writer of three starved (measured); `flock` queues.

One table a partition (`p<pid>`): 106,000 to 122,000 appends/s measured, against 31,000 with all partitions
in one table. Pages are 8 kB. Local disks only: neither `flock` nor WAL's shared memory works over a
network.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streams.bus.errors import BusError
from streams.core.outcome import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator

APPLICATION_ID: Final = 0x434D4C31
"""`CML1`, in the file's header: a file with another number is not ours and is not touched."""

BUSY_SECONDS: Final = 30.0
OLDEST_SQLITE: Final = (3, 35)
"""`RETURNING`."""
STATEMENTS: Final = 1024
"""Prepared statements kept a connection: a few for each partition."""

_LAYOUT: Final = f"""
CREATE TABLE topics(tid INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, config TEXT NOT NULL);
CREATE TABLE parts(
  pid INTEGER PRIMARY KEY AUTOINCREMENT, tid INTEGER NOT NULL, part INTEGER NOT NULL,
  start INTEGER NOT NULL DEFAULT 0, next INTEGER NOT NULL DEFAULT 0, cleaned INTEGER NOT NULL DEFAULT 0,
  UNIQUE(tid, part));
CREATE TABLE blocks(
  pid INTEGER NOT NULL, block INTEGER NOT NULL, latest INTEGER NOT NULL,
  PRIMARY KEY(pid, block)) WITHOUT ROWID;
CREATE TABLE groups(
  gid INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, generation INTEGER NOT NULL DEFAULT 0,
  member TEXT, process TEXT, session REAL, beat REAL);
CREATE TABLE offsets(
  gid INTEGER NOT NULL, pid INTEGER NOT NULL, off INTEGER NOT NULL, PRIMARY KEY(gid, pid)) WITHOUT ROWID;
CREATE TABLE readers(address TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE upkeep(job TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
PRAGMA application_id={APPLICATION_ID};
"""
"""One table `p<pid>` comes with each partition: `sqlite_catalogue`."""


def path_of(url: str) -> Path:
    """Return the path in `sqlite:///absolute/path`, taken as it stands (no percent signs are decoded)."""
    path = url.removeprefix("sqlite://")
    if path == url or not path.startswith("/"):
        message = f"{url!r} is no embedded log: write sqlite:///absolute/path/to/log.db"
        raise Usage(message)
    return Path(path)


@contextmanager
def locked(lock: int) -> Iterator[None]:
    """Hold the side file's exclusive lock. The kernel drops it when the process dies."""
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)


def open_lock(path: Path) -> int:
    """Open the side file (made when missing, with the folder) and return its descriptor."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)


def open_file(path: Path) -> sqlite3.Connection:
    """Open the log, laid out when it is new. Raises `BusError` when it cannot be, or is something else."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise BusError(f"the embedded log needs SQLite 3.35; this Python has {sqlite3.sqlite_version}")
    try:
        lock = open_lock(path)
        try:
            with locked(lock):
                return _connect(path)
        finally:
            os.close(lock)
    except (sqlite3.Error, OSError) as error:
        raise BusError(f"the embedded log {path} cannot be opened: {error}") from error


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, cached_statements=STATEMENTS
    )
    try:
        _lay_out(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _lay_out(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA page_size=8192")  # only before the first table
    if connection.execute("PRAGMA journal_mode=WAL").fetchone()[0] != "wal":
        message = f"{path} is on a file system without shared memory: the embedded log needs a local disk"
        raise BusError(message)
    for pragma in (
        "journal_size_limit=67108864",
        "wal_autocheckpoint=1000",
        "secure_delete=OFF",
        "synchronous=NORMAL",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    if not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        connection.executescript(f"BEGIN IMMEDIATE; {_LAYOUT} COMMIT")
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        message = f"{path} is an SQLite file, but not an embedded log; give another path"
        raise BusError(message)
