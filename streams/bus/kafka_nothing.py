"""A record without key and value: Kafka takes it, aiokafka 0.14 asserts it away (`AIOKafkaProducer.send`).

Any producer may write one, and its dead letter keeps it as it is. Remove when aiokafka drops the assertion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition

if TYPE_CHECKING:
    import asyncio

    from aiokafka import AIOKafkaProducer


async def send_nothing(
    client: AIOKafkaProducer,
    topic: str,
    headers: list[tuple[str, bytes]],
    partition: int | None,
    timestamp_ms: int | None,
) -> asyncio.Future[Any]:
    """Queue the record as `AIOKafkaProducer.send` would; the topic must exist. Raises aiokafka's errors."""
    await client.client._wait_on_metadata(topic)  # noqa: SLF001
    place = client._partition(topic, partition, None, None, None, None)  # noqa: SLF001
    sent: asyncio.Future[Any] = await client._message_accumulator.add_message(  # noqa: SLF001
        TopicPartition(topic, place),
        None,
        None,
        client._request_timeout_ms / 1000,  # noqa: SLF001
        timestamp_ms=timestamp_ms,
        headers=headers,
    )
    return sent
