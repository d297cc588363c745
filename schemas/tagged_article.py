"""TaggedArticle: a clean article with its mentions and statements: one parse gives both."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from schemas.clean_article import CleanArticle
from schemas.mention import Mention
from schemas.statement import Statement


class TaggedArticle(CleanArticle):
    """An article with what it names and who is reported to have said what."""

    ce_type: ClassVar[str] = "news.article.tagged"

    mentions: tuple[Mention, ...] = Field(default=(), description="Named things, in order of the text.")
    statements: tuple[Statement, ...] = Field(
        default=(), description="What speakers are reported to have said, in order."
    )
