"""notes: what was done about dead letters, as `news.redrives.v1` has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from schemas.redrive import Redrive
from streams.bus.scan import scan
from streams.core.redriving import Book
from streams.topics import REDRIVES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.bus.interface import Bus, TopicPartition


async def book_of(bus: Bus, ends: Mapping[TopicPartition, int] | None = None) -> Book:
    """Return all notes, up to `ends` or to the topic's end. What is no note there is passed over."""
    book = Book()
    async for records in scan(bus, [REDRIVES.name], ends=ends, missing_ok=True):
        for record in records:
            try:
                book.take(Redrive.model_validate_json(record.value or b""))
            except ValidationError:
                continue
    return book
