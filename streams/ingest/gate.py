"""gate: lets a backfill in, record by record, no faster than the live flow allows (`core/throttle.py`).

    async with Gate(bus, look, limits, tell) as gate:
        await gate.admit()          # before each record

It follows the raw topic and those where records end, for what is on its way; of live records that come out
enriched it learns what they take, from some time before the past begins. It asks `look` for how many records
of each topic its stage has not committed, and has. A bus on which no stage commits anything has no live flow
to protect: it says so and lets everything in.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, Self

from schemas.envelope import DeliveryMode
from streams.bus.envelope import origin_of_raw
from streams.bus.errors import BusError
from streams.bus.fates import WALK, fate_of
from streams.bus.scan import follow, header, starts_at_end, starts_since
from streams.core.on_the_way import OnTheWay
from streams.core.throttle import Limits, Seen, Throttle, behind_seconds, looked, rest_seconds, smoothed
from streams.topics import ENRICHED, RAW, REFUSALS

if TYPE_CHECKING:
    from streams.bus.interface import Bus, Record, TopicPartition

_ENDS: Final = (REFUSALS.name, *(spec.dead_letters for spec in WALK))
LOOK_SECONDS: Final = 1.0
BEFORE_SECONDS: Final = 180.0
"""What live records took so long before the past begins is what they take alone."""
DEAF_SECONDS: Final = 3.0
"""Without any commit for so long from the start on, while something waits, nobody is reading."""
UNSEEN_SECONDS: Final = 2.0
"""So long what was let in is counted before it is seen on the raw topic: it may not have been sent at all."""
GONE_SECONDS: Final = 90.0
"""Stages that did read and commit nothing for so long are gone; less is a restart, with its models."""


@dataclass(slots=True)
class Silence:
    """For how long nobody has committed anything."""

    since: float
    committed: int | None = None
    ever: bool = False

    def heard(self, waiting: int, committed: int, now: float) -> bool:
        """Take in a look at the moment `now` (monotonic seconds); return whether nobody is reading."""
        if self.committed is not None and committed != self.committed:
            self.ever = True
        if committed != self.committed or not waiting:
            self.committed, self.since = committed, now
        return now - self.since > (GONE_SECONDS if self.ever else DEAF_SECONDS)


@dataclass(slots=True, eq=False)
class Gate:
    """One backfill's. `calm`: the pauses so far, begin and end in ms since 1970, None while one lasts."""

    bus: Bus
    look: Callable[[], Awaitable[Mapping[str, tuple[int, int]]]]
    limits: Limits
    tell: Callable[[str], None]
    state: Throttle = field(default_factory=Throttle)
    calm: list[tuple[int, int | None]] = field(default_factory=list)
    _live: list[float] = field(default_factory=list)
    _before: list[float] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _way: OnTheWay = field(default_factory=OnTheWay)
    _unseen: deque[float] = field(default_factory=deque)
    """When each was let in that was not seen on the raw topic since."""
    _due: float = 0.0
    _deaf: bool = False

    async def __aenter__(self) -> Self:
        """Begin to look."""
        now_ms = time.time_ns() // 1_000_000
        starts = await starts_since(self.bus, [ENRICHED.name], now_ms - int(BEFORE_SECONDS * 1000))
        starts.update(await starts_at_end(self.bus, [RAW.name, *_ENDS]))
        listening = self._listen(starts, now_ms / 1000)
        self._tasks = [asyncio.create_task(listening), asyncio.create_task(self._watch())]
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Stop looking."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def admit(self) -> None:
        """Wait until one more record may go in. Raises what made looking impossible."""
        self._check()
        while not self._deaf and (wait := self._wait()) != 0:
            self._changed.clear()
            changed = asyncio.create_task(self._changed.wait())
            await asyncio.wait({changed, *self._tasks}, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()
            self._check()
        self._unseen.append(time.monotonic())
        if self.limits.per_second is None:
            return
        now = time.monotonic()
        self._due = max(self._due + 1 / self.limits.per_second, now - 0.05)
        if self._due > now:
            await asyncio.sleep(self._due - now)

    def _wait(self) -> float | None:
        """Return after how many seconds one more may go in, 0 for now; None: not before something changes."""
        now, window = time.monotonic(), self.state.window
        while self._unseen and now - self._unseen[0] > UNSEEN_SECONDS:
            self._unseen.popleft()
        if not self.state.open or self._way.many(now) + len(self._unseen) + 1 > max(1.0, window):
            return None
        return max(0.0, self._way.last + rest_seconds(window, self._way.took) - now)

    def _check(self) -> None:
        """Raise what a task ended with: without it the past would go in unseen."""
        for task in self._tasks:
            if task.done():
                task.result()

    async def _listen(self, starts: Mapping[TopicPartition, int], began: float) -> None:
        async for records in follow(self.bus, starts):
            for record in records:
                if record.topic == RAW.name:
                    self._come(record)
                elif (fate := fate_of(record)) is not None:
                    self._way.ended(fate.origin, time.monotonic())
                if record.topic == ENRICHED.name and (wait := live_wait(record)) is not None:
                    came = record.timestamp_ms / 1000 - wait
                    (self._before if came < began else self._live).append(wait)
            self._changed.set()

    def _come(self, record: Record) -> None:
        """Count a raw record; one of the past is most likely ours."""
        if self._unseen and header(record, "ce_deliverymode") == DeliveryMode.BACKFILL.value:
            self._unseen.popleft()
        self._way.came(origin_of_raw(record), time.monotonic())

    async def _watch(self) -> None:
        silence, last = Silence(time.monotonic()), time.monotonic()
        committed: dict[str, int] = {}
        done: dict[str, float] = {}
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                standing = await self.look()
            except BusError as error:
                self.tell(f"the lag cannot be read, nothing goes in meanwhile: {error}")
                self.state = replace(self.state, open=False)
                continue
            now = time.monotonic()
            waiting = {topic: many for topic, (many, _) in standing.items()}
            gone = {topic: each - committed.get(topic, each) for topic, (_, each) in standing.items()}
            committed = {topic: each for topic, (_, each) in standing.items()}
            done = smoothed(done, gone, now - last)
            self._hear(silence.heard(sum(waiting.values()), sum(committed.values()), now))
            live, before = tuple(self._live), tuple(self._before)
            self._take(Seen(now - last, behind_seconds(waiting, done), live, before))
            last = now

    def _take(self, seen: Seen) -> None:
        """Move the throttle by a look; note where a pause begins and ends."""
        self._live.clear()
        self._before.clear()
        paused = self.state.calm_left > 0
        self.state = looked(self.state, seen, self.limits)
        if paused != (self.state.calm_left > 0):
            self._note_pause(begins=not paused)
        self._changed.set()

    def _hear(self, deaf: bool) -> None:
        if deaf and not self._deaf:
            self.tell("no stage is reading: loading without waiting for any (`communique run` starts them)")
        self._deaf = deaf

    def _note_pause(self, *, begins: bool) -> None:
        now = time.time_ns() // 1_000_000
        if begins:
            self.calm.append((now, None))
        elif self.calm:
            self.calm[-1] = (self.calm[-1][0], now)


def live_wait(record: Record) -> float | None:
    """Return the seconds from raw to enriched of a live record; None for any other."""
    if header(record, "ce_deliverymode") != DeliveryMode.LIVE.value or not (
        came := header(record, "ce_origintime")
    ):
        return None
    return record.timestamp_ms / 1000 - datetime.fromisoformat(came).timestamp()
