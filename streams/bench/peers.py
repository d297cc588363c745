"""peers: one worker, one hop, several ways, each a process of its own.

    python -m streams.bench.peers WAY --broker HOST:PORT --into TOPIC --out TOPIC --group NAME --folder DIR

    plain           aiokafka alone: getmany, send, flush and commit every half second
    stock           Faust as published, `await topic.send(…)`: unsafe, a send that fails is a log line
    stock_awaited   Faust as published, each send awaited to its acknowledgement: still unsafe at a rebalance
    ours            our transport, all guarantees on, chunks of `--chunk` records

All do the same work on each record (`work`), all have batches of 256 kB, 5 ms of linger, zstd. What stock
Faust fetches and queues is left at its defaults, with which it is fastest: measured 5,800 records/s, 1,700
with fetches of 8 MiB, 500 records a poll and 512 events a queue.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import faust
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from streams.bus.transport import app_options, channels, sender
from streams.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.bus.interface import Record

LINGER_MS: Final = 5
BATCH_BYTES: Final = 262_144
COMMIT_SECONDS: Final = 0.5
FETCH_BYTES: Final = 8 * 1024 * 1024


def work(value: bytes) -> bytes:
    """Do what a cheap stage does: JSON in, a field more, JSON out."""
    body = orjson.loads(value)
    body["seen"] = True
    return orjson.dumps(body)


async def plain(given: argparse.Namespace) -> None:
    """Run without Faust."""
    consumer = AIOKafkaConsumer(
        given.into, bootstrap_servers=given.broker, group_id=given.group, enable_auto_commit=False,
        auto_offset_reset="earliest", max_partition_fetch_bytes=FETCH_BYTES,
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=given.broker, linger_ms=LINGER_MS, max_batch_size=BATCH_BYTES, acks="all",
        enable_idempotence=True, compression_type="zstd",
    )
    await consumer.start()
    await producer.start()
    committed = time.monotonic()
    while True:
        for records in (await consumer.getmany(timeout_ms=500, max_records=500)).values():
            for record in records:
                await producer.send(given.out, work(record.value), key=record.key)
        if time.monotonic() - committed > COMMIT_SECONDS:
            await producer.flush()
            await consumer.commit()
            committed = time.monotonic()


def stock(given: argparse.Namespace, *, awaited: bool) -> faust.App:
    """Return Faust as it is published."""
    app = faust.App(
        given.group, broker=f"kafka://{given.broker}", key_serializer="raw", value_serializer="raw",
        producer_acks=-1, producer_linger=LINGER_MS / 1000, producer_max_batch_size=BATCH_BYTES,
        producer_compression_type="zstd", consumer_auto_offset_reset="earliest",
        broker_commit_interval=COMMIT_SECONDS, topic_allow_declare=False, topic_disable_leader=True,
        web_enabled=False, datadir=given.folder,
    )
    into = app.topic(given.into, key_type=bytes, value_type=bytes)
    out = app.topic(given.out, key_type=bytes, value_type=bytes)

    async def relay(events: faust.StreamT[bytes]) -> None:
        """Pass on what was worked on."""
        async for event in events.events():
            sent = await out.send(key=event.key, value=work(event.value))
            if awaited:
                await sent

    app.agent(into, name="relay")(relay)
    return app


def ours(given: argparse.Namespace) -> faust.App:
    """Return Faust on our transport."""
    settings = Settings(bus=f"kafka://{given.broker}", state=Path(given.folder))
    stream = settings.stream.model_copy(update={"chunk_records": given.chunk})
    settings = settings.model_copy(update={"stream": stream})
    app = faust.App(**{**app_options("clean", settings, None), "id": given.group})
    send, channel = sender(app), channels(app)

    async def relay(events: faust.StreamT[bytes]) -> None:
        """Pass on what was worked on."""
        async for event in events.events():
            for record in cast("tuple[Record, ...]", event.value):
                await send.send(given.out, work(record.value or b"{}"), key=record.key)

    app.agent(cast("faust.ChannelT[bytes]", channel(given.into)), name="relay")(relay)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one way until it is killed."""
    parser = argparse.ArgumentParser(description="One worker, one hop.")
    parser.add_argument("way", choices=("plain", "stock", "stock_awaited", "ours"))
    for name in ("broker", "into", "out", "group", "folder"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--chunk", type=int, default=64)
    given = parser.parse_args(arguments)
    if given.way == "plain":
        asyncio.run(plain(given))
        return
    app = ours(given) if given.way == "ours" else stock(given, awaited=given.way == "stock_awaited")
    faust.Worker(app, loglevel="ERROR", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    main()
