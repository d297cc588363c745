"""offline: the same four steps over dictionaries, for `communique process`, which knows its whole input.

Every article is sketched, matched and clustered in input order; then, when all are known, each gets the
truth at rest: its matches from the whole graph, its cluster as it stands in the end. Lateness is unbounded,
so the order does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from schemas.dedup_state import ArticleNode, IndexEntry, OriginMark
from schemas.enriched_article import DedupAnswer, EnrichedArticle
from schemas.envelope import DeliveryMode, Envelope
from schemas.shard_matches import ShardMatches
from schemas.sketch import ArticleSketch
from schemas.tagged_article import TaggedArticle
from streams.core.dedup.arrivals import MarkAges
from streams.core.dedup.band_index import BandIndex
from streams.core.dedup.changes import changes
from streams.core.dedup.cluster import ClusterState, answer, cluster
from streams.core.dedup.enrich import enriched
from streams.core.dedup.forest import Forest
from streams.core.dedup.match import MatchOptions, match
from streams.core.dedup.sketch import SketchOptions, sketch
from streams.core.outcome import Placed


@dataclass(slots=True)
class Shard:
    """One shard of the index in memory."""

    index: dict[str, IndexEntry] = field(default_factory=dict)
    bands: BandIndex = field(default_factory=BandIndex)


@dataclass(slots=True)
class Offline:
    """The dedup stage in one process: `add` articles, then `at_rest` for each."""

    sketching: SketchOptions
    matching: MatchOptions
    answers: dict[str, DedupAnswer] = field(default_factory=dict)
    state: ClusterState = field(default_factory=lambda: ClusterState({}, {}, MarkAges(), Forest()))
    shards: dict[int, Shard] = field(default_factory=dict)

    def add(
        self, article: TaggedArticle, origin: str, arrived: datetime | None = None,
        mode: DeliveryMode = DeliveryMode.LIVE,
    ) -> DedupAnswer:
        """Take in an article; return its answer as of now.

        `origin` is a `topic-partition-offset`, another for each article; `arrived` stands for the raw
        record's time, None: its event time.
        """
        envelope = offline_envelope(article, origin, arrived or article.event_time, mode)
        for placed in sketch(article, envelope, {}, self.sketching):
            assert isinstance(placed, Placed)  # noqa: S101  # what sketch returns
            assert isinstance(placed.event, ArticleSketch)  # noqa: S101
            shard = self.shards.setdefault(placed.event.shard, Shard())
            self._cluster(match(placed.event, envelope, shard.index, shard.bands, self.matching), envelope)
        return self.answers[origin]

    def _cluster(self, found: Placed, envelope: Envelope) -> None:
        assert isinstance(found.event, ShardMatches)  # noqa: S101  # what match returns
        for output in cluster(found.event, envelope, self.state, {}):
            if isinstance(output, Placed) and isinstance(output.event, DedupAnswer):
                self.answers[envelope.origin] = output.event

    def at_rest(
        self, article: TaggedArticle, origin: str, text_of: Callable[[str, str], str | None] | None = None
    ) -> EnrichedArticle:
        """Return the enriched event of an article taken in before, as everything taken in so far has it.

        `text_of` gives the text of an article's version, to tell what changed; None for one it has not.
        Raises KeyError for one that was not taken in.
        """
        number = self.answers[origin].dedup.revision
        node = self.state.nodes[article.article_id]
        told = answer(
            article.article_id, article.version, node, number, self.state.forest,
            boilerplate=self.sketching.boilerplate.version,
        )
        version_of = told.dedup.version_of
        before = text_of(article.article_id, version_of) if text_of and version_of else None
        language = article.language.code
        return enriched(article, told, None if before is None else changes(before, article.text, language))

    def nodes(self) -> dict[str, ArticleNode]:
        """Return the match graph as stored."""
        return dict(self.state.nodes)

    def marks(self) -> dict[str, OriginMark]:
        """Return the marks as stored."""
        return dict(self.state.marks)


def offline_envelope(
    article: TaggedArticle, origin: str, arrived: datetime, mode: DeliveryMode
) -> Envelope:
    """Return the envelope of an article that came by no bus."""
    return Envelope(
        id=origin, type="news.article.tagged.v1", source="/communique/process", time=article.event_time,
        correlation_id=article.article_id, origin=origin, origin_time=arrived,
        delivery_mode=mode,
    )


def enrich_all(
    articles: Iterable[TaggedArticle], sketching: SketchOptions, matching: MatchOptions
) -> Iterator[EnrichedArticle]:
    """Yield the enriched event of each article at rest, in input order. Holds all articles in memory."""
    offline = Offline(sketching, matching)
    held, texts = [], {}
    for number, article in enumerate(articles):
        offline.add(article, f"process-0-{number}")
        held.append(article)
        texts[article.article_id, article.version] = article.text
    for number, article in enumerate(held):
        yield offline.at_rest(article, f"process-0-{number}", lambda *version: texts.get(version))
