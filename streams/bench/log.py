"""How fast the embedded log is: appends, reads, six processes at once, two idle hops through Faust.

    python -m streams.bench.log [--seconds N] [--json]

In order, each on a log of its own in a temporary folder:

1. one process appends records of 1 kB in batches (1, 10, 100, 500), `synchronous` NORMAL and FULL, and reads
   them all;
2. three writers and three readers at once: errors, the slowest writer's share, the longest wait, the WAL;
3. two Faust stages, the second with a table, idle but for one record now and then: latency of both hops, CPU.

`FLOORS` are the figures that must hold (a machine of 2 cores); what does not hold is printed with `no`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles
from typing import Final

from streams.bench.log_programs import HOPS, PARTITIONS, RECORD, TABLE, TOPIC
from streams.bus.interface import TopicPartition
from streams.bus.sqlite import SqliteBus
from streams.settings import Settings
from streams.settings_groups import LogSettings
from streams.stages import group_of

BATCHES: Final = (1, 10, 100, 500)
IDLE_RECORDS: Final = 200


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `floor` is what it must reach, `most` what it may not pass, None for no bound."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    most: float | None = None

    @property
    def holds(self) -> bool:
        """Tell whether the value is within its bounds."""
        high_enough = self.floor is None or self.value >= self.floor
        return high_enough and (self.most is None or self.value <= self.most)


FLOORS: Final[dict[str, tuple[float | None, float | None]]] = {
    "append, batches of 100, NORMAL": (80_000, None),
    "read": (400_000, None),
    "six processes: errors": (None, 0),
    "six processes: slowest writer's share": (0.15, None),  # of a third; one that starves: .01
    "six processes: largest WAL": (None, 64),
    "two idle hops: p50": (None, 6),
    "two idle hops: p99": (None, 20),
    "idle worker: CPU": (None, 1),
}


def figure(name: str, value: float, unit: str) -> Figure:
    """Return a figure with its bounds."""
    floor, most = FLOORS.get(name, (None, None))
    return Figure(name, value, unit, floor, most)


def new_log(folder: Path, synchronous: str = "NORMAL") -> tuple[SqliteBus, Settings]:
    """Return a bus on a log of its own below `folder`, and its settings."""
    state = Path(tempfile.mkdtemp(dir=folder))
    settings = Settings(state=state, log=LogSettings(synchronous=synchronous))
    return SqliteBus(settings.bus_url, settings), settings


async def measure_appends(folder: Path, synchronous: str, seconds: float) -> list[Figure]:
    """Append in batches of each size; with NORMAL read it all back, too."""
    found = []
    bus, _ = new_log(folder, synchronous)
    async with bus.admin() as admin:
        await admin.create_topic(TOPIC, PARTITIONS, {})
        for batch in BATCHES:
            rate = await append(bus, batch, seconds)
            found.append(figure(f"append, batches of {batch}, {synchronous}", rate, "records/s"))
        if synchronous == "NORMAL":
            found.append(figure("read", await read_all(bus), "records/s"))
    return found


async def append(bus: SqliteBus, batch: int, seconds: float) -> float:
    """Return records appended a second, each batch to one partition and awaited."""
    sent = 0
    async with bus.producer(client_id="bench") as producer:
        started = time.perf_counter()
        while time.perf_counter() - started < seconds:
            for _ in range(batch):
                await producer.send(TOPIC, RECORD, partition=sent // batch % PARTITIONS)
            await producer.flush()
            sent += batch
        return sent / (time.perf_counter() - started)


async def read_all(bus: SqliteBus) -> float:
    """Return records read a second, from the beginning to the end, as a consumer gets them."""
    count = 0
    async with bus.consumer(client_id="bench") as consumer:
        consumer.assign(TopicPartition(TOPIC, number) for number in range(PARTITIONS))
        started = time.perf_counter()
        while found := await consumer.getmany():
            count += sum(map(len, found.values()))
        return count / (time.perf_counter() - started)


def start(*words: str) -> subprocess.Popen[str]:
    """Start one of `log_programs`."""
    return subprocess.Popen(
        [sys.executable, "-m", "streams.bench.log_programs", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def measure_crowd(folder: Path, seconds: float) -> list[Figure]:
    """Three writers and three readers at once on one log."""
    bus, settings = new_log(folder)
    async with bus.admin() as admin:
        await admin.create_topic(TOPIC, PARTITIONS, {})
    writers = [start("write", settings.bus_url, str(seconds)) for _ in range(3)]
    readers = [start("read", settings.bus_url, str(seconds)) for _ in range(3)]
    largest = 0
    while any(process.poll() is None for process in writers):
        largest = max(largest, wal_bytes(bus))
        await asyncio.sleep(0.02)
    answers = [process.communicate() for process in writers + readers]
    errors = [error for _, error in answers if error]
    written = [json.loads(out) for out, _ in answers[:3] if out]
    counts = [found["records"] for found in written] or [0]
    name = "six processes: "
    return [
        figure(name + "errors", len(errors), ""),
        figure(name + "appended", sum(counts) / seconds, "records/s"),
        figure(name + "slowest writer's share", min(counts) / max(1, sum(counts)), ""),
        figure(name + "longest wait", 1000 * max((w["wait_seconds"] for w in written), default=0), "ms"),
        figure(name + "largest WAL", largest / 1e6, "MB"),
    ]


def wal_bytes(bus: SqliteBus) -> int:
    """Return how long the log's WAL is."""
    wal = Path(f"{bus.path}-wal")
    return wal.stat().st_size if wal.exists() else 0


