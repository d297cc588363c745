"""run: visit what is due, fetch the pages that wait, send what is ready; until stopped, or once through.

At most `feeds.concurrency` visits at a time, and of one host one request. The first thing a process does is
to send what the one before it left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from streams.bus.durable import Store, writing
from streams.core.web.target import Allowed
from streams.ingest.feeds.listing import Feed, by_number, feeds
from streams.ingest.feeds.manners import Manners
from streams.ingest.feeds.pages import Pages
from streams.ingest.feeds.reader import Reader
from streams.ingest.feeds.sending import Sending
from streams.ingest.feeds.taking import Bounds
from streams.ingest.feeds.visit import Visits
from streams.observe import metrics
from streams.web.fetch import Web, open_web

if TYPE_CHECKING:
    from streams.bus.interface import Bus, Producer
    from streams.settings import Settings
    from streams.settings_past import FeedsSettings

_LOOK_SECONDS: Final = 1.0
_UPKEEP_SECONDS: Final = 3600.0
_GAUGE_SECONDS: Final = 10.0


def allowed_by(settings: FeedsSettings) -> Allowed:
    """Return what the operator opened."""
    return Allowed(settings.allow_http, settings.allow_networks, settings.allow_ports)


def web_of(settings: FeedsSettings) -> Web:
    """Return the door to the web."""
    return open_web(allowed_by(settings), settings.user_agent, ca_file=settings.ca_file)


@dataclass(slots=True)
class Done:
    """What came of the visits: feeds asked, entries that were new or had new words, visits that failed."""

    visited: int = 0
    new: int = 0
    failed: int = 0


@dataclass(slots=True)
class Works:
    """All of it, put together."""

    visits: Visits
    pages: Pages
    sending: Sending
    concurrency: int
    tell: Callable[[Feed, bool], None]
    done: Done = field(default_factory=Done)
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _kept_up: float = 0.0
    _gauged: float = 0.0

    async def once(self) -> None:
        """Visit everything that is due, fetch every page that waits and is due, and end."""
        await self.sending.send()
        while self._start() or self._running:
            await self._step()
        await self.sending.send()
        self._upkeep()

    async def on_and_on(self) -> None:
        """Visit until cancelled."""
        await self.sending.send()
        try:
            while True:
                self._start()
                await self._step()
                self._upkeep()
        finally:
            await self._stop()

    def _start(self) -> bool:
        """Start what is due and not under way; return whether anything was started."""
        wanted: dict[str, Callable[[], Coroutine[object, object, None]]] = {
            f"feed {feed.fid}": partial(self._visit, feed) for feed in self._due()}
        wanted |= {f"page {host}": partial(self._page, host) for host in self.pages.hosts()}
        began = False
        for name, work in wanted.items():
            if name not in self._running and len(self._running) < self.concurrency:
                self._running[name] = asyncio.create_task(work())
                began = True
        return began

    def _due(self) -> list[Feed]:
        rows = self.visits.store.execute(
            "SELECT fid FROM feeds WHERE state = 'active' AND due <= ? ORDER BY due", (self.visits.now(),))
        found = (by_number(self.visits.store, row["fid"]) for row in rows.fetchall())
        return [each for each in found if each]

    async def _step(self) -> None:
        """Wait until something under way ends, or a second. Raises what it failed with: a bug, or the bus."""
        if not self._running:
            await asyncio.sleep(_LOOK_SECONDS)
            return
        done, _ = await asyncio.wait(
            self._running.values(), timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        self._running = {name: task for name, task in self._running.items() if task not in done}
        for task in done:
            task.result()

    async def _visit(self, feed: Feed) -> None:
        well = await self.visits.visit(feed)
        after = by_number(self.visits.store, feed.fid) or feed
        self.done.visited += after.visited != feed.visited
        self.done.new += after.entries - feed.entries
        self.done.failed += not well
        await self.sending.send()
        self.tell(by_number(self.visits.store, feed.fid) or feed, well)

    async def _page(self, host: str) -> None:
        await self.pages.one(host)
        await self.sending.send()

    def _upkeep(self) -> None:
        """Set the gauges; forget entries that no feed has had for long."""
        now = self.visits.now()
        if now - self._gauged < _GAUGE_SECONDS:
            return
        self._gauged = now
        for state in ("active", "paused", "gone"):
            metrics.FEEDS.labels(state).set(0)
        for feed in (found := feeds(self.visits.store)):
            metrics.FEEDS.labels(feed.state).inc()
        metrics.FEED_QUEUE.set(sum(feed.waiting for feed in found))
        if now - self._kept_up > _UPKEEP_SECONDS:
            self._kept_up = now
            oldest = now - self.visits.bounds.keep_seconds
            with writing(self.visits.store):
                self.visits.store.execute("DELETE FROM known WHERE seen < ?", (oldest,))
            self.visits.manners.tidy()

    async def _stop(self) -> None:
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)


def works(
    store: Store, settings: Settings, web: Web, bus: Bus, producer: Producer,
    now: Callable[[], float], tell: Callable[[Feed, bool], None],
) -> Works:
    """Put it together; `producer` is started. Close `visits.reader` at the end."""
    mine = settings.feeds
    manners = Manners(store, web, allowed_by(mine), mine.gap_seconds, now)
    bounds = Bounds(settings.cleaning.max_content_bytes, mine.max_versions, mine.keep_days * 86_400)
    visits = Visits(store, web, manners, Reader(mine.read_seconds), mine, bounds, now)
    return Works(visits, Pages(visits), Sending(store, bus, producer), mine.concurrency, tell)
