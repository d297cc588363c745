"""archive: how fast the archive takes in, reads and proves a topic, and in how much memory.

    python -m streams.bench.archive --records 200000

Synthetic raw articles of about 2 kB on an embedded log; then `archive run --until-drained` in a process of
its own (records a second, greatest resident set), `archive verify` with and without the topic, a plain read.
The base line in the same run is plain consuming without keeping anything. One JSON line at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import TypeVar

from streams.archive.compare import against_topic
from streams.archive.places import folder_of
from streams.archive.process import Archiving
from streams.archive.reading import records
from streams.archive.verify import verify
from streams.bus.connect import connect
from streams.bus.scan import scan
from streams.settings import Settings
from streams.topics import RAW

T = TypeVar("T")
WORDS = ("harbour", "bridge", "minister", "museum", "council", "storm", "ferry", "budget", "court", "river")


def main(arguments: list[str] | None = None) -> dict[str, object]:
    """Run the bench; return the figures."""
    parser = argparse.ArgumentParser("python -m streams.bench.archive")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where to work; a temporary one otherwise")
    parser.add_argument("--child", choices=("archive", "consume"), help=argparse.SUPPRESS)
    called = parser.parse_args(arguments)
    if called.child:
        settings = _settings(called.folder)
        work = _archive(settings) if called.child == "archive" else _consume(settings)
        print(json.dumps(asyncio.run(work)))
        return {}
    with tempfile.TemporaryDirectory() as made:
        told = _measure(called.folder or Path(made), called.records)
    print(json.dumps(told))
    return told


def _measure(folder: Path, count: int) -> dict[str, object]:
    settings = _settings(folder)
    asyncio.run(_fill(settings, count))
    plain, kept = _child(folder, "consume"), _child(folder, "archive")
    where = folder_of(settings)
    report, hashed = _timed(lambda: verify(where))
    _, read = _timed(lambda: sum(1 for _ in records(where)))
    _, compared = _timed(lambda: asyncio.run(against_topic(connect(settings), where, RAW.name, report)))
    log_bytes = sum(path.stat().st_size for path in folder.glob("log.db*"))
    return {
        "records": count, "plain_per_second": plain["per_second"], "plain_mb": plain["mb"],
        "archived_per_second": kept["per_second"], "archive_mb": kept["mb"],
        "ratio": round(kept["per_second"] / plain["per_second"], 3),
        "verified_per_second": round(count / hashed),
        "read_per_second": round(count / read), "compared_per_second": round(count / compared),
        "holds": report.holds, "share_of_log_bytes": round(report.bytes / log_bytes, 3)}


def _settings(folder: Path) -> Settings:
    return Settings(state=folder)


def _child(folder: Path, what: str) -> dict[str, float]:
    """Run one half in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "streams.bench.archive", "--folder", str(folder), "--child", what]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    found = work()
    return found, time.perf_counter() - began


async def _fill(settings: Settings, count: int) -> None:
    random, bus = Random(7), connect(settings)
    async with bus.admin() as admin:
        await admin.create_topic(RAW.name, settings.topics.partitions, {"retention.ms": "-1"})
    async with bus.producer(client_id="bench") as producer:
        for number in range(count):
            url = f"https://news.example/{number}"
            text = " ".join(random.choices(WORDS, k=280))
            body = json.dumps({"url": url, "title": f"{number}", "content": text}).encode()
            await producer.send(RAW.name, body, key=url.encode())
            if number % 1000 == 0:
                await producer.flush()


async def _archive(settings: Settings) -> dict[str, float]:
    began = time.perf_counter()
    run = Archiving(
        connect(settings), settings, time.monotonic, asyncio.Event(), lambda _partition, _n: None, print)
    return _told(await run.run(until_drained=True), began)


async def _consume(settings: Settings) -> dict[str, float]:
    began, count = time.perf_counter(), 0
    async for batch in scan(connect(settings), [RAW.name]):
        count += len(batch)
    return _told(count, began)


def _told(count: int, began: float) -> dict[str, float]:
    seconds = time.perf_counter() - began
    return {"per_second": round(count / seconds),
            "mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}


if __name__ == "__main__":
    main()
