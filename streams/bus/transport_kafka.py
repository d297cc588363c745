"""The Faust transport on Kafka that loses nothing: `communique+kafka://`.

The algorithm is docs/adr/0004-transport.md; here is its middle, the consumer in Faust's loop. `flow` says
what is delivered and done, `transport_thread` fetches, seeks and commits, `transport_producer` remembers what
was sent.

Guarantee: a committed offset never passes a record that was not processed and whose outputs and table changes
were not acknowledged. It holds through rebalances, recovery, kill -9, SIGTERM, a suspension past the session
and a broker restart. Where it cannot be kept (a failed send, work that outlives its partitions while there
are tables), the process ends with 75.
"""

from __future__ import annotations

import asyncio
import logging
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from aiokafka.errors import ConsumerStoppedError, KafkaError
from faust.transport.drivers import aiokafka as driver
from mode import Service

from streams.bus.expired import Expired
from streams.bus.faust_hooks import Nowhere, worker_of
from streams.bus.fence import Fence, awake_seconds
from streams.bus.flow import Flow
from streams.bus.transport_producer import Producer
from streams.bus.transport_thread import ConsumerThread, RebalanceListener

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faust.types import TP

CLIENT_LOG = logging.getLogger("aiokafka")
"""Says each record it sends on DEBUG: where a root logger takes that, it costs 16 µs a record, as much as all
the rest."""

FETCH_WAIT_SECONDS = 1.0
"""How long a fetch waits for records when it asks for every partition."""

FETCH_WAIT_PARTLY_SECONDS = 0.05
"""The same when some partition is full and left out: it is looked at again so soon."""


