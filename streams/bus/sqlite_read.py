"""Read records and bounds from the embedded log.

Every read is short and ends at once: an open cursor would pin the WAL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from streams.bus.interface import Record
from streams.bus.sqlite_append import BLOCK_BITS, unpack_headers

if TYPE_CHECKING:
    import sqlite3

FETCH_BYTES: Final = 4 * 1024 * 1024
"""A read ends after the record that takes it over this: what one record may weigh is the topic's business."""


class Bounds(NamedTuple):
    """The first offset there is (or would be) and the next to be written."""

    start: int
    next: int


def bounds(connection: sqlite3.Connection) -> dict[int, Bounds]:
    """Return the bounds of all partitions, by table number (5 µs for a dozen)."""
    return {
        pid: Bounds(start, end)
        for pid, start, end in connection.execute("SELECT pid, start, next FROM parts").fetchall()
    }


def read(
    connection: sqlite3.Connection, place: tuple[str, int], pid: int, offset: int, most: int
) -> list[Record]:
    """Return up to `most` records of a partition from `offset` on, of about 4 MiB, at least one."""
    topic, partition = place
    sql = f"SELECT off, ts, key, value, headers FROM p{pid} WHERE off>=? ORDER BY off LIMIT ?"  # noqa: S608
    cursor = connection.execute(sql, (offset, most))
    records: list[Record] = []
    size = 0
    try:
        for found, timestamp, key, value, headers in cursor:
            records.append(
                Record(
                    topic, partition, found, timestamp, key, value, unpack_headers(headers) if headers else ()
                )
            )
            size += len(value or b"")
            if size > FETCH_BYTES:
                break
    finally:
        cursor.close()
    return records


def offset_for_time(connection: sqlite3.Connection, pid: int, time_ms: int) -> int | None:
    """Return the first offset whose timestamp is at or after a time, None when there is none."""
    blocks = connection.execute(
        "SELECT block FROM blocks WHERE pid=? AND latest>=? ORDER BY block", (pid, time_ms)
    ).fetchall()
    for (block,) in blocks:
        sql = f"SELECT off FROM p{pid} WHERE off>=? AND off<? AND ts>=? ORDER BY off LIMIT 1"  # noqa: S608
        found = connection.execute(sql, (block << BLOCK_BITS, (block + 1) << BLOCK_BITS, time_ms)).fetchone()
        if found:  # not so when compaction or retention took it: look in the next block
            return int(found[0])
    return None


def committed(connection: sqlite3.Connection, group: str) -> dict[int, int]:
    """Return what a group has committed, by table number; {} for an unknown group."""
    sql = "SELECT pid, off FROM offsets JOIN groups USING(gid) WHERE name=?"
    return dict(connection.execute(sql, (group,)).fetchall())
