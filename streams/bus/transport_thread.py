"""The consumer's own thread.

Aiokafka's client, its heartbeats, the fence's clock, and every change of a position.

Heartbeats go on while a step keeps Faust's loop busy. Positions change here only, each under a seek number;
of two seeks that finish in the wrong order, the greater number wins. A fetched batch is tagged, between two
turns of this thread's loop, with the number of the position that it was read from.

Source: aiokafka 0.14 `consumer/fetcher.py`, `consumer/group_coordinator.py`.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import OffsetAndMetadata
from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka as driver
from mode import Service

from streams.bus.faust_hooks import worker_of
from streams.bus.interface import Record
from streams.bus.kafka_unreadable import Reader

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine, Iterable, Mapping
    from typing import TypeVar

    from faust.types import TP

    from streams.bus.fence import Fence

    T = TypeVar("T")

TICKS_PER_SESSION = 20
"""How often the fence's clock ticks: a suspension is noticed 5 % of a session late at most."""

FETCH_RECORDS = 1000
"""Most records of one fetch, decoded in one go."""

SWITCH_SECONDS = 0.0003
"""How long a busy loop keeps the interpreter from the consumer's thread (Python: 0.005).

Each read of a socket waits so long: fetching kept up with .6 of what the loop could do at 0.005, with all of
it at this.
"""

GC_THRESHOLDS = (50_000, 20, 100)
"""With Python's own (700, 10, 10) the collector takes 1.5 µs a record, and 60 to 140 ms at once."""

Tagged = tuple[int, list[Record]]
"""A fetched batch with the number of the position that it was read from."""


def fence_of(transport: Any) -> Fence:  # noqa: ANN401  # streams.bus.transport_kafka's, which imports this module
    """Return the fence that the consumer, its thread and the producer of one transport share."""
    fence: Fence = transport.fence
    return fence


class RebalanceListener(driver.ConsumerRebalanceListener):
    """Tells the fence when the group wants partitions back, and when they are given back."""

    def on_partitions_revoked(self, revoked: Iterable[TP]) -> Awaitable[None]:
        """Revoke; called in the consumer's thread."""
        fence = fence_of(self._thread.transport)
        fence.revoking()
        return _give_back(super().on_partitions_revoked(revoked), fence)


