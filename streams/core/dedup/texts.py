"""Texts: the last wordings of an article, kept for a while so that a new one can be compared with them.

An entry an article: at most `VERSIONS_KEPT` wordings, the last in order of modification. One that nothing
arrived for in `kept` is forgotten, a few at each step: time is how far its lane's raw records have come.
What is forgotten, too long, or came in after the newer one is not told: `changes` is null then.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypedDict

from schemas.dedup_state import ArticleTexts, VersionText
from schemas.enriched_article import Changes
from schemas.envelope import Envelope
from schemas.tagged_article import TaggedArticle
from streams.core.dedup.changes import changes
from streams.core.dedup.sketch import version_time
from streams.core.dedup.watermark import lane_of

VERSIONS_KEPT: Final = 3
LONGEST_CHARS: Final = 200_000
"""A longer text is not kept: with two others it must fit a record of a changelog."""
FORGET_AT_ONCE: Final = 32


class StoredTexts(TypedDict):
    """What of `ArticleTexts` as JSON its age is told from."""

    lane: str
    arrived: str


@dataclass(slots=True)
class TextAges:
    """When something last arrived for an article, by lane; and how far each lane has come."""

    heaps: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    latest: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[tuple[str, StoredTexts]]) -> TextAges:
        """Return the ages of all entries of a state, as they are stored."""
        ages = cls()
        for article_id, entry in entries:
            ages.see(entry["lane"], datetime.fromisoformat(entry["arrived"]), article_id)
        return ages

    def see(self, lane: str, arrived: datetime, article_id: str) -> None:
        """Take an arrival into account."""
        heapq.heappush(self.heaps.setdefault(lane, []), (arrived, article_id))
        self.latest[lane] = max(arrived, self.latest.get(lane, arrived))

    def forget(self, lane: str, texts: MutableMapping[str, ArticleTexts], kept: timedelta) -> None:
        """Forget some entries of a lane that nothing arrived for in so long."""
        heap = self.heaps.get(lane, [])
        for _ in range(FORGET_AT_ONCE):
            if not heap or self.latest[lane] - heap[0][0] <= kept:
                return
            arrived, article_id = heapq.heappop(heap)
            entry = texts.get(article_id)
            if entry is not None and (entry.lane, entry.arrived) == (lane, arrived):
                del texts[article_id]


def changed(article: TaggedArticle, version_of: str | None, known: ArticleTexts | None) -> Changes | None:
    """Return what changed since a version; None when there is none or its text is not at hand."""
    texts = known.texts if known else ()
    before = next((kept.text for kept in texts if kept.version == version_of), None)
    return None if before is None else changes(before, article.text, article.language.code)


def with_text(known: ArticleTexts | None, article: TaggedArticle, envelope: Envelope) -> ArticleTexts:
    """Return the wordings known of an article with one more."""
    time = version_time(article, envelope.origin_time)
    texts = {kept.version: kept for kept in (known.texts if known else ())}
    if len(article.text) <= LONGEST_CHARS:
        texts[article.version] = VersionText(version=article.version, version_time=time, text=article.text)
    last = sorted(texts.values(), key=lambda kept: (kept.version_time, kept.version))[-VERSIONS_KEPT:]
    return ArticleTexts(texts=tuple(last), lane=lane_of(envelope), arrived=envelope.origin_time)
