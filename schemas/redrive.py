"""Redrive: what was done about a dead letter, and how it ended."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from schemas.base import Event
from schemas.ids import digest


class RedriveState(StrEnum):
    """How far it is. `asked` and `sent` are on the way, the others are ends."""

    ASKED = "asked"
    SENT = "sent"
    ENRICHED = "enriched"
    REFUSED = "refused"
    PROCESSED = "processed"
    DEAD_AGAIN = "dead_again"
    SUPERSEDED = "superseded"
    """Nothing was put back: its article has come out, or a later record of its key was processed."""
    DISCARDED = "discarded"


class Redrive(Event):
    """One step of what was done about a dead letter. When it happened stands in `ce_processedat`.

    Of one letter the latest counts. `asked` is written before the copy is sent, `sent` after it.
    """

    ce_type: ClassVar[str] = "news.redrive"

    letter_id: str = Field(description="The dead letter: topic-partition-offset of the record that died.")
    redrive_id: str | None = Field(
        default=None,
        description="Hash of letter and attempt, in the copy's `ce_redriveid`; null: none was sent.",
    )
    state: RedriveState = Field(
        description="asked, sent, enriched, refused, processed (after enrichment), dead_again, superseded or "
        "discarded."
    )
    attempt: int = Field(ge=0, description="Redrives of this record's line, this one included; 0: none was.")
    origin: str = Field(description="The first raw record that it comes from, topic-partition-offset.")
    code: str | None = Field(default=None, description="The letter's code; null when it has none.")
    fingerprint: str | None = Field(
        default=None, description="The letter's fingerprint: failures of one kind; null when it has none."
    )
    by: str = Field(description="Who asked for it.")
    why: str | None = Field(default=None, description="The reason given; null when none was.")
    search_from: int | None = Field(
        default=None,
        description="Offset of the target partition before which no copy is; null: none was sent.",
    )
    target: str | None = Field(
        default=None, description="The copy's place, topic-partition-offset; null until it is known."
    )


def redrive_id(letter_id: str, attempt: int) -> str:
    """Return the id of the `attempt`th redrive of a line of letters, whose last is this letter."""
    return digest("redrive", letter_id, str(attempt))
