"""The embedded log: Kafka's shape in one SQLite file, for one machine and no server.

    sqlite:///absolute/path/to/log.db

Several processes read and write it at once. Who appends: `sqlite_writer` (one thread a process) with
`sqlite_append`. Who reads: `sqlite_consumer` with `sqlite_read`, woken by `sqlite_wake`. Groups are in
`sqlite_group`, topics in `sqlite_catalogue`, retention and compaction in `sqlite_upkeep`, the file itself
in `sqlite_file`; `transport_sqlite` runs Faust on it.

Guarantees. An acknowledged record survives `kill -9` of any process; with `durable` (ingest) or
`log.synchronous=FULL` also a power cut. What one transaction holds is seen whole or not at all. One live
member a group; one that was replaced can write nothing more. They fail on a network file system, and when
somebody else writes to the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.bus.sqlite_admin import SqliteAdmin
from streams.bus.sqlite_consumer import SqliteConsumer
from streams.bus.sqlite_file import path_of
from streams.bus.sqlite_producer import SqliteProducer
from streams.bus.sqlite_writer import Writer

if TYPE_CHECKING:
    from streams.settings import Settings


class SqliteBus:
    """Implements `interface.Bus`. Nothing is opened before a client starts; all clients share one writer."""

    def __init__(self, url: str, settings: Settings) -> None:
        self.url = url
        self.path = path_of(url)
        self.session_seconds = settings.log.session_timeout_seconds
        self.writer = Writer(self.path, synchronous=settings.log.synchronous)

    def producer(self, *, client_id: str, durable: bool = False) -> SqliteProducer:  # noqa: ARG002
        """Make a producer; with `durable` an acknowledged record survives a power cut in any case."""
        return SqliteProducer(self.writer, durable=durable)

    def consumer(self, *, client_id: str, group: str | None = None) -> SqliteConsumer:
        """Make a consumer."""
        return SqliteConsumer(
            self.path, self.writer, client_id=client_id, group=group, session_seconds=self.session_seconds
        )

    def admin(self) -> SqliteAdmin:
        """Make an admin."""
        return SqliteAdmin(self.path, self.writer)
