"""dedup_speed: how fast articles are sketched and matched, and what a window full of them takes.

In order, in one process, over generated texts and prints of the size of a Reuters story (150 words):

1. texts are sketched, then matched in one shard: articles a second and core, alone and together;
2. a shard is filled with prints up to `articles`, a tenth of them copies, all within one window: the cost of
   the match step (state encoded and written too) and the memory, at a dozen sizes on the way. The *curve*;
3. the band index is built anew from the state, as after an assignment: records a second.

Seconds are of CPU, of all threads of the process (RocksDB's too). Memory is `VmRSS` of /proc (Linux), less
what it was before the first article. `FLOORS` are the figures that must hold.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

import numpy as np

from schemas.clean_article import Language
from schemas.dedup_state import IndexEntry
from schemas.envelope import Envelope
from schemas.ids import digest
from schemas.sketch import ArticleSketch, TextPrint
from schemas.tagged_article import TaggedArticle
from streams import topics
from streams.agents.match import bands_of
from streams.bench.log import Figure
from streams.bench.memory import weigh
from streams.bus.tables_rocks import RocksBase
from streams.bus.tables_shelf import MemoryBase, Shelf, View
from streams.bus.tables_state import State
from streams.core.dedup.band_index import BandIndex
from streams.core.dedup.fingerprint import pack
from streams.core.dedup.match import MatchOptions, match
from streams.core.dedup.sketch import SketchOptions, sketch
from streams.render.chart import Axes, svg

Tell = Callable[[str], None]

WORDS: Final = 150
"""Words of a text: the mean of Reuters-21578."""
BANDS: Final = 64
TEXTS: Final = 5000
START: Final = datetime(2018, 2, 14, tzinfo=UTC)
STORES: Final = ("memory", "rocksdict")
SIZES: Final = (3_000, 10_000, 20_000, 50_000, 100_000, 200_000, 300_000, 500_000, 700_000, 1_000_000)

FLOORS: Final[dict[str, tuple[float | None, float | None]]] = {
    "text to sketch": (3000, None),
    "text to indexed, one shard": (3000, None),
    "match, at the end": (5000, None),
    "cost of a match, last to first tenth": (None, 1.5),
    "recovery": (100_000, None),
    "memory a million articles": (None, 3000),
}
"""Least and most."""


@dataclass(frozen=True, slots=True)
class Point:
    """The shard at a size: microseconds a match since the point before, bytes in memory an article."""

    articles: int
    microseconds: float
    bytes: float


@dataclass(slots=True)
class Shard:
    """One shard of the index, its state as a worker has it: `store` memory or rocksdict."""

    store: str
    folder: Path
    state: State[IndexEntry] = field(init=False)
    bands: BandIndex = field(default_factory=BandIndex)
    offset: int = 0

    def __post_init__(self) -> None:
        rocks = self.store == "rocksdict"
        base = RocksBase(self.folder, cache_bytes=16 << 20, now=time.time) if rocks else MemoryBase()
        self.state = State(View(Shelf(base), self._sent), topics.INDEX)

    def _sent(self, shelf: Shelf, key: bytes, value: bytes | None) -> None:
        self.offset += 1
        shelf.settle(key, value, self.offset)

    def take(self, asked: ArticleSketch, envelope: Envelope) -> None:
        """Match and store."""
        match(asked, envelope, self.state, self.bands, MatchOptions())
        self.state.write(self.state.encode())


def texts(count: int) -> list[TaggedArticle]:
    """Return articles of made-up words, the n-th word as frequent as 1/n."""
    random = Random(1)
    words = [f"{random.choice('bcdfg')}{number:x}{random.choice('aeiou')}" for number in range(30_000)]
    words = [word.capitalize() if number % 9 == 0 else word for number, word in enumerate(words)]
    weights = np.cumsum(1 / np.arange(1, len(words) + 1)).tolist()
    found = []
    for number in range(count):
        text = " ".join(random.choices(words, cum_weights=weights, k=WORDS))
        found.append(TaggedArticle(
            article_id=digest("bench", str(number)), version=digest("bench", text), text=text,
            headline=" ".join(text.split()[:7]), language=Language(code="en", probability=1),
            event_time=START + timedelta(seconds=number),
        ))
    return found


def prints(count: int) -> Iterator[ArticleSketch]:
    """Yield sketches of one shard that has all bands; each tenth has bands and text of an earlier one."""
    random = np.random.default_rng(1)
    kept: list[tuple[str, TextPrint]] = []
    for number in range(count):
        if number % 10 == 9:
            bands, text_print = kept[int(random.integers(len(kept)))]
        else:
            found = random.integers(0, 1 << 32, BANDS + WORDS + 26, dtype=np.uint32)
            bands, text_print = pack(found[:BANDS]), TextPrint(
                words=WORDS, scale=1, grams=pack(found[BANDS : BANDS + WORDS - 2]),
                names=pack(np.sort(found[-26:-12])), figures=pack(np.sort(found[-12:-7])),
                title=pack(np.sort(found[-7:])),
            )
            kept[number % 1000 : number % 1000 + 1] = [(bands, text_print)]
        yield ArticleSketch(
            article_id=digest("bench", str(number)), version=digest("version", str(number)),
            shard=0, shards=1, event_time=START + timedelta(milliseconds=number), bands=bands,
            text_print=text_print,
        )


def envelope(number: int, time: datetime) -> Envelope:
    """Return the envelope of an article that was written when it was published."""
    return Envelope(
        id=str(number), type="news.dedup.sketch.v1", source="/communique/bench", time=time,
        origin=f"bench-0-{number}", origin_time=time,
    )


def steps(folder: Path) -> Iterator[Figure]:
    """Yield how fast texts are sketched, and sketched and matched."""
    articles = texts(TEXTS)
    envelopes = [envelope(number, article.event_time) for number, article in enumerate(articles)]
    options, shard = SketchOptions(1), Shard("memory", folder)
    with _unwatched():
        begun = time.process_time()
        asked = [sketch(one, its, {}, options)[0] for one, its in zip(articles, envelopes, strict=True)]
        sketched = time.process_time()
        for placed, its in zip(asked, envelopes, strict=True):
            shard.take(placed.event, its)  # type: ignore[union-attr, arg-type]  # what sketch returns
        ended = time.process_time()
    yield _figure("text to sketch", TEXTS / (sketched - begun), "articles/s")
    yield _figure("text to indexed, one shard", TEXTS / (ended - begun), "articles/s")


def curve(shard: Shard, articles: int, tell: Tell) -> Iterator[Point]:
    """Fill a shard; yield a point at each size."""
    sizes = [*(size for size in SIZES if size < articles), articles]
    before, spent, last = weigh(os.getpid()).resident, 0.0, 0
    with _unwatched():
        for number, asked in enumerate(prints(articles), 1):
            its = envelope(number, asked.event_time)
            begun = time.process_time()
            shard.take(asked, its)
            spent += time.process_time() - begun
            if number == sizes[0]:
                taken = weigh(os.getpid()).resident - before
                yield Point(number, spent / (number - last) * 1e6, taken / number)
                tell(f"{number:,} articles")
                spent, last = 0.0, sizes.pop(0)


def measure(articles: int, store: str, folder: Path, tell: Tell) -> tuple[list[Figure], list[Point]]:
    """Return the figures, and the curve up to `articles`."""
    figures = list(steps(folder / "steps"))
    shard = Shard(store, folder / "shard")
    points = list(curve(shard, articles, tell))
    last, first = points[-1], points[min(1, len(points) - 1)]
    figures += [
        _figure("match, at the end", 1e6 / last.microseconds, "sketches/s"),
        _figure("cost of a match, last to first tenth", last.microseconds / first.microseconds, ""),
        _figure("memory a million articles", last.bytes, "MB"),
        _figure("recovery", articles / _recovery(shard), "records/s"),
    ]
    return figures, points


def curve_picture(curves: Mapping[str, Sequence[Point]]) -> str:
    """Return the curves by store as SVG: microseconds a match over articles in the shard."""
    lines = {store: [(p.articles, p.microseconds) for p in points] for store, points in curves.items()}
    return svg("Cost of a match as a shard fills", lines, Axes("articles in the shard", "µs of CPU"))


def _recovery(shard: Shard) -> float:
    with _unwatched():
        begun = time.process_time()
        bands_of(shard.state)
        return time.process_time() - begun


@contextmanager
def _unwatched() -> Iterator[None]:
    """Look for no garbage in what was there before: thousands of articles that a worker does not hold."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def _figure(name: str, value: float, unit: str) -> Figure:
    return Figure(name, value, unit, *FLOORS[name])
