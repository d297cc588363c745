"""kept: what the archive keeps of a record: the record, or the stub of one that was taken back.

Taken back are the raw records that a takedown names, and what comes again under the same URL or source id: as
clean tells articles apart, but for those that have neither. A takedown waits for the archive to stand still,
so what is known at the start of a run holds to its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from schemas.takedown import Takedown
from streams.bus.blank import blanked
from streams.bus.interface import Record
from streams.core.cleaning.taken_down import article_named


@dataclass(frozen=True, slots=True)
class Kept:
    """Call it with a record. `origins`, `articles`: place or article → takedown."""

    origins: Mapping[str, str]
    articles: Mapping[str, str]

    @classmethod
    def by(cls, takedowns: Mapping[str, Takedown]) -> Kept:
        """Return what is kept under these takedowns, by article."""
        origins = {at: each.takedown_id for each in takedowns.values() for at in each.origins}
        return cls(origins, {article: each.takedown_id for article, each in takedowns.items()})

    def __call__(self, record: Record) -> Record:
        """Return the record or its stub."""
        if not self.articles:
            return record
        takedown = self.origins.get(record.at) or self.articles.get(article_of(record) or "")
        return blanked(record, takedown) if takedown else record


def article_of(record: Record) -> str | None:
    """Return the id that clean gives a raw record's article by its URL or source id, None without either."""
    try:
        body = orjson.loads(record.value or b"")
    except orjson.JSONDecodeError:
        return None
    return article_named(body.get("url"), body.get("source_id")) if isinstance(body, dict) else None
