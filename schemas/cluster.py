"""The truth at rest: which cluster an article is in, and what a cluster holds. Both on compacted topics."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from schemas.base import Event, Instant
from schemas.enriched_article import DedupRole


class Assignment(Event):
    """An article's place, keyed by article id. The latest record of a key is the truth."""

    ce_type: ClassVar[str] = "news.dedup.assignment"

    article_id: str = Field(description="The article.")
    cluster_id: str = Field(description="Its cluster.")
    canonical_id: str = Field(description="The cluster's earliest article.")
    role: DedupRole = Field(description="canonical, near_duplicate or part_of.")
    own_cluster_id: str | None = Field(
        default=None,
        description="The id of the cluster that it is, or once was, the canonical of. A cluster that is gone "
        "is found by this, and `cluster_id` is where it went; null in old events.",
    )
    part_of: tuple[str, ...] = Field(
        default=(), description="Articles that contain this one, by id; empty when none does."
    )
    versions: tuple[str, ...] = Field(
        default=(), description="All versions seen of this article, by modified or published time, then id."
    )


class ClusterChange(StrEnum):
    """What happened to a cluster last."""

    OPENED = "opened"
    JOINED = "joined"
    LEFT = "left"
    MERGED = "merged"
    RENAMED = "renamed"


class ClusterEvent(Event):
    """A cluster as it stands, keyed by cluster id. `kind` and `from` say how it came to be (as of)."""

    ce_type: ClassVar[str] = "news.cluster"

    kind: ClusterChange = Field(description="What happened last.")
    cluster_id: str = Field(description="The cluster.")
    from_: tuple[str, ...] = Field(
        default=(), alias="from", description="Cluster ids that it was merged or renamed from."
    )
    members: tuple[str, ...] = Field(description="Its articles, by id.")
    canonical_id: str = Field(description="Its earliest article.")
    first_published: Instant = Field(description="Event time of the earliest article, UTC.")
