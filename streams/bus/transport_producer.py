"""The Faust producer on Kafka: idempotent, acks=all, every send remembered until it is acknowledged.

`send` keeps the future of each record; `verify`, called before every commit, waits for all that were issued
so far, those of the tables' changelogs included, and ends the process when one failed or when the broker is
silent for longer than a request may take. Faust's own `flush` gives up after 0.1 s without progress, and a
failed send is a log line there.

A produce request is only made while the fence allows it: what was buffered before a suspension is not written
after it.

Source: aiokafka 0.14 `producer/sender.py` (an idempotent producer retries for ever); faust 0.15.3
`transport/producer.py`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.producer.sender import Sender
from faust.transport.drivers import aiokafka as driver
from faust.transport.producer import ProducerBuffer

from streams.bus.errors import TooLarge
from streams.bus.faust_hooks import worker_of
from streams.bus.kafka_nothing import send_nothing
from streams.bus.transport_thread import fence_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faust.types import AppT, FutureMessage, RecordMetadata

RETRY_BACKOFF_MS = 100
"""aiokafka's own default, which its producer does not keep for a sender made later."""

BUFFERED_MOST = 1000
"""Changelog records that may wait to be handed to the client before events are held back."""


class FencedSender(Sender):  # type: ignore[misc]  # aiokafka has no types
    """aiokafka's sender, asking the fence before each produce request."""

    may_write: Callable[[], None]

    async def _send_produce_req(self, node_id: int, batches: Mapping[object, object]) -> None:
        self.may_write()
        await super()._send_produce_req(node_id, batches)


class FencedProducer(AIOKafkaProducer):  # type: ignore[misc]  # aiokafka has no types
    """aiokafka's producer with that sender.

    `may_write` ends the process when nothing may be written any more.
    """

    def __init__(self, *, may_write: Callable[[], None], **settings: Any) -> None:  # noqa: ANN401  # aiokafka's
        super().__init__(**settings)
        self._sender = FencedSender(
            self.client, acks=-1, txn_manager=self._txn_manager, retry_backoff_ms=RETRY_BACKOFF_MS,
            message_accumulator=self._message_accumulator, request_timeout_ms=settings["request_timeout_ms"],
        )
        self._sender.may_write = may_write


class Buffer(ProducerBuffer):
    """Changelog records on their way to the client, in the order in which tables put them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._put = 0
        self._passed = 0

    def put(self, fut: FutureMessage) -> None:
        """Queue a record."""
        self._put += 1
        self.pending.put_nowait(fut)

    async def _send_pending(self, fut: FutureMessage) -> None:
        message = fut.message
        producer = cast("Producer", cast("AppT", self.app).producer)
        sent = await producer.send(
            message.channel.get_topic_name(), cast("bytes", message.key), cast("bytes", message.value),
            message.partition, message.timestamp, message.headers,
        )
        sent.add_done_callback(partial(_tell, fut))
        self._passed += 1

    async def handed_over(self) -> None:
        """Wait until what was put so far is with the client (not: acknowledged)."""
        await self._until(self._put)

    async def wait_until_ebb(self) -> None:
        """Wait until few enough records are queued; the conductor asks before it delivers."""
        await self._until(self._put - BUFFERED_MOST)

    async def _until(self, passed: int) -> None:
        while self._passed < passed and not self.should_stop:
            self.message_sent.clear()
            await self.message_sent.wait()

    async def flush_atmost(self, max_messages: int | None) -> int:  # noqa: ARG002
        """Wait until all is handed over; return 0, for nobody asks."""
        await self.handed_over()
        return 0

    async def on_stop(self) -> None:
        """Drop what a cancelled event put: it comes again."""


def _tell(message: FutureMessage, sent: asyncio.Future[RecordMetadata]) -> None:
    """Give the table what it waits for; a failure is `verify`'s."""
    if sent.cancelled() or sent.exception() is not None or message.done():
        return
    message.set_result(sent.result())
    if message.message.callback is not None:
        message.message.callback(message)


class Producer(driver.Producer):
    """Faust's producer, with a memory for what it has sent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # Faust's
        super().__init__(*args, **kwargs)
        self.buffer: Buffer = Buffer(loop=self.loop, beacon=self.beacon)
        self.buffer.app = self.app
        self._worker = worker_of(self.app)
        self._unverified: deque[asyncio.Future[RecordMetadata]] = deque()
        self._verified = 0

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}

    def _new_producer(self, transactional_id: str | None = None) -> FencedProducer:  # noqa: ARG002
        settings = {**self._settings_default(), **self._settings_auth(), **self._settings_extra()}
        return FencedProducer(may_write=self._may_write, **settings)

    def _may_write(self) -> None:
        why = fence_of(self.transport).why()
        if why is not None:
            self._worker.die(why)

    async def send(  # Faust's signature
        self, topic: str, key: bytes | None, value: bytes | None, partition: int | None,
        timestamp: float | None, headers: Any, *, transactional_id: str | None = None,  # noqa: ANN401, ARG002
    ) -> asyncio.Future[RecordMetadata]:
        """Queue a record, as `put`; Faust's tables send their changelogs here."""
        return await self.put(
            topic, key, value, partition, headers, None if timestamp is None else int(timestamp * 1000)
        )

    async def put(  # the parts of a record
        self, topic: str, key: bytes | None, value: bytes | None, partition: int | None,
        headers: Any = None, timestamp_ms: int | None = None,  # noqa: ANN401  # as aiokafka takes them
    ) -> asyncio.Future[RecordMetadata]:
        """Queue a record.

        `TooLarge` when it is over `max_request_size`; any other failure ends the process.
        """
        client = self._ensure_producer()
        sent: asyncio.Future[RecordMetadata]
        try:
            if key is None and value is None:
                sent = await send_nothing(client, topic, headers or [], partition, timestamp_ms)
            else:
                sent = await client.send(topic, value, key, partition, timestamp_ms, headers)
        except MessageSizeTooLargeError as exc:
            raise TooLarge(f"a record for {topic} is over the bus's limit: {exc}") from exc
        except KafkaError as exc:
            self._worker.die(f"a record for {topic} could not be sent: {exc!r}")
        self._unverified.append(sent)
        return sent

    async def verify(self) -> None:
        """Wait until every send issued so far is acknowledged.

        Ends the process when one failed or none comes through.
        """
        await self.buffer.handed_over()
        sends = self._unverified
        target = self._verified + len(sends)
        while self._verified < target:
            sent = sends[0]
            if not sent.done():
                await asyncio.wait({sent}, timeout=self.request_timeout)
                if not sent.done():
                    self._worker.die("a send was not acknowledged: the broker is silent")
                continue  # another `verify` may have counted it meanwhile
            if sent.cancelled() or sent.exception() is not None:
                self._worker.die(f"a send was not acknowledged: {_why(sent)}")
            sends.popleft()
            self._verified += 1

    @property
    def unacknowledged(self) -> bool:
        """Say whether a send may still be on its way."""
        return bool(self.buffer.size) or any(not sent.done() for sent in self._unverified)

    async def flush(self) -> None:
        """Wait until everything sent so far is acknowledged."""
        await self.verify()


def _why(sent: asyncio.Future[RecordMetadata]) -> str:
    return "it was cancelled" if sent.cancelled() else repr(sent.exception())
