"""sameness: the law of dedup (docs/adr/0006) on articles of yours: the way does not decide what is at rest.

    communique process --until clean articles.jsonl > clean.jsonl
    python -m streams.bench.sameness clean.jsonl [--seed N]

The articles are compared in order; then shuffled, reversed, a fifth of them delivered again, on 1, 4 and 8
shards, killed midway (only what is stored survives; the last tenth comes again), and half of them as a
backfill, before the live ones and among them. Each way must give the same assignments and clusters at rest,
and no answer on the way may name a match that is not in the final graph. Exit 1 when one does not. Lateness
is unbounded here. Without a file the articles are made up.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final, TypeVar

import orjson

from schemas.base import Value
from schemas.dedup_state import ArticleNode, IndexEntry, OriginMark
from schemas.envelope import DeliveryMode
from schemas.tagged_article import TaggedArticle
from streams.core.dedup.arrivals import MarkAges
from streams.core.dedup.band_index import BandIndex
from streams.core.dedup.cluster import ClusterState
from streams.core.dedup.forest import Forest
from streams.core.dedup.match import MatchOptions
from streams.core.dedup.offline import Offline, Shard
from streams.core.dedup.sketch import SketchOptions
from streams.testing.histories import arrivals
from streams.testing.oracle import Expected

V = TypeVar("V", bound=Value)

CAME: Final = datetime(2030, 1, 1, tzinfo=UTC)
"""When the raw records of a file came in."""


@dataclass(frozen=True, slots=True)
class Come:
    """An article as it comes: which raw record, when that was written, on which lane."""

    article: TaggedArticle
    origin: str
    arrived: datetime
    mode: DeliveryMode = DeliveryMode.LIVE


@dataclass(frozen=True, slots=True)
class Way:
    """One way to take everything in: arrivals in order, shards, after how many it is killed (0: never)."""

    name: str
    come: Sequence[Come]
    shards: int = 2
    killed_after: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a way: articles, pairs, clusters of several at rest; what is wrong, empty if it holds."""

    way: Way
    articles: int
    pairs: int
    clusters: int
    wrong: tuple[str, ...]


def ways(come: Sequence[Come], random: Random) -> Iterator[tuple[Way, Way]]:
    """Yield ways, each with the one that it must be the same as."""
    plain = Way("in order", come)
    shuffled = random.sample(come, k=len(come))
    again = [*come, *random.sample(come, k=len(come) // 5)]
    random.shuffle(again)
    yield plain, plain
    yield replace(plain, name="shuffled", come=shuffled), plain
    yield replace(plain, name="reversed", come=come[::-1]), plain
    yield replace(plain, name="a fifth delivered again", come=again), plain
    for shards in (1, 4, 8):
        yield replace(plain, name=f"{shards} shards, shuffled", come=shuffled, shards=shards), plain
    middle, tenth = len(come) // 2, len(come) // 10
    twice = [*come[:middle], *come[middle - tenth :]]
    yield replace(plain, name="killed midway", come=twice, killed_after=middle), plain
    mixed = [replace(one, mode=DeliveryMode.BACKFILL) if random.random() < 0.5 else one for one in come]
    past_first = replace(plain, name="backfill first", come=sorted(mixed, key=lambda one: one.mode.value))
    yield past_first, past_first
    yield replace(plain, name="backfill among live", come=mixed), past_first


def run(way: Way, matching: MatchOptions) -> Offline:
    """Take everything in."""
    offline = Offline(SketchOptions(way.shards), matching)
    for number, one in enumerate(way.come):
        if number and number == way.killed_after:
            offline = reborn(offline)
        offline.add(one.article, one.origin, one.arrived, one.mode)
    return offline


def reborn(offline: Offline) -> Offline:
    """Return what a new process makes of what is stored, as bytes."""
    marks = _stored(offline.marks(), OriginMark)
    nodes = _stored(offline.nodes(), ArticleNode)
    new = Offline(offline.sketching, offline.matching)
    new.state = ClusterState(marks, nodes, MarkAges.of(marks), Forest.of(nodes))
    for number, shard in offline.shards.items():
        index = _stored(shard.index, IndexEntry)
        bands = BandIndex.of((key, orjson.loads(entry.model_dump_json())) for key, entry in index.items())
        new.shards[number] = Shard(index, bands)
    new.answers.update(offline.answers)
    return new


def _stored(values: Mapping[str, V], model: type[V]) -> dict[str, V]:
    """Return values written and read."""
    written = {key: value.model_dump_json(by_alias=True) for key, value in values.items()}
    return {key: model.model_validate_json(value) for key, value in written.items()}


def wrong(offline: Offline, want: Expected) -> Iterator[str]:
    """Yield what is not as it must be."""
    rest = Expected.of(offline.state.forest)
    for name, found, expected in (
        ("assignment", rest.assignments, want.assignments), ("cluster", rest.clusters, want.clusters)
    ):
        for key in sorted(found.keys() | expected.keys()):
            if found.get(key) != expected.get(key):
                yield f"{name} {key} is another"
    for answer in offline.answers.values():
        for match in answer.dedup.matches:
            if (answer.article_id, answer.version, match.article_id) not in want.edges:
                yield f"{answer.article_id} was once like {match.article_id}, and is not"


def outcomes(come: Sequence[Come], seed: int, matching: MatchOptions) -> Iterator[Outcome]:
    """Yield what came of each way."""
    known: dict[str, Expected] = {}
    for way, same_as in ways(come, Random(seed)):
        offline = run(way, matching)
        if same_as is way:
            known[way.name] = Expected.of(offline.state.forest)
        want, members = known[same_as.name], offline.state.forest.members.values()
        yield Outcome(
            way, len(want.assignments), len(want.edges) // 2, sum(len(each) > 1 for each in members),
            tuple(wrong(offline, want)),
        )


def made_up(count: int, seed: int) -> list[Come]:
    """Return made-up articles that have to do with each other."""
    return [
        Come(one.article, f"made-0-{number}", one.article.event_time + one.delay)
        for number, one in enumerate(arrivals(Random(seed), count))
    ]


def read(path: Path) -> list[Come]:
    """Return the articles of a file of clean or tagged events; refusals among them are left out."""
    with path.open(encoding="utf-8") as lines:
        kept = [line for line in lines if '"text":' in line]
    articles = map(TaggedArticle.model_validate_json, kept)
    return [Come(article, f"file-0-{number}", CAME) for number, article in enumerate(articles)]


def main(arguments: list[str] | None = None, say: Callable[[str], object] = sys.stdout.write) -> int:
    """Try all ways and print what came of them; return 1 when one does not hold."""
    parser = argparse.ArgumentParser(prog="python -m streams.bench.sameness")
    parser.add_argument("file", nargs="?", type=Path, help="clean or tagged articles, JSONL; none: made up")
    parser.add_argument("--count", type=int, default=200, help="how many to make up")
    parser.add_argument("--seed", type=int, default=0, help="of what is shuffled")
    asked = parser.parse_args(arguments)
    come, failed = read(asked.file) if asked.file else made_up(asked.count, asked.seed), 0
    for each in outcomes(come, asked.seed, MatchOptions()):
        failed += bool(each.wrong)
        told = f"{len(each.wrong)} WRONG, first: {each.wrong[0]}" if each.wrong else "the same"
        counts = f"{each.articles:6} articles {each.pairs:6} pairs {each.clusters:6} clusters"
        say(f"{each.way.name:26} {counts}  {told}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
