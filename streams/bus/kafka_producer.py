"""The producer on Kafka: idempotent, acks=all.

A record that the broker refuses costs an idempotent producer of aiokafka 0.14 its partition: the sequence
number is used up, and every later record there fails as out of order (producer/sender.py; the Java client
starts a new epoch). So a record's size is checked here, against its topic's own limit, before it takes a
number; and when one is refused all the same, the next send goes out by a new client.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.bus.errors import BusError, TooLarge, UnknownTopic
from streams.bus.interface import RecordMetadata
from streams.bus.kafka_configs import topic_configs
from streams.bus.kafka_errors import bus_error, translated
from streams.bus.kafka_nothing import send_nothing
from streams.topics import MAX_DEAD_LETTER_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.bus.interface import Headers
    from streams.settings import KafkaSettings

    Answer = asyncio.Future[RecordMetadata]

BATCH_BYTES: Final = 100
"""A batch's header has 61 bytes, its one record at most 30 beside key, value and headers (format v2)."""
HEADER_BYTES: Final = 10
"""Two lengths of at most 5 bytes."""
ENVELOPE_BYTES: Final = 4096
"""What Kafka adds to a record of the greatest size; the topic's own limit decides, at the broker."""


class KafkaProducer:
    """Implements `interface.Producer`."""

    def __init__(self, options: Mapping[str, Any], kafka: KafkaSettings) -> None:
        self._options = options
        self._kafka = kafka
        self._client: AIOKafkaProducer | None = None
        self._limits: dict[str, int] = {}
        self._spoilt = False
        self._renewing = asyncio.Lock()
        self._waiting: set[Answer] = set()
        self._failure: BusError | None = None

    async def start(self) -> None:
        """Connect. Raises `BusError` when no broker answers."""
        if self._client is None:
            self._client = await self._connect()

    async def _connect(self) -> AIOKafkaProducer:
        client = AIOKafkaProducer(
            **self._options,
            acks="all",
            enable_idempotence=True,
            linger_ms=self._kafka.linger_ms,
            max_batch_size=self._kafka.batch_size_bytes,
            max_request_size=MAX_DEAD_LETTER_BYTES + ENVELOPE_BYTES,
            compression_type=None if self._kafka.compression == "none" else self._kafka.compression,
        )
        try:
            with translated(f"connecting to {self._where}"):
                await client.start()
        except BaseException:
            await client.stop()
            raise
        return client

    async def stop(self) -> None:
        """Send what is buffered, then close."""
        client, self._client = self._client, None
        if client is not None:
            with translated(f"closing the producer on {self._where}"):
                await client.stop()

    async def _renew(self) -> None:
        """Go on with a new client, whose numbers start afresh; what the old one holds goes first."""
        if self._spoilt:
            async with self._renewing:
                if self._spoilt:
                    await self.stop()
                    self._client, self._spoilt = await self._connect(), False

    async def send(  # aiokafka's own signature
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> Answer:
        """Queue one record; waits while the buffer of its partition is full. Failures come by the future."""
        answer: Answer = asyncio.get_running_loop().create_future()
        self._waiting.add(answer)
        try:
            sent = await self._hand_over(topic, value, key, list(headers), partition, timestamp_ms)
        except (BusError, KafkaError, TimeoutError, OSError) as error:
            self._settle(answer, topic, error)
        except BaseException:
            self._waiting.discard(answer)
            raise
        else:
            sent.add_done_callback(lambda done: self._settle(answer, topic, done))
        return answer

    async def _hand_over(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        headers: list[tuple[str, bytes]],
        partition: int | None,
        timestamp_ms: int | None,
    ) -> asyncio.Future[Any]:
        await self._renew()
        if topic not in self._limits:
            await self._look_up(topic)
        if (size := _size_of(key, value, headers)) > self._limits[topic]:
            raise TooLarge(f"{size} bytes for {topic}, whose max.message.bytes is {self._limits[topic]}")
        client = self._running()
        known = client.client.cluster.partitions_for_topic(topic) or set()
        if partition is not None and partition not in known:
            raise UnknownTopic(f"topic {topic!r} has {len(known)} partitions, so no partition {partition}")
        if key is None and value is None:
            return await send_nothing(client, topic, headers, partition, timestamp_ms)
        sent: asyncio.Future[Any] = await client.send(
            topic, value, key=key, partition=partition, timestamp_ms=timestamp_ms, headers=headers
        )
        return sent

    async def _look_up(self, topic: str) -> None:
        """Ask for all topics: to ask for one by name makes a broker of default settings create it."""
        client = self._running().client
        if topic not in (await client.fetch_all_metadata()).topics():
            raise UnknownTopic(f"topic {topic!r} does not exist; `communique topics apply` creates it")
        await client.add_topic(topic)
        found = (await topic_configs(client, [topic])).get(topic, {})
        limit = found.get("max.message.bytes")
        self._limits[topic] = MAX_DEAD_LETTER_BYTES if limit is None else int(limit.text)

    def _settle(self, answer: Answer, topic: str, outcome: asyncio.Future[Any] | Exception) -> None:
        self._waiting.discard(answer)
        error = outcome if isinstance(outcome, Exception) else _failure_of(outcome)
        if error is not None:
            failure = bus_error(error, f"sending to {topic}")
            self._spoilt = self._spoilt or isinstance(outcome, asyncio.Future)
            self._failure = self._failure or failure
            if not answer.done():
                answer.set_exception(failure)
                answer.exception()  # `flush` reports it: no "never retrieved" for who does not await each
        elif not answer.done() and isinstance(outcome, asyncio.Future):
            done = outcome.result()
            answer.set_result(RecordMetadata(done.topic, done.partition, done.offset))

    async def flush(self) -> None:
        """Wait until everything sent is acknowledged; raise the first failure since the last flush."""
        with translated(f"flushing to {self._where}"):
            await self._running().flush()
        if self._waiting:
            await asyncio.wait(self._waiting)
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _running(self) -> AIOKafkaProducer:
        if self._client is None:
            raise BusError("this producer is not started")
        return self._client

    @property
    def _where(self) -> str:
        return ",".join(self._options["bootstrap_servers"])

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()


def _size_of(key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]) -> int:
    """Return what a record takes as a batch of its own, uncompressed: a few bytes too many, never too few."""
    named = sum(len(name.encode()) + len(content) + HEADER_BYTES for name, content in headers)
    return len(key or b"") + len(value or b"") + named + BATCH_BYTES


def _failure_of(done: asyncio.Future[Any]) -> Exception | None:
    if done.cancelled():
        return BusError("the producer was closed before the record was acknowledged")
    error = done.exception()
    return error if error is None or isinstance(error, Exception) else BusError(repr(error))
