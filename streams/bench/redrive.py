"""redrive: what a fault buried is put back, interrupted again and again; each article comes out, and once.

    python -m streams.bench.redrive --letters 500 [--kills 6] [--kafka] [--seed N]

In order: clean and dedup run with limits that are set too low, so that each article dies, on raw or on
tagged; the limits are set right and both are started again. Then `communique dlt redrive`, a process of its
own, is killed with SIGKILL at points that the seed draws, stopped with Ctrl-C halfway, and called again
after each, while new articles come in. When nothing is on its way any more: the audit; each article that died
beside its one enriched event; what is at rest beside a run in order (`in_order`); and the same call again,
which must find nothing to do. Last line: one JSON object; exit code 1 unless all of it holds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections import Counter
from dataclasses import asdict, dataclass, field
from itertools import count, islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.audit import collect
from streams.bench import articles, ground, in_order, truth
from streams.bench.pool import Seat
from streams.bus.redriven import redrive_of
from streams.bus.scan import scan
from streams.core.fates import FateKind, settled
from streams.redrive.rows import look
from streams.stages import REPLAYED
from streams.topics import RAW, REDRIVES, TAGGED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from streams.bench.ground import Product
    from streams.bench.truth import Truth
    from streams.bus.interface import Consumer
    from streams.redrive.rows import Row

    Tell = Callable[[str], None]

TOO_LOW: Final = {
    "clean": ("env", "COMMUNIQUE_CLEANING__MAX_CONTENT_BYTES=800"),
    "dedup": ("env", "COMMUNIQUE_GUARD__MAX_JSON_FIELDS=20"),
}
"""The fault, by stage: about half of the articles are longer, no tagged one has so few fields."""
CODE: Final = "LIMIT"
COMMAND: Final = (sys.executable, "-m", "streams.cli.app")
REDRIVE: Final = ("dlt", "redrive", "--code", CODE, "--yes", "--json")
SETTLE: Final = ("dlt", "settle", "--json")
BESIDE: Final = 5
"""One new article comes in while letters are put back for each five of them."""
PAUSE_SECONDS: Final = 0.2


class Stop(NamedTuple):
    """How a redrive is stopped, and when: once so many notes `asked` and `sent` are there, one of its own."""

    number: signal.Signals
    notes: int


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it.

    `letters`: by topic. `stopped`: how each redrive was, and how many letters were asked for and sent then.
    `codes`: how the calls ended that nobody stopped. `copies`: records that were put back. `states`: how
    `dlt list` has the letters. `not_once`: articles that did not come out, or have two ends. `second_*`: what
    the same call did again.
    """

    letters: dict[str, int]
    stopped: tuple[str, ...]
    codes: tuple[int, ...]
    copies: int
    copied_twice: int
    states: dict[str, int]
    raw: int
    enriched: int
    refused: int
    dead_lettered: int
    pending: int
    redriven: int
    audit_holds: bool
    not_once: tuple[str, ...]
    at_rest: int
    differing: tuple[str, ...]
    second_sent: int
    second_wrote: int
    seconds: float

    @property
    def holds(self) -> bool:
        """Return whether each letter was put back once and its article came out, once."""
        many = sum(self.letters.values())
        put_back = self.copies == many and not self.copied_twice and self.states == {"enriched": many}
        right = self.audit_holds and not self.pending and self.redriven == many
        wrong = self.not_once or self.differing or self.second_sent or self.second_wrote or any(self.codes)
        return put_back and right and not wrong


@dataclass(slots=True)
class Redriving:
    """The calls of the command line; `counted`: the notes on `news.redrives.v1` by their state."""

    environment: dict[str, str]
    notes: Consumer
    log: Path
    tell: Tell
    counted: Counter[str] = field(default_factory=Counter)
    stopped: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    async def interrupted(self, stops: Sequence[Stop]) -> None:
        """Redrive, and be stopped, each time."""
        for stop in stops:
            process = await self._start(REDRIVE)
            who = "nobody"
            try:
                await self._until(max(stop.notes, self._noted() + 1), process)
            finally:
                if process.returncode is None:
                    who = stop.number.name
                    process.send_signal(stop.number)
                code = await process.wait()
            await self._read(0)
            self.stopped.append(f"{who} at {self.counted['asked']}, {self.counted['sent']}, exit code {code}")
            self.tell(f"stopped by {self.stopped[-1]}")

    async def whole(self, words: Sequence[str]) -> dict[str, int]:
        """Call, and return what it says at its end."""
        process = await self._start(words)
        out, _ = await process.communicate()
        self.codes.append(process.returncode or 0)
        self.tell(f"{' '.join(words[:2])}: {out.decode().strip()}")
        found: dict[str, int] = json.loads(out or b"{}")
        return found

    async def _start(self, words: Sequence[str]) -> Process:
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *COMMAND, *words, env=self.environment, stdout=PIPE, stderr=log)

    def _noted(self) -> int:
        return self.counted["asked"] + self.counted["sent"]

    async def _until(self, notes: int, process: Process) -> None:
        while process.returncode is None and self._noted() < notes:
            await self._read(10)

    async def _read(self, timeout_ms: int) -> None:
        found = await self.notes.getmany(timeout_ms=timeout_ms)
        for records in found.values():
            self.counted.update(json.loads(record.value or b"{}")["state"] for record in records)
        await asyncio.sleep(0)


