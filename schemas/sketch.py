"""ArticleSketch: what the near-duplicate index needs of an article, one message for each shard."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from schemas.base import Event, Instant


class ArticleSketch(Event):
    """One shard's share of an article's sketch."""

    ce_type: ClassVar[str] = "news.dedup.sketch"

    article_id: str = Field(description="The article.")
    version: str = Field(description="Its version.")
    event_time: Instant = Field(description="Event time of the article, UTC.")
    shard: int = Field(ge=0, description="The shard that this message is for.")
    shards: int = Field(ge=1, description="How many shards answer for this article.")
    bands: tuple[str, ...] = Field(
        description="The MinHash bands that this shard indexes, as hex keys; empty for a short text."
    )
    words: int = Field(ge=0, description="Words of the text.")
    scale: int = Field(
        ge=1, description="FracMinHash scale: one shingle hash in `scale` is kept; a power of two."
    )
    fingerprint: str = Field(
        description="Kept shingle hashes, sorted, unsigned 64-bit little-endian, base64; same in every shard."
    )
