"""Takedown: an article was taken back. Says what was removed, holds none of it."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from schemas.base import Event, Instant
from schemas.ids import digest


class TakedownState(StrEnum):
    """How far it is. From `begun` on the article is refused."""

    BEGUN = "begun"
    DONE = "done"


class Takedown(Event):
    """One article that was taken back, kept for ever: keyed by the article, the latest event counts."""

    ce_type: ClassVar[str] = "news.takedown"

    takedown_id: str = Field(description="Hash of the article's id: what the stubs name.")
    article_id: str = Field(description="The article; its first raw record's place when it has no id.")
    state: TakedownState = Field(description="begun, before anything is removed; done, after everything is.")
    reason: str = Field(description="Why, in the words of whoever asked.")
    by: str | None = Field(default=None, description="Who asked; null when not said.")
    taken_at: Instant = Field(description="When it was asked for first, UTC.")
    origins: tuple[str, ...] = Field(
        description="Its raw records, topic-partition-offset, in order: their stubs stay."
    )
    statement_ids: tuple[str, ...] = Field(default=(), description="Its statements, sorted.")
    removed: dict[str, int] = Field(
        default_factory=dict,
        description="Records or rows that were blanked or removed, by place: a topic, archive, outbox.",
    )
    remains: dict[str, Instant | None] = Field(
        default_factory=dict,
        description="Topics that still hold it, where a bus cannot blank a record, and until when at the "
        "latest (null: until the log cleaner has run, or for ever: `for_ever`); empty when none does.",
    )
    for_ever: tuple[str, ...] = Field(
        default=(), description="Those of `remains` that keep it for ever, as they are set up."
    )
    elsewhere: tuple[str, ...] = Field(
        default=(),
        description="Places that may hold it and are on another machine, archive or outbox: not taken out "
        "before `forget` is called there, too.",
    )


def takedown_id(article_id: str) -> str:
    """Return the id of an article's takedown."""
    return digest("takedown", article_id)
