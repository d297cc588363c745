"""ArticleSketch: what the near-duplicate index needs of an article, one message for each shard."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from schemas.base import Event, Instant, Value


class TextPrint(Value):
    """What of a text is compared with others'. Hashes are 32-bit, little-endian, in base64."""

    words: int = Field(ge=0, description="Words of the text.")
    scale: int = Field(ge=1, description="One gram in `scale` is kept; a power of two.")
    grams: str = Field(
        description="Hashes of runs of three words, in order of the text; a sample when scale is over 1."
    )
    names: str = Field(default="", description="Hashes of capitalised words inside sentences, sorted.")
    figures: str = Field(default="", description="Hashes of numbers, sorted.")
    title: str = Field(default="", description="Hashes of the headline's words, sorted.")


class ArticleSketch(Event):
    """One shard's share of an article's sketch."""

    ce_type: ClassVar[str] = "news.dedup.sketch"

    article_id: str = Field(description="The article.")
    version: str = Field(description="Its version.")
    event_time: Instant = Field(description="Event time of the article, UTC.")
    version_time: Instant | None = Field(
        default=None,
        description="What versions of an article are ordered by: when this one was modified, else published; "
        "null: its event time.",
    )
    undated: bool = Field(
        default=False, description="True when the event time is the raw record's, for want of a date."
    )
    shard: int = Field(ge=0, description="The shard that this message is for.")
    shards: int = Field(ge=1, description="How many shards answer for this article.")
    bands: str = Field(
        description="The MinHash bands that this shard indexes, by number: a 32-bit key each, little-endian, "
        "in base64; empty for a text without words."
    )
    parts: int = Field(
        default=1, ge=1,
        description="How often `bands` has them all: for the whole text, then each section of a long one.",
    )
    boilerplate: str | None = Field(
        default=None, description="Version of the table of boilerplate that was left out; null: none was."
    )
    text_print: TextPrint = Field(description="What is compared; the same in every shard.")
