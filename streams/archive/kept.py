"""kept: what the archive keeps of a record: the record, or the stub of one that was taken back.

Taken back are the raw records that a takedown names, and what comes again under the same URL or source id: as
clean tells articles apart, but for those that have neither. Replays copy raw records under the same rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from schemas.takedown import Takedown
from streams.bus.blank import blanked
from streams.bus.interface import Record
from streams.core.cleaning.taken_down import Followed, article_named


@dataclass(frozen=True, slots=True)
class Kept:
    """Call it with a record. `origins`, `articles`: place or article → takedown."""

    origins: Mapping[str, str]
    articles: Mapping[str, str]

    @classmethod
    def by(cls, takedowns: Mapping[str, Takedown], *, refuse_again: bool) -> Kept:
        """Return what is kept under these takedowns, by article; else what comes again is kept as new."""
        origins = {at: each.takedown_id for each in takedowns.values() for at in each.origins}
        articles = takedowns.items() if refuse_again else ()
        return cls(origins, {article: each.takedown_id for article, each in articles})

    def __call__(self, record: Record) -> Record:
        """Return the record or its stub."""
        takedown = self.origins.get(record.at)
        if takedown is None and self.articles:
            takedown = self.articles.get(article_of(record) or "")
        return blanked(record, takedown) if takedown else record


class KeptNow:
    """The same, under the takedowns as they stand now."""

    def __init__(self, standing: Followed, *, refuse_again: bool) -> None:
        self._standing, self._refuse_again = standing, refuse_again
        self._seen, self._kept = -1, Kept({}, {})

    def __call__(self, record: Record) -> Record:
        """Return the record or its stub."""
        if self._seen != self._standing.changes:
            self._seen = self._standing.changes
            known = {name: each for name, each in self._standing.by_key.items() if isinstance(each, Takedown)}
            self._kept = Kept.by(known, refuse_again=self._refuse_again)
        return self._kept(record)


def article_of(record: Record) -> str | None:
    """Return the id that clean gives a raw record's article by its URL or source id, None without either."""
    try:
        body = orjson.loads(record.value or b"")
    except orjson.JSONDecodeError:
        return None
    return article_named(body.get("url"), body.get("source_id")) if isinstance(body, dict) else None
