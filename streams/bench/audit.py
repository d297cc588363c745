"""audit bench: what an audit of many raw records takes: seconds, and memory.

`python -m streams.bench.audit --records 1000000`: writes so many raw records and what came of them straight
to an embedded log in a folder of its own, then audits it in a process of its own and asks that for its
greatest size. Printed: records a second, megabytes, and bytes a raw record above what the audit of an empty
log takes.
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
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streams import topics
from streams.audit.certificate import certify
from streams.audit.collect import Asked
from streams.bus.admin import ensure
from streams.bus.connect import connect
from streams.bus.interface import TopicPartition
from streams.settings import LogSettings, Settings
from streams.stages import group_of

if TYPE_CHECKING:
    from streams.bus.interface import Bus, Producer

FLUSH: Final = 5000


def settings_of(folder: Path) -> Settings:
    """Return settings for a log in this folder."""
    return Settings(state=folder, log=LogSettings(synchronous="NORMAL"))


async def fill(bus: Bus, settings: Settings, records: int) -> None:
    """Write raw records and their ends: one refusal in ten, one dead letter in a hundred, else enriched."""
    async with bus.admin() as admin:
        await ensure(admin, settings.topics)
    async with bus.producer(client_id="bench") as producer:
        width = settings.topics.partitions
        for number in range(records):
            await producer.send(topics.RAW.name, b"{}", partition=number % width)
            await _fate(producer, f"{topics.RAW.name}-{number % width}-{number // width}", number)
            if number % FLUSH == FLUSH - 1:
                await producer.flush()
    async with bus.admin() as admin:
        ends = await admin.end_offsets([topics.RAW.name])
        read = {TopicPartition(*place): end for place, end in ends.items()}
        await admin.commit_offsets(group_of("clean"), read)


async def _fate(producer: Producer, origin: str, number: int) -> None:
    headers = (("ce_id", b"%032x" % number), ("ce_origin", origin.encode()), ("ce_pipelineversion", b"bench"))
    if number % 100 == 99:
        _, partition, offset = origin.rsplit("-", 2)
        told = {"topic": topics.RAW.name, "partition": partition, "offset": offset, "code": "BUG"}
        errors = tuple((f"__streams.errors.{name}", value.encode()) for name, value in told.items())
        await producer.send(topics.RAW.dead_letters, b"{}", headers=errors)
    elif number % 10 == 0:
        await producer.send(topics.REFUSALS.name, b"{}", headers=headers)
    else:
        await producer.send(topics.ENRICHED.name, b"{}", headers=headers)


def measure(folder: Path) -> dict[str, object]:
    """Audit the log in a folder, certificate and all; return the outcome, seconds and greatest size."""
    started = time.monotonic()
    report, _ = asyncio.run(certify(connect(settings_of(folder)), Asked(), {}, None))
    seconds = time.monotonic() - started
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {
        "raw": report.raw, "holds": report.holds, "seconds": round(seconds, 1), "megabytes": megabytes}


def apart(folder: Path) -> dict[str, object]:
    """Measure in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "streams.bench.audit", "--measure", str(folder)],
        capture_output=True, check=True, text=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def bench(records: int) -> dict[str, object]:
    """Return what auditing so many raw records takes."""
    with tempfile.TemporaryDirectory() as name:
        small, large = Path(name) / "small", Path(name) / "large"
        for folder, many in ((small, 0), (large, records)):
            settings = settings_of(folder)
            asyncio.run(fill(connect(settings), settings, many))
        base, found = apart(small), apart(large)
        more = int(str(found["megabytes"])) - int(str(base["megabytes"]))
        rate = records / float(str(found["seconds"]))
        return found | {"records_per_second": int(rate), "empty_megabytes": base["megabytes"],
                        "bytes_a_record": round(more * 1024 * 1024 / records, 1)}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--measure", type=Path)
    asked = parser.parse_args()
    found = measure(asked.measure) if asked.measure else bench(asked.records)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
