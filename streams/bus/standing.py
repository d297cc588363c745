"""standing: what stands on a small compacted topic, followed by a worker: rules.

Complete before the worker takes its first record, then at most a second or so old. A record that is no event
of its topic is named in the log and left out: what stood under its key stays. Nothing is committed and no
group is joined: every worker reads all of it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from streams.bus import codec, scan
from streams.bus.errors import BusError
from streams.bus.interface import TopicPartition
from streams.core.outcome import Permanent
from streams.observe import logging

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from schemas.base import Event
    from streams.bus.interface import Bus, Record
    from streams.topics import TopicSpec

_AGAIN_SECONDS: Final = 2.0


@dataclass(slots=True, eq=False)
class Standing:
    """What stands on one topic, by key. `changes` counts up with every change: ask it before `by_key`."""

    spec: TopicSpec
    limits: codec.Limits
    changes: int = 0
    by_key: dict[str, Event] = field(default_factory=dict)
    positions: dict[TopicPartition, int] = field(default_factory=dict)

    def apply(self, records: Iterable[Record]) -> None:
        """Take records in, in order; one that was taken already changes nothing."""
        for record in records:
            at = TopicPartition(record.topic, record.partition)
            if record.offset >= self.positions.get(at, 0):
                self.positions[at] = record.offset + 1
                self._take(record)

    def _take(self, record: Record) -> None:
        key = (record.key or b"").decode("utf-8", "replace")
        if record.value is None:
            if self.by_key.pop(key, None) is not None:
                self.changes += 1
            return
        try:
            event = codec.decode(
                record.value, self.spec.model, self.limits, type_name=scan.header(record, "ce_type"))
        except Permanent as error:
            logging.get("standing").warning("left out", record=record.at, reason=str(error))
            return
        if self.by_key.get(key) != event:
            self.by_key[key] = event
            self.changes += 1


class Followed:
    """The topics that a worker's agents follow: `door.Standings`."""

    def __init__(self, limits: codec.Limits) -> None:
        self._limits = limits
        self._known: dict[str, Standing] = {}

    def __call__(self, spec: TopicSpec) -> Standing:
        """Return what stands on a topic: empty before `catch_up`, and the same object ever after."""
        return self._known.setdefault(spec.name, Standing(spec, self._limits))

    async def catch_up(self, bus: Bus) -> None:
        """Read all that stands on the topics asked for; one that does not exist holds nothing.

        Raises `BusError`.
        """
        for name, standing in self._known.items():
            async for records in scan.scan(bus, [name], missing_ok=True):
                standing.apply(records)

    async def keep_up(self, bus: Bus) -> None:
        """Follow them until cancelled; while the bus does not answer, what is known stands."""
        while self._known:
            try:
                await self._follow(bus)
            except BusError as error:
                logging.get("standing").warning("the bus did not answer", error=type(error).__name__)
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _follow(self, bus: Bus) -> None:
        starts = await self._starts(bus)
        if len({at.topic for at in starts}) < len(self._known):
            return
        async for records in scan.follow(bus, starts):
            if records:
                self._known[records[0].topic].apply(records)

    async def _starts(self, bus: Bus) -> Mapping[TopicPartition, int]:
        places = await scan.partitions_of(bus, sorted(self._known), missing_ok=True)
        return {at: self._known[at.topic].positions.get(at, 0) for at in places}
