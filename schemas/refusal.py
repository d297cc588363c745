"""Refusal: a named, counted reason why an article ends early."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from schemas.base import Event


class Refusal(Event):
    """An article that ends here, and why."""

    ce_type: ClassVar[str] = "news.refusal"

    source_id: str | None = Field(
        default=None, description="The producer's own id, echoed; null when it gave none."
    )
    article_id: str | None = Field(
        default=None, description="The article; null when its id could not be told."
    )
    stage: str = Field(description="The stage that refused.")
    reason: str = Field(description="A value of streams.core.outcome.RefusalReason.")
    detail: str | None = Field(default=None, description="For people; holds no text of the article.")
