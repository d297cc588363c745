"""versions: which keys of split's table are an article's, and which articles are old enough to be forgotten.

An article is forgotten when the watermark of every lane that it came in by has passed the latest of its
versions by `kept`: a version that comes later withdraws nothing. A few at each step, after its outputs are
acknowledged; articles from before an assignment are looked at one a step.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from streams.core.dedup.watermark import Bounds, Watermarks, lane_of

if TYPE_CHECKING:
    from schemas.enriched_article import EnrichedArticle
    from schemas.envelope import Envelope
    from schemas.statements_state import SaidVersion

FORGET_AT_ONCE = 32
"""Articles looked at for their age in one step; one comes in with it."""

Limits = Mapping[str, datetime | None]
"""For each lane the time before which nothing can matter any more; None: everything may."""


@dataclass(slots=True)
class Versions:
    """`keys` by article; `asleep`: articles whose age is not known yet."""

    keys: dict[str, set[str]] = field(default_factory=dict)
    asleep: list[str] = field(default_factory=list)
    ages: list[tuple[datetime, str]] = field(default_factory=list)
    watermarks: Watermarks = field(default_factory=Watermarks)

    @classmethod
    def of(cls, said: Mapping[str, SaidVersion]) -> Versions:
        """Return the index of a state; its entries are not read."""
        versions = cls()
        for key in said:
            versions.add(key)
        versions.asleep = sorted(versions.keys, reverse=True)
        return versions

    def add(self, key: str) -> None:
        """Take in a key `article_id/version/pipeline`."""
        self.keys.setdefault(key.partition("/")[0], set()).add(key)

    def forget(
        self, article: EnrichedArticle, envelope: Envelope, said: MutableMapping[str, SaidVersion],
        raw: Bounds, kept: timedelta | None,
    ) -> None:
        """Take an acknowledged article into account, and forget some old ones; `kept` None: none."""
        lane, time = lane_of(envelope), min(article.event_time, envelope.origin_time)
        self.watermarks.see(lane, envelope.origin, time)
        heapq.heappush(self.ages, (article.event_time, article.article_id))
        if self.asleep:
            name = self.asleep.pop()
            times = [said[key].event_time for key in self.keys.get(name, ())]
            if times:
                heapq.heappush(self.ages, (max(times), name))
        if kept is not None:
            self._forget_old(limits(self.watermarks, raw, kept), said)

    def _forget_old(self, found: Limits, said: MutableMapping[str, SaidVersion]) -> None:
        latest = max((limit for limit in found.values() if limit), default=None)
        for _ in range(FORGET_AT_ONCE if latest else 0):
            if not self.ages or latest is None or self.ages[0][0] >= latest:
                return
            _, name = heapq.heappop(self.ages)
            versions = [said[key] for key in self.keys.get(name, ())]
            if all(past(each.event_time, map(lane_of, each.arrivals), found) for each in versions):
                for key in self.keys.pop(name, ()):
                    said.pop(key, None)
            else:
                heapq.heappush(self.ages, (max(latest, *(each.event_time for each in versions)), name))


def limits(watermarks: Watermarks, raw: Bounds, kept: timedelta) -> dict[str, datetime | None]:
    """Return the limits of all lanes seen, so far behind their watermarks."""
    return {lane: _before(watermarks.of(lane, raw), kept) for lane in watermarks.times}


def past(time: datetime, lanes: Iterable[str], found: Limits) -> bool:
    """Tell whether all lanes that something came in by have passed its time."""
    return all((limit := found.get(lane)) is not None and time < limit for lane in lanes)


def _before(mark: datetime | None, kept: timedelta) -> datetime | None:
    """Return `mark - kept`; None when there is no mark, or a producer's date of year 1 leaves no room."""
    first = datetime.min.replace(tzinfo=UTC)
    return mark - kept if mark is not None and mark - first > kept else None
