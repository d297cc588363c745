"""backfill: ten years of the past beside a live flow: nobody may notice, and the past must be right.

    python -m streams.bench.backfill --articles 100000 --kafka

An invented decade (`decade`) is written as a WARC and loaded as `communique ingest --backfill` loads it,
while live articles come in: at random moments, four at once, as when a feed is polled (`--together 1`: each
by itself, the hardest case: alone, such a one finds a machine that does nothing). Live latency is from
the raw record to the enriched one. It is told apart by when an article came: before the past began and in the
pauses that it makes (the first three seconds of each left out: the past still drains), or beside it; in one
run, on one set of workers, on whatever else the machine does. Then: the audit; alerts of the past (there must
be none); and what is at rest beside a run of dedup and statements in order, in one process, over the same
tagged articles. Exit code 1 unless all of it holds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import TYPE_CHECKING, Final

from schemas.envelope import DeliveryMode
from schemas.raw_article import ContentType, RawArticle
from streams import topics
from streams.audit import collect
from streams.audit.lag import standing
from streams.bench import decade, ground, in_order, truth
from streams.bus import ruleset
from streams.bus.scan import header, scan
from streams.core.alerting.starter import starter_rules
from streams.core.throttle import Limits
from streams.ingest import load, sources
from streams.ingest.found import Reading
from streams.ingest.gate import BEFORE_SECONDS, Gate, live_wait
from streams.ingest.pump import pump

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.bench.ground import Product

JOB: Final = "decade"
WARM_SECONDS: Final = 30.0
"""The first live articles find everything cold: they count for neither side."""
ALONE_SECONDS: Final = BEFORE_SECONDS
DRAINING_MS: Final = 3_000
MAX_RATIO: Final = 1.2
_TELL_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it. Milliseconds; `differing`: keys at rest that are not as in a run in order.

    `articles`: how many were loaded, of those `asked` for: fewer when --minutes ended it.
    """

    asked: int
    articles: int
    live: int
    seconds: float
    per_second: float
    alone: int
    alone_p50_ms: float
    alone_p99_ms: float
    beside: int
    beside_p50_ms: float
    beside_p99_ms: float
    alerts_of_the_past: int
    alerts_of_today: int
    audit_holds: bool
    raw: int
    enriched: int
    refused: int
    dead_lettered: int
    at_rest: int
    differing: int
    examples: tuple[str, ...]

    @property
    def ratio(self) -> float:
        """Return how many times as long live articles take beside the past, at the 99th percentile."""
        return round(self.beside_p99_ms / self.alone_p99_ms, 3) if self.alone_p99_ms else 0.0

    @property
    def holds(self) -> bool:
        """Return whether nobody noticed and everything is right."""
        wrong = self.alerts_of_the_past or self.differing or not self.audit_holds
        return not wrong and 0 < self.ratio <= MAX_RATIO

    def as_dict(self) -> dict[str, object]:
        """Return it as one JSON object."""
        return {**asdict(self), "ratio": self.ratio, "holds": self.holds}


def live_article(number: int) -> RawArticle:
    """Return an article of today, by number."""
    now = datetime.now(UTC)
    told = decade.today(number, now)
    return RawArticle(
        url=f"https://live.example/{number}", headline=told.headline, outlet=told.outlet,
        content_type=ContentType.PLAIN, published=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        content=f"{told.headline}\n\n" + "\n\n".join(told.sentences))


async def flow(field: Product, per_second: float, together: int, stop: asyncio.Event) -> int:
    """Send live articles, so many at once, at random moments until told to stop; return how many."""
    chance, number = Random(1), 0
    while not stop.is_set():
        for _ in range(together):
            key, body, headers = load.raw_record(live_article(number), DeliveryMode.LIVE)
            await field.producer.send(topics.RAW.name, body, key=key, headers=headers)
            number += 1
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), chance.expovariate(per_second / together))
    return number


async def past(field: Product, path: Path, per_second: float | None, minutes: float) -> tuple[Gate, int]:
    """Load the decade as a backfill, for so long at most; return the gate it went through, and how many."""
    reading = Reading(900_000)
    found = sources.articles(sources.listed([str(path)], reading), reading)
    began, told = time.monotonic(), 0.0

    def tell(counts: load.Counts, note: object) -> None:
        """Say how far it is, some times a minute."""
        nonlocal told
        if note is not None:
            say(f"bad: {note}")
        if (now := time.monotonic()) - told > _TELL_SECONDS:
            told = now
            say(f"{counts.sent:,} sent in {now - began:.0f} s, window {gate.state.window:.1f}")

    gate = Gate(field.bus, lambda: standing(field.admin), Limits(per_second), say)
    async with gate:
        sending = load.Sending(field.producer, DeliveryMode.BACKFILL, tell, None, JOB, gate.admit)
        items = pump(takewhile(lambda _each: time.monotonic() - began < minutes * 60, found), 10)
        counts = await load.load(items, sending)
    return gate, counts.sent


