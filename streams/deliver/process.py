"""process: the one process that sends: settings → outbox, channels, loops; then until SIGTERM.

    python -m streams.deliver

It prints one line `ready stage=deliver …` once it has the outbox to itself. SIGTERM: it reads no more, lets
the attempts under way end, tells the bus of them, exits 0. Anything fatal exits 75: start me again. A
channels file that is wrong exits 2.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from streams.bus.codec import limits_of
from streams.bus.connect import connect
from streams.core.outcome import CommuniqueError, Usage
from streams.deliver import upkeep
from streams.deliver.attempts import Attempts
from streams.deliver.channels import KINDS
from streams.deliver.clock import jitter
from streams.deliver.config import ChannelConfig, Config
from streams.deliver.departure import Departures
from streams.deliver.intake import Intake
from streams.deliver.notification import Channel, Failed, Notification, Opening
from streams.deliver.reading import Reading
from streams.deliver.sending import Sending
from streams.deliver.store import OutboxError, claim, open_store, path_of
from streams.observe import metrics
from streams.stages import DELIVER, group_of
from streams.topics import ALERTS

if TYPE_CHECKING:
    from streams.bus.interface import Bus, Consumer, Producer
    from streams.settings import Settings

_CLAIM_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class NoChannel:
    """A channel that alerts name and nobody has set up: what is for it waits, and is dead in the end."""

    async def send(self, notification: Notification) -> Failed:
        """Fail."""
        del notification
        return Failed("no such channel")

    async def close(self) -> None:
        """Nothing is open."""


def open_channels(
    config: Config, now: Callable[[], float], environment: Mapping[str, str]
) -> dict[str, Channel]:
    """Return the channels, ready to send. Raises `Usage` that names the channel, never its secret."""
    return {name: _opened(each, now, environment) for name, each in config.channels.items()}


def _opened(each: ChannelConfig, now: Callable[[], float], environment: Mapping[str, str]) -> Channel:
    opening = Opening(each.name, each.pace.timeout_seconds, now, dict(environment))
    try:
        return KINDS[each.kind].open(each.options, opening)
    except Usage as error:
        raise Usage(f"channel {each.name}: {error}") from None
    except (ValueError, OSError) as error:
        raise Usage(f"channel {each.name} cannot be opened: {type(error).__name__}") from None


@dataclass(slots=True)
class Works:
    """Deliver, put together; its channels and its clock are given."""

    settings: Settings
    config: Config
    channels: dict[str, Channel]
    now: Callable[[], float]

    def sending(self, store: sqlite3.Connection, producer: Producer) -> Sending:
        """Return what leaves; channels that the outbox holds something for, and nobody set up, included."""
        paces = {name: each.pace for name, each in self.config.channels.items()}
        retry = self.settings.deliver.retry_hours * 3600
        opened = {
            name: (channel, Attempts(store, name, paces[name], self.now, jitter, retry))
            for name, channel in self.channels.items()}
        departures = Departures(store, paces, self.config.inhibitions, self.now)
        return Sending(store, departures, opened, producer, self.now, self.settings.deliver.keep_hours * 3600)

    def reading(
        self, store: sqlite3.Connection, consumer: Consumer, producer: Producer, sending: Sending
    ) -> Reading:
        """Return what comes in."""
        intake = Intake(store, sending.departures.paces, self.now)
        return Reading(
            consumer, producer, store, intake, limits_of(self.settings), self.now,
            lambda: self._arrived(store, sending))

    def _arrived(self, store: sqlite3.Connection, sending: Sending) -> None:
        self.know_strangers(store, sending)
        sending.wake()

    def know_strangers(self, store: sqlite3.Connection, sending: Sending) -> None:
        """Give every channel that has groups and no set-up a stand-in that fails."""
        known = sending.channels
        rows = store.execute("SELECT DISTINCT channel FROM groups").fetchall()
        for name in (row["channel"] for row in rows if row["channel"] not in known):
            pace = self.config.channels["log"].pace
            attempts = Attempts(store, name, pace, self.now, jitter, self.settings.deliver.retry_hours * 3600)
            sending.channels = {**sending.channels, name: (NoChannel(), attempts)}


async def run(works: Works, tell: Callable[[str], None]) -> int:
    """Run until SIGTERM; return the exit code."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    path = path_of(works.settings)
    while (lock := claim(path)) is None:
        if await _told(stopping, _CLAIM_SECONDS):
            return 0
    store = open_store(path)
    try:
        upkeep.resume(store, works.now())
        return await _serve(works, connect(works.settings), store, stopping, tell)
    finally:
        store.close()
        os.close(lock)


async def _told(stopping: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return False
    return True


async def _serve(
    works: Works, bus: Bus, store: sqlite3.Connection, stopping: asyncio.Event, tell: Callable[[str], None]
) -> int:
    async with (
        bus.producer(client_id="communique-deliver") as producer,
        bus.consumer(client_id="communique-deliver", group=group_of(DELIVER)) as consumer,
    ):
        consumer.subscribe([ALERTS.name])
        sending = works.sending(store, producer)
        works.know_strangers(store, sending)
        reading = asyncio.create_task(works.reading(store, consumer, producer, sending).run())
        leaving = asyncio.create_task(sending.run())
        metrics.READY.labels(DELIVER, "0").set(1)
        tell(f"ready stage={DELIVER} ordinal=0 pid={os.getpid()} channels={','.join(works.channels)}")
        told = asyncio.create_task(stopping.wait())
        await asyncio.wait({told, reading, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return await _end(reading, leaving, sending, stopping)


async def _end(
    reading: asyncio.Task[None], leaving: asyncio.Task[None], sending: Sending, stopping: asyncio.Event
) -> int:
    """Stop reading, let sending end. Raises what one of the two failed with."""
    reading.cancel()
    sending.stopping = True
    sending.wake()
    found = await asyncio.gather(reading, leaving, return_exceptions=True)
    failed = [each for each in found if isinstance(each, Exception)]
    if not failed:
        return 0 if stopping.is_set() else 75
    if isinstance(failed[0], sqlite3.Error):
        raise OutboxError(f"the outbox cannot be used: {failed[0]}")
    if isinstance(failed[0], CommuniqueError | OSError):
        raise CommuniqueError(str(failed[0]))
    raise failed[0]