class Consumer(driver.Consumer):
    """Faust's consumer; every method that touches a position, an ack or a commit is ours."""

    RebalanceListener = RebalanceListener
    _thread: ConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # Faust's
        super().__init__(*args, **kwargs)
        self._worker = worker_of(self.app)
        stream = self._worker.settings.stream
        self._flow = Flow(self.app, stream.chunk_records)
        self._unacked_messages = cast("Any", self._flow.in_progress)
        self._acked = self._acked_index = self._gap = cast("Any", Nowhere())
        self._seeks = count(1)
        self._turn = 0
        self._generation = -1
        self._committed: dict[TP, int] = {}
        self._expired = Expired(self.app.conf.id)
        self._commit_lock = asyncio.Lock()
        self._fetching: asyncio.Task[None] | None = None
        self._settled_at = awake_seconds()

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def _producer(self) -> Producer:
        return cast("Producer", self.app.producer)

    # delivery

    async def _drain_messages(self, fetcher: Any) -> None:  # noqa: ANN401  # Faust's Fetcher
        stops = (self._stopped, fetcher._stopped)  # noqa: SLF001  # what Faust's own loop waits for
        try:
            while not any(stop.is_set() for stop in stops):
                await self._deliver_once()
        except asyncio.CancelledError:
            self._expect_stop("delivery was cancelled")
        except Exception as exc:  # noqa: BLE001  # whatever it is, a delivery may be half done
            self._expect_stop(f"delivery failed: {exc!r}")

    async def _deliver_once(self) -> None:
        self._flow.wake.clear()
        self._fetch_more()
        await self._producer.buffer.wait_until_ebb()
        if await self._flow.deliver(self._get_active_partitions(), self.callback):
            await asyncio.sleep(0)
            return
        try:
            async with asyncio.timeout(FETCH_WAIT_SECONDS):
                await self._flow.wake.wait()
        except TimeoutError:
            return

    def _fetch_more(self) -> None:
        if self._fetching is not None and not self._fetching.done():
            return
        active = self._get_active_partitions()
        wanted = self._flow.wanted(active)
        if wanted:
            wait = FETCH_WAIT_SECONDS if len(wanted) == len(active) else FETCH_WAIT_PARTLY_SECONDS
            self._fetching = asyncio.create_task(self._fetch(wanted, wait))

    async def _fetch(self, wanted: list[TP], wait_seconds: float) -> None:
        """Fetch into the backlog.

        A task of its own: it is never cancelled with the loop that asked for it.
        """
        try:
            fetched = await self._thread.fetch(wanted, wait_seconds)
        except ConsumerStoppedError:
            return
        except KafkaError as exc:
            if not exc.retriable:
                self._expect_stop(f"fetching failed: {exc!r}")
            await asyncio.sleep(FETCH_WAIT_PARTLY_SECONDS)
        except Exception as exc:  # noqa: BLE001  # aiokafka has moved past records that it now drops
            self._expect_stop(f"a fetched record cannot be read: {exc!r}")
        else:
            for tp, (number, records) in fetched.items():
                self._flow.offer(tp, number, records)
        self._flow.wake.set()

    def _expect_stop(self, why: str) -> None:
        if not self.app.should_stop:
            self._worker.die(why)

    def ack(self, message: Any) -> bool:  # noqa: ANN401  # a Chunk, or a changelog message
        """Mark a message done; a Chunk tells the flow."""
        message.acked = True
        return True

    def on_buffer_full(self, tp: TP) -> None:
        """Nothing: the flow looks at the queues itself."""

    def on_buffer_drop(self, tp: TP) -> None:  # noqa: ARG002
        """Look again what can be delivered."""
        self._flow.wake.set()

    # positions

    def stop_flow(self) -> None:
        """Deliver nothing more."""
        super().stop_flow()
        self._flow.stop()

    def resume_flow(self) -> None:
        """Deliver again what has been positioned."""
        super().resume_flow()
        self._flow.resume()
        if self._flow.ready:
            self._settled_at = awake_seconds()

    async def perform_seek(self) -> None:
        """Position the streams at their committed offsets.

        Nothing of them is delivered until the flow is resumed.
        """
        turn, number = self._turn, next(self._seeks)
        self._flow.hold()
        tps = frozenset(tp for tp in self.assignment() if not self._is_changelog_tp(tp))
        starts, committed = await self._thread.seek_to_start(tps, number)
        if turn == self._turn:
            self._expired.look(committed, starts)
            self._committed = committed
            self._flow.position(starts, number)

    def overtaken(self, tp: TP, left: int, position: int) -> None:
        """Count what retention deleted in front of a partition that is being read; the client read on."""
        if not self._is_changelog_tp(tp):
            self._expired.look({tp: left}, {tp: position})

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Position changelogs: recovery reads them from here on."""
        turn, number = self._turn, next(self._seeks)
        await self._thread.seek_all(partitions, number)
        if turn == self._turn:
            self._flow.position(partitions, number, changelog=True)

    async def seek(self, partition: TP, offset: int) -> None:
        """Position one changelog partition."""
        await self.seek_wait({partition: offset})

    # commit

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:  # noqa: ANN401, ARG002
        """Commit what is safe, one commit at a time; True when something was committed."""
        return await self.force_commit()

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:  # noqa: ANN401, ARG002
        """Snapshot of the safe offsets, then every send issued so far, then the commit: in this order."""
        async with self._commit_lock:
            turn, generation = self._turn, self._generation
            safe = self._flow.deliveries.safe_offsets()
            offsets = {tp: offset for tp, offset in safe.items() if offset != self._committed.get(tp)}
            if not offsets:
                return False
            await self._producer.verify()
            if not await self._thread.commit_in(offsets, generation):
                return False
            if turn == self._turn:
                self._committed.update(offsets)
            self.app.tables.on_commit(offsets)
            return True

    # rebalance and stop

    async def wait_empty(self) -> None:
        """Wait a bounded time for what is in progress, commit it, forget all epochs.

        Faust calls it on revoke and on stop.
        """
        settings = self._worker.settings
        seconds = (
            settings.run.stop_seconds / 2 if self.app.should_stop else settings.stream.drain_timeout_seconds
        )
        try:
            async with asyncio.timeout(seconds):
                await self._flow.idle()
                await self._producer.verify()
                await self.force_commit()
        except TimeoutError:
            late = bool(self._flow.in_progress) or self._producer.unacknowledged
            if late and self.app.tables:
                self._worker.die(
                    f"work in progress outlives its partitions by {seconds} s, and there are tables"
                )
        self._flow.forget()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Give partitions back: the protocol is eager, so all of them."""
        self._flow.stop()
        if not self.app.should_stop:
            await super().on_partitions_revoked(revoked)
        self._turn += 1
        self._committed = {}
        self._flow.forget()
        self._settled_at = awake_seconds()

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Take partitions; recovery positions them."""
        self._turn += 1
        self._generation = generation_id
        self._settled_at = awake_seconds()
        if not self.app.should_stop:
            await super().on_partitions_assigned(assigned, generation_id)

    async def on_stop(self) -> None:
        """Stop fetching, then as on revoke."""
        await super().on_stop()
        if self._fetching is not None:
            self._fetching.cancel()

    def close(self) -> None:
        """Nothing: the thread closes its client when it stops."""

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Nothing: Faust's looks at a monitor that measures nothing; `_watch` looks here."""

    @Service.task
    async def _watch(self) -> None:
        """End a worker that has partitions and neither delivers nor recovers."""
        delivered, since = 0, self._settled_at
        while not self.should_stop:
            await self.sleep(1.0)
            if self._flow.ready or self._flow.delivered != delivered or not self.assignment():
                delivered, since = self._flow.delivered, awake_seconds()
            since = max(since, self._settled_at)
            if awake_seconds() - since > 2 * self._worker.settings.kafka.request_timeout_seconds:
                self._expect_stop("partitions are assigned, but their recovery does not end")


class Transport(driver.Transport):
    """What Faust is given for the URL scheme."""

    Consumer = Consumer
    Producer = Producer

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # Faust's
        super().__init__(*args, **kwargs)
        if CLIENT_LOG.level == logging.NOTSET:
            CLIENT_LOG.setLevel(logging.INFO)
        kafka = worker_of(self.app).settings.kafka
        self.fence = Fence(
            # the group counts from the last heartbeat, which may be so old when the process is suspended
            max(kafka.session_timeout_seconds - kafka.heartbeat_interval_seconds,
                kafka.session_timeout_seconds / 2),
            kafka.rebalance_timeout_seconds, awake_seconds)


