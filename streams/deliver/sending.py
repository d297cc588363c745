"""sending: groups leave, channels are tried, results go to the bus, beside the reading.

Results have a loop of their own: a bus that is away keeps no notification waiting. Each channel has its own
attempts, bounded in number and in time: one that hangs holds up nobody else. A loop wakes when something has
happened, and twice a second otherwise.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from schemas.delivery import DeliveryOutcome
from streams.bus.durable import writing
from streams.bus.errors import BusError
from streams.deliver import results, upkeep
from streams.deliver.attempts import Attempt, Attempts
from streams.deliver.departure import Departures
from streams.deliver.notification import Channel, Failed, Sent
from streams.observe import logging, metrics
from streams.stages import DELIVER

if TYPE_CHECKING:
    from streams.bus.interface import Producer

_TICK_SECONDS: Final = 0.25
_SLACK_SECONDS: Final = 5.0
"""A channel bounds itself; one that does not is cut off so much later."""
_UPKEEP_SECONDS: Final = 60.0
_MEASURE_SECONDS: Final = 2.0
_BUS_SECONDS: Final = 5.0
_LAST_WORDS_SECONDS: Final = 3.0


@dataclass(slots=True)
class Sending:
    """Everything that leaves."""

    store: sqlite3.Connection
    departures: Departures
    channels: Mapping[str, tuple[Channel, Attempts]]
    producer: Producer
    now: Callable[[], float]
    keep_seconds: float
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: bool = False
    closed: bool = False
    """Whether the last attempt has ended."""
    _busy: dict[str, dict[int, asyncio.Task[None]]] = field(default_factory=dict)

    def wake(self) -> None:
        """Look now, not at the next tick."""
        self.woken.set()

    async def run(self) -> None:
        """Send until `stopping`. Raises what the store or the bus raises: the process ends, starts anew."""
        upkeep_at = measure_at = 0.0
        telling = asyncio.create_task(self._tell())
        while not self.stopping:
            self._leave()
            for name in self.channels:
                self._try(name)
            if (now := self.now()) >= upkeep_at:
                upkeep.clean(self.store, now - self.keep_seconds)
                upkeep_at = now + _UPKEEP_SECONDS
            if now >= measure_at:
                upkeep.measure(self.store, self.channels)
                measure_at = now + _MEASURE_SECONDS
            await self._wait()
        await self._finish()
        await asyncio.wait([telling], timeout=_LAST_WORDS_SECONDS)
        telling.cancel()

    async def _tell(self) -> None:
        """Tell the bus what became of notifications; once it is away, try again now and then."""
        while True:
            try:
                told = await results.publish(self.store, self.producer)
            except BusError as error:
                logging.get(DELIVER).warning("the bus takes no results", why=str(error))
                await asyncio.sleep(_BUS_SECONDS)
                continue
            if self.closed and not told:
                return
            if not told:
                await asyncio.sleep(_TICK_SECONDS)

    def _leave(self) -> None:
        """Let groups leave; a look that finds nothing takes no lock."""
        if upkeep.anything_due(self.store, self.now()):
            with writing(self.store):
                self.departures.leave()
        if upkeep.repeats(self.departures.paces):
            with writing(self.store):
                self.departures.repeat()

    def _try(self, name: str) -> None:
        channel, attempts = self.channels[name]
        busy = self._busy.setdefault(name, {})
        for attempt in attempts.next(busy):
            task = asyncio.create_task(self._attempt(channel, attempts, attempt))
            busy[attempt.nid] = task
            task.add_done_callback(partial(self._ended, name, attempt.nid))

    def _ended(self, name: str, nid: int, done: asyncio.Task[None]) -> None:
        self._busy[name].pop(nid, None)
        if not done.cancelled() and (error := done.exception()):
            logging.get(DELIVER).error("attempt", channel=name, error=type(error).__name__)
        self.wake()

    async def _attempt(self, channel: Channel, attempts: Attempts, attempt: Attempt) -> None:
        outcome = await tried(channel, attempt, attempts.pace.timeout_seconds + _SLACK_SECONDS)
        with writing(self.store):
            found = attempts.settle(attempt, outcome)
        metrics.DELIVERIES.labels(attempts.channel, found.value).inc()
        if found is DeliveryOutcome.DELIVERED:
            metrics.DELIVERY_SECONDS.labels(attempts.channel).observe(max(0.0, self.now() - attempt.heard))
        elif isinstance(outcome, Failed):
            logging.get(DELIVER).warning(
                found.value, channel=attempts.channel, key=attempt.notification.key, reason=outcome.reason,
                attempts=attempt.attempts + 1)

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self.woken.wait(), _TICK_SECONDS)
        except TimeoutError:
            return
        finally:
            self.woken.clear()

    async def _finish(self) -> None:
        """Let the attempts under way end, close the channels."""
        under_way = [task for busy in self._busy.values() for task in busy.values()]
        if under_way:
            await asyncio.wait(under_way)
        for channel, _attempts in self.channels.values():
            await channel.close()
        self.closed = True


async def tried(channel: Channel, attempt: Attempt, seconds: float) -> Sent | Failed:
    """Return what a channel answers; whatever it raises is a failure, told by its class alone."""
    try:
        return await asyncio.wait_for(channel.send(attempt.notification), seconds)
    except TimeoutError:
        return Failed("timeout")
    except Exception as error:  # noqa: BLE001  # a channel's bug is a failed attempt: the outbox keeps it
        return Failed(f"bug: {type(error).__name__}")