async def _give_back(revoking: Awaitable[None], fence: Fence) -> None:
    await revoking
    fence.revoked()


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """aiokafka's consumer in a thread."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._worker = worker_of(self.app)
        self._fence = fence_of(self.transport)
        self._numbers: dict[TP, int] = {}
        self._reader: Reader | None = None

    async def on_thread_started(self) -> None:
        """Let this thread in between the steps of the loop, and keep the collector off what stays."""
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        await super().on_thread_started()

    async def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in this thread and wait for it; cancelling the wait cancels it."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.thread_loop))

    @Service.task
    async def _tick(self) -> None:
        every = self._fence.session_seconds / TICKS_PER_SESSION
        while not self.should_stop:
            why = self._fence.tick()
            if why is not None:
                self._worker.die(why)
            await self.sleep(every)

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        conf, kafka = self.app.conf, self._worker.settings.kafka
        self._assignor = (
            self.app.assignor if self.app.tables.changelog_topics else RoundRobinPartitionAssignor
        )
        return AIOKafkaConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            bootstrap_servers=driver.server_list(transport.url, transport.default_port),
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            auto_offset_reset=conf.consumer_auto_offset_reset,
            max_poll_records=FETCH_RECORDS,
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            fetch_max_wait_ms=kafka.fetch_max_wait_ms,
            request_timeout_ms=int(kafka.request_timeout_seconds * 1000),
            session_timeout_ms=int(kafka.session_timeout_seconds * 1000),
            rebalance_timeout_ms=int(kafka.rebalance_timeout_seconds * 1000),
            heartbeat_interval_ms=int(kafka.heartbeat_interval_seconds * 1000),
            metadata_max_age_ms=conf.consumer_metadata_max_age_ms,
            connections_max_idle_ms=conf.consumer_connections_max_idle_ms,
            **driver.credentials_to_aiokafka_auth(conf.broker_credentials, conf.ssl_context),
        )

    async def on_thread_stop(self) -> None:
        """Leave the group, a static member too.

        Whoever stops in order wants the partitions taken over at once.
        """
        if self._consumer is not None and self._consumer._coordinator is not None:  # noqa: SLF001
            self._consumer._coordinator._group_instance_id = None  # noqa: SLF001  # aiokafka: a static member never leaves
        await super().on_thread_stop()

    async def fetch(self, wanted: Iterable[TP], wait_seconds: float) -> dict[TP, Tagged]:
        """Return what was fetched of these partitions, waiting at most so long for the first record.

        Only positioned partitions are asked for: to aiokafka, an empty set means all of them. Raises
        `KafkaError`.
        """
        return await self.call(self._fetch(wanted, wait_seconds))

    async def _fetch(self, wanted: Iterable[TP], wait_seconds: float) -> dict[TP, Tagged]:
        reader = self._reader_of(self._ensure_consumer())
        partitions = [tp for tp in wanted if tp in self._numbers]
        if not partitions:
            return {}
        try:
            fetched = await reader.fetch(partitions, wait_seconds, FETCH_RECORDS)
        finally:
            self._tell_moved(reader)
        return {ensure_TP(tp): (self._numbers.get(tp, 0), [
                    Record(one.topic, one.partition, one.offset, one.timestamp, one.key, one.value,
                           one.headers) for one in records])
                for tp, records in fetched.items()}

    def _reader_of(self, consumer: AIOKafkaConsumer) -> Reader:
        if self._reader is None or self._reader.client is not consumer:
            self._reader = Reader(consumer)
        return self._reader

    def _tell_moved(self, reader: Reader) -> None:
        """Have it counted what retention deleted in front of a running reader, in Faust's loop."""
        tell: Any = self.consumer  # ours, of transport_kafka, which imports this module
        for place, left, position in reader.positions.taken():
            self.parent_loop.call_soon_threadsafe(tell.overtaken, ensure_TP(place), left, position)

    async def seek_all(self, offsets: Mapping[TP, int], number: int) -> None:
        """Set positions. Raises `IllegalStateError` when a partition is not ours any more."""
        await self.call(self._seek_all(offsets, number))

    async def _seek_all(self, offsets: Mapping[TP, int], number: int) -> None:
        consumer = self._ensure_consumer()
        for tp, offset in offsets.items():
            if number >= self._numbers.get(tp, 0):
                consumer.seek(driver.ensure_aiokafka_TP(tp), offset)
                self._reader_of(consumer).positions.leave(driver.ensure_aiokafka_TP(tp))
                self._numbers[tp] = number

    async def seek_to_start(self, tps: frozenset[TP], number: int) -> tuple[dict[TP, int], dict[TP, int]]:
        """Set positions to the committed offsets, asked from the broker.

        Return positions and committed offsets.

        Tries again while the broker is not to be had: the caller bounds it. A partition without a commit, or
        with one that its log does not reach (it was created anew), starts where `consumer_auto_offset_reset`
        says.
        """
        return await self.call(self._seek_to_start(tps, number))

    async def _seek_to_start(self, tps: frozenset[TP], number: int) -> tuple[dict[TP, int], dict[TP, int]]:
        while True:
            try:
                committed, starts = await self._starts(tps)
            except IllegalStateError:
                raise
            except KafkaError as exc:
                if not exc.retriable:
                    raise
                await asyncio.sleep(0.1)
            else:
                await self._seek_all(starts, number)
                return starts, committed

    async def _starts(self, tps: frozenset[TP]) -> tuple[dict[TP, int], dict[TP, int]]:
        consumer = self._ensure_consumer()
        asked = {tp: driver.ensure_aiokafka_TP(tp) for tp in tps}
        kept = await consumer._coordinator.fetch_committed_offsets(list(asked.values()))  # noqa: SLF001
        first = await consumer.beginning_offsets(list(asked.values()))
        last = await consumer.end_offsets(list(asked.values()))
        committed = {
            tp: kept[one].offset for tp, one in asked.items() if one in kept and kept[one].offset >= 0
        }
        reset = last if self.app.conf.consumer_auto_offset_reset == "latest" else first
        return committed, {
            tp: committed[tp] if tp in committed and first[one] <= committed[tp] <= last[one]
            else first[one] if tp in committed and committed[tp] < first[one] else reset[one]
            for tp, one in asked.items()
        }

    async def commit_in(self, offsets: Mapping[TP, int], generation: int) -> bool:
        """Commit, if the group is still in this generation; False when it is not, or the broker refused."""
        return await self.call(self._commit_in(offsets, generation))

    async def _commit_in(self, offsets: Mapping[TP, int], generation: int) -> bool:
        consumer = self._ensure_consumer()
        if consumer._coordinator.generation != generation:  # noqa: SLF001
            return False
        wanted = {
            driver.ensure_aiokafka_TP(tp): OffsetAndMetadata(offset, "") for tp, offset in offsets.items()
        }
        try:
            await consumer.commit(wanted)
        except (CommitFailedError, IllegalStateError):
            return False  # rebalanced: the events come again, here or elsewhere
        except KafkaError as exc:
            self.log.warning("commit failed, will be tried again: %r", exc)
            return False
        return True