def say(line: str) -> None:
    """Tell what goes on, on stderr."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


async def measure(called: argparse.Namespace, folder: Path) -> Report:
    """Run it in a folder."""
    path = folder / "decade.warc.gz"
    with path.open("wb") as stream:
        decade.write(called.articles, stream)
    async with ground.opened(folder / "ground", kafka=called.kafka, batch=0) as field:
        await ruleset.apply(
            field.bus, ground.settings_of(field.bus.url, folder), starter_rules(), datetime.now(UTC))
        await field.staff(1)
        say("workers are ready")
        stop = asyncio.Event()
        living = asyncio.create_task(flow(field, called.live_per_second, called.together, stop))
        await asyncio.sleep(WARM_SECONDS + ALONE_SECONDS)
        began, began_ms = time.monotonic(), time.time_ns() // 1_000_000
        gate, loaded = await past(field, path, called.per_second, called.minutes)
        gate.calm.insert(0, (began_ms - int(ALONE_SECONDS * 1000) - DRAINING_MS, began_ms))
        seconds = time.monotonic() - began
        stop.set()
        live = await living
        say(f"loaded in {seconds:.0f} s; draining")
        say("drained" if await field.drained() else "NOT drained in time")
        return await _report(field, gate, (called.articles, loaded), live, seconds)


async def _report(
    field: Product, gate: Gate, articles: tuple[int, int], live: int, seconds: float
) -> Report:
    alone, beside = await _waits(field, gate)
    report = await collect.audit(field.bus)
    say("audited; comparing with a run in order")
    found = await truth.at_rest(field.bus, truth.Truth())
    wanted = await in_order.expected(field.bus, say)
    wrong = in_order.differing(found.at_rest, wanted)
    return Report(
        *articles, live, round(seconds, 1), round(articles[1] / seconds, 1),
        len(alone), *_spread(alone), len(beside), *_spread(beside), *await _paged(field), report.holds,
        report.raw, report.enriched, report.refused, report.dead_lettered,
        len(wanted), len(wrong), tuple(wrong[:10]))


async def _waits(field: Product, gate: Gate) -> tuple[list[float], list[float]]:
    """Return the waits of live articles in ms: of those that came in the pauses, and beside the past."""
    alone: list[float] = []
    beside: list[float] = []
    first = gate.calm[0][0]
    async for records in scan(field.bus, [topics.ENRICHED.name]):
        for record in records:
            if (wait := live_wait(record)) is None:
                continue
            came = record.timestamp_ms - wait * 1000
            pause = next((begin for begin, end in gate.calm if begin <= came < (end or came + 1)), None)
            if pause is None and came >= first:
                beside.append(wait * 1000)
            elif pause is not None and came >= pause + DRAINING_MS:
                alone.append(wait * 1000)
    return alone, beside


def _spread(waits: Sequence[float]) -> tuple[float, float]:
    if len(waits) < 2:
        return 0.0, 0.0
    cut = quantiles(waits, n=100, method="inclusive")
    return round(cut[49], 1), round(cut[98], 1)


async def _paged(field: Product) -> tuple[int, int]:
    """Return how many alerts the past raised, and today."""
    found: Counter[bool] = Counter()
    async for records in scan(field.bus, [topics.ALERTS.name], missing_ok=True):
        found.update(header(record, "ce_deliverymode") == DeliveryMode.LIVE.value for record in records)
    return found[False], found[True]


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser("python -m streams.bench.backfill", description=__doc__)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--live-per-second", type=float, default=2.0)
    parser.add_argument("--together", type=int, default=4, help="live ones that come at once")
    parser.add_argument("--per-second", type=float, help="most of the past a second")
    parser.add_argument("--minutes", type=float, default=24 * 60.0, help="load for no longer than this")
    parser.add_argument("--kafka", action="store_true", help="on Apache Kafka instead of an embedded log")
    called = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="communique-backfill-") as folder:
        report = asyncio.run(measure(called, Path(folder)))
    print(json.dumps(report.as_dict()))
    return int(not report.holds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
