"""raised: what was raised about each proposition, found by proposition, by rule, and by what follows it.

The state is an entry a rule and proposition, and one for a proposition that had other ids before; the rest is
worked out from it when a partition is assigned. An entry is forgotten when the watermark of every lane that
it came in by has passed its event time by `kept`: what an article takes back later is not followed up.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from schemas.alerts_state import RaisedAlert, RaisedProposition
from streams.core.buckets import discard
from streams.core.dedup.watermark import Bounds, Watermarks, lane_of
from streams.core.novelty.versions import Limits, limits, past

if TYPE_CHECKING:
    from schemas.alert import Alert
    from schemas.envelope import Envelope
    from schemas.statement_event import StatementEvent

FORGET_AT_ONCE = 32
"""Entries looked at for their age in one step."""


@dataclass(slots=True)
class RaisedIndex:
    """What is worked out from the entries.

    `rules`: by proposition; `causes`: keys by the event that caused alerts; `followed`: what has a follow-up.
    """

    rules: dict[str, set[str]] = field(default_factory=dict)
    causes: dict[str, set[str]] = field(default_factory=dict)
    followed: set[str] = field(default_factory=set)
    ages: list[tuple[datetime, str]] = field(default_factory=list)
    watermarks: Watermarks = field(default_factory=Watermarks)

    @classmethod
    def over(cls, table: Mapping[str, RaisedProposition]) -> RaisedIndex:
        """Return the index of a state."""
        index = cls()
        for key in table:
            index.add(key, table[key])
        return index

    def add(self, key: str, entry: RaisedProposition) -> None:
        """Take in an entry as it is now."""
        proposition, _, rule = key.partition("/")
        self.rules.setdefault(proposition, set()).add(rule)
        for each in entry.raised:
            self.causes.setdefault(each.cause, set()).add(key)
            if each.alert.corrects is not None:
                self.followed.add(each.alert.corrects)
        heapq.heappush(self.ages, (entry.last, key))

    def drop(self, key: str, entry: RaisedProposition) -> None:
        """Take an entry out."""
        proposition, _, rule = key.partition("/")
        discard(self.rules, proposition, rule)
        for each in entry.raised:
            self.followed.discard(each.alert.corrects or "")
            discard(self.causes, each.cause, key)


@dataclass(frozen=True, slots=True)
class Raised:
    """The table, and what is worked out from it."""

    table: MutableMapping[str, RaisedProposition]
    index: RaisedIndex

    def propositions(self, *ids: str) -> list[str]:
        """Return the ids that a proposition, with these ids, may have been raised under; these come first."""
        found = dict.fromkeys(ids)
        for name in ids:
            if (known := self.table.get(f"{name}/")) is not None:
                found |= dict.fromkeys(known.same_as)
        return list(found)

    def keys(self, *ids: str) -> list[str]:
        """Return the keys of what was raised about a proposition, in order of ids and rules."""
        return [
            f"{name}/{rule}" for name in self.propositions(*ids)
            for rule in sorted(self.index.rules.get(name, ())) if rule]

    def rename(self, event: StatementEvent, envelope: Envelope) -> None:
        """Note under a proposition's id the former ids under which something was raised."""
        own, *others = self.propositions(event.proposition_id, *event.former_proposition_ids)
        former = tuple(name for name in others if self.index.rules.get(name, set()) - {""})
        known = self.table.get(f"{own}/")
        if former and (known is None or known.same_as != former):
            self._put(f"{own}/", RaisedProposition(
                same_as=former, last=event.event_time, lanes=_lanes(known, envelope)))

    def note(self, key: str, raised: RaisedAlert, event: StatementEvent, envelope: Envelope) -> None:
        """Note an alert as sent."""
        known = self.table.get(key)
        before, last = (known.raised, known.last) if known else ((), event.event_time)
        self._put(key, RaisedProposition(
            raised=(*before, raised), last=max(last, event.event_time), lanes=_lanes(known, envelope)))

    def caused(self, cause: str, keys: Iterable[str]) -> list[Alert]:
        """Return the alerts of some entries that an event has caused, in their order."""
        here = self.index.causes.get(cause, ())
        return [
            each.alert for key in keys if key in here for each in self.table[key].raised
            if each.cause == cause]

    def standing(self, key: str) -> list[RaisedAlert]:
        """Return the alerts of an entry that nothing has followed yet."""
        return [
            each for each in self.table[key].raised
            if each.stands and each.alert.alert_id not in self.index.followed]

    def _put(self, key: str, entry: RaisedProposition) -> None:
        self.table[key] = entry
        self.index.add(key, entry)

    def forget(self, event: StatementEvent, envelope: Envelope, raw: Bounds, kept: timedelta | None) -> None:
        """Take an acknowledged statement into account, and forget some old entries; `kept` None: none."""
        time = min(event.event_time, envelope.origin_time)
        self.index.watermarks.see(lane_of(envelope), envelope.origin, time)
        if kept is not None:
            for key in list(self._old(limits(self.index.watermarks, raw, kept))):
                self.index.drop(key, self.table[key])
                del self.table[key]

    def _old(self, found: Limits) -> Iterator[str]:
        latest, ages = max((limit for limit in found.values() if limit), default=None), self.index.ages
        for _ in range(FORGET_AT_ONCE):
            if not ages or latest is None or ages[0][0] >= latest:
                return
            time, key = heapq.heappop(ages)
            entry = self.table.get(key)
            if entry is None or entry.last != time:
                continue
            if past(time, entry.lanes, found):
                yield key
            else:
                heapq.heappush(ages, (time, key))
                return


def _lanes(known: RaisedProposition | None, envelope: Envelope) -> tuple[str, ...]:
    return tuple(sorted({*(known.lanes if known else ()), lane_of(envelope)}))
