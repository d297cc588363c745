"""views: which run is production, from `news.views.v1`; and names of topics by it.

`current` reads it once. `Watch` keeps looking: `fresh` returns what is true now, and while the view is being
moved it waits (see `streams.core.replay.view`). A topic that does not exist means that nobody ever moved it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from pydantic import ValidationError

from schemas.view import View
from streams.bus.envelope import origin_of
from streams.bus.errors import BusError
from streams.bus.interface import TopicPartition
from streams.bus.scan import scan
from streams.core.replay.view import FIRST, is_production, runs, runs_at_rest
from streams.topics import SHADOWED, VIEWS, job_of, shadow, unshadowed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from streams.bus.interface import Bus, Consumer, Record

PLACE: Final = TopicPartition(VIEWS.name, 0)
_LOOK_SECONDS: Final = 0.05
_PATIENCE_LOOKS: Final = 100
_IDLE_SECONDS: Final = 2.0
FOLLOWED: Final = frozenset(spec.name for spec in SHADOWED if spec.written_by != "ingest, any producer")
"""Topics that a view decides about: those that stages write. Raw is raw, and alerts are never made twice."""


@dataclass(slots=True)
class Watch:
    """Looks at the view; use it as a context. `waits` hears once of each move that takes long.

    A look asks for the topic's end, and reads only when that has moved. The consumer that asks is assigned
    nothing: on Kafka a question waits behind the fetch that is on its connection, 50 ms where nothing comes.
    """

    bus: Bus
    waits: Callable[[View], None] = lambda _: None
    view: View = FIRST
    _consumer: Consumer | None = None
    _read: int = 0

    async def __aenter__(self) -> Self:
        async with self.bus.admin() as admin:
            there = VIEWS.name in await admin.partition_counts()
        if there:
            self._consumer = self.bus.consumer(client_id="communique-view")
            await self._consumer.start()
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
        if end > self._read:
            async for records in scan(self.bus, [VIEWS.name], starts={PLACE: self._read}):
                for record in records:
                    if record.value:
                        with suppress(ValidationError):  # a stranger's: no reason to stand still
                            self.view = View.model_validate_json(record.value)
            self._read = end
        return self.view


@dataclass(slots=True)
class Produced:
    """What a worker that never forks reads: the topics of all `runs`, of them what is production.

    It is looked at after records came and before they are taken, so none is taken twice or passed over. A run
    that was not there when the worker started ends the worker (75): it starts again, and reads that one too.
    Until it has ended it goes on with those that it reads: what belongs to the other run it passes over.
    """

    watch: Watch
    move_on: Callable[[str], None]
    runs: tuple[str | None, ...]

    @classmethod
    async def open(cls, bus: Bus, move_on: Callable[[str], None]) -> Self:
        """Look at the view; return what it means now."""
        watch = await Watch(bus).__aenter__()
        return cls(watch, move_on, runs(await watch.fresh()))

    async def seen(self, records: Sequence[Record]) -> Sequence[Record]:
        """Return those records that are production."""
        view = await self.look()
        return [record for record in records if is_seen(view, record)]

    async def look(self) -> View:
        """Return the view as it is now; have the worker end when it names a run that is not read."""
        view = await self.watch.fresh()
        if not set(runs(view)) <= set(self.runs):
            self.move_on("production has moved to another run: this worker starts again, to read it too")
        return view

    async def keep_looking(self) -> None:
        """Look at it from time to time, for as long as nothing comes."""
        while True:
            await asyncio.sleep(_IDLE_SECONDS)
            with suppress(BusError):  # a bus that is away for a while: the worker itself says so
                await self.look()


async def current(bus: Bus) -> View:
    """Return the view as it is now; waits while it is being moved."""
    async with Watch(bus) as watch:
        return await watch.fresh()


def names(view: View, topic: str) -> list[str]:
    """Return the topics that a topic's events are read from, oldest run first; itself when none decides."""
    return [shadow(topic, run) for run in runs(view)] if topic in FOLLOWED else [topic]


def at_rest(view: View, topic: str) -> list[str]:
    """Return the topics that a thing's state is read from: the last that has the thing counts."""
    return [shadow(topic, run) for run in runs_at_rest(view)] if topic in FOLLOWED else [topic]


def is_seen(view: View, record: Record) -> bool:
    """Tell whether a record is production: of the run that its raw record belongs to."""
    if unshadowed(record.topic) not in FOLLOWED:
        return True
    place = (record.topic, record.partition, record.offset)
    return is_production(view, origin_of(record) or "", job_of(record.topic), place)
