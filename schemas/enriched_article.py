"""EnrichedArticle: a tagged article with its near-duplicates as of then; and the answer it waits for."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from schemas.base import Event, Value
from schemas.shard_matches import Relation
from schemas.tagged_article import TaggedArticle


class DedupRole(StrEnum):
    """What an article is in its cluster."""

    CANONICAL = "canonical"
    NEAR_DUPLICATE = "near_duplicate"
    PART_OF = "part_of"


class Evidence(Value):
    """Why two articles count as alike."""

    rule: str = Field(
        description="runs_cover_both, names_and_words (a rewrite), or runs_cover_one (a part)."
    )


class Match(Value):
    """Another article that is alike."""

    article_id: str = Field(description="The other article.")
    relation: Relation = Field(description="near_duplicate or part_of.")
    similarity: float = Field(
        ge=0, le=1, description="Share of both texts' words that lie in common runs of five words, 0 to 1."
    )
    containment: float = Field(
        ge=0, le=1, description="Share of this article's words in runs of five that the other has, 0 to 1."
    )
    evidence: Evidence = Field(description="Why they count as alike.")


class FigureChange(Value):
    """A figure that another took the place of, in a sentence that is the same otherwise."""

    before: str = Field(description="The figure in the version before, as written there.")
    after: str = Field(description="The figure now.")
    sentence: str = Field(description="The sentence as it stands now.")


class Changes(Value):
    """What a version says that the one before it did not. A sentence that was only moved is no change."""

    added: tuple[str, ...] = Field(default=(), description="Sentences that are new, in order; at most 64.")
    removed: tuple[str, ...] = Field(
        default=(), description="Sentences that are gone, in their order; at most 64."
    )
    figures: tuple[FigureChange, ...] = Field(
        default=(), description="Figures that changed in sentences that stayed, in order."
    )
    correction_note: str | None = Field(
        default=None, description="A new sentence that speaks of a correction; null when there is none."
    )


class Dedup(Value):
    """An article's near-duplicates as of when the event left. Assignments hold the truth at rest."""

    cluster_id: str = Field(description="The cluster.")
    canonical_id: str = Field(description="The cluster's earliest article.")
    role: DedupRole = Field(description="canonical, near_duplicate or part_of.")
    matches: tuple[Match, ...] = Field(default=(), description="Articles that are alike, by article id.")
    is_new_article: bool = Field(description="True when no version of this article was seen before.")
    version_of: str | None = Field(
        default=None,
        description="The version before this one, by modified or published time; null when none was seen.",
    )
    changes: Changes | None = Field(
        default=None,
        description="What changed since that version; null when there is none or its text is no longer kept.",
    )
    boilerplate_version: str | None = Field(
        default=None, description="Version of the table of boilerplate that was left out; null: none was."
    )
    revision: int = Field(ge=1, description="Counts up for each event of an article: keep the greatest.")


class Completeness(Value):
    """Which stages an event went through, and what is missing."""

    stages: tuple[str, ...] = Field(description="Stages passed, in order.")
    missing: tuple[str, ...] = Field(
        default=(), description="What could not be done, e.g. `dedup.shard-3`; empty when all was."
    )


class DedupAnswer(Event):
    """What dedup knows of one origin's article: enrich joins it to the article that waits."""

    ce_type: ClassVar[str] = "news.dedup.answer"

    article_id: str = Field(description="The article.")
    version: str = Field(description="Its version.")
    dedup: Dedup = Field(description="What is known.")
    missing: tuple[str, ...] = Field(
        default=(), description="Shards that could not look; empty when all did."
    )


class EnrichedArticle(TaggedArticle):
    """The product: an article, clean, tagged and compared."""

    ce_type: ClassVar[str] = "news.article.enriched"

    dedup: Dedup = Field(description="Near-duplicates as of the moment the event left.")
    completeness: Completeness = Field(description="What was done, and what is missing.")
