"""histories: many simulated lives of the dedup stage, each from a seed, each checked by the oracle.

How it is used: `python -m streams.testing.histories --count 2000 [--seed 0]`.

A plan says how wide the bus is, how it writes (at least once, or atomic), how many articles come and how
often something fails; `plan_of` makes one of a seed. The articles have to do with each other: copies, small
changes, updates, roundups, the same again, empty and spoilt ones, live and backfill. In the end nothing may
be lost or doubled, and what stands at rest must be what an undisturbed run gives. A failing seed is printed;
the same seed gives the same history again: `--count 1 --seed N`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from importlib import import_module
from random import Random
from typing import TYPE_CHECKING

from schemas.envelope import DeliveryMode
from schemas.tagged_article import TaggedArticle
from streams import topics
from streams.core.dedup.match import MatchOptions
from streams.core.dedup.offline import Offline
from streams.core.dedup.sketch import SketchOptions
from streams.observe import logging
from streams.settings import DedupSettings, ObserveSettings, Settings, StreamSettings, TopicSettings
from streams.stages import STAGES
from streams.testing import oracle
from streams.testing.builders import modified, put_tagged, tagged
from streams.testing.driver import Simulation
from streams.testing.sim_outbox import Verify, all_acknowledged
from streams.testing.sim_worker import changelog_of

if TYPE_CHECKING:
    from streams.testing.sim_worker import Register

HOURS = (0, 1, 5, 30, 72, 73, 100, 200)
"""When articles come, give or take some hours: inside and outside of each other's window of 72."""


DELAYS = (0, 0, 0, 1, 70, 500)
"""Hours from publication to the raw record: what has no date is compared with what came in with it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One history: up to `steps` steps after each arrival, one in about `every` a fault (0: none)."""

    seed: int
    partitions: int = 1
    shards: int = 2
    chunk: int = 3
    atomic: bool = False
    articles: int = 12
    steps: int = 20
    every: int = 60
    lateness_hours: float | None = None
    """None: nothing is forgotten, articles come in any order; else no later than this, on one partition."""


@dataclass(frozen=True, slots=True)
class Arriving:
    """One raw record's article; `spoilt`: its bytes are no event. An undated one has no delay."""

    article: TaggedArticle
    mode: DeliveryMode = DeliveryMode.LIVE
    job: str | None = None
    spoilt: bool = False
    delay: timedelta = timedelta(0)
    """From its event time to its raw record."""


def plan_of(seed: int) -> Plan:
    """Return the plan of a seed."""
    pick = Random(seed).choice
    return Plan(
        seed, partitions=pick([1, 2, 3]), shards=pick([1, 1, 2, 3, 4]), chunk=pick([1, 3, 8]),
        atomic=pick([True, False, False]), articles=pick(range(6, 25)), steps=pick([0, 20, 100]),
        every=pick([0, 20, 60, 200]), lateness_hours=pick([None, None, 3.0]),
    )


def registers(stage: str) -> list[Register]:
    """Return the `register` functions of a stage's agents."""
    return [import_module(f"streams.agents.{name}").register for name in STAGES[stage]]


@cache
def settings_of(partitions: int, shards: int, chunk: int, lateness_hours: float | None) -> Settings:
    """Return settings for a small bus and a coarse index."""
    return Settings(
        topics=TopicSettings(partitions=partitions, shards=shards),
        stream=StreamSettings(chunk_records=chunk),
        dedup=DedupSettings(lateness_hours=lateness_hours, bands=16),
    )


def arrivals(random: Random, count: int) -> Iterator[Arriving]:
    """Yield articles that have to do with each other."""
    bodies = [[f"{t}w{n}" for n in range(random.randint(8, 40))] for t in "abcd"[: random.randint(1, 4)]]
    made: list[TaggedArticle] = []
    for number in range(count):
        made.append(_article(random, number, bodies, made))
        backfill, spoilt = random.random() < 0.2, random.random() < 0.04
        mode = DeliveryMode.BACKFILL if backfill else DeliveryMode.LIVE
        delay = timedelta(hours=random.choice(DELAYS)) if made[-1].published else timedelta(0)
        yield Arriving(made[-1], mode, "past" if backfill else None, spoilt=spoilt, delay=delay)


