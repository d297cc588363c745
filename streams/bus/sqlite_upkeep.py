"""Retention and compaction of the embedded log: many short transactions, so that nobody waits for them.

*Retention* (`cleanup.policy` with `delete`): the leading records older than `retention.ms` go, and the
partition's start moves. *Compaction* (`compact`): of each key only the latest record stays; a tombstone
goes after `delete.retention.ms`, too. A compacted partition's newest record is never deleted, so that a
reader who waits for the last offset sees it. Offsets never change. The file does not shrink; freed pages
are used again (`VACUUM` while everything is stopped gives them back).
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.bus.sqlite_append import now_ms

if TYPE_CHECKING:
    import sqlite3

    from streams.bus.sqlite_catalogue import Topic
    from streams.bus.sqlite_consumer import Reader
    from streams.bus.sqlite_writer import Pen, Writer

STEP_ROWS: Final = 1000
"""Rows looked at or deleted a transaction: about 5 ms."""
DIRTY_SHARE: Final = 0.5
"""A partition is compacted when at least half of its offsets are new since the last time (Kafka's default
ratio).
"""
DAY_MS: Final = 86_400_000
DELETE_RETENTION_MS: Final = DAY_MS
RETENTION_MS: Final = 7 * DAY_MS
"""Kafka's defaults of `delete.retention.ms` and `retention.ms`."""
EVERY_SECONDS: Final = 60.0


class Removed(NamedTuple):
    """How many records went."""

    expired: int
    superseded: int


async def tidy_now_and_then(reader: Reader, writer: Writer) -> Removed:
    """Do the upkeep unless some process has done it within the last minute."""
    if await writer.run(_claim, wakes=False):
        return await tidy(reader, writer, only_dirty=True)
    return Removed(0, 0)


def _claim(pen: Pen) -> bool:
    now = time.monotonic()
    row = pen.connection.execute("SELECT at FROM upkeep WHERE job='tidy'").fetchone()
    if row is not None and 0 <= now - row[0] < EVERY_SECONDS:
        return False
    pen.connection.execute(
        "INSERT INTO upkeep VALUES('tidy', ?) ON CONFLICT DO UPDATE SET at=excluded.at", (now,)
    )
    return True


async def tidy(reader: Reader, writer: Writer, *, only_dirty: bool = False) -> Removed:
    """Delete what is no longer kept, on all topics; `only_dirty` leaves what was compacted not long ago."""
    expired = superseded = 0
    for topic in list(reader.catalogue.topics().values()):
        for pid in topic.pids:
            if "delete" in topic.config.get("cleanup.policy", "delete"):
                expired += await _expire(writer, topic, pid)
            if topic.compacted and (not only_dirty or _is_dirty(reader.connection, pid)):
                superseded += await _compact(reader, writer, topic, pid)
    return Removed(expired, superseded)


async def _expire(writer: Writer, topic: Topic, pid: int) -> int:
    keep_ms = int(topic.config.get("retention.ms", RETENTION_MS))
    if keep_ms < 0:
        return 0
    before = now_ms() - keep_ms
    removed = 0
    while step := await writer.run(lambda pen: _expire_step(pen.connection, topic, pid, before), wakes=False):
        removed += step
    return removed


def _expire_step(connection: sqlite3.Connection, topic: Topic, pid: int, before: int) -> int:
    part = connection.execute("SELECT next FROM parts WHERE pid=?", (pid,)).fetchone()
    if part is None:  # deleted meanwhile
        return 0
    last = part[0] - 1 if topic.compacted else part[0]
    rows = connection.execute(
        f"SELECT off, ts FROM p{pid} WHERE off<? ORDER BY off LIMIT ?",  # noqa: S608  # our own number
        (last, STEP_ROWS),
    ).fetchall()
    kept = next((off for off, ts in rows if ts >= before), rows[-1][0] + 1 if rows else 0)
    gone = connection.execute(f"DELETE FROM p{pid} WHERE off<?", (kept,)).rowcount  # noqa: S608
    if gone:
        connection.execute("UPDATE parts SET start=? WHERE pid=?", (kept, pid))
        connection.execute("DELETE FROM blocks WHERE pid=? AND block<?", (pid, kept >> 10))
    return gone


def _is_dirty(connection: sqlite3.Connection, pid: int) -> bool:
    row = connection.execute("SELECT start, next, cleaned FROM parts WHERE pid=?", (pid,)).fetchone()
    return row is not None and row[1] - row[2] > DIRTY_SHARE * (row[1] - row[0])


async def _compact(reader: Reader, writer: Writer, topic: Topic, pid: int) -> int:
    """Two walks over the partition: find the latest offset of each key, then delete what lies before it."""
    row = reader.connection.execute("SELECT next FROM parts WHERE pid=?", (pid,)).fetchone()
    end = row[0] if row else 0
    latest: dict[bytes, int] = {}
    position = 0
    while rows := _walk(reader.connection, pid, position, end):
        latest.update((key, off) for off, key, _, _ in rows)
        position = rows[-1][0] + 1
        await asyncio.sleep(0)
    removed = await _delete_superseded(reader, writer, topic, pid, end, latest)
    await writer.run(
        lambda pen: pen.connection.execute("UPDATE parts SET cleaned=? WHERE pid=?", (end, pid)), wakes=False
    )
    return removed


async def _delete_superseded(  # what the second walk needs
    reader: Reader, writer: Writer, topic: Topic, pid: int, end: int, latest: dict[bytes, int]
) -> int:
    before = now_ms() - int(topic.config.get("delete.retention.ms", DELETE_RETENTION_MS))
    removed = position = 0
    while rows := _walk(reader.connection, pid, position, end):
        position = rows[-1][0] + 1
        gone = [
            (off,)
            for off, key, ts, tombstone in rows
            if latest[key] > off or (tombstone and ts < before and off < end - 1)
        ]
        if gone:
            await writer.run(partial(_delete, pid, gone), wakes=False)
            removed += len(gone)
    return removed


def _walk(
    connection: sqlite3.Connection, pid: int, position: int, end: int
) -> list[tuple[int, bytes, int, bool]]:
    sql = f"SELECT off, key, ts, value IS NULL FROM p{pid} WHERE off>=? AND off<? ORDER BY off LIMIT ?"  # noqa: S608
    return connection.execute(sql, (position, end, STEP_ROWS)).fetchall()


def _delete(pid: int, offsets: list[tuple[int]], pen: Pen) -> None:
    pen.connection.executemany(f"DELETE FROM p{pid} WHERE off=?", offsets)  # noqa: S608