def stops_of(letters: int, kills: int, seed: int) -> list[Stop]:
    """Return how the redrives of so many letters are stopped: kills anywhere, Ctrl-C halfway.

    Halfway is between a bundle's `asked` and its `sent`: copies are on their way then.
    """
    random = Random(seed)
    points = sorted(random.randrange(2 * letters) for _ in range(kills))
    killed = [Stop(signal.SIGKILL, point) for point in points]
    return sorted([*killed, Stop(signal.SIGINT, letters)], key=lambda stop: stop.notes)


async def measure(letters: int, kills: int, folder: Path, *, kafka: bool, seed: int, tell: Tell) -> Report:
    """Run everything in `folder`."""
    begun = time.monotonic()
    async with ground.opened(folder, kafka=kafka, batch=0) as product:
        product.stages = REPLAYED
        died = await _bury(product, letters)
        tell(f"died: {_by_topic(died)}, {time.monotonic() - begun:.0f} s")
        await _mend(product)
        async with product.bus.consumer(client_id="bench") as notes:
            notes.assign(await product.admin.end_offsets([REDRIVES.name]))
            calls = Redriving(
                ground.environment(product.bus.url, folder), notes, folder / "redrive.log", tell)
            beside = asyncio.create_task(_come_in(product, letters // BESIDE))
            await calls.interrupted(stops_of(letters, kills, seed))
            await calls.whole(REDRIVE)
            await beside
        tell("drained" if await product.drained() else "NOT drained in time")
        second = await _once_more(product, calls)
        return await _report(product, died, calls, second, time.monotonic() - begun)


async def _bury(product: Product, letters: int) -> list[Row]:
    """Start the stages with the fault, and let so many articles die of it; return their letters."""
    usual = product.pool.command
    product.pool.command = lambda seat: [*TOO_LOW.get(seat.stage, ()), *usual(seat)]
    await product.staff(1)
    product.pool.command = usual
    numbers = count()
    await product.feed(1 + next(islice(filter(articles.whole, numbers), letters - 1, None)))
    await product.drained()
    return [row for row in (await look(product.bus)).rows.values() if row.code == CODE]


async def _mend(product: Product) -> None:
    """Start the stages again that had the fault, without it."""
    seats = [Seat(stage, 0) for stage in TOO_LOW]
    await product.pool.stop(*seats)
    for seat in seats:
        product.pool.start(seat)
    await product.pool.ready(*seats)


async def _come_in(product: Product, many: int) -> None:
    """Send so many articles of today, some a second."""
    for _ in range(many):
        await product.feed(1)
        await asyncio.sleep(PAUSE_SECONDS)


async def _once_more(product: Product, calls: Redriving) -> tuple[int, int]:
    """Redrive when all has come to an end and was noted; return how many letters were sent, and records."""
    await calls.whole(SETTLE)
    names = [RAW.name, TAGGED.name, REDRIVES.name]
    before = await product.admin.end_offsets(names)
    sent = (await calls.whole(REDRIVE))["sent"]
    after = await product.admin.end_offsets(names)
    return sent, sum(after.values()) - sum(before.values())


async def _report(
    product: Product, died: Sequence[Row], calls: Redriving, second: tuple[int, int], seconds: float
) -> Report:
    audit = await collect.audit(product.bus)
    copies: Counter[str] = Counter()
    async for records in scan(product.bus, [RAW.name, TAGGED.name]):
        copies.update(name for record in records if (name := redrive_of(record)) is not None)
    found = await truth.read(product.bus)
    seen = await look(product.bus)
    states = Counter(row.state for row in seen.rows.values() if row.code == CODE)
    wanted = await in_order.expected(product.bus)
    return Report(
        _by_topic(died), tuple(calls.stopped), tuple(calls.codes), copies.total(),
        sum(many > 1 for many in copies.values()), dict(states), audit.raw, audit.enriched, audit.refused,
        audit.dead_lettered, audit.pending, audit.redriven, audit.holds, tuple(not_once(found, died)),
        len(wanted), tuple(in_order.differing(found.at_rest, wanted)[:10]), *second, round(seconds, 1))


def _by_topic(died: Sequence[Row]) -> dict[str, int]:
    return dict(Counter(row.topic for row in died))


def not_once(found: Truth, died: Sequence[Row]) -> list[str]:
    """Return the origins that did not come to one end, or that died and are not enriched since."""
    origins = {row.origin for row in died}
    return sorted(
        origin for origin in {*found.fates, *origins}
        for ends in [settled(found.fates.get(origin, ()))]
        for enriched in [ends == {FateKind.ENRICHED}]
        if len(ends) != 1 or len(found.bodies.get(origin, ())) != enriched
        or (origin in origins and not enriched))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser("python -m streams.bench.redrive", description=__doc__)
    parser.add_argument("--letters", type=int, default=500, help="articles that die")
    parser.add_argument("--kills", type=int, default=6, help="how often a redrive is killed")
    parser.add_argument("--seed", type=int, default=1, help="draws where")
    parser.add_argument("--kafka", action="store_true", help="on Apache Kafka instead of the embedded log")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="communique-redrive-") as folder:
        report = asyncio.run(measure(
            asked.letters, asked.kills, Path(folder), kafka=asked.kafka, seed=asked.seed,
            tell=lambda line: print(line, file=sys.stderr, flush=True)))  # a bench says how it goes
    print(json.dumps(asdict(report) | {"holds": report.holds}))
    return int(not report.holds)


if __name__ == "__main__":
    sys.exit(main())
