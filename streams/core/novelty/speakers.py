"""speakers: all speakers of one partition, each built from his entries at his first statement; their ages.

Entries are looked through for their ages a speaker at each step, so that those who are never spoken of again
are forgotten too.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.envelope import DeliveryMode, Envelope
from schemas.found_statement import FoundStatement
from schemas.statements_state import JudgedStatement
from streams.core.dedup.watermark import Bounds, Watermarks, lane_of
from streams.core.novelty.gist import gist_of
from streams.core.novelty.origins import way_of
from streams.core.novelty.speaker import Node, Speaker
from streams.core.novelty.versions import Limits, limits, past

FORGET_AT_ONCE = 32
"""Statements looked at for their age in one step; more than one comes in with it."""


@dataclass(frozen=True, slots=True)
class NoveltyOptions:
    """See `streams.settings.NoveltySettings`. `lateness` None forgets nothing by age."""

    window: timedelta = timedelta(days=30)
    lateness: timedelta | None = None
    max_statements: int = 20_000
    max_origins: int = 50


def key_of(found: FoundStatement) -> str:
    """Return the key of a statement's entry."""
    return f"{found.placement}/{found.statement_id}"


def node_of(found: FoundStatement) -> Node:
    """Return a statement as far as its place depends on it."""
    return Node(
        found.statement_id, found.event_time, found.rendition_of, gist_of(found), way_of(found),
        DeliveryMode.LIVE.value in found.lanes, found.withdrawn, found.recurring, found.lanes,
        found.instead_of)


@dataclass(slots=True)
class Speakers:
    """`names`: the statements kept of each placement; `asleep`: placements not looked at yet."""

    options: NoveltyOptions
    names: dict[str, set[str]] = field(default_factory=dict)
    awake: dict[str, Speaker] = field(default_factory=dict)
    asleep: list[str] = field(default_factory=list)
    ages: list[tuple[datetime, str, str]] = field(default_factory=list)
    watermarks: Watermarks = field(default_factory=Watermarks)

    @classmethod
    def over(cls, judged: Mapping[str, JudgedStatement], options: NoveltyOptions) -> Speakers:
        """Return the speakers of a state; nobody's entries are read yet."""
        speakers = cls(options)
        for key in judged:
            placement, _, name = key.rpartition("/")
            speakers.names.setdefault(placement, set()).add(name)
        speakers.asleep = sorted(speakers.names, reverse=True)
        return speakers

    def of(self, placement: str, judged: Mapping[str, JudgedStatement]) -> Speaker:
        """Return a speaker, built from all his entries at first."""
        speaker = self.awake.get(placement)
        if speaker is None:
            speaker = self.awake[placement] = Speaker(self.options.window, self.options.max_origins)
            entries = [judged[f"{placement}/{name}"].found for name in sorted(self.names.get(placement, ()))]
            for found in entries:
                self._age(found)
            speaker.put(*map(node_of, entries))
        return speaker

    def add(self, found: FoundStatement) -> None:
        """Take in that a statement has an entry."""
        self.names.setdefault(found.placement, set()).add(found.statement_id)
        self._age(found)

    def _age(self, found: FoundStatement) -> None:
        entry = (found.event_time, found.placement, found.statement_id)
        heapq.heappush(self.ages, entry)

    def forget(
        self, found: FoundStatement, envelope: Envelope, judged: MutableMapping[str, JudgedStatement],
        raw: Bounds,
    ) -> None:
        """Take an acknowledged statement into account, and forget some that nothing depends on any more."""
        self.watermarks.see(lane_of(envelope), envelope.origin, min(found.event_time, envelope.origin_time))
        self._wake(judged)
        for placement, name in [*self._old(raw), *self._too_many(found.placement)]:
            self._drop(placement, name, judged)

    def _wake(self, judged: Mapping[str, JudgedStatement]) -> None:
        """Look at the entries of one more speaker, if there is one left."""
        while self.asleep:
            placement = self.asleep.pop()
            if placement in self.names and placement not in self.awake:
                self.of(placement, judged)
                return

    def _old(self, raw: Bounds) -> Iterator[tuple[str, str]]:
        """Yield statements whose whole proposition is past what anything that may still come depends on."""
        found = self._limits(raw)
        latest = max((limit for limit in found.values() if limit), default=None)
        for _ in range(FORGET_AT_ONCE if latest else 0):
            if not self.ages or latest is None or self.ages[0][0] >= latest:
                return
            _, placement, name = heapq.heappop(self.ages)
            speaker = self.awake.get(placement)
            if speaker is None or name not in speaker.nodes:
                continue
            nodes = [speaker.nodes[each] for each in speaker.proposition(name)]
            if all(past(node.time, node.lanes, found) for node in nodes):
                yield placement, name
            else:
                heapq.heappush(self.ages, (max(latest, *(node.time for node in nodes)), placement, name))

    def _limits(self, raw: Bounds) -> Limits:
        lateness = self.options.lateness
        return {} if lateness is None else limits(self.watermarks, raw, 2 * self.options.window + lateness)

    def _too_many(self, placement: str) -> Iterator[tuple[str, str]]:
        """Yield the oldest propositions of a speaker who has too many statements, a twentieth at once."""
        most, speaker = self.options.max_statements, self.awake.get(placement)
        spare = len(speaker.nodes) - most if speaker else 0
        if speaker is None or spare <= 0:
            return
        spare += most // 20
        latest = {
            root: max(speaker.nodes[name].time for name in members)
            for root, members in speaker.members.items()
        }
        for root in sorted(latest, key=lambda each: (latest[each], each)):
            yield placement, root
            spare -= len(speaker.members.get(root, ()))
            if spare <= 0:
                return

    def _drop(self, placement: str, name: str, judged: MutableMapping[str, JudgedStatement]) -> None:
        speaker = self.awake.get(placement)
        if speaker is None or name not in speaker.nodes:
            return
        names = speaker.proposition(name)
        speaker.forget(names)
        for each in names:
            judged.pop(f"{placement}/{each}", None)
            self.names[placement].discard(each)
        if not speaker.nodes:
            del self.awake[placement], self.names[placement]
