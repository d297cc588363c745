"""cutover: production moves to a replay and back under running readers: each article seen, none lost.

    python -m streams.bench.cutover [--articles 100] [--live 30] [--kafka] [--seed N]

In order: `communique run` takes in made-up articles; two readers follow production, one without a group, one
in a group. While one article comes in after the other, a replay with another cleaning rule (it refuses
short articles) is planned, run, compared, accepted and cut over to; then rolled back; then dropped. In each
of these three moves, or right after it, as the seed says, the group's reader is killed with SIGKILL. Every
call is a process of the command line. Each raw record belongs to one run (`news.views.v1`): what that made of
it is what readers must have had; the reader that nobody killed, once. Last line: one JSON object; exit code 1
unless all of it holds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from streams.bench import ground
from streams.bench.pool import NotReady, Seat
from streams.bench.production import Reading, differing, fates_of, held_against, named_by, printed
from streams.bus import jobs
from streams.bus.views import current
from streams.core.fates import FateKind
from streams.core.replay.diff import KINDS
from streams.core.replay.view import stretches
from streams.topics import RAW, job_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from typing import TypeAlias

    from streams.bench.ground import Product
    from streams.bench.production import Fates, Printed

    Tell = Callable[[str], None]
    Part: TypeAlias = tuple[tuple[int, int, int], ...]
    """A replay's part: raw partition, first offset, next offset."""

