"""memory: how much a worker takes, and whether it grows: the real workers, weighed by the kernel.

In order, on an embedded log in a folder of its own, with the settings that a new user has:

1. the raw topic is filled with articles of 3 kB (`memory_articles`), then a worker of stage clean reads them
   all; it is weighed when it has committed half of them, and all;
2. what clean wrote goes on to the tagged topic, without mentions (no model is loaded); a worker of stage
   dedup is weighed before, after one half and after the other, each time with nothing left to read. All
   articles lie within one window, so none is forgotten: what it grew is the price of an article.

What is weighed is `VmRSS` of /proc (Linux); the peak is `VmHWM`. `BOUNDS` are the figures that must hold.
"""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from schemas.tagged_article import TaggedArticle
from streams import topics
from streams.audit.lag import look
from streams.bench import memory_articles
from streams.bench.log import Figure, cpu_seconds
from streams.bus import admin as catalogue
from streams.bus import codec, emission, envelope
from streams.bus.connect import connect
from streams.bus.interface import TopicPartition
from streams.core.outcome import CommuniqueError
from streams.settings import Settings
from streams.settings_groups import ObserveSettings
from streams.testing.kafka_server import die_with_parent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from streams.bus.interface import Admin, Bus, Consumer, Producer, Record

    Tell = Callable[[str], None]

MB: Final = 1_000_000
READY_SECONDS: Final = 90.0
STALL_SECONDS: Final = 120.0
POLL_SECONDS: Final = 0.2
BATCH: Final = 500
BOUNDS: Final[dict[str, float]] = {"clean: peak": 400, "clean: growth, second half": 5}
"""Most MB, most percent."""


class WorkerGone(CommuniqueError):
    """A worker died or did not move; the message ends with its last words."""


class Weight(NamedTuple):
    """What a process takes, in bytes: now, and at most so far."""

    resident: int
    peak: int


class Walk(NamedTuple):
    """One stage weighed at three moments. `seconds` and `cpu_seconds` are what all articles took."""

    articles: int
    before: Weight
    half: Weight
    end: Weight
    seconds: float
    cpu_seconds: float


def weigh(pid: int) -> Weight:
    """Return what a live process takes. Raises `WorkerGone`."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
        fields = dict(line.split(":", 1) for line in status.splitlines())
        return Weight(*(int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM")))
    except (OSError, KeyError):
        raise WorkerGone(f"process {pid} has ended") from None


async def measure(folder: Path, articles: int, tell: Tell) -> list[Figure]:
    """Weigh both stages in `folder`; 50,000 articles take about five minutes and 1 GB of disk."""
    settings = Settings(state=folder, observe=ObserveSettings(log_level="WARNING"))
    bus = connect(settings)
    async with bus.admin() as admin:
        await catalogue.ensure(admin, settings.topics)
        await fill(bus, articles, tell)
        async with worker("clean", settings) as pid:
            clean = await walk_clean(admin, pid, articles, tell)
        async with worker("dedup", settings) as pid:
            dedup = await walk_dedup(bus, settings, pid, tell)
    return [*figures_of_clean(clean), *figures_of_dedup(dedup)]


@asynccontextmanager
async def worker(stage: str, settings: Settings) -> AsyncIterator[int]:
    """Run a worker of a stage as a process of its own; give its pid once it is ready. Raises `WorkerGone`."""
    words = settings.state / f"{stage}.log"
    with words.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "streams.worker", stage, stdout=subprocess.PIPE, stderr=log,
            env=environment(settings),
            preexec_fn=die_with_parent,  # one system call, nothing that could deadlock
        )
    try:
        await _ready(process, words)
        yield process.pid
    except WorkerGone as gone:
        raise WorkerGone(f"{stage}: {gone}\n{words.read_text(errors='replace')[-1500:]}") from None
    finally:
        await _stop(process)


async def _ready(process: asyncio.subprocess.Process, words: Path) -> None:
    if process.stdout is None:
        raise WorkerGone(f"no output: {words}")
    try:
        line = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
    except TimeoutError:
        line = b""
    if not line.startswith(b"ready "):
        raise WorkerGone("it did not get ready")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), 30)
    except TimeoutError:
        process.kill()
        await process.wait()


def environment(settings: Settings) -> dict[str, str]:
    """Return a worker's environment: this one's, but of all our settings only the bus and the log level."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COMMUNIQUE_")}
    return kept | {
        "COMMUNIQUE_BUS": settings.bus_url,
        "COMMUNIQUE_STATE": str(settings.state),
        "COMMUNIQUE_OBSERVE__LOG_LEVEL": settings.observe.log_level,
    }


async def fill(bus: Bus, articles: int, tell: Tell) -> None:
    """Write the raw articles."""
    step = memory_articles.SPAN / articles
    async with bus.producer(client_id="bench") as producer:
        for number in range(articles):
            record = memory_articles.raw(number, step)
            await producer.send(topics.RAW.name, record.value, key=record.key)
            if number % BATCH == BATCH - 1:
                await producer.flush()
            if number % 10_000 == 10_000 - 1:
                tell(f"{number + 1} raw articles written")


