"""A stretch of text, located twice: in the cleaned field and in the raw content."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.base import Value


class SpanField(StrEnum):
    """The field of the clean article that a span lies in."""

    TEXT = "text"
    HEADLINE = "headline"
    DATELINE = "dateline"
    SOURCE_CREDIT = "source_credit"


class Span(Value):
    """A located stretch of text. Offsets are code points, half open; the field sliced by them is `text`."""

    field: SpanField = Field(
        default=SpanField.TEXT, description="The field that `start` and `end` point into."
    )
    start: int = Field(ge=0, description="First code point in the field.")
    end: int = Field(ge=0, description="One past the last code point in the field.")
    raw_start: int | None = Field(
        default=None, ge=0, description="First code point in the raw content; null for HTML."
    )
    raw_end: int | None = Field(
        default=None, ge=0, description="One past the last code point in the raw content; null for HTML."
    )
    text: str = Field(description="The field sliced by start:end.")
