"""Envelope: what travels beside a body: CloudEvents 1.0 attributes and our extensions (headers `ce_…`)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.base import Instant, Value


class DeliveryMode(StrEnum):
    """Why a record is on the bus. Everything but `live` never pages anybody."""

    LIVE = "live"
    BACKFILL = "backfill"
    REPLAY = "replay"
    REDRIVE = "redrive"


class Provenance(Value):
    """Where an event's own thing came from, when another's arrival is the cause of the event."""

    origin: str = Field(description="Raw record, topic-partition-offset.")
    origin_time: Instant = Field(description="Timestamp of the raw record, UTC.")
    delivery_mode: DeliveryMode = Field(default=DeliveryMode.LIVE, description="Why it came in.")
    replay_job_id: str | None = Field(default=None, description="Its replay or backfill job; null when live.")
    origin_mode: DeliveryMode | None = Field(
        default=None, description="In a replay: why its raw record came in first; null outside of one."
    )

    @property
    def came_as(self) -> DeliveryMode:
        """Return why the raw record came in first: what a replay judges by, as the first run did."""
        return self.origin_mode or self.delivery_mode


class Envelope(Value):
    """The attributes of one event."""

    id: str = Field(description="ce_id: hash of type, origin and ordinal; the same at every redelivery.")
    type: str = Field(description="ce_type: e.g. `news.article.clean.v1`.")
    source: str = Field(description="ce_source: URI of the stage that made it, e.g. `/communique/clean`.")
    time: Instant = Field(description="ce_time: event time, UTC.")
    correlation_id: str | None = Field(default=None, description="Article id; null on a raw record.")
    causation_id: str | None = Field(
        default=None, description="ce_id of the event this one comes from; null on a raw record."
    )
    origin: str = Field(description="Raw record, topic-partition-offset.")
    origin_time: Instant = Field(
        description="Timestamp of the raw record, UTC: the cap of event times, the watermark's clock."
    )
    delivery_mode: DeliveryMode = Field(default=DeliveryMode.LIVE, description="Why it is on the bus.")
    replay_job_id: str | None = Field(default=None, description="The replay or backfill job; null when live.")
    origin_mode: DeliveryMode | None = Field(
        default=None, description="In a replay: why its raw record came in first; null outside of one."
    )
    pipeline_version: str | None = Field(
        default=None, description="Version of the code that made it; null on a raw record."
    )
    cause_mode: DeliveryMode | None = Field(
        default=None,
        description="When another thing's arrival, not live, is the cause of the event: why that came in.",
    )
    redrive_id: str | None = Field(
        default=None, description="The redrive it comes from; null unless a dead letter was put back."
    )

    @property
    def came_as(self) -> DeliveryMode:
        """Return why the raw record came in first: what a replay judges by, as the first run did."""
        return self.origin_mode or self.delivery_mode
