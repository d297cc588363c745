"""expired: records that retention deleted before whoever reads them came to them.

A stage, or any other reader with a group, that starts later than its committed offset has lost what lay
between, and so has every reader that is so far behind that retention overtakes it. It goes on: nothing brings
them back. But it says so, once for each record, in a log line and in
`communique_expired_unread_records_total`. Where somebody sought to, nothing was read before: it counts for
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from streams.observe import logging, metrics

if TYPE_CHECKING:
    from collections.abc import Mapping

P = TypeVar("P", bound=tuple[str, int])
"""A partition: the bus's, aiokafka's, or Faust's."""


@dataclass(slots=True)
class Expired:
    """What one worker of a group has found missing; of a reader without one `group` is its client id."""

    group: str
    _told: dict[tuple[str, int], int] = field(default_factory=dict)
    """Partition → the offset before which all that is missing has been told of."""

    def look(self, committed: Mapping[P, int], starts: Mapping[P, int]) -> None:
        """Compare where the group had come to with where it reads on; offsets, a hole counts as a record."""
        for place, start in starts.items():
            known = max(committed.get(place, start), self._told.get(place, 0))
            if known < start:
                self._told[place] = start
                self._tell(place, known, start)

    def _tell(self, place: tuple[str, int], known: int, start: int) -> None:
        topic, partition = place
        metrics.EXPIRED_UNREAD.labels(self.group, topic).inc(start - known)
        logging.get("bus").warning(
            "expired unread", group=self.group, topic=topic, partition=partition, first=known,
            last=start - 1,
            advice="nothing brings them back: it was away, or behind, for longer than the topic keeps",
        )
