"""View: which run's topics are production, and since which raw record: the pointer that readers follow."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from schemas.base import Event, Value


class ViewCut(Value):
    """Where a run takes over in one raw partition."""

    partition: int = Field(ge=0, description="Raw partition.")
    offset: int = Field(ge=0, description="The first raw record whose events are read from this run.")


class ViewSpan(Value):
    """A stretch of raw records, up to where the next begins, and the run whose events of them are read."""

    job_id: str | None = Field(
        default=None, description="The replay whose topics are production; null: the first run's."
    )
    since: tuple[ViewCut, ...] = Field(
        default=(), description="By partition, the first raw record; one that is not named: from its first."
    )


class ViewPlace(Value):
    """A place in a topic that stages write."""

    topic: str = Field(description="Its whole name.")
    partition: int = Field(ge=0, description="Its partition.")
    offset: int = Field(ge=0, description="The first record that is meant.")


class ViewLeaving(Value):
    """A replay that is about to be dropped: its part of the raw records goes back to the run before it.

    New events of its part are read from both runs, until all that it has is read: nothing falls between.
    """

    job_id: str = Field(description="The replay.")
    since: tuple[ViewPlace, ...] = Field(
        description="From which records on the events of its part are read from the run before it, too; "
        "in a partition that is not named: from the first."
    )


class View(Event):
    """The pointer at rest; the last record counts. Every raw record belongs to exactly one span."""

    ce_type: ClassVar[str] = "news.view"

    name: str = Field(default="production", description="Which pointer: there is one.")
    revision: int = Field(ge=1, description="Counts up with every change.")
    spans: tuple[ViewSpan, ...] = Field(
        default=(ViewSpan(),), min_length=1, description="Oldest first; the last is what production is now."
    )
    moving: bool = Field(
        default=False, description="True: about to be moved; readers wait for the next record."
    )
    leaving: ViewLeaving | None = Field(
        default=None, description="The replay that is being dropped; null: none is."
    )
    by: str | None = Field(default=None, description="Who moved it; null when nobody said.")
    reason: str | None = Field(default=None, description="Why, for people: cutover or rollback of a replay.")
