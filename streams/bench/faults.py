"""faults: does anything get lost? The product under a backlog, disturbed again and again; stock Faust beside.

In order: the same articles go through an undisturbed run and through a disturbed one, each on a bus of its
own; the two are compared (`truth`), and the disturbed one is audited from its topics alone. On Kafka, stock
Faust then takes numbered events through the same rounds. What is counted:

    lost          raw records whose fate in the undisturbed run has none in the disturbed one
    unaccounted   raw records for which the audit finds no fate, or two
    differing     enriched bodies, fates, assignments and clusters at rest that are not the same
    stock_lost    of stock Faust's events, those that never came out; null when it did not run
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from streams.audit import collect
from streams.bench import ground, rounds, stock_ground, truth
from streams.stages import STAGES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streams.bench.truth import Truth

    Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How hard. `batch` articles are fed a round; `broker_kills` come on top of `rounds`, on Kafka only."""

    rounds: int = 20
    kafka: bool = False
    workers: int = 2
    batch: int = 150
    stop_seconds: float = 20
    broker_kills: int = 3
    stock: bool = True
    stock_batch: int = 2000
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it; the first five are the contract."""

    rounds: int
    lost: int
    unaccounted: int
    differing: int
    stock_lost: int | None
    broker_kills: int
    articles: int
    repeated: int
    exits: dict[str, int]
    stock_events: int
    examples: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Return whether nothing was lost, unaccounted for, or different."""
        return not (self.lost or self.unaccounted or self.differing)

    def as_dict(self) -> dict[str, object]:
        """Return it as one JSON object."""
        return {**asdict(self), "holds": self.holds}


async def measure(options: Options, folder: Path, tell: Tell) -> Report:
    """Run everything in folders below `folder`. About a minute for each four rounds on Kafka."""
    for name in ("undisturbed", "disturbed", "stock"):
        (folder / name).mkdir(parents=True)
    todo = _plan(options, tuple(STAGES))
    expected = await _undisturbed(options, folder / "undisturbed", len(todo), tell)
    async with ground.opened(folder / "disturbed", kafka=options.kafka, batch=options.batch) as field:
        await field.staff(options.workers if options.kafka else 1)
        await rounds.disturb(field, todo, stop_seconds=options.stop_seconds, seed=options.seed, tell=tell)
        tell("draining" if await field.drained() else "NOT drained in time")
        found = truth.compare(expected, await truth.read(field.bus))
        audit = await collect.audit(field.bus)
        exits = {str(code): count for code, count in sorted(field.pool.exits.items())}
    stock_lost, stock_events = await _stock(options, folder / "stock", tell)
    return Report(
        rounds=options.rounds,
        lost=len(found.lost),
        unaccounted=len(audit.lost) + len(audit.doubled) + audit.pending,
        differing=len(found.differing),
        stock_lost=stock_lost,
        broker_kills=len(todo) - options.rounds,
        articles=audit.raw,
        repeated=audit.repeated,
        exits=exits,
        stock_events=stock_events,
        examples=(*found.lost, *audit.lost, *audit.doubled, *found.differing)[:10],
    )


def _plan(options: Options, stages: tuple[str, ...]) -> list[rounds.Round]:
    return rounds.plan(options.rounds, stages, broker_kills=options.broker_kills if options.kafka else 0)


async def _undisturbed(options: Options, folder: Path, batches: int, tell: Tell) -> Truth:
    begun = time.monotonic()
    async with ground.opened(folder, kafka=options.kafka, batch=options.batch) as field:
        await field.staff(1)
        for _ in range(batches):
            await field.feed()
        await field.drained()
        expected = await truth.read(field.bus)
    tell(f"undisturbed: {field.sent} articles, {len(expected.fates)} fates, {time.monotonic() - begun:.0f} s")
    return expected


async def _stock(options: Options, folder: Path, tell: Tell) -> tuple[int | None, int]:
    """Return the events that stock Faust lost, None when it did not run, and how many it was given."""
    if not (options.kafka and options.stock):
        return None, 0
    async with stock_ground.opened(folder, batch=options.stock_batch) as field:
        await field.staff(options.workers)
        todo = _plan(options, tuple(field.stages))
        await rounds.disturb(
            field, todo, stop_seconds=options.stop_seconds, seed=options.seed,
            tell=lambda line: tell(f"stock Faust, {line}"),
        )
        await field.drained()
        return await field.lost(), field.sent