async def measure_hops(folder: Path, records: int = IDLE_RECORDS, idle_seconds: float = 5) -> list[Figure]:
    """Send one record now and then through two Faust workers; then let them idle."""
    bus, settings = new_log(folder)
    async with bus.admin() as admin:
        for topic in (*HOPS, f"{group_of('second')}-{TABLE}-changelog"):
            await admin.create_topic(topic, 1, {})
    state = str(settings.state)
    workers = [start("stage", name, settings.bus_url, state) for name in ("first", "second")]
    try:
        for worker in workers:
            await asyncio.to_thread(first_line, worker)
        waits = await through_both(bus, records)
        cpu = await idle_cpu(workers, idle_seconds)
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
            worker.communicate()
    percent = quantiles(waits, n=100)
    return [
        figure("two idle hops: p50", percent[49] * 1000, "ms"),
        figure("two idle hops: p99", percent[98] * 1000, "ms"),
        figure("idle worker: CPU", cpu, "%"),
    ]


def first_line(worker: subprocess.Popen[str]) -> str:
    """Wait for a worker's first line; empty when it died."""
    return worker.stdout.readline() if worker.stdout else ""


async def through_both(bus: SqliteBus, records: int) -> list[float]:
    """Return how long each record took, in seconds."""
    waits = []
    async with bus.producer(client_id="bench") as producer, bus.consumer(client_id="bench") as consumer:
        consumer.assign([TopicPartition(HOPS[2], 0)])
        for number in range(records):
            sent = time.perf_counter()
            await producer.send(HOPS[0], RECORD, key=str(number % 10).encode())
            while not await consumer.getmany(timeout_ms=10_000):
                pass
            waits.append(time.perf_counter() - sent)
            await asyncio.sleep(0.02)
    return waits


async def idle_cpu(workers: list[subprocess.Popen[str]], seconds: float) -> float:
    """Return the CPU of the busiest of idle workers, in percent of one core."""
    before = [cpu_seconds(worker.pid) for worker in workers]
    await asyncio.sleep(seconds)
    used = [cpu_seconds(worker.pid) - then for worker, then in zip(workers, before, strict=True)]
    return 100 * max(used) / seconds


def cpu_seconds(pid: int) -> float:
    """Return user and system time of a process so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(seconds: float = 2.0) -> list[Figure]:
    """Measure everything; about 30 s with two seconds a step."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = await measure_appends(folder, "NORMAL", seconds)
        found += await measure_appends(folder, "FULL", seconds)
        found += await measure_crowd(folder, 2 * seconds)
        return found + await measure_hops(folder)


def table(figures: list[Figure]) -> str:
    """Return the figures for people, one a line."""
    return "\n".join(line(found) for found in figures)


def line(found: Figure) -> str:
    """Return one figure: name, value, unit, bound, and whether it holds."""
    bound = "" if found.floor is None else f"≥ {found.floor:,g}"
    bound = bound if found.most is None else f"≤ {found.most:,g}"
    holds = "" if not bound else "yes" if found.holds else "no"
    value = f"{found.value:,.0f}" if found.value >= 100 else f"{found.value:,.2f}"
    return f"{found.name:42} {value:>12} {found.unit:10} {bound:>12} {holds}"


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 1 when a bound does not hold."""
    parser = argparse.ArgumentParser(description="Measure the embedded log.")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each step takes")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    options = parser.parse_args(arguments)
    figures = asyncio.run(measure(options.seconds))
    if options.json:
        print(json.dumps([{**asdict(found), "holds": found.holds} for found in figures]))
    else:
        print(table(figures))
    return 0 if all(found.holds for found in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
