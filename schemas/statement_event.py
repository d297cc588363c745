"""StatementEvent: a statement with what is known of it beside all others: is it new, who else reports it."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from schemas.base import Event, Instant, Value
from schemas.found_statement import ArticleRef, Beside, Named
from schemas.statement import Statement


class NoveltyKind(StrEnum):
    """What a statement adds to what its speaker was reported to say before."""

    NEW = "new"
    REPEAT = "repeat"
    UPDATE = "update"
    CONTRADICTION = "contradiction"


class Novelty(Value):
    """Whether a statement is new, by event time."""

    kind: NoveltyKind = Field(description="new, repeat, update (another number or date) or contradiction.")
    live_kind: NoveltyKind = Field(
        description="The same, beside live statements only: a backfill hides no news. Alerts read it."
    )
    first_seen: Instant = Field(description="Event time of the proposition's earliest statement, UTC.")
    prior_statement_id: str | None = Field(
        default=None, description="The earlier statement that decided the kind; null when there is none."
    )
    similarity: float | None = Field(
        default=None, ge=0, le=1, description="How alike the two are, 0 to 1; null without an earlier one."
    )


class StatementState(StrEnum):
    """Where a statement stands."""

    REPORTED = "reported"
    CORROBORATED = "corroborated"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"


class StatementEvent(Statement, Event):
    """The product: who is reported to have said what, and whether it is new. Keyed by statement id.

    The latest record of a key is the truth; `revision`, `former_proposition_ids` and `cluster_id` say how it
    came to be (as of).
    """

    ce_type: ClassVar[str] = "news.statement"

    article: ArticleRef = Field(description="The article that reports it.")
    event_time: Instant = Field(
        description="Event time of the earliest version of the article with the statement, UTC."
    )
    cluster_id: str | None = Field(
        default=None, description="The article's cluster as of then; null when it is not known."
    )
    names: tuple[Named, ...] = Field(default=(), description="What its content names, in order.")
    addressed: tuple[Named, ...] = Field(
        default=(), description="What its addressee and its target name, in order."
    )
    proposition_id: str = Field(description="What all renderings of one utterance by one speaker share.")
    former_proposition_ids: tuple[str, ...] = Field(
        default=(), description="Names the proposition had before an earlier rendering came, oldest first."
    )
    novelty: Novelty = Field(description="Whether it is new.")
    independent_origins: int = Field(
        ge=0,
        description="Origins that report the proposition now: rewrites of one wire, and articles that share "
        "their text, are one. Counted up to `novelty.max_origins`.",
    )
    state: StatementState = Field(
        description="reported; corroborated by two origins or more; corrected: the article now says "
        "otherwise; withdrawn: it no longer says it."
    )
    corrects: str | None = Field(
        default=None,
        description="Proposition that its article reported before, and instead of which it now reports this "
        "one, changed in a number, a date, or to the contrary; null when there is none.",
    )
    beside: tuple[Beside, ...] = Field(
        default=(),
        description="Inferred and ambiguous statements of the same speaker in the article, in order; the "
        "first few.",
    )
    revision: int = Field(ge=1, description="Counts up for each event of a statement: keep the greatest.")

    @property
    def article_id(self) -> str:
        """Return the id of the article that reports it."""
        return self.article.id
