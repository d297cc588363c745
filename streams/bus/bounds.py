"""bounds: what a topic keeps, asked of the bus from time to time, for steps that must answer at once.

`door.Bounds`. Until the first answer, and for a topic that nobody asked for yet, nothing is known ({}):
whoever forgets by these bounds then forgets nothing. An answer is old by `EVERY_SECONDS` at most while the
bus answers; an old one errs on the safe side (offsets only grow).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from streams.bus.errors import BusError
from streams.observe import logging
from streams.topics import RAW

if TYPE_CHECKING:
    from schemas.replay_job import ReplayJob
    from streams.bus.interface import Admin

EVERY_SECONDS: Final = 5.0


class PolledBounds:
    """See the module."""

    def __init__(self) -> None:
        self._known: dict[str, dict[int, tuple[int, int]]] = {}

    def __call__(self, topic: str) -> Mapping[int, tuple[int, int]]:
        """Return (first offset kept, next offset) of each partition as last heard.

        {} when it is not known.
        """
        return self._known.setdefault(topic, {})

    async def refresh(self, admin: Admin) -> None:
        """Ask for the topics that somebody has asked for."""
        if not self._known:
            return
        names = sorted(self._known)
        starts, ends = await admin.beginning_offsets(names), await admin.end_offsets(names)
        for name in names:
            mine = [place for place in ends if place.topic == name]
            self._known[name] = {place.partition: (starts.get(place, 0), ends[place]) for place in mine}

    async def keep_fresh(self, admin: Admin) -> None:
        """Ask again and again, until cancelled."""
        while True:
            try:
                await self.refresh(admin)
            except BusError as error:
                logging.get("bounds").warning("the bus did not answer", error=type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)


class FrozenBounds:
    """What a replay reads of raw: fixed at its plan, so that a partition that is fed late holds all back."""

    def __init__(self, job: ReplayJob) -> None:
        self._known = {RAW.name: {each.partition: (each.context, each.end) for each in job.ranges}}

    def __call__(self, topic: str) -> Mapping[int, tuple[int, int]]:
        """Return (first offset read, the offset after the last) of each raw partition; {} of other topics."""
        return self._known.get(topic, {})

    async def keep_fresh(self, admin: Admin) -> None:
        """Do nothing, until cancelled."""
        del admin
        await asyncio.Event().wait()
