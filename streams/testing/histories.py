"""histories: many simulated lives of the dedup stage, each from a seed, each checked by the oracle.

    python -m streams.testing.histories --count 2000 [--seed 0]

A history: a seed picks partitions, shards, chunk sizes, the bus (at least once, or atomic), a dozen to thirty articles (copies, small
changes, updates, roundups, repeats, empty and spoilt ones, live and backfill), and how many faults befall the stage while it works.
In the end nothing may be lost or doubled, and what stands at rest must be what an undisturbed run gives. A failing seed is printed; the
same seed gives the same history again: `--count 1 --seed N`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from random import Random

from schemas.envelope import DeliveryMode
from schemas.tagged_article import TaggedArticle
from streams import topics
from streams.core.dedup.match import MatchOptions
from streams.core.dedup.offline import Offline
from streams.core.dedup.sketch import SketchOptions
from streams.settings import DedupSettings, Settings, StreamSettings, TopicSettings
from streams.stages import STAGES
from streams.testing import oracle
from streams.testing.builders import put_tagged, tagged
from streams.testing.driver import Simulation
from streams.testing.sim_worker import Register, Verify, all_acknowledged, changelog_of


@dataclass(frozen=True, slots=True)
class Arriving:
    """One raw record's article; `spoilt`: its bytes are no event."""

    article: TaggedArticle
    mode: DeliveryMode = DeliveryMode.LIVE
    job: str | None = None
    spoilt: bool = False


@dataclass(slots=True)
class History:
    """One history, ready to run: a fault in about `every` steps, for about `steps` steps after each arrival."""

    seed: int
    simulation: Simulation
    arriving: list[Arriving]
    steps: int
    every: int


def registers(stage: str) -> list[Register]:
    """Return the `register` functions of a stage's agents."""
    return [import_module(f"streams.agents.{name}").register for name in STAGES[stage]]


@cache
def settings_of(partitions: int, shards: int, chunk: int) -> Settings:
    """Return settings for a small bus that forgets nothing."""
    return Settings(
        topics=TopicSettings(partitions=partitions, shards=shards), stream=StreamSettings(chunk_records=chunk),
        dedup=DedupSettings(lateness_hours=None, bands=16, shingle_words=3),
    )


def articles(random: Random, count: int) -> Iterator[Arriving]:
    """Yield articles that have to do with each other."""
    bodies = [[f"t{topic}w{n}" for n in range(random.randint(8, 40))] for topic in range(random.randint(1, 4))]
    made: list[TaggedArticle] = []
    for number in range(count):
        article = _article(random, number, bodies, made)
        made.append(article)
        backfill = random.random() < 0.2
        yield Arriving(
            article, DeliveryMode.BACKFILL if backfill else DeliveryMode.LIVE, "past" if backfill else None,
            spoilt=random.random() < 0.04,
        )


def _article(random: Random, number: int, bodies: list[list[str]], made: list[TaggedArticle]) -> TaggedArticle:
    hours = random.choice([0, 1, 5, 30, 72, 73, 100, 200]) + random.randint(0, 3)
    if made and random.random() < 0.15:
        return random.choice(made)
    if made and random.random() < 0.1:
        return random.choice(made).model_copy(update={"event_time": tagged("", "", hours=hours).event_time})
    name = random.choice(made).article_id if made and random.random() < 0.15 else f"a{number:02}"
    return tagged(name, " ".join(_words(random, bodies)), hours=hours)


def _words(random: Random, bodies: list[list[str]]) -> list[str]:
    kind = random.random()
    words = list(random.choice(bodies))
    if kind < 0.08:
        return words[: random.randint(0, 2)]
    if kind < 0.2:
        return [word for body in bodies for word in body]
    for _ in range(random.choice([0, 1, 1, 2, 4, 8])):
        words[random.randrange(len(words))] = f"new{random.randrange(50)}"
    return words[random.randint(0, 3) :]


def history(seed: int, stage: list[Register], *, verify: Verify = all_acknowledged) -> History:
    """Return the history of a seed."""
    random = Random(seed)
    settings = settings_of(random.choice([1, 2, 3]), random.choice([1, 1, 2, 3, 4]), random.choice([1, 3, 8]))
    simulation = Simulation(
        {"dedup": stage}, settings, seed=random.randrange(1 << 30), atomic=random.random() < 0.3, verify=verify)
    arriving = list(articles(random, random.randint(6, 24)))
    return History(seed, simulation, arriving, steps=random.choice([0, 20, 100]), every=random.choice([0, 20, 60, 200]))


def run(told: History) -> list[str]:
    """Let a history happen; return what is wrong in the end."""
    simulation, spoilt = told.simulation, set()
    for arriving in told.arriving:
        origin = put_tagged(
            simulation, arriving.article, mode=arriving.mode, job=arriving.job, spoil=arriving.spoilt)
        spoilt |= {origin} if arriving.spoilt else set()
        simulation.run(simulation.random.randint(0, told.steps), every=told.every)
    simulation.run(60 * len(told.arriving), every=told.every)
    simulation.settle()
    return wrong(simulation, expected([a.article for a in told.arriving if not a.spoilt], simulation.settings))


def expected(undisturbed: list[TaggedArticle], settings: Settings) -> oracle.Expected:
    """Return what an undisturbed run in one process gives for the articles."""
    dedup = settings.dedup
    offline = Offline(SketchOptions(1, dedup.shingle_words, dedup.bands, dedup.rows, dedup.max_fingerprint), MatchOptions())
    for number, article in enumerate(undisturbed):
        offline.add(article, f"offline-0-{number}")
    return oracle.Expected.of(offline.state.forest)


def wrong(simulation: Simulation, want: oracle.Expected) -> list[str]:
    """Return everything that does not hold."""
    log = simulation.log
    found = [*oracle.losses(log), *oracle.repeats(log), *oracle.strangers(log, want), *oracle.differences(log, want)]
    found += oracle.left_over(log, changelog_of("dedup", topics.AWAITING.name))
    if simulation.atomic and oracle.audit(log).repeated:
        found.append("an enriched event came twice on the embedded log")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run histories and print what came of them; return 1 when one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(arguments)
    stage, failed, totals = registers("dedup"), 0, {"faults": 0, "articles": 0}
    for seed in range(asked.seed, asked.seed + asked.count):
        told = history(seed, stage)
        problems = run(told)
        totals["faults"] += told.simulation.faults
        totals["articles"] += len(told.arriving)
        if problems:
            failed += 1
            print(f"seed {seed} fails: {len(problems)} things wrong, first: {problems[0]}")
    print(f"histories={asked.count} failed={failed} articles={totals['articles']} faults={totals['faults']}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
