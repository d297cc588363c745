"""Delivery: what became of a notification on one channel."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from schemas.base import Event, Instant
from schemas.ids import digest


class DeliveryOutcome(StrEnum):
    """What became of it. `failed` is tried again; the others are final."""

    DELIVERED = "delivered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    DEAD = "dead"


class Delivery(Event):
    """One attempt at a notification, or why there was none. When it happened stands in `ce_processedat`."""

    ce_type: ClassVar[str] = "news.delivery"

    idempotency_key: str = Field(
        description="The notification's id, the same at every attempt: hash of channel, alerts, revisions."
    )
    alert_ids: tuple[str, ...] = Field(description="The alerts in it, as they came.")
    channel: str = Field(description="The channel's name.")
    group: str = Field(description="The group that it left with: rule and values, as text.")
    revision: int = Field(
        ge=0, description="0, then 1 and up for its repetitions until somebody acknowledges."
    )
    outcome: DeliveryOutcome = Field(description="delivered, failed, suppressed, expired or dead.")
    attempts: int = Field(ge=0, description="Attempts so far; 0 when none was made.")
    reason: str | None = Field(
        default=None, description="Why not delivered, from a closed set (http 503, …); null when it was."
    )
    event_time: Instant = Field(description="Event time of the first alert, UTC.")


def delivery_key(channel: str, members: tuple[tuple[str, int], ...], revision: int) -> str:
    """Return the idempotency key of a notification: `members`: alert ids with revisions, in order."""
    told = [part for alert, number in members for part in (alert, str(number))]
    return digest("delivery", channel, str(revision), *told)
