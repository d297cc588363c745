"""The Faust transport on the embedded log: `communique+sqlite://`, made by `streams.bus.transport`.

One consumer group has one live member, and that one has all partitions: there is no rebalance. In order:

1. *Join.* `subscribe` starts the wait for membership. Then, as Faust expects it:
   `app.on_rebalance_start()`, the assignor on a stand-in for Kafka's cluster (recovery asks it for the
   tables' partitions), the generation on the app, `on_partitions_assigned`.
2. *Recover.* Faust reads the changelogs, record by record. Streams wait: their committed offsets are looked
   up in `resume_flow` and not in `perform_seek`, because Faust clears the agents' queues in between.
3. *Deliver.* Up to `chunk_records` records of one partition are one event, whose value is a tuple of
   `Record`. Nothing is delivered that could have to wait: flow on, partition active, room in every queue;
   what is not delivered stays unread.
4. *Write.* What an event sends is kept with it and written with its offset in one transaction
   (`sqlite_stage`, `sqlite_sender`).
5. *Stop.* Flow off, a bounded wait for events in progress, what is finished is written, the rest is
   forgotten and comes again.

Guarantee: exactly once, tables included, through `kill -9` of any process at any moment. A worker that was
replaced while it was suspended can write nothing more and exits with 75.
"""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any, Final

from faust.transport import base
from faust.transport.consumer import Consumer as FaustConsumer
from faust.types import TP
from faust.types.tuples import ConsumerMessage
from mode import Service

from streams.bus import sqlite_upkeep
from streams.bus.faust_hooks import Chunk, Nowhere, worker_of
from streams.bus.flow import InProgress
from streams.bus.sqlite import SqliteBus
from streams.bus.sqlite_assign import assign_all
from streams.bus.sqlite_partition import partition_of
from streams.bus.sqlite_sender import Producer, Sender
from streams.bus.sqlite_stage import MAX_UNWRITTEN_BYTES, StageLog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from streams.bus.interface import Record

__all__ = ["Consumer", "Producer", "Sender", "Transport"]

GC_THRESHOLDS: Final = (50_000, 20, 100)
"""The collector's default pauses the loop for 60 to 140 ms under load; these for 24 to 41 (measured)."""
UPKEEP_SECONDS: Final = 60.0


