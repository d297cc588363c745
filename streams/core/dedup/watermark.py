"""Watermark: how far each lane of the bus has come, so that what nobody can be like any more is forgotten.

A lane is a delivery mode, with its job: a backfill neither evicts the live flow nor is evicted by it. Its
watermark is the least, over the raw partitions that have unread records, of the greatest min(event time, raw
timestamp) seen there: one article dated 2050 moves nothing, and a partition that is behind holds everything
back. Where no partition has unread records, it is the greatest. What is not known (a partition never seen,
bounds not given) counts as unread and unseen: nothing is forgotten.

Fails to protect in one case: a record that is overtaken on its way from raw to the index, by records of its
own raw partition, by more than the lateness. Lateness is what covers it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zlib import crc32

from schemas.envelope import DeliveryMode, Envelope, Provenance

JOB_LANES: Final = 256
"""Any producer may write any job's name on a raw record: so many lanes a mode there are at most, and what the
records of one name leave behind is forgotten with those of the next. Two backfills at once share one in 1 of
256 cases: then the one that is further ahead in time may make the other miss near-duplicates."""

Bounds = Mapping[int, tuple[int, int]]
"""Raw partition → (first offset still kept, next offset to be written). Empty: not known."""


def lane_of(envelope: Envelope | Provenance) -> str:
    """Return the lane of an event: `live`, or the mode with its job's number; in a replay its first mode.

    >>> from datetime import UTC
    >>> when = datetime(2024, 5, 1, tzinfo=UTC)
    >>> lane_of(Envelope(id="", type="", source="", time=when, origin="raw-0-0", origin_time=when))
    'live'
    """
    if envelope.origin_mode is not None:
        return envelope.origin_mode.value
    if envelope.delivery_mode is DeliveryMode.LIVE or envelope.replay_job_id is None:
        return envelope.delivery_mode.value
    return f"{envelope.delivery_mode.value}/{crc32(envelope.replay_job_id.encode()) % JOB_LANES}"


def raw_place(origin: str) -> tuple[int, int]:
    """Return partition and offset of an origin; raises ValueError for what is no `topic-partition-offset`.

    >>> raw_place("news.articles.raw.v1-3-17")
    (3, 17)
    """
    _, partition, offset = origin.rsplit("-", 2)
    return int(partition), int(offset)


@dataclass(slots=True)
class Watermarks:
    """The greatest time seen for each lane and raw partition, the greatest offset seen in each partition."""

    times: dict[str, dict[int, datetime]] = field(default_factory=dict)
    offsets: dict[int, int] = field(default_factory=dict)

    def see(self, lane: str, origin: str, time: datetime) -> None:
        """Take in that an arrival is done with; `time` is the lesser of its event time and raw timestamp."""
        partition, offset = raw_place(origin)
        self.offsets[partition] = max(offset, self.offsets.get(partition, -1))
        times = self.times.setdefault(lane, {})
        times[partition] = max(time, times.get(partition, time))

    def of(self, lane: str, bounds: Bounds) -> datetime | None:
        """Return the lane's watermark; None while nothing may be forgotten."""
        seen = self.times.get(lane, {})
        unread = [p for p, (_, end) in bounds.items() if end > self.offsets.get(p, -1) + 1]
        if not bounds or any(p not in seen for p in unread):
            return None
        return min(seen[p] for p in unread) if unread else max(seen.values(), default=None)
