"""What a Faust app sends with on the embedded log: `Sender`, Faust's producer, the buffer that tables use.

All three keep a record with the event that sends it; it is written with the event's offset, in one
transaction, or not at all. What is sent outside of events is written at once. Nothing is ever sent twice,
and nothing is retried.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import faust
from faust.transport.producer import Producer as FaustProducer
from faust.transport.producer import ProducerBuffer
from faust.types import TP
from faust.types.tuples import RecordMetadata as FaustMetadata

from streams.bus.faust_hooks import Chunk
from streams.bus.interface import RecordMetadata
from streams.bus.sqlite_append import Outgoing, now_ms
from streams.bus.sqlite_partition import partition_of
from streams.bus.sqlite_wake import settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from faust.types import AppT, FutureMessage

    from streams.bus.interface import Headers
    from streams.bus.sqlite_stage import StageLog

YIELD_EVERY_SENDS: Final = 32
"""A send here never waits: without a pause an agent would run through its whole queue."""


class Buffer(ProducerBuffer):
    """Takes what tables send."""

    producer: Producer

    def put(self, fut: FutureMessage) -> None:
        """Keep a record with the current event; its future is done after the commit."""
        message = fut.message
        stamp = int(message.timestamp * 1000) if message.timestamp else now_ms()
        topic, headers = message.channel.get_topic_name(), headers_of(message.headers)
        outgoing = Outgoing(topic, message.partition, stamp, message.key, message.value, headers)
        self.producer.keep(outgoing, lambda place: _written(fut, place))

    async def wait_until_ebb(self) -> None:
        """Return: nothing is buffered here."""

    async def flush_atmost(self, max_messages: int | None) -> int:  # noqa: ARG002
        """Return 0: nothing is buffered here."""
        return 0


def _written(fut: FutureMessage, place: RecordMetadata) -> None:
    if not fut.done():
        fut.set_result(as_faust(place))
        if fut.message.callback:
            fut.message.callback(fut)


def headers_of(headers: Any) -> Headers:  # noqa: ANN401  # Faust takes a mapping, pairs, or None
    """Return headers as the bus has them."""
    if not headers:
        return ()
    pairs = headers.items() if hasattr(headers, "items") else headers
    return tuple((name, value) for name, value in pairs)


def as_faust(place: RecordMetadata) -> FaustMetadata:
    """Return where a record lies, in Faust's words."""
    return FaustMetadata(place.topic, place.partition, TP(place.topic, place.partition), place.offset)


class Producer(FaustProducer):
    """Implements Faust's producer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # Faust's
        super().__init__(*args, **kwargs)
        self.buffer = Buffer(loop=self.loop, beacon=self.beacon)
        self.buffer.app, self.buffer.producer = self.app, self
        transport: Any = self.app.transport
        self._stage: StageLog = transport.stage
        self._sends = 0

    async def on_start(self) -> None:
        """Open the log."""
        await super().on_start()
        await self._stage.open()

    async def on_stop(self) -> None:
        """Write what is left."""
        await super().on_stop()
        await self._stage.close()

    def keep(self, outgoing: Outgoing, written: Callable[[RecordMetadata], object] | None = None) -> bool:
        """Keep a record with the current event; without one write it now. Return whether there was one."""
        event = faust.current_event()
        message = None if event is None else event.message
        entry = message.entry if isinstance(message, Chunk) else None
        self._stage.send(outgoing, entry, written)
        return entry is not None and not entry.done

    async def breathe(self) -> None:
        """Let others run, every so many sends."""
        self._sends += 1
        if self._sends % YIELD_EVERY_SENDS == 0:
            await asyncio.sleep(0)

    async def send(  # Faust's own signature
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: Any,  # noqa: ANN401
        *,
        transactional_id: str | None = None,  # noqa: ARG002
    ) -> asyncio.Future[FaustMetadata]:
        """Send; the future is done after the commit, so never await it within its own event."""
        await self.breathe()
        future: asyncio.Future[FaustMetadata] = asyncio.get_running_loop().create_future()
        stamp = int(timestamp * 1000) if timestamp else now_ms()
        outgoing = Outgoing(topic, partition, stamp, key, value, headers_of(headers))
        self.keep(outgoing, lambda place: settle(future, as_faust(place)))
        return future

    async def send_and_wait(self, *args: Any, **kwargs: Any) -> FaustMetadata:  # noqa: ANN401
        """Send and wait for the commit. RuntimeError within an event: it is committed when it has ended."""
        if faust.current_event() is not None:
            message = (
                "on the embedded log an event cannot wait for what it sends: it is committed with the event"
            )
            raise RuntimeError(message)
        return await (await self.send(*args, **kwargs))

    async def flush(self) -> None:
        """Wait until what was sent outside of events is committed."""
        if self.started:
            await self._stage.flush()

    def key_partition(self, topic: str, key: bytes) -> TP:
        """Return where a key goes. Raises `UnknownTopic`."""
        return TP(topic, partition_of(key, len(self._stage.reader.catalogue.topic(topic).pids)))

    async def create_topic(self, topic: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Create nothing: `communique topics apply` does."""

    def supports_headers(self) -> bool:
        """Return true."""
        return True


class Sender:
    """Implements `door.Sender`: what an event sends is written with its offset, or not at all."""

    atomic = True

    def __init__(self, app: AppT) -> None:
        self._app = app

    async def send(  # the bus interface's own shape
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> asyncio.Future[RecordMetadata]:
        """Send; within an event the future is done at once (offset -1: unknown), else after the commit."""
        producer: Any = self._app.producer
        await producer.breathe()
        future: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        outgoing = Outgoing(topic, partition, now_ms(), key, value, tuple(headers))
        if producer.keep(outgoing, lambda place: settle(future, place)):
            future.set_result(RecordMetadata(topic, -1 if partition is None else partition, -1))
        return future
