"""ReplayJob: one replay, from its plan to its end, as it stands at rest.

Reads raw records again beside what was made of them, into topics of its own (`streams.topics.shadow`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from schemas.base import Event, Instant, Value


class ReplaySource(StrEnum):
    """Where a replay's raw records come from."""

    RAW = "raw"
    ARCHIVE = "archive"
    DEAD_LETTERS = "dead_letters"


class ReplayState(StrEnum):
    """Where a replay stands. `done`: it has read everything up to its frozen ends."""

    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    ACCEPTED = "accepted"
    CUT_OVER = "cut_over"
    ROLLED_BACK = "rolled_back"
    DROPPED = "dropped"
    FAILED = "failed"


class OffsetRange(Value):
    """A part of one raw partition."""

    partition: int = Field(ge=0, description="Raw partition.")
    start: int = Field(ge=0, description="First offset.")
    end: int = Field(ge=0, description="The offset after the last.")


class ReplaySelector(Value):
    """Which raw records are meant; empty: all. What is named in several ways must fit all of them."""

    since: Instant | None = Field(
        default=None, description="Raw records written at or after this, UTC; null: from the first there is."
    )
    until: Instant | None = Field(
        default=None, description="Raw records written before this, UTC; null: up to the plan's own moment."
    )
    offsets: tuple[OffsetRange, ...] = Field(
        default=(), description="Parts of raw partitions; empty: all of every partition."
    )
    outlets: tuple[str, ...] = Field(default=(), description="Outlets as the raw articles name them.")
    ids: tuple[str, ...] = Field(default=(), description="Source ids or URLs as the raw articles have them.")
    origins: tuple[str, ...] = Field(
        default=(), description="Raw records, topic-partition-offset: of article ids, or of dead letters."
    )

    @property
    def sifts(self) -> bool:
        """Tell whether records between first and last are left out, so that nothing can be told of sets."""
        return bool(self.outlets or self.ids or self.origins)


class ReplayRange(Value):
    """What is read of one raw partition: `context` up to `start` is only read, `start` up to `end` meant."""

    partition: int = Field(ge=0, description="Raw partition.")
    context: int = Field(ge=0, description="First offset that is read, for what comes after to be like.")
    start: int = Field(ge=0, description="First offset that is compared.")
    end: int = Field(ge=0, description="The offset after the last: frozen at the plan.")


class ReplayEstimate(Value):
    """What a run was thought to take."""

    records: int = Field(ge=0, description="Raw records to read, context included.")
    bytes: int = Field(ge=0, description="Their bytes, by a sample.")
    seconds: float = Field(ge=0, description="How long it may take, by the rate measured last.")


class ReplayGates(Value):
    """What the comparison may at most show before a replay is accepted; null: any number."""

    changed_share: float | None = Field(
        default=0.2, ge=0, le=1, description="Articles added, removed or changed, as a share of all."
    )
    statements_lost: int | None = Field(default=0, ge=0, description="Statements no longer there.")
    dead_letters: int | None = Field(default=0, ge=0, description="More dead letters than before.")


class Waiver(Value):
    """A gate that did not pass, and was let pass by name."""

    gate: str = Field(description="Name of the gate, a field of ReplayGates.")
    by: str = Field(description="Who waived it.")
    reason: str = Field(description="Why.")


class ReplayJob(Event):
    """A replay at rest; the record with the greatest revision counts."""

    ce_type: ClassVar[str] = "news.replay.job"

    job_id: str = Field(
        pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$",
        description="A name for people and a hash of everything that decides what the replay gives.",
    )
    revision: int = Field(default=1, ge=1, description="Counts up with every change.")
    state: ReplayState = Field(default=ReplayState.PLANNED, description="Where it stands.")
    source: ReplaySource = Field(description="raw, archive or dead_letters.")
    folder: str | None = Field(default=None, description="The archive's folder; null when it is a topic.")
    selector: ReplaySelector = Field(default=ReplaySelector(), description="Which records are meant.")
    ranges: tuple[ReplayRange, ...] = Field(description="What is read, by partition.")
    pipeline_version: str = Field(description="Version of the code that may run it.")
    settings: dict[str, str] = Field(
        default_factory=dict, description="Settings that this replay has otherwise, by name."
    )
    settings_digest: str = Field(description="Hash of every setting that decides what a body holds.")
    estimate: ReplayEstimate = Field(description="Records, bytes and time, as the plan counted them.")
    gates: ReplayGates = Field(default=ReplayGates(), description="What must hold for it to be accepted.")
    waivers: tuple[Waiver, ...] = Field(default=(), description="Gates that were let pass.")
    accepted_digest: str | None = Field(
        default=None, description="Hash of the differences that were accepted; null before they are."
    )
    accepted_by: str | None = Field(default=None, description="Who accepted them; null when nobody said.")
    digest: str | None = Field(
        default=None,
        description="Hash of all that was made and is compared; null before it is done.",
    )
    records: int | None = Field(default=None, ge=0, description="Raw records read; null before it is done.")
    follows: bool = Field(
        default=False, description="True: past its ends it goes on with what comes in live."
    )
    reason: str | None = Field(default=None, description="Why it failed; null when it did not.")

    def range_of(self, partition: int) -> ReplayRange | None:
        """Return what is read of a raw partition, None when nothing is."""
        return next((each for each in self.ranges if each.partition == partition), None)

    def compares(self, partition: int, offset: int) -> bool:
        """Tell whether a raw record's events are compared: meant, and not only context."""
        found = self.range_of(partition)
        return found is not None and found.start <= offset < found.end