def _article(
    random: Random, number: int, bodies: list[list[str]], made: list[TaggedArticle]
) -> TaggedArticle:
    hours = random.choice(HOURS) + random.randint(0, 3)
    kind = random.random() if made else 1
    if kind < 0.15:                                        # the same again
        return random.choice(made)
    if kind < 0.25:                                        # the same, with another date
        again = random.choice(made)
        return tagged(again.article_id, again.text, hours=hours)
    name = random.choice(made).article_id if kind < 0.4 else f"a{number:02}"
    dated = tagged(name, " ".join(_words(random, bodies)), hours=hours)
    kind = random.random()
    if kind < 0.15:
        return dated.model_copy(update={"published": None})
    return modified(dated, random.randint(0, 80)) if kind < 0.4 else dated


def _words(random: Random, bodies: list[list[str]]) -> list[str]:
    kind, words = random.random(), list(random.choice(bodies))
    if kind < 0.08:                                        # too short for a shingle
        return words[: random.randint(0, 2)]
    if kind < 0.2:                                         # a roundup
        return [word for body in bodies for word in body]
    for _ in range(random.choice([0, 1, 1, 2, 4, 8])):
        words[random.randrange(len(words))] = f"new{random.randrange(50)}"
    return words[random.randint(0, 3) :]


def in_time(random: Random, come: Iterable[Arriving], lateness_hours: float | None) -> list[Arriving]:
    """Return arrivals in an order in which none is later than this behind the latest; None: as they are."""
    if lateness_hours is None:
        return list(come)
    slack = timedelta(hours=lateness_hours)
    come = (replace(one, delay=timedelta(0)) for one in come)
    return sorted(come, key=lambda one: one.article.event_time + random.random() * slack)


def simulate(
    plan: Plan, stage: list[Register], *, verify: Verify = all_acknowledged
) -> tuple[Simulation, oracle.Expected]:
    """Let a history happen; return the simulation at its end, and what an undisturbed run gives."""
    partitions = plan.partitions if plan.lateness_hours is None else 1
    settings = settings_of(partitions, plan.shards, plan.chunk, plan.lateness_hours)
    simulation = Simulation({"dedup": stage}, settings, plan.seed, plan.atomic, verify)
    come = in_time(Random(plan.seed), arrivals(Random(plan.seed), plan.articles), plan.lateness_hours)
    for one in come:
        put_tagged(
            simulation, one.article, mode=one.mode, job=one.job, spoilt=one.spoilt, delay=one.delay)
        simulation.run(simulation.random.randint(0, plan.steps), every=plan.every)
    simulation.run(60 * plan.articles, every=plan.every)
    simulation.settle()
    return simulation, undisturbed((one for one in come if not one.spoilt), settings)


def undisturbed(come: Iterable[Arriving], settings: Settings) -> oracle.Expected:
    """Return what a run in one process, in this order and without shards, gives for the arrivals."""
    dedup = settings.dedup
    sketching = SketchOptions(1, dedup.bands, dedup.rows, dedup.max_fingerprint)
    offline = Offline(sketching, MatchOptions())
    for number, one in enumerate(come):
        offline.add(one.article, f"offline-0-{number}", one.article.event_time + one.delay, one.mode)
    return oracle.Expected.of(offline.state.forest)


def wrong(simulation: Simulation, want: oracle.Expected) -> list[str]:
    """Return everything that does not hold at the end of a history."""
    log = simulation.log
    found = [
        *oracle.losses(log), *oracle.repeats(log), *oracle.revisions(log), *oracle.strangers(log, want),
        *oracle.differences(log, want), *oracle.left_over(log, changelog_of("dedup", topics.AWAITING.name)),
    ]
    if simulation.atomic and oracle.audit(log).repeated:
        found.append("an enriched event came twice on the embedded log")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run histories and print what came of them; return 1 when one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m streams.testing.histories")
    parser.add_argument("--count", type=int, default=200, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="the first seed; the others follow")
    asked = parser.parse_args(arguments)
    stage, failed, faults, articles = registers("dedup"), 0, 0, 0
    for seed in range(asked.seed, asked.seed + asked.count):
        plan = plan_of(seed)
        simulation, want = simulate(plan, stage)
        faults, articles = faults + simulation.faults, articles + plan.articles
        if problems := wrong(simulation, want):
            failed += 1
            sys.stdout.write(f"seed {seed}: {len(problems)} things wrong, first: {problems[0]}\n")
    sys.stdout.write(f"histories={asked.count} failed={failed} articles={articles} faults={faults}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    logging.configure(ObserveSettings(log_level="ERROR"))      # burials are part of the plan
    sys.exit(main())
