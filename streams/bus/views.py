"""views: which run is production, from `news.views.v1`; and names of topics by it.

`current` reads it once. `Watch` keeps looking: `fresh` returns what is true now, and while the view is being
moved it waits (see `streams.core.replay.view`). A topic that does not exist means that nobody ever moved it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from schemas.view import View
from streams.bus.envelope import origin_of
from streams.bus.interface import TopicPartition
from streams.core.replay.view import FIRST, run_of, runs
from streams.topics import SHADOWED, VIEWS, job_of, shadow, unshadowed

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.bus.interface import Bus, Consumer, Record

PLACE: Final = TopicPartition(VIEWS.name, 0)
_LOOK_SECONDS: Final = 0.05
_PATIENCE_LOOKS: Final = 100
FOLLOWED: Final = frozenset(spec.name for spec in SHADOWED if spec.written_by != "ingest, any producer")
"""Topics that a view decides about: those that stages write. Raw is raw, and alerts are never made twice."""


@dataclass(slots=True)
class Watch:
    """Looks at the view; use it as a context. `waits` hears once of each move that takes long."""

    bus: Bus
    waits: Callable[[View], None] = lambda _: None
    view: View = FIRST
    _consumer: Consumer | None = None

    async def __aenter__(self) -> Self:
        async with self.bus.admin() as admin:
            there = VIEWS.name in await admin.describe_topics()
        if there:
            self._consumer = self.bus.consumer(client_id="communique-view")
            await self._consumer.start()
            self._consumer.assign([PLACE])
            first = await self._consumer.beginning_offsets([PLACE])
            await self._consumer.seek(PLACE, first[PLACE])
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._consumer:
            await self._consumer.stop()

    async def fresh(self) -> View:
        """Return the view as it is now; while it is being moved, wait for where it goes."""
        await self.latest()
        looks = 0
        while self.view.moving:
            looks += 1
            if looks == _PATIENCE_LOOKS:
                self.waits(self.view)
            await asyncio.sleep(_LOOK_SECONDS)
            await self.latest()
        return self.view

    async def latest(self) -> View:
        """Return the last record of the view, also one that says that it is being moved."""
        if self._consumer is None:
            return self.view
        end = (await self._consumer.end_offsets([PLACE]))[PLACE]
        while await self._consumer.position(PLACE) < end:
            for records in (await self._consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    if record.value:
                        self.view = View.model_validate_json(record.value)
        return self.view


async def current(bus: Bus) -> View:
    """Return the view as it is now; waits while it is being moved."""
    async with Watch(bus) as watch:
        return await watch.fresh()


def names(view: View, topic: str) -> list[str]:
    """Return the topics that a topic's events are read from, oldest run first; itself when none decides."""
    return [shadow(topic, run) for run in runs(view)] if topic in FOLLOWED else [topic]


def is_seen(view: View, record: Record) -> bool:
    """Tell whether a record is production: of the run that its raw record belongs to."""
    topic = unshadowed(record.topic)
    if topic not in FOLLOWED:
        return True
    return run_of(view, origin_of(record) or "") == job_of(record.topic)
