"""What every event has: frozen, unknown fields ignored, type, version; times as the product writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema


def rfc3339(moment: datetime) -> str:
    """Return `moment` in UTC as RFC 3339 with `Z`, with microseconds only where there are some.

    >>> rfc3339(datetime(2018, 2, 14, tzinfo=UTC))
    '2018-02-14T00:00:00Z'
    """
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _within_utc(moment: datetime) -> datetime:
    """Refuse a moment of year 1 or 9999 that its zone moves out of all years: nobody could write it."""
    try:
        moment.astimezone(UTC)
    except (OverflowError, ValueError):
        raise ValueError("lies outside the years 1 to 9999 in UTC") from None
    return moment


Instant = Annotated[
    datetime,
    AfterValidator(_within_utc),
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A moment, UTC, written as RFC 3339."""


class Value(BaseModel):
    """A frozen part of an event. Readers ignore unknown fields."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Value):
    """The root of all events. `ce_type` is without its version, e.g. `news.article.clean`."""

    ce_type: ClassVar[str]
    version_number: ClassVar[int] = 1


class Precision(StrEnum):
    """How exact a date is."""

    SECOND = "second"
    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class DateCandidate(Value):
    """One date found for an article, kept whether it was chosen or not."""

    value: Instant = Field(
        description="The moment, UTC; the start of the day, month or year when less is known."
    )
    precision: Precision = Field(description="How exact `value` is.")
    basis: str = Field(description="Where it was found: producer, meta, url, dateline, text, …")


class Published(DateCandidate):
    """The date an article was published, with all that was considered."""

    candidates: tuple[DateCandidate, ...] = Field(default=(), description="Every date found, best first.")
    suspect: bool = Field(
        default=False,
        description="True when extracted from a page and before 1990 or after the raw record's timestamp: "
        "not used as event time.",
    )
