"""durable: an SQLite file of one process's own (outbox, feeds): WAL, `synchronous=FULL`, laid out once.

Not the embedded log, which is a bus and has its own ways (`streams.bus.sqlite_file`). Local disks only.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from streams.core.outcome import CommuniqueError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Store: TypeAlias = sqlite3.Connection
"""An opened file."""


class NotOurs(CommuniqueError):
    """The file is a database of somebody else's: it was not touched."""


def open_file(path: Path, application_id: int, layout: str, busy_seconds: float) -> Store:
    """Open a file, laid out when it is new; its folder is made. `layout` sets `application_id` in its header.

    Rows come by name, transactions are the caller's (`writing`). Raises `NotOurs`, sqlite3.Error, OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    store = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None)
    store.row_factory = sqlite3.Row
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("PRAGMA synchronous=FULL")
    _lay_out(store, layout)
    if store.execute("PRAGMA application_id").fetchone()[0] != application_id:
        store.close()
        raise NotOurs(f"{path} is an SQLite file of something else")
    return store


def _lay_out(store: Store, layout: str) -> None:
    """Make the tables, unless they are there or another process makes them meanwhile."""
    if _laid_out(store):
        return
    with writing(store):
        if not _laid_out(store):
            for statement in layout.split(";"):
                store.execute(statement)


def _laid_out(store: Store) -> bool:
    return store.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None


@contextmanager
def writing(store: Store) -> Iterator[None]:
    """One transaction: all of it or nothing."""
    store.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        store.execute("ROLLBACK")
        raise
    store.execute("COMMIT")
