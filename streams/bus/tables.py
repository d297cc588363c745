"""tables: the tables of a stage under Faust: `Stores` over Faust's changelogs and recovery.

Faust's part is to know which partitions are ours, to read changelogs back at an assignment, and to carry
changelog records to the producer, where the transport verifies them (Kafka) or puts them into the event's
transaction (embedded log). What Faust's own stores do is replaced by `Shelf`: one a partition, the partition
always named, bytes in and out. In order, at an assignment:

1. `on_rebalance`: views made before are dead; overlays are forgotten; shelves that were revoked are closed;
   recovery is told to go by our offsets only;
2. recovery asks `persisted_offset`, reads on from there, and hands batches to `apply_changelog_batch`;
3. agents ask `Tables.partition` for views, and get the same one until the next assignment.

A base that is ahead of its changelog (the topic was made anew) makes Faust raise `ConsistencyError`: the
worker calls `wipe` and starts again. Reads no other partition's shelf: a partition that is not assigned is a
`KeyError`.
"""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faust.stores.base import Store
from faust.tables import Table

from streams.bus.tables_rocks import RocksBase
from streams.bus.tables_shelf import Base, MemoryBase, Shelf, View
from streams.topics import TABLES, Width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, MutableMapping

    import faust
    from faust.types import TP, EventT

    from streams.settings import Settings
    from streams.topics import TableSpec

def partitions_of(width: Width, settings: Settings) -> int:
    """Return how many partitions a width means under these settings."""
    wide = {Width.ARTICLES: settings.topics.partitions, Width.SHARDS: settings.topics.shards,
            Width.STATEMENTS: settings.topics.statements, Width.ONE: 1}
    return wide[width]


class ShelfStore(Store[bytes, bytes]):
    """What Faust asks of a table's store, over shelves."""

    make_base: Callable[[int], Base]
    table: RawTable

    def __post_init__(self) -> None:
        self.shelves: dict[int, Shelf] = {}
        self.views: dict[int, View] = {}

    def _mine(self, tps: Iterable[TP]) -> set[int]:
        return {tp.partition for tp in tps if tp.topic == self.table.changelog_topic_name}

    def shelf(self, partition: int) -> Shelf:
        """Return the shelf of a partition, made when it is first asked for."""
        if partition not in self.shelves:
            self.shelves[partition] = Shelf(self.make_base(partition))
        return self.shelves[partition]

    def view(self, partition: int) -> View:
        """Return the view of this assignment; KeyError for a partition that is not assigned."""
        if partition not in self.views:
            self.views[partition] = View(self.shelves[partition], partial(self._send, partition))
        return self.views[partition]

    def _send(self, partition: int, shelf: Shelf, key: bytes, value: bytes | None) -> None:
        self.table.changelog_topic.send_soon(
            key=key, value=value, partition=partition, key_serializer="raw", value_serializer="raw",
            callback=partial(_settle, shelf, key, value),
        )

    def persisted_offset(self, tp: TP) -> int | None:
        """Return the offset of the changelog that the shelf includes last, None for nothing."""
        return self.shelf(tp.partition).base.offset

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0,  # noqa: ARG002
    ) -> None:
        """See the module."""
        for view in self.views.values():
            view.live = False
        self.views.clear()
        ours = self._mine(assigned)
        for partition in set(self.shelves) - ours:
            self.shelves.pop(partition).base.close()
        for partition in ours:
            self.shelf(partition).forget_overlay()
        for tp in assigned:
            if tp.topic == self.table.changelog_topic_name:
                _recovery(self.app).revoke(tp)

    def apply_changelog_batch(
        self, batch: Iterable[EventT[Any]], to_key: Callable[[Any], Any], to_value: Callable[[Any], Any],  # noqa: ARG002
    ) -> None:
        """Take records of the changelog, as recovery reads them.

        Those of a partition that went away are left out.
        """
        changes: dict[int, list[tuple[bytes, bytes | None]]] = {}
        offsets: dict[int, int] = {}
        for event in batch:
            message = event.message
            changes.setdefault(message.partition, []).append((message.key or b"", message.value))
            offsets[message.partition] = message.offset
        for partition, listed in changes.items():
            if partition in self.shelves:
                self.shelves[partition].base.apply(listed, offsets[partition])

    async def backup_partition(
        self, tp: TP | int, flush: bool = True, purge: bool = False, keep: int = 1,
    ) -> None:
        """Do nothing: the changelog is the backup."""

    def restore_backup(self, tp: TP | int, latest: bool = True, backup_id: int = 0) -> None:
        """Do nothing: the changelog is the backup."""

    def set_persisted_offset(self, tp: TP, offset: int) -> None:
        """Do nothing: an offset is written with what it stands for."""

    def reset_state(self) -> None:
        """Forget what is stored here; the changelog is not touched."""
        for shelf in self.shelves.values():
            shelf.base.wipe()

    def close(self) -> None:
        """Close all shelves.

        Not when Faust stops its tables: it does so before its agents, and a step would find its table empty.
        """
        for shelf in self.shelves.values():
            shelf.base.close()
        self.shelves.clear()
        self.views.clear()


def _recovery(app: Any) -> Any:  # noqa: ANN401  # Faust's protocols leave the recovery service out
    return app.tables.recovery


def _settle(shelf: Shelf, key: bytes, value: bytes | None, sent: Any) -> None:  # noqa: ANN401  # Faust's FutureMessage
    if (offset := sent.result().offset) is not None and offset >= 0:
        shelf.settle(key, value, offset)


class RawTable(Table[bytes, bytes]):
    """A Faust table whose store is a `ShelfStore`; agents never see it as a mapping."""

    make_base: Callable[[int], Base]
    data: ShelfStore

    def _new_store(self) -> ShelfStore:
        store = ShelfStore("memory:", self.app, self, table_name=self.name, loop=self.loop)
        store.make_base = self.make_base
        return store


class Tables:
    """All tables of a stage: the `Stores` of its agents."""

    def __init__(
        self, app: faust.App, settings: Settings, stage: str, ordinal: int, now: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._now = now
        self.folder = settings.work / "stores" / f"{stage}-{ordinal}"
        self._tables = {spec.name: self._table(app, spec) for spec in TABLES if spec.stage == stage}

    def _table(self, app: faust.App, spec: TableSpec) -> RawTable:
        table = RawTable(
            app, name=spec.name, key_type=bytes, value_type=bytes,
            partitions=partitions_of(spec.width, self._settings),
        )
        table.make_base = partial(self._base, spec)
        app.tables.add(table)
        return table

    def _base(self, spec: TableSpec, partition: int) -> Base:
        if self._settings.tables.store == "memory":
            return MemoryBase()
        folder = self.folder / f"{spec.name}-{partition}"
        return RocksBase(folder, cache_bytes=self._settings.tables.cache_bytes, now=self._now)

    def partition(self, spec: TableSpec, partition: int) -> MutableMapping[bytes, bytes]:
        """Return the partition's view.

        The same one until the next assignment. KeyError when it is not assigned.
        """
        return self._tables[spec.name].data.view(partition)

    def close(self) -> None:
        """Close what is open: the app has stopped."""
        for table in self._tables.values():
            table.data.close()

    def wipe(self) -> None:
        """Delete this worker's stores: the next start rebuilds them from the changelogs."""
        shutil.rmtree(Path(self.folder), ignore_errors=True)
