"""choose: which letters are meant. Every condition that is given must hold; of its values, one suffices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.redrive.rows import Row


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions; an empty set asks for nothing. Times: of the first failure, UTC; `until` is not within."""

    ids: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    fingerprints: frozenset[str] = frozenset()
    stages: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = None

    def wants(self, row: Row) -> bool:
        """Tell whether a letter is meant."""
        told = (
            (self.codes, row.code), (self.fingerprints, row.fingerprint), (self.stages, row.stage),
            (self.topics, row.topic), (self.states, row.state),
        )
        named = not self.ids or row.id in self.ids or row.at in self.ids
        return named and all(not some or value in some for some, value in told) and self._within(row)

    def _within(self, row: Row) -> bool:
        if self.since is None and self.until is None:
            return True
        try:
            at = datetime.fromisoformat(row.first_failure)
        except ValueError:
            return False
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)

    def of(self, rows: Iterable[Row]) -> list[Row]:
        """Return the letters that are meant, at most `limit` of them."""
        return list(islice((row for row in rows if self.wants(row)), self.limit))
