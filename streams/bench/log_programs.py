"""The processes that the benchmark of the embedded log starts: writers, readers, two Faust stages.

    python -m streams.bench.log_programs write BUS SECONDS
    python -m streams.bench.log_programs read BUS SECONDS
    python -m streams.bench.log_programs stage first|second BUS STATE

Writers and readers print one JSON line; a stage prints `ready` and runs until SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import faust

from streams.bus.interface import TopicPartition
from streams.bus.sqlite import SqliteBus
from streams.bus.transport import app_options, channels, sender
from streams.settings import Settings

if TYPE_CHECKING:
    from streams.bus.door import Channels, Sender

TOPIC: Final = "bench.records"
PARTITIONS: Final = 6
HOPS: Final = ("bench.in", "bench.between", "bench.out")
TABLE: Final = "bench-totals"
RECORD: Final = b"x" * 1000
BATCH: Final = 100


async def write(bus: str, seconds: float) -> None:
    """Append batches of 100 records of 1 kB; print how many, and the longest wait for a commit."""
    written, longest = 0, 0.0
    async with SqliteBus(bus, Settings()).producer(client_id="bench") as producer:
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until:
            for _ in range(BATCH):
                await producer.send(TOPIC, RECORD, partition=written % PARTITIONS)
                written += 1
            await producer.flush()
            longest = max(longest, time.monotonic() - now)
    print(json.dumps({"records": written, "wait_seconds": longest}))


async def read(bus: str, seconds: float) -> None:
    """Read from the beginning and on; print how many."""
    records = 0
    async with SqliteBus(bus, Settings()).consumer(client_id="bench") as consumer:
        consumer.assign(TopicPartition(TOPIC, number) for number in range(PARTITIONS))
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            records += sum(map(len, (await consumer.getmany(timeout_ms=100)).values()))
    print(json.dumps({"records": records}))


def stage(name: str, bus: str, state: str) -> None:
    """Run one of two stages; the second counts by a table."""
    settings = Settings(bus=bus, state=Path(state))
    app = faust.App(**app_options(name, settings, 0))
    register = first if name == "first" else second
    register(app, channels(app), sender(app))

    @app.on_rebalance_complete.connect
    async def ready(*_: Any, **__: Any) -> None:  # noqa: ANN401
        print("ready", flush=True)

    faust.Worker(app, loglevel="ERROR", redirect_stdouts=False, quiet=True).execute_from_commandline()


def first(app: Any, channel: Channels, out: Sender) -> None:  # noqa: ANN401
    """Pass records on."""

    async def pass_on(events: Any) -> None:  # noqa: ANN401
        async for event in events.events():
            for record in event.value:
                await out.send(HOPS[1], record.value, key=record.key)

    app.agent(channel(HOPS[0]), name="first")(pass_on)


def second(app: Any, channel: Channels, out: Sender) -> None:  # noqa: ANN401
    """Count records by key in a table, and pass them on."""
    table = app.Table(TABLE, key_type=bytes, value_type=bytes, partitions=1)

    async def count(events: Any) -> None:  # noqa: ANN401
        """Number the records of each key."""
        async for event in events.events():
            for record in event.value:
                table[record.key] = str(int(table.get(record.key) or 0) + 1).encode()
                await out.send(HOPS[2], record.value, key=record.key)

    app.agent(channel(HOPS[1]), name="second")(count)


def main(words: list[str]) -> None:
    """Run the program that the words name."""
    match words:
        case ["write", bus, seconds]:
            asyncio.run(write(bus, float(seconds)))
        case ["read", bus, seconds]:
            asyncio.run(read(bus, float(seconds)))
        case ["stage", name, bus, state]:
            stage(name, bus, state)
        case _:
            sys.exit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
