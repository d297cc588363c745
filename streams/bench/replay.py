"""replay: a replay that is killed again and again gives what the live flow gave. And how fast it is.

    python -m streams.bench.replay --articles 300 --kills 10 [--store rocksdict] [--kafka] [--seed N]

In order: made-up articles go through the live stages; all of them are planned as a replay; it runs, and at so
many points of its progress, drawn by the seed, one of its processes (feeder, a stage's worker, the run
itself) is killed with SIGKILL; a run that was killed is run again; at the end it is compared with production.
How far it is comes every ten seconds. Last line: one JSON object, with the most memory that each process took
(MB, `VmHWM` of /proc, Linux); exit 1 when the digest of the replay is not the live flow's or they differ.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from streams.bench import ground
from streams.bench.memory import MB, WorkerGone, weigh
from streams.bus import jobs
from streams.replay.digest import digest_of
from streams.replay.judging import judge, spooled
from streams.replay.planning import Asked, plan
from streams.stages import REPLAYED, group_of
from streams.testing.kafka_server import die_with_parent
from streams.topics import ENRICHED, shadow

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.replay_job import ReplayJob
    from streams.bus.interface import Bus

    Tell = Callable[[str], None]

LOOK_SECONDS: Final = 0.1
TELL_SECONDS: Final = 10.0
NOTHING_SECONDS: Final = 600.0
"""So long without an article through, and the bench gives up."""
LATEST: Final = 0.8
"""The share of articles through at the last point: beyond, it may have ended before it is noticed."""
RUN: Final = "run"


@dataclass(slots=True)
class Running:
    """A `replay run`, and who is killed in it. `killed`: whom, in order."""

    bus: Bus
    job: ReplayJob
    environment: dict[str, str]
    random: Random
    tell: Tell
    killed: list[str] = field(default_factory=list)
    code: int | None = None
    peaks: dict[str, float] = field(default_factory=dict)
    """Process → the most memory that it took, MB."""
    _seen: tuple[int, float, float] = (-1, 0.0, 0.0)

    async def go(self, points: Sequence[int]) -> None:
        """Run to the end; kill somebody each time that so many articles are through."""
        process, left = await self._start(), list(points)
        try:
            while process.returncode is None or process.returncode == -signal.SIGKILL:
                if process.returncode is not None:
                    process = await self._start()
                self._weigh(process)
                through = await self._through()
                self._look(through)
                if left and through >= left[0] and await self._kill(process):
                    left.pop(0)
                with suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), LOOK_SECONDS)
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()
        self.code = process.returncode

    async def _start(self) -> Process:
        command = (sys.executable, "-m", "streams.cli.app", "replay", "run", self.job.job_id, "--json")
        return await asyncio.create_subprocess_exec(
            *command, env=self.environment, stdout=DEVNULL, stderr=DEVNULL,
            preexec_fn=die_with_parent,  # one system call, nothing that could deadlock
        )

    async def _through(self) -> int:
        """Return how many articles are through all stages."""
        async with self.bus.admin() as admin:
            done = await admin.committed_offsets(group_of("statements", self.job.job_id))
        topic = shadow(ENRICHED.name, self.job.job_id)
        return sum(offset for place, offset in done.items() if place.topic == topic)

    def _weigh(self, process: Process) -> None:
        """Keep the most that each process took; one that has ended says nothing more."""
        for name, pid in [(RUN, process.pid), *children_of(process.pid)]:
            with suppress(WorkerGone):
                self.peaks[name] = max(self.peaks.get(name, 0.0), round(weigh(pid).peak / MB, 1))

    def _look(self, through: int) -> None:
        """Say how far it is. Raises `WorkerGone` when nothing has moved for long."""
        now, (before, moved, told) = time.monotonic(), self._seen
        moved = now if through != before else moved
        if now - moved > NOTHING_SECONDS:
            raise WorkerGone(f"no article came through for {NOTHING_SECONDS:.0f} s: {through} have")
        if now - told >= TELL_SECONDS:
            told = now
            self.tell(f"replay: {through} articles through, {sum(self.peaks.values()):,.0f} MB")
        self._seen = through, moved, told

    async def _kill(self, process: Process) -> bool:
        """Kill the run or one of its children; False when they are not all up."""
        children = children_of(process.pid)
        if len(children) <= len(REPLAYED):
            return False
        name, pid = self.random.choice([(RUN, process.pid), *children])
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.killed.append(name)
        self.tell(f"killed {name}")
        if name == RUN:
            await process.wait()
        return True


def children_of(pid: int) -> list[tuple[str, int]]:
    """Return (what it runs, pid) of a process's children."""
    try:
        pids = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return [(_name(int(each)), int(each)) for each in pids]
    except FileNotFoundError:
        return []


