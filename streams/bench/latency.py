"""latency: from raw to enriched when nothing else is going on, models loaded, on Kafka; and where it goes.

One article at a time, a pause between; what a subscriber waits is the time from the send to the arrival of
the enriched event. The table of hops is made of record timestamps: when each stage wrote. (A record's
timestamp is set when it is handed to the producer, before it is acknowledged; a raw record's by the bus.)
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from itertools import pairwise
from statistics import quantiles
from typing import TYPE_CHECKING, Final

from streams import topics
from streams.bench import articles, ground
from streams.bus.interface import TopicPartition
from streams.bus.scan import follow, header, scan, starts_at_end

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from streams.bench.ground import Product
    from streams.topics import TopicSpec

PAUSE_SECONDS: Final = 0.15
ARRIVE_SECONDS: Final = 30.0
WARM_UP: Final = 10
"""Articles before it counts: connections, caches, the first rebalance."""

HOPS: Final[tuple[TopicSpec, ...]] = (
    topics.RAW, topics.CLEAN, topics.TAGGED, topics.SKETCHES, topics.MATCHES, topics.ANSWERS, topics.ENRICHED,
)
WHOLE: Final = "raw → subscriber"
BOUNDS: Final = {"p50_ms": 300.0, "p99_ms": 1000.0}


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds: the median and the worst of a hundred."""

    p50_ms: float
    p99_ms: float

    @property
    def holds(self) -> bool:
        """Return whether both are within `BOUNDS`."""
        return self.p50_ms <= BOUNDS["p50_ms"] and self.p99_ms <= BOUNDS["p99_ms"]


async def measure(folder: Path, count: int) -> dict[str, Spread]:
    """Return the spread of each hop, by `from → to`, and of `raw → subscriber`."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240  # before anything waits
    async with ground.opened(folder, kafka=True, batch=0) as field:
        await field.staff(1)
        numbers = [number for number in range(10 * (WARM_UP + count)) if _comes_out(number)]
        waits = [await _one(field, number) for number in numbers[: WARM_UP + count]]
        hops = await _hops(field, since=WARM_UP)
    return hops | {WHOLE: _spread(waits[WARM_UP:])}


def page(spreads: Mapping[str, Spread]) -> list[str]:
    """Return the table for people."""
    lines = [f"{way:24} p50 {at.p50_ms:>7.1f} ms   p99 {at.p99_ms:>7.1f} ms" for way, at in spreads.items()]
    if whole := spreads.get(WHOLE):
        bounds = f"bounds: p50 ≤ {BOUNDS['p50_ms']:.0f} ms, p99 ≤ {BOUNDS['p99_ms']:.0f} ms"
        lines.append(f"{bounds}: {'yes' if whole.holds else 'no'}")
    return lines


def _comes_out(number: int) -> bool:
    """Say whether an article of `articles` is enriched, and new."""
    return number % 10 < 7 and number % 37 != 36 and number % 29 != 28


async def _one(field: Product, number: int) -> float:
    """Send one article, return the milliseconds until its enriched event has arrived."""
    starts = await starts_at_end(field.bus, [topics.ENRICHED.name])
    arrival = asyncio.create_task(_arrival(field, starts))
    await asyncio.sleep(PAUSE_SECONDS)  # the reader is waiting, the workers are idle
    record = articles.raw(number)
    sent = time.perf_counter()
    await field.producer.send(topics.RAW.name, record.value, key=record.key)
    async with asyncio.timeout(ARRIVE_SECONDS):
        return (await arrival - sent) * 1000


async def _arrival(field: Product, starts: Mapping[TopicPartition, int]) -> float:
    async for records in follow(field.bus, starts):
        if records:
            break
    return time.perf_counter()


async def _hops(field: Product, since: int) -> dict[str, Spread]:
    written: dict[str, dict[str, int]] = {spec.name: {} for spec in HOPS}
    async for records in scan(field.bus, [spec.name for spec in HOPS]):
        for record in records:
            origin = record.at if record.topic == topics.RAW.name else header(record, "ce_origin") or ""
            last = written[record.topic].get(origin, 0)
            written[record.topic][origin] = max(last, record.timestamp_ms)
    chosen = sorted(written[topics.RAW.name], key=written[topics.RAW.name].__getitem__)[since:]
    found = {}
    for before, after in pairwise(HOPS):
        waits = [written[after.name][origin] - written[before.name][origin] for origin in chosen]
        found[f"{_short(before)} → {_short(after)}"] = _spread(waits)
    return found


def _short(spec: TopicSpec) -> str:
    return spec.name.split(".")[2]


def _spread(milliseconds: Sequence[float]) -> Spread:
    cut = quantiles(milliseconds, n=100, method="inclusive")
    return Spread(round(cut[49], 1), round(cut[98], 1))