class Consumer(FaustConsumer):
    """Faust's consumer, without a thread of its own: a read takes under a millisecond."""

    transport: Transport

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # Faust's
        super().__init__(*args, **kwargs)
        self._stage = self.transport.stage
        self._settings = worker_of(self.app).settings
        self._in_progress = self._unacked_messages = InProgress()  # type: ignore[assignment]  # Faust's set
        self._acked = self._acked_index = self._gap = Nowhere()  # type: ignore[assignment]  # Faust's books
        self._assigned: set[TP] = set()
        self._topics: frozenset[str] = frozenset()
        self._seek_due = False
        self._turn = 0

    async def on_start(self) -> None:
        """Open the log."""
        gc.set_threshold(*GC_THRESHOLDS)
        await self._stage.open()

    async def on_stop(self) -> None:
        """Write what is finished, forget the rest, leave the group."""
        await self.wait_empty()
        self._stage.forget()
        await self._stage.close()

    # joining

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Wait for membership in the background, then take all partitions of these topics."""
        wanted = frozenset(topics)
        if wanted != self._topics:
            self._topics = wanted
            self.add_future(self._take_part(sorted(wanted)))

    async def _take_part(self, topics: list[str]) -> None:
        generation = await self._stage.join(topics)
        self.app.on_rebalance_start()
        await self.on_partitions_revoked(set(self._assigned))
        widths = {topic: len(self._stage.reader.catalogue.topic(topic).pids) for topic in topics}
        self._assigned = assign_all(self.app.assignor, self._stage.member.name, widths)
        self.app.consumer_generation_id = generation
        await self.on_partitions_assigned(set(self._assigned), generation)

    # positions

    def assignment(self) -> set[TP]:
        """Return the partitions held, changelogs included."""
        return set(self._assigned)

    def _streams(self) -> list[TP]:
        return [tp for tp in self._assigned if not self._is_changelog_tp(tp)]

    async def perform_seek(self) -> None:
        """Position the streams at their committed offsets, once the flow is on (see the module)."""
        self._seek_due = True
        self._stage.forget()

    def resume_flow(self) -> None:
        """Let records flow."""
        super().resume_flow()
        if self._seek_due:
            self._seek_due = False
            self._stage.seek_to_committed(
                tp for tp in self._assigned if not self._is_changelog_tp(tp)
            )
        self._stage.reader.waker.poke()

    def stop_flow(self) -> None:
        """Let no more records flow."""
        super().stop_flow()
        self._stage.reader.waker.poke()

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Position partitions."""
        for tp, offset in partitions.items():
            await self._seek(tp, offset)

    async def _seek(self, partition: TP, offset: int) -> None:
        self._stage.seek(partition, offset, acks=not self._is_changelog_tp(partition))

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Position all streams at their committed offsets; return these."""
        return self._stage.seek_to_committed(self._streams())

    async def position(self, tp: TP) -> int | None:
        """Return the offset of the next record to be delivered."""
        return self._stage.position(tp)

    def highwater(self, tp: TP) -> int:
        """Return the next offset to be written."""
        return self._stage.reader.bounds([tp])[tp].next

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """Return the next offsets to be written."""
        return {tp: self.highwater(tp) for tp in partitions}

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        """Return the first offsets there are."""
        found = self._stage.reader.bounds(partitions)
        return {tp: found[tp].start for tp in partitions}

    def topic_partitions(self, topic: str) -> int | None:
        """Return how many partitions a topic has, None when it does not exist."""
        found = self._stage.reader.catalogue.topics().get(topic)
        return None if found is None else len(found.pids)

    def key_partition(self, topic: str, key: bytes | None, partition: int | None = None) -> int | None:
        """Return where a key goes; None when the topic does not exist."""
        width = self.topic_partitions(topic)
        if width is None or partition is not None:
            return partition
        return partition_of(key or b"", width)

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)

    # delivering

    async def _drain_messages(self, fetcher: Any) -> None:  # noqa: ANN401  # Faust's
        waker = self._stage.reader.waker
        while not (self.should_stop or fetcher.should_stop):
            waker.clear()
            self._stage.give_up_when_fenced()
            if not await self._deliver_round():
                await waker.wait(1.0)
            await asyncio.sleep(0)

    async def _deliver_round(self) -> int:
        """Give every partition that can take it one event; return how many events that were."""
        if not self._can_flow():
            return 0
        ready = self._stage.behind(tp for tp in self._get_active_partitions())
        self._turn += 1
        first = self._turn % max(1, len(ready))
        delivered = 0
        for tp in [*ready][first:] + [*ready][:first]:
            if self._has_room(tp):
                deliver = self._deliver_changelog if self._is_changelog_tp(tp) else self._deliver_chunk
                delivered += await deliver(tp, ready[tp].next)
        return delivered

    def _can_flow(self) -> bool:
        return (
            self.flow_active
            and not self._seek_due
            and self.app.flow_control.is_active()
            and self._stage.unwritten_bytes < MAX_UNWRITTEN_BYTES
        )

    def _has_room(self, tp: TP) -> bool:
        topics: Any = self.app.topics
        channels = topics._tp_index.get(tp, ())  # noqa: SLF001  # pinned: tests/contract/test_faust_pin.py
        return bool(channels) and not any(channel.queue.full() for channel in channels)

    async def _deliver_chunk(self, tp: TP, end: int) -> int:
        records = self._stage.read(tp, end, self._settings.stream.chunk_records)
        if not records:
            return 0
        entry = self._stage.enter(tp, records)
        await self.callback(Chunk(entry, tuple(records), self.app.consumer_generation_id, self._on_acked))
        return 1

    async def _deliver_changelog(self, tp: TP, end: int) -> int:
        delivered = 0
        for record in self._stage.read(tp, end, self._settings.stream.chunk_records):
            if not self._has_room(tp):
                break
            self._stage.move(tp, record.offset + 1)
            await self.callback(self._to_message(tp, record))
            delivered += 1
        return delivered

    def _to_message(self, tp: TP, record: Record) -> ConsumerMessage:
        return ConsumerMessage(
            *tp, record.offset, record.timestamp_ms / 1000, 0, list(record.headers), record.key, record.value,
            None, None, None, tp, generation_id=self.app.consumer_generation_id,
        )

    def _on_acked(self, chunk: Chunk) -> None:
        self._in_progress.discard(chunk)
        self._stage.done(chunk.entry)
        self._stage.reader.waker.poke()

    def ack(self, message: Any) -> bool:  # noqa: ANN401
        """Mark a message done; a `Chunk` tells us."""
        message.acked = True
        return True

    def on_buffer_full(self, tp: TP) -> None:
        """Nothing: a full queue is seen when the next event is to be delivered."""

    def on_buffer_drop(self, tp: TP) -> None:  # noqa: ARG002
        """Look again: there is room."""
        self._stage.reader.waker.poke()

    # committing and stopping

    async def commit(self, *_: Any, **__: Any) -> bool:  # noqa: ANN401
        """Return at once: what is done has been on its way since it was done."""
        return True

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:  # noqa: ARG002
        return await self.commit()

    async def _getmany(self, *_: Any, **__: Any) -> Mapping[TP, list[Record]]:  # noqa: ANN401
        return {}  # `_drain_messages` reads for itself

    async def create_topic(self, topic: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Create nothing: `communique topics apply` does."""

    async def wait_empty(self) -> None:
        """Wait a bounded time for events in progress, and for their transactions. Faust calls it on stop."""
        stopping = self.app.should_stop
        settings = self._settings
        seconds = settings.run.stop_seconds / 2 if stopping else settings.stream.drain_timeout_seconds
        loop, waker = asyncio.get_running_loop(), self._stage.reader.waker
        deadline = loop.time() + seconds
        while self._in_progress and loop.time() < deadline:
            waker.clear()
            await waker.wait(deadline - loop.time())
        await self._stage.flush()
        if stopping:  # Faust acknowledges a half-done event when it stops its agent: that means nothing now
            self._stage.forget()

    @Service.task
    async def _upkeep(self) -> None:
        async for _ in self.itertimer(UPKEEP_SECONDS, name="upkeep"):
            await sqlite_upkeep.tidy_now_and_then(self._stage.reader, self.transport.bus.writer)


class Transport(base.Transport):
    """What Faust is given for the URL scheme: one `StageLog` for an app."""

    Consumer = Consumer
    Producer = Producer
    driver_version = "communique embedded log"
    default_port = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # Faust's
        super().__init__(*args, **kwargs)
        worker, conf = worker_of(self.app), self.app.conf
        self.bus = SqliteBus(worker.settings.bus_url, worker.settings)
        self.stage = StageLog(self.bus, client_id=conf.broker_client_id, group=conf.id, die=worker.die)
