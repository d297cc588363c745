"""FoundStatement: a statement as one article has it now, or no longer has it: what split tells judge."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from schemas.base import Event, Instant, Published, Value
from schemas.clean_article import Outlet
from schemas.mention import MentionKind
from schemas.span import Span
from schemas.statement import Attribution, Statement


class Named(Value):
    """A thing that a statement's content, addressee or target, or a headline, names."""

    text: str = Field(description="As written.")
    key: str = Field(description="Wikidata id, else the name in normal form.")
    kind: MentionKind = Field(description="What kind of thing it is.")


class ArticleRef(Value):
    """The article that reports a statement, in the latest of its versions that does."""

    id: str = Field(description="The article.")
    version: str = Field(description="Its latest version with the statement.")
    url: str | None = Field(default=None, description="Canonical URL; null when unknown.")
    outlet: Outlet = Field(default_factory=Outlet, description="Who published it.")
    headline: str | None = Field(default=None, description="Headline; null when none was found.")
    headline_names: tuple[Named, ...] = Field(default=(), description="What its headline names, in order.")
    language: str | None = Field(
        default=None, description="ISO 639-1 code of its language; null when it is not known."
    )
    published: Published | None = Field(default=None, description="When it was published; null when unknown.")


class Beside(Value):
    """What an article has of the same speaker besides, where it is not explicit that he said it."""

    statement_id: str = Field(description="The statement.")
    attribution: Attribution = Field(description="inferred or ambiguous.")
    content: tuple[Span, ...] = Field(description="What may have been said.")


class FoundStatement(Statement, Event):
    """A statement of an article as its versions have it: where it stands, since when, and what it names."""

    ce_type: ClassVar[str] = "news.statement.found"

    article: ArticleRef = Field(description="The article that reports it.")
    cluster_id: str | None = Field(
        default=None, description="The article's cluster as of then; null when it is not known."
    )
    placement: str = Field(description="What it is kept under: the speaker, else the article.")
    language: str = Field(description="ISO 639-1 code of the article's language.")
    event_time: Instant = Field(
        description="Event time of the earliest version of the article with the statement, UTC."
    )
    withdrawn: bool = Field(
        default=False, description="True when the article's latest version no longer has it."
    )
    instead_of: tuple[str, ...] = Field(
        default=(),
        description="Statements of the same speaker that the article's latest version, which has this one, "
        "no longer has; by id.",
    )
    lanes: tuple[str, ...] = Field(
        description="Delivery modes it came in by, with the job where there is one, sorted."
    )
    alike: tuple[str, ...] = Field(
        default=(), description="Articles that share the article's text as of then, by id."
    )
    names: tuple[Named, ...] = Field(default=(), description="What its content names, in order.")
    addressed: tuple[Named, ...] = Field(
        default=(), description="What its addressee and its target name, in order."
    )
    beside: tuple[Beside, ...] = Field(
        default=(),
        description="Inferred and ambiguous statements of the same speaker in the article, in order; the "
        "first few.",
    )

    @property
    def article_id(self) -> str:
        """Return the id of the article that reports it."""
        return self.article.id
