"""The admin of the embedded log: topics, and groups seen from outside."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from streams.bus import sqlite_catalogue, sqlite_erase, sqlite_group, sqlite_read, sqlite_upkeep
from streams.bus.interface import Record, TopicDescription, TopicPartition
from streams.bus.sqlite_consumer import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from streams.bus.sqlite_writer import Writer


class SqliteAdmin:
    """Implements `interface.Admin`, and `upkeep`."""

    def __init__(self, path: Path, writer: Writer) -> None:
        self._path = path
        self._reader = Reader(path, writer)
        self._writer = writer
        self._started = False

    async def create_topic(self, name: str, partitions: int, config: Mapping[str, str]) -> bool:
        """Create a topic in one transaction; False when it was there already."""
        return await self._writer.run(
            lambda pen: sqlite_catalogue.create_topic(pen.connection, name, partitions, config)
        )

    async def alter_topic(self, name: str, config: Mapping[str, str]) -> None:
        """Set some of a topic's settings. Raises `UnknownTopic`."""
        await self._writer.run(
            lambda pen: sqlite_catalogue.alter_topic(pen.connection, pen.catalogue.topic(name), config)
        )

    async def add_partitions(self, name: str, partitions: int) -> None:
        """Widen a topic to so many partitions. Raises `UnknownTopic`, `BusError` when that would be fewer."""
        await self._writer.run(
            lambda pen: sqlite_catalogue.add_partitions(pen.connection, pen.catalogue.topic(name), partitions)
        )

    async def delete_topic(self, name: str) -> None:
        """Delete a topic with its records. Raises `UnknownTopic`."""
        await self._writer.run(
            lambda pen: sqlite_catalogue.delete_topic(pen.connection, pen.catalogue.topic(name))
        )

    async def describe_topics(self) -> dict[str, TopicDescription]:
        """Return all topics by name."""
        topics = self._reader.catalogue.topics()
        return {
            name: TopicDescription(name, len(topic.pids), dict(topic.config))
            for name, topic in topics.items()
        }

    async def partition_counts(self) -> dict[str, int]:
        """Return how many partitions each topic has."""
        return {name: len(topic.pids) for name, topic in self._reader.catalogue.topics().items()}

    async def committed_offsets(self, group: str) -> dict[TopicPartition, int]:
        """Return what a group has committed; {} for an unknown group."""
        found = sqlite_read.committed(self._reader.connection, group)
        return {place: found[pid] for place, pid in self._places().items() if pid in found}

    async def commit_offsets(self, group: str, offsets: Mapping[TopicPartition, int]) -> None:
        """Set a group's offsets. Raises `BusError` while it has a live member."""
        found = {self._reader.pid(TopicPartition(*place)): offset for place, offset in offsets.items()}
        await self._writer.run(lambda pen: sqlite_group.commit_from_outside(pen.connection, group, found))

    async def end_offsets(self, topics: Sequence[str]) -> dict[TopicPartition, int]:
        """Return the next offset of every partition of these topics. Raises `UnknownTopic`."""
        return {place: found.next for place, found in self._reader.bounds(self._places(topics)).items()}

    async def beginning_offsets(self, topics: Sequence[str]) -> dict[TopicPartition, int]:
        """Return the first offset of every partition of these topics. Raises `UnknownTopic`."""
        return {place: found.start for place, found in self._reader.bounds(self._places(topics)).items()}

    async def groups(self) -> list[str]:
        """Return all groups, by name."""
        rows = self._reader.connection.execute("SELECT name FROM groups ORDER BY name").fetchall()
        return [name for (name,) in rows]

    async def live_groups(self) -> list[str]:
        """Return the groups that have a live member."""
        names = await self.groups()
        return [name for name in names if not sqlite_group.is_free(self._reader.connection, name)]

    async def blank(self, stubs: Sequence[Record]) -> None:
        """Put stubs where their records stand, in one transaction; what they held is overwritten on disk.

        Offsets, times and keys stay. `rewrite_file` takes away what older versions of the pages hold.
        """
        placed = [(self._reader.pid(TopicPartition(each.topic, each.partition)), each) for each in stubs]
        await self._writer.run(lambda pen: sqlite_erase.blank(pen.connection, placed))

    async def rewrite_file(self) -> bool:
        """Write the file anew, so that nothing deleted is left in it; False when somebody holds it open."""
        return await asyncio.to_thread(sqlite_erase.rewrite, self._path)

    async def upkeep(self) -> sqlite_upkeep.Removed:
        """Delete what retention and compaction no longer keep, now and whatever was done lately."""
        return await sqlite_upkeep.tidy(self._reader, self._writer)

    def _places(self, topics: Sequence[str] | None = None) -> dict[TopicPartition, int]:
        catalogue = self._reader.catalogue
        wanted = catalogue.topics().values() if topics is None else [catalogue.topic(name) for name in topics]
        return {
            TopicPartition(topic.name, part): pid for topic in wanted for part, pid in enumerate(topic.pids)
        }

    async def __aenter__(self) -> Self:
        await self._reader.open()
        self._started = True
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._started:
            self._started = False
            await self._reader.close()