async def walk_clean(admin: Admin, pid: int, articles: int, tell: Tell) -> Walk:
    """Weigh a worker of clean while it reads what is there."""
    before, begun, cpu = weigh(pid), time.monotonic(), cpu_seconds(pid)
    await until_unread(admin, "clean", articles - articles // 2, pid, tell)
    half = weigh(pid)
    await until_unread(admin, "clean", 0, pid, tell)
    return Walk(articles, before, half, weigh(pid), time.monotonic() - begun, cpu_seconds(pid) - cpu)


async def until_unread(admin: Admin, stage: str, most: int, pid: int, tell: Tell) -> None:
    """Wait until a stage has no more than `most` records to read. Raises `WorkerGone` when nothing moves."""
    left, moved, told = -1, time.monotonic(), time.monotonic()
    while (now_left := sum(lag.records for lag in await look(admin, (stage,)))) > most:
        now = time.monotonic()
        if now_left != left:
            left, moved = now_left, now
        if now - moved > STALL_SECONDS:
            raise WorkerGone(f"nothing was read for {STALL_SECONDS:.0f} s")
        if now - told > 10:
            told = now
            tell(f"{stage}: {left} to read, {weigh(pid).resident / MB:.0f} MB")
        await asyncio.sleep(POLL_SECONDS)


async def walk_dedup(bus: Bus, settings: Settings, pid: int, tell: Tell) -> Walk:
    """Weigh a worker of dedup before, and after each half of what clean wrote."""
    async with bus.admin() as admin, bus.consumer(client_id="bench") as consumer:
        ends = await admin.end_offsets([topics.CLEAN.name])
        consumer.assign(TopicPartition(*each) for each in ends)
        articles = sum(ends.values())
        before, begun, cpu = weigh(pid), time.monotonic(), cpu_seconds(pid)
        weights = []
        for count in (articles // 2, articles - articles // 2):
            async with bus.producer(client_id="bench") as producer:
                await tag(consumer, producer, codec.limits_of(settings), count)
            await until_unread(admin, "dedup", 0, pid, tell)
            weights.append(weigh(pid))
        half, end = weights
        return Walk(articles, before, half, end, time.monotonic() - begun, cpu_seconds(pid) - cpu)


async def tag(consumer: Consumer, producer: Producer, limits: codec.Limits, count: int) -> None:
    """Read the next `count` clean articles and write them as tagged ones that name nothing."""
    while count:
        found = await consumer.getmany(timeout_ms=1000, max_records=min(count, BATCH))
        for record in (each for records in found.values() for each in records):
            out = tagged(record, limits)
            await producer.send(out.topic, out.value, key=out.key, headers=out.headers)
            count -= 1
        await producer.flush()


def tagged(record: Record, limits: codec.Limits) -> emission.Outgoing:
    """Return a clean record as stage tag would send it on, but without mentions."""
    article = codec.decode(record.value, TaggedArticle, limits, type_name=None)
    parent = emission.Parent(article, envelope.of_event(record), "tag", datetime.now(UTC))
    return emission.emit(article, parent)[0]


def figures_of_clean(walk: Walk) -> list[Figure]:
    """Return what a worker of clean takes, and how fast it is."""
    growth = 100 * (walk.end.resident / walk.half.resident - 1)
    return [
        Figure("clean: articles", walk.articles, ""),
        Figure("clean: ready", walk.before.resident / MB, "MB"),
        Figure("clean: half read", walk.half.resident / MB, "MB"),
        Figure("clean: all read", walk.end.resident / MB, "MB"),
        bounded("clean: peak", walk.end.peak / MB, "MB"),
        bounded("clean: growth, second half", growth, "%"),
        Figure("clean: speed", walk.articles / walk.seconds, "articles/s"),
        Figure("clean: CPU an article", 1000 * walk.cpu_seconds / walk.articles, "ms"),
    ]


def figures_of_dedup(walk: Walk) -> list[Figure]:
    """Return what a worker of dedup takes, and how much more with each article in its window."""
    grown = walk.end.resident - walk.before.resident
    later = walk.end.resident - walk.half.resident
    return [
        Figure("dedup: articles", walk.articles, ""),
        Figure("dedup: ready", walk.before.resident / MB, "MB"),
        Figure("dedup: half read", walk.half.resident / MB, "MB"),
        Figure("dedup: all read", walk.end.resident / MB, "MB"),
        Figure("dedup: peak", walk.end.peak / MB, "MB"),
        Figure("dedup: an article", grown / walk.articles, "bytes"),
        Figure("dedup: an article, second half", later / (walk.articles - walk.articles // 2), "bytes"),
        Figure("dedup: speed, feeding included", walk.articles / walk.seconds, "articles/s"),
    ]


def bounded(name: str, value: float, unit: str) -> Figure:
    """Return a figure with its bound."""
    return Figure(name, value, unit, most=BOUNDS[name])


def conditions() -> dict[str, str]:
    """Return what the figures depend on: machine, Python, commit (`unknown` outside a clone)."""
    words = ["git", "rev-parse", "--short", "HEAD"]
    here = Path(__file__).parent
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=here)
    return {
        "machine": f"{platform.machine()} {os.cpu_count()} cores",
        "python": platform.python_version(),
        "commit": done.stdout.strip() or "unknown",
    }
