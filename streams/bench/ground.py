"""ground: the whole product on a bus of its own, for benchmarks that disturb it.

Workers are real processes (`python -m streams.worker`); the articles are those of `articles`, in order, so
that two grounds fed alike have the same raw records at the same offsets.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from streams import topics
from streams.audit.lag import look
from streams.bench import articles
from streams.bench.pool import Pool, Seat
from streams.bus import admin as catalogue
from streams.bus.connect import connect
from streams.bus.errors import BusError
from streams.settings import Settings
from streams.stages import STAGES
from streams.testing.kafka_server import KafkaServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from pathlib import Path

    from streams.bus.interface import Admin, Bus, Producer, TopicPartition

SESSION_SECONDS: Final = 6
T = TypeVar("T")
PATIENCE_SECONDS: Final = 60.0
DRAIN_SECONDS: Final = 600.0
"""So long without anything moving, and it will not be drained."""
SETTINGS: Final = {
    "TOPICS__PARTITIONS": "4",
    "TOPICS__SHARDS": "2",
    "KAFKA__SESSION_TIMEOUT_SECONDS": str(SESSION_SECONDS),
    "KAFKA__HEARTBEAT_INTERVAL_SECONDS": "1",
    "KAFKA__REBALANCE_TIMEOUT_SECONDS": "10",
    "KAFKA__REQUEST_TIMEOUT_SECONDS": "15",
    "LOG__SESSION_TIMEOUT_SECONDS": str(SESSION_SECONDS),
    "DEDUP__LATENESS_HOURS": "null",
    "NOVELTY__LATENESS_DAYS": "null",
    "NOVELTY__VERSIONS_DAYS": "null",
    "OBSERVE__LOG_LEVEL": "WARNING",
}
"""Short sessions, so that a suspended worker is missed; no lateness, so that order decides nothing."""


def environment(bus: str, state: Path) -> dict[str, str]:
    """Return what a worker process has in its environment: this one's, with the settings of a ground."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COMMUNIQUE_")}
    return kept | {f"COMMUNIQUE_{name}": value for name, value in SETTINGS.items()} | {
        "COMMUNIQUE_BUS": bus, "COMMUNIQUE_STATE": str(state)}


def settings_of(bus: str, state: Path) -> Settings:
    """Return the same settings for this process."""
    nested: dict[str, dict[str, object]] = {}
    for name, value in SETTINGS.items():
        group, field = name.lower().split("__")
        nested.setdefault(group, {})[field] = None if value == "null" else value
    return Settings(bus=bus, state=state, **nested)  # type: ignore[arg-type]  # checked by pydantic


@dataclass(slots=True)
class Product:
    """`rounds.Ground` of our own stages. Make it by `opened`."""

    bus: Bus
    pool: Pool
    server: KafkaServer | None
    batch: int
    producer: Producer
    admin: Admin
    stages: Sequence[str] = tuple(STAGES)
    sent: int = 0

    async def feed(self, count: int | None = None) -> None:
        """Send the next articles."""
        for number in range(self.sent, self.sent + (self.batch if count is None else count)):
            record = articles.raw(number)
            await self.producer.send(topics.RAW.name, record.value, key=record.key)
            self.sent += 1
        await self.producer.flush()

    async def behind(self) -> dict[TopicPartition, tuple[int, int]]:
        """Return first unread and next offset of the partitions that the stages have not read to the end."""
        lags = await patiently(lambda: look(self.admin, self.stages))
        ends = await patiently(lambda: self.admin.end_offsets([lag.topic for lag in lags]))
        return {place: (at, ends[place]) for lag in lags for place, at in lag.oldest.items()}

    async def joined(self, seat: Seat) -> None:
        """Wait until a worker is ready; on the embedded log it waits for the live one to end."""
        if self.server is not None:
            await self.pool.ready(seat)

    async def restart_broker(self) -> None:
        """Kill -9 the broker and start it again on its data."""
        if self.server is not None:
            await asyncio.to_thread(self.server.restart)

    async def staff(self, workers: int) -> None:
        """Start so many workers a stage and wait until all are ready."""
        seats = [Seat(stage, ordinal) for stage in self.stages for ordinal in range(workers)]
        for seat in seats:
            self.pool.start(seat)
        live = seats if self.server is not None else [seat for seat in seats if seat.ordinal == 0]
        await self.pool.ready(*live)

    async def drained(self) -> bool:
        """Wait until nothing is unread, twice in a row; False when nothing moves any more."""
        deadline, clear = time.monotonic() + DRAIN_SECONDS, 0
        before: object = None
        while clear < 2 and time.monotonic() < deadline:
            left = await self.behind()
            if left != before:
                deadline, before = time.monotonic() + DRAIN_SECONDS, left
            clear = 0 if left else clear + 1
            await asyncio.sleep(0.5)
        return clear == 2


@asynccontextmanager
async def opened(folder: Path, *, kafka: bool, batch: int) -> AsyncIterator[Product]:
    """Make a bus in `folder`, create the topics; stop all workers and the broker at the end."""
    server = KafkaServer(folder / "kafka").start() if kafka else None
    url = server.url if server else f"sqlite://{folder}/log.db"
    bus = connect(settings_of(url, folder))
    pool = Pool(_command, environment(url, folder), folder)
    keeper = asyncio.create_task(pool.keep())
    try:
        async with bus.admin() as admin, bus.producer(client_id="bench") as producer:
            await catalogue.ensure(admin, settings_of(url, folder).topics)
            yield Product(bus, pool, server, batch, producer, admin)
            keeper.cancel()
            await pool.stop_all()
    finally:
        keeper.cancel()
        await pool.stop_all()
        if server is not None:
            server.kill()


def _command(seat: Seat) -> list[str]:
    return [sys.executable, "-m", "streams.worker", seat.stage, "--ordinal", str(seat.ordinal)]


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Call again while the bus does not answer: its broker may just be starting."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await call()
        except BusError:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(0.5)
