"""The topics in the embedded log: kept in memory for as long as they are true, and how they change.

SQLite's `user_version` counts the changes; a cache compares it (2 µs) before each use, so that a topic
created by another process is seen at once. Every change here is one transaction of the writer: half a topic
is never seen. Partition numbers are never used again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from streams.bus.errors import BusError, UnknownTopic

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

DEFAULT_MAX_BYTES: Final = 1_048_588
"""Kafka's default `max.message.bytes`."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic; `pids[n]` is the number of partition n's table, `max_bytes` bounds key + value + headers.

    With `append_time` records get the time of their append, whatever they were sent with.
    """

    tid: int
    name: str
    pids: tuple[int, ...]
    config: Mapping[str, str]
    max_bytes: int
    compacted: bool
    append_time: bool


class Catalogue:
    """The topics, as one connection sees them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._topics: dict[str, Topic] = {}
        self.version = -1

    def topics(self) -> dict[str, Topic]:
        """Return all topics by name, read again when any has changed."""
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version != self.version:
            self._topics = _read(self._connection)
            self.version = version
        return self._topics

    def topic(self, name: str) -> Topic:
        """Return one topic. Raises `UnknownTopic`."""
        if found := self.topics().get(name):
            return found
        message = f"topic {name!r} does not exist; `communique topics apply` creates it"
        raise UnknownTopic(message)

    def pid(self, name: str, partition: int) -> int:
        """Return the table number of a partition. Raises `UnknownTopic`, also for an unknown partition."""
        topic = self.topic(name)
        if 0 <= partition < len(topic.pids):
            return topic.pids[partition]
        message = f"topic {name!r} has {len(topic.pids)} partitions, so no partition {partition}"
        raise UnknownTopic(message)


def _read(connection: sqlite3.Connection) -> dict[str, Topic]:
    pids: dict[tuple[int, str, str], list[int]] = {}
    sql = "SELECT tid, name, config, pid FROM topics JOIN parts USING(tid) ORDER BY name, part"
    for tid, name, config, pid in connection.execute(sql).fetchall():
        pids.setdefault((tid, name, config), []).append(pid)
    return {
        name: _topic(tid, name, json.loads(config), tuple(found))
        for (tid, name, config), found in pids.items()
    }


def _topic(tid: int, name: str, config: dict[str, str], pids: tuple[int, ...]) -> Topic:
    return Topic(
        tid,
        name,
        pids,
        config,
        max_bytes=int(config.get("max.message.bytes", DEFAULT_MAX_BYTES)),
        compacted="compact" in config.get("cleanup.policy", "delete"),
        append_time=config.get("message.timestamp.type") == "LogAppendTime",
    )


def create_topic(
    connection: sqlite3.Connection, name: str, partitions: int, config: Mapping[str, str]
) -> bool:
    """Create a topic with its partitions; False when there is one of that name."""
    if partitions < 1:
        message = f"topic {name!r} needs at least one partition"
        raise BusError(message)
    if connection.execute("SELECT 1 FROM topics WHERE name=?", (name,)).fetchone():
        return False
    tid = connection.execute(
        "INSERT INTO topics(name, config) VALUES(?, ?)", (name, json.dumps(dict(config)))
    ).lastrowid
    _add(connection, tid or 0, range(partitions))
    _changed(connection)
    return True


def _add(connection: sqlite3.Connection, tid: int, partitions: range) -> None:
    for part in partitions:
        pid = connection.execute("INSERT INTO parts(tid, part) VALUES(?, ?)", (tid, part)).lastrowid
        connection.execute(
            f"CREATE TABLE p{pid}(off INTEGER PRIMARY KEY, ts INTEGER NOT NULL,"
            " key BLOB, value BLOB, headers TEXT)"
        )


def _changed(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.execute(f"PRAGMA user_version={version % 2_000_000_000 + 1}")


def alter_topic(connection: sqlite3.Connection, topic: Topic, config: Mapping[str, str]) -> None:
    """Set some of a topic's settings; the others stay."""
    connection.execute(
        "UPDATE topics SET config=? WHERE tid=?", (json.dumps({**topic.config, **config}), topic.tid)
    )
    _changed(connection)


def add_partitions(connection: sqlite3.Connection, topic: Topic, partitions: int) -> None:
    """Widen a topic to `partitions`. Raises `BusError` for fewer than there are."""
    if partitions < len(topic.pids):
        message = f"topic {topic.name!r} has {len(topic.pids)} partitions; partitions cannot be taken away"
        raise BusError(message)
    _add(connection, topic.tid, range(len(topic.pids), partitions))
    _changed(connection)


def delete_topic(connection: sqlite3.Connection, topic: Topic) -> None:
    """Delete a topic, its records and what groups committed on it."""
    for pid in topic.pids:
        connection.execute(f"DROP TABLE p{pid}")
        for table in ("parts", "blocks", "offsets"):
            connection.execute(f"DELETE FROM {table} WHERE pid=?", (pid,))  # noqa: S608  # a constant
    connection.execute("DELETE FROM topics WHERE tid=?", (topic.tid,))
    _changed(connection)
