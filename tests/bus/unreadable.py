"""Record batches as a client writes that does not care what a header name is."""

from __future__ import annotations

import asyncio
import time

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

CRC_AT, COUNTED_FROM = 17, 21
NOT_YET = {3, 6}
"""A topic so new that its leader does not know it."""
BAD = b"\xff\xfeid"


def batch(values: list[bytes], compression: int = 0, at_ms: int = 1_000) -> bytes:
    """A batch with its checksum: one record a value, and a header name that is no UTF-8 where the value says `bad`."""
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=compression, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=-1,
        batch_size=1_000_000)
    for offset, value in enumerate(values):
        headers = [("QQid", b"\x00\xff")] if value.startswith(b"bad") else []
        builder.append(offset, at_ms + offset, b"k", value, headers=[("trace", b"t"), *headers])
    return recount(bytes(builder.build()).replace(b"QQid", BAD))


def recount(built: bytes) -> bytes:
    return built[:CRC_AT] + calc_crc32c(built[COUNTED_FROM:]).to_bytes(4) + built[COUNTED_FROM:]


async def write(producer: AIOKafkaProducer, topic: str, partition: int, values: list[bytes]) -> None:
    """Put a batch on the log past the client's own encoder."""
    async with asyncio.timeout(20):
        while await _sent(producer, TopicPartition(topic, partition), values) in NOT_YET:
            await producer.client.force_metadata_update()


async def _sent(producer: AIOKafkaProducer, place: TopicPartition, values: list[bytes]) -> int:
    sent = batch(values, at_ms=int(time.time() * 1000))  # retention takes what is of 1970 at once
    await producer.partitions_for(place.topic)
    answer = await producer.client.send(producer.client.cluster.leader_for_partition(place), ProduceRequest(
        transactional_id=None, required_acks=-1, timeout=10_000, topics=[(place.topic, [(place.partition, sent)])]))
    [(_, [(_, code, *_rest)])] = answer.topics
    assert code in {0, *NOT_YET}
    return code