def _name(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    return next((word for word in words if word in REPLAYED), "feed")


async def measure(
    articles: int, kills: int, folder: Path, *, store: str, kafka: bool, seed: int, tell: Tell
) -> dict[str, object]:
    """Run everything in `folder`; return what came of it."""
    async with ground.opened(folder, kafka=kafka, batch=articles) as live:
        begun = time.monotonic()
        await live.staff(1)
        await live.feed()
        if not await drained(live, tell):
            raise WorkerGone("the live flow did not come to its end")
        await live.pool.stop_all()
        tell(f"live: {articles} raw records, {time.monotonic() - begun:.0f} s")
        settings = ground.settings_of(live.bus.url, folder)
        now = datetime.now(UTC)
        job = await jobs.put(live.bus, await plan(live.bus, settings, Asked(), now), now)
        expected, counts = await digest_of(live.bus, job, folder, live=True)
        random = Random(seed)
        points = sorted(random.randrange(int(counts[ENRICHED.name] * LATEST)) for _ in range(kills))
        environment = ground.environment(live.bus.url, folder) | {"COMMUNIQUE_TABLES__STORE": store}
        running = Running(live.bus, job, environment, random, tell)
        begun = time.monotonic()
        await running.go(points)
        seconds = time.monotonic() - begun
        stands = await jobs.read(live.bus, job.job_id)
        tell(f"replay: done, {seconds:.0f} s; comparing")
        begun = time.monotonic()
        with spooled() as spool:
            differs = not (await judge(live.bus, stands, spool)).comparison.nothing
    return {
        "articles": articles, "store": store, "kills": running.killed, "code": running.code,
        "state": str(stands.state),
        "live_digest": expected, "digest": stands.digest, "same": stands.digest == expected,
        "copied": stands.records, "compared": counts, "seconds": round(seconds, 1),
        "records_per_second": round(articles / seconds, 1), "differs": differs,
        "diff_seconds": round(time.monotonic() - begun, 1),
        "peak_mb": running.peaks | {"diff": round(weigh(os.getpid()).peak / MB, 1)},
    }


async def drained(live: ground.Product, tell: Tell) -> bool:
    """Wait until the live flow has read all, and say how far it is."""
    waiting = asyncio.create_task(live.drained())
    while not (await asyncio.wait({waiting}, timeout=TELL_SECONDS))[0]:
        left = sum(end - at for at, end in (await live.behind()).values())
        tell(f"live: {left} records unread in all stages")
    return waiting.result()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 1 when the digests differ."""
    parser = argparse.ArgumentParser(prog="python -m streams.bench.replay")
    parser.add_argument("--articles", type=int, default=300, help="raw records")
    parser.add_argument("--kills", type=int, default=10, help="how many processes are killed")
    parser.add_argument("--seed", type=int, default=1, help="draws where, and whom")
    parser.add_argument("--store", default="memory", help="tables.store of the replay: memory, rocksdict")
    parser.add_argument("--kafka", action="store_true", help="on Apache Kafka instead of the embedded log")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="replay-") as folder:
        found = asyncio.run(measure(
            asked.articles, asked.kills, Path(folder), store=asked.store, kafka=asked.kafka, seed=asked.seed,
            tell=lambda line: print(line, file=sys.stderr, flush=True)))  # a bench says how it goes
    print(json.dumps(found))
    return 0 if found["same"] and not found["differs"] else 1


if __name__ == "__main__":
    sys.exit(main())
