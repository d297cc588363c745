"""ShardMatches: what one shard of the near-duplicate index knows of an article."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from schemas.base import Event, Instant, Value


class Relation(StrEnum):
    """How two articles are alike."""

    NEAR_DUPLICATE = "near_duplicate"
    PART_OF = "part_of"


class PairMatch(Value):
    """One other article that is alike, as seen from the article in question. A function of the pair alone."""

    article_id: str = Field(description="The other article.")
    version: str = Field(description="The other article's version that matched.")
    event_time: Instant = Field(description="The other article's event time, UTC.")
    relation: Relation = Field(description="near_duplicate, or part_of when one is contained in the other.")
    rule: str = Field(description="The evidence that decided: runs_cover_both, names_and_words, …")
    similarity: float = Field(
        ge=0, le=1, description="Share of both texts' words that lie in common runs of five words, 0 to 1."
    )
    containment: float = Field(
        ge=0, le=1, description="Share of this article's words in runs of five that the other has, 0 to 1."
    )
    contained: float = Field(
        ge=0, le=1, description="Share of the other's words in runs of five that this article has, 0 to 1."
    )


class ShardMatches(Event):
    """A shard's answer for one article."""

    ce_type: ClassVar[str] = "news.dedup.matches"

    article_id: str = Field(description="The article.")
    version: str = Field(description="Its version.")
    event_time: Instant = Field(description="Event time of the article, UTC.")
    version_time: Instant | None = Field(
        default=None, description="See ArticleSketch; null: the event time."
    )
    shard: int = Field(ge=0, description="The shard that answers.")
    shards: int = Field(ge=1, description="How many shards answer for this article.")
    boilerplate: str | None = Field(
        default=None, description="Version of the table of boilerplate that was left out; null: none was."
    )
    failed: bool = Field(
        default=False, description="True when the shard could not look: the article goes on without it."
    )
    matches: tuple[PairMatch, ...] = Field(
        default=(), description="Articles that are alike, by article id then version."
    )