CLI: Final = (sys.executable, "-m", "streams.cli.app")
RULE: Final = "cleaning.min_chars=790"
"""About one made-up article in four is shorter, and has an end in the first run alone."""
PRODUCT: Final = Seat("run", 0)
PLAIN: Final = Seat("plain", 0)
GROUP: Final = Seat("group", 0)
WORDS: Final[Mapping[str, Sequence[str]]] = {
    "run": ("run",),
    "plain": ("consume", "enriched", "--from-beginning", "--envelope"),
    "group": ("consume", "enriched", "--group", "bench", "--envelope"),
}
PAUSE_SECONDS: Final = 0.5
"""From one live article to the next: so fast that two runs of all stages keep up on two busy cores."""
KILL_SECONDS: Final = 4.0
"""The group's reader is killed at most so long after a move is asked for; a move takes about as long."""
PATIENCE_SECONDS: Final = 300.0
READ_SECONDS: Final = 60.0
"""What no reader has had so long after all was through, is missing."""
OUT: Final = frozenset({FateKind.ENRICHED})
BY: Final = ("--by", "bench")
WAIVED: Final = (
    "--waive", "changed_share", "--waive", "statements_lost", "--why", "short articles are not wanted")


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it.

    `by_rule`: raw records of the replay's part that end otherwise in the first run. `named`: raw records and
    statements that `replay diff` says differ; `otherwise`: those where a direct comparison disagrees.
    `nowhere`: raw records without one end in their run. `anew`: a reader that began when all was over.
    `codes`: exit codes of calls that did not end with 0. `died`: of product and readers, unasked.
    """

    raw: int
    of_replay: int
    enriched: int
    by_rule: int
    changes: dict[str, int]
    named: int
    otherwise: int
    nowhere: tuple[str, ...]
    plain: Reading
    group: Reading
    anew: Reading
    kills: int
    codes: dict[str, int]
    died: dict[int, int]
    topics_left: tuple[str, ...]
    seconds: float

    @property
    def holds(self) -> bool:
        """Return whether each article was seen, by the reader that nobody killed once."""
        readings = (self.plain, self.group, self.anew)
        wrong = self.plain.again or self.anew.again or any(each.missed or each.foreign for each in readings)
        odd = self.otherwise or self.nowhere or self.codes or self.died or self.topics_left
        return bool(self.of_replay and self.by_rule and self.named) and not wrong and not odd


@dataclass(slots=True)
class Walk:
    """The calls of the command line, in their order, while articles come in."""

    product: Product
    live: int
    folder: Path
    random: Random
    tell: Tell
    job: str = ""
    changes: dict[str, int] = field(default_factory=dict)
    named: int = 0
    otherwise: int = 0
    kills: int = 0
    codes: dict[str, int] = field(default_factory=dict)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self) -> None:
        """Start product and readers."""
        pool = self.product.pool
        pool.command = lambda seat: [*CLI, *WORDS[seat.stage]]
        for seat in (PRODUCT, PLAIN, GROUP):
            pool.start(seat)

    async def come_in(self) -> None:
        """Send one article after the other until all is over."""
        while not self.over.is_set():
            await self.product.feed(1)
            await asyncio.sleep(PAUSE_SECONDS)

    async def there(self) -> None:
        """Plan a replay, run it, accept what it changes, cut over, and let articles come in."""
        planned = await self.call("--set", RULE, "replay", "plan", "--name", "shorter", "--json")
        self.job = json.loads(planned)["job_id"]
        await self.call("replay", "run", self.job, "--json")
        told = await self.call("replay", "diff", self.job, "--json", "--each")
        counts = json.loads(told.splitlines()[-1])
        self.changes = {kind: counts[kind] for kind in KINDS}
        bus = self.product.bus
        self.named = len(named_by(told))
        self.otherwise = len(named_by(told) ^ await differing(bus, await jobs.read(bus, self.job)))
        await self.call("replay", "accept", self.job, *BY, *WAIVED, "--json")
        await self.move("cutover", *BY, "--patience", "120")

    async def back(self) -> tuple[Part, Fates]:
        """Roll back; return which raw records were the replay's part, and what it made of them."""
        await self.move("rollback", *BY)
        part = tuple(stretches(await current(self.product.bus), self.job))
        fates: Fates = {}

        async def through() -> bool:
            fates.update(await fates_of(self.product.bus, self.job))
            return fates.keys() >= {*_origins(part)}

        await until(through, f"{self.job} to be through with its part")
        return part, fates

    async def move(self, word: str, *flags: str) -> None:
        """Ask for a move, kill the group's reader within it, and let articles come in."""
        await self.call("replay", word, self.job, *flags, "--json", disturbed=True)
        await asyncio.sleep(self.live * PAUSE_SECONDS)

    async def call(self, *words: str, disturbed: bool = False) -> bytes:
        """Call, and return what it prints."""
        begun = time.monotonic()
        with (self.folder / "calls.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *CLI, *words, env=dict(self.product.pool.environment), stdout=PIPE, stderr=log)
        calling = asyncio.create_task(process.communicate())
        if disturbed:
            await asyncio.wait({calling}, timeout=self.random.uniform(0, KILL_SECONDS))
            self.product.pool.kill(GROUP)
            self.kills += 1
        out, _ = await calling
        self.tell(f"{' '.join(words)}: {process.returncode}, {time.monotonic() - begun:.1f} s")
        if process.returncode:
            self.codes[" ".join(words)] = process.returncode
            self.tell((self.folder / "calls.log").read_text(errors="replace")[-1500:])
        return out


async def measure(articles: int, live: int, folder: Path, *, kafka: bool, seed: int, tell: Tell) -> Report:
    """Run everything in `folder`."""
    begun = time.monotonic()
    async with ground.opened(folder, kafka=kafka, batch=articles) as product:
        walk = Walk(product, live, folder, Random(seed), tell)
        walk.start()
        await product.feed()
        await until(partial(_drained, product), "the first articles to come out")
        coming = asyncio.create_task(walk.come_in())
        await walk.there()
        part, of_replay = await walk.back()
        await walk.move("drop", "--patience", "120")
        walk.over.set()
        await coming
        await until(partial(_drained, product), "the last articles to come out")
        tell(f"through: {product.sent} articles")
        return await _report(walk, part, of_replay, begun)


async def _drained(product: Product) -> bool:
    return not await product.behind()


async def until(
    condition: Callable[[], Awaitable[bool]], what: str, seconds: float = PATIENCE_SECONDS
) -> None:
    """Wait for it. Raises `NotReady` when it does not come."""
    deadline = time.monotonic() + seconds
    while not await condition():
        if time.monotonic() > deadline:
            raise NotReady(f"waited {seconds:.0f} s for {what}")
        await asyncio.sleep(0.5)


async def _report(walk: Walk, part: Part, of_replay: Fates, begun: float) -> Report:
    bus, pool = walk.product.bus, walk.product.pool
    first = await fates_of(bus, None)
    ends = await walk.product.admin.end_offsets([RAW.name])
    its = set(_origins(part))
    mine = dict.fromkeys(its, of_replay)
    fates = {
        each: mine.get(each, first).get(each, frozenset())
        for each in _origins((at.partition, 0, end) for at, end in ends.items())}
    out = {each: walk.job if each in its else None for each, kinds in fates.items() if kinds == OUT}
    files = {seat: partial(_printed, pool.folder / f"{seat.name}.log") for seat in (PLAIN, GROUP)}
    with suppress(NotReady):  # what is missing then is reported
        await until(partial(_all_seen, files.values(), out), "readers to have all", READ_SECONDS)
    died = {code: many for code, many in pool.exits.items() if code != -signal.SIGKILL}
    await pool.stop(PLAIN, GROUP)
    anew = printed(await walk.call("consume", "enriched", "--exit-at-end", "--envelope"))
    left = [name for name in await walk.product.admin.describe_topics() if job_of(name)]
    return Report(
        len(fates), len(its), len(out), sum(fates[each] != first.get(each) for each in its),
        walk.changes, walk.named, walk.otherwise,
        tuple(sorted(each for each, kinds in fates.items() if len(kinds) != 1)),
        held_against(files[PLAIN](), out), held_against(files[GROUP](), out),
        held_against(anew, {each: None for each, kinds in first.items() if kinds == OUT}),
        walk.kills, walk.codes, died, tuple(left), round(time.monotonic() - begun, 1))


def _origins(part: Iterable[tuple[int, int, int]]) -> list[str]:
    return [f"{RAW.name}-{partition}-{n}" for partition, start, end in part for n in range(start, end)]


def _printed(path: Path) -> Printed:
    return printed(path.read_bytes())


async def _all_seen(files: Iterable[Callable[[], Printed]], expected: Mapping[str, str | None]) -> bool:
    return not any(held_against(read(), expected).missed for read in files)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser("python -m streams.bench.cutover", description=__doc__)
    parser.add_argument("--articles", type=int, default=100, help="raw records before anything is planned")
    parser.add_argument("--live", type=int, default=30, help="raw records between two moves, at least")
    parser.add_argument("--seed", type=int, default=1, help="draws when the group's reader is killed")
    parser.add_argument("--kafka", action="store_true", help="on Apache Kafka instead of the embedded log")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="communique-cutover-") as folder:
        report = asyncio.run(measure(
            asked.articles, asked.live, Path(folder), kafka=asked.kafka, seed=asked.seed,
            tell=lambda line: print(line, file=sys.stderr, flush=True)))  # a bench says how it goes
    told = {name: _told(value) for name, value in asdict(report).items()}
    print(json.dumps(told | {"holds": report.holds}))
    return int(not report.holds)


def _told(value: object) -> object:
    return value._asdict() if isinstance(value, Reading) else value


if __name__ == "__main__":
    sys.exit(main())
