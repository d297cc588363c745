"""stock_ground: stock Faust on the same harness as ours: same rounds, same broker, numbered events."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from streams.bench import stock
from streams.bench.ground import environment, patiently, settings_of
from streams.bench.pool import Pool, Seat
from streams.bus.connect import connect
from streams.bus.scan import scan
from streams.testing.kafka_server import KafkaServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from streams.bus.interface import Admin, Bus, Producer, TopicPartition

PARTITIONS: Final = 4
KEYS: Final = 2000
PADDING: Final = b" " * 500
QUIET_SECONDS: Final = 30.0
"""Stock Faust has drained when nothing is unread, or when nothing has moved for so long."""


@dataclass(slots=True)
class Stock:
    """`rounds.Ground` of stock Faust. Make it by `opened`."""

    bus: Bus
    pool: Pool
    server: KafkaServer
    batch: int
    producer: Producer
    admin: Admin
    stages: Sequence[str] = stock.STAGES
    sent: int = 0

    async def feed(self) -> None:
        """Send the next numbers."""
        for number in range(self.sent, self.sent + self.batch):
            key = str(number % KEYS).encode()
            await self.producer.send(stock.IN, str(number).encode() + PADDING, key=key)
            self.sent += 1
        await self.producer.flush()

    async def behind(self) -> dict[TopicPartition, tuple[int, int]]:
        """Return first unread and next offset of the partitions that the stages have not read to the end."""
        found: dict[TopicPartition, tuple[int, int]] = {}
        for topic, group in ((stock.IN, "stock-relay"), (stock.MID, "stock-tally")):
            done = await patiently(partial(self.admin.committed_offsets, group))
            ends = await patiently(partial(self.admin.end_offsets, [topic]))
            at = {place: (done.get(place, 0), end) for place, end in ends.items()}
            found |= {place: (first, end) for place, (first, end) in at.items() if first < end}
        return found

    async def joined(self, seat: Seat) -> None:
        """Wait until a worker is assigned."""
        await self.pool.ready(seat)

    async def restart_broker(self) -> None:
        """Kill -9 the broker and start it again on its data."""
        await asyncio.to_thread(self.server.restart)

    async def staff(self, workers: int) -> None:
        """Start so many workers a stage and wait until all are assigned."""
        seats = [Seat(stage, ordinal) for stage in self.stages for ordinal in range(workers)]
        for seat in seats:
            self.pool.start(seat)
        await self.pool.ready(*seats)

    async def drained(self) -> None:
        """Wait until nothing is unread or nothing more comes."""
        before, since = await self.behind(), time.monotonic()
        while before and time.monotonic() - since < QUIET_SECONDS:
            await asyncio.sleep(1)
            if (now := await self.behind()) != before:
                before, since = now, time.monotonic()

    async def lost(self) -> int:
        """Return how many numbers never came out."""
        found: set[bytes] = set()
        async for records in scan(self.bus, [stock.OUT]):
            found |= {(record.value or b"").strip() for record in records}
        return self.sent - len(found)


@asynccontextmanager
async def opened(folder: Path, *, batch: int) -> AsyncIterator[Stock]:
    """Start a broker in `folder`, create the topics; stop all at the end."""
    server = KafkaServer(folder / "kafka").start()
    bus = connect(settings_of(server.url, folder))

    def command(seat: Seat) -> list[str]:
        program = [sys.executable, "-m", "streams.bench.stock", seat.stage]
        return [*program, "--broker", server.bootstrap, "--folder", str(folder / seat.name)]

    pool = Pool(command, environment(server.url, folder), folder)
    keeper = asyncio.create_task(pool.keep())
    try:
        async with bus.admin() as admin, bus.producer(client_id="bench") as producer:
            for topic in (stock.IN, stock.MID, stock.OUT):
                await admin.create_topic(topic, PARTITIONS, {})
            yield Stock(bus, pool, server, batch, producer, admin)
    finally:
        keeper.cancel()
        await pool.stop_all(seconds=5)
        server.kill()
