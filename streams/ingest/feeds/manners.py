"""manners: whom we may ask, and when: one request a host at a time, a gap after each, as robots.txt says.

A host that answers 429 or 503, or does not answer at all, rests: as long as it asks for, else twice as long
each time. What robots.txt says is kept for a day; no rules (4xx) allow everything; a server error or silence
forbids everything for some minutes, unless an older copy is there.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from streams.bus.durable import Store, writing
from streams.core.delivering.pace import Breaker, failed
from streams.core.feeds.robots import Rules
from streams.core.web.target import TargetRefused
from streams.ingest.feeds.taking import host_of
from streams.web.fetch import FetchFailed, Limits, Web

if TYPE_CHECKING:
    from streams.core.web.target import Allowed

_KEPT_SECONDS: Final = 86_400.0
_NOT_NOW_SECONDS: Final = 600.0
_STALE_SECONDS: Final = 7 * 86_400.0
_ROBOTS: Final = Limits(max_bytes=1 << 20, total_seconds=15.0)
_REST_AFTER: Final = 3
_REST_SECONDS: Final = 60.0
_SITES: Final = 256
"""So many sites' rules are held taken apart: 500 kB of them take some MB, and a feed may name any number of
hosts below its own."""


class Resting(Exception):
    """The host is left alone until `until` (Unix seconds)."""

    def __init__(self, until: float) -> None:
        super().__init__("its host rests")
        self.until = until


@dataclass(slots=True)
class Manners:
    """What is known of hosts."""

    store: Store
    web: Web
    allowed: Allowed
    gap_seconds: float
    now: Callable[[], float]
    _turns: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    _next: dict[str, float] = field(default_factory=dict)
    _rules: dict[str, tuple[float, Rules | None]] = field(default_factory=dict)

    @asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[None]:
        """Wait for the host's turn, and its gap. Raises `Resting`."""
        host = host_of(url)
        async with self._turns[host]:
            row = self.store.execute("SELECT until FROM rests WHERE host = ?", (host,)).fetchone()
            if row and row["until"] > self.now():
                raise Resting(row["until"])
            await asyncio.sleep(max(0.0, self._next.get(host, 0.0) - self.now()))
            try:
                yield
            finally:
                rules = self._rules.get(_site(url), (0.0, None))[1]
                delay = rules.delay_seconds() if rules else None
                self._next[host] = self.now() + max(self.gap_seconds, delay or 0.0)

    async def admit(self, url: str) -> None:
        """Raise `TargetRefused` for a URL that its site's robots.txt forbids, `FetchFailed` when not now."""
        rules = await self._rules_of(_site(url))
        if not rules.allow(url):
            raise TargetRefused("robots.txt: it forbids this")

    async def _rules_of(self, site: str) -> Rules:
        until, rules = self._rules.get(site, (0.0, None))
        if until <= self.now():
            until, rules = await self._looked_up(site)
            self._rules[site] = until, rules
            while len(self._rules) > _SITES:
                del self._rules[next(iter(self._rules))]
        if rules is None:
            raise FetchFailed("robots.txt: cannot be read now")
        return rules

    async def _looked_up(self, site: str) -> tuple[float, Rules | None]:
        """Return until when what holds; None: nothing may be asked."""
        row = self.store.execute("SELECT * FROM robots WHERE site = ?", (site,)).fetchone()
        if row and row["until"] > self.now():
            return row["until"], None if row["body"] is None else Rules(row["body"])
        status, body = await self._asked(site)
        until = self.now() + (_KEPT_SECONDS if body is not None else _NOT_NOW_SECONDS)
        if body is None and row and row["body"] is not None and row["until"] + _STALE_SECONDS > self.now():
            return until, Rules(row["body"])
        with writing(self.store):
            self.store.execute(
                "INSERT OR REPLACE INTO robots VALUES (?, ?, ?, ?)", (site, status, body, until))
        return until, None if body is None else Rules(body)

    async def _asked(self, site: str) -> tuple[int | None, bytes | None]:
        try:
            found = await self.web.get(f"{site}/robots.txt", _ROBOTS)
        except FetchFailed as error:
            return None, None if error.passing else b"User-agent: *\nDisallow: /"
        if found.status == 200:
            return 200, found.body
        return found.status, b"" if 300 <= found.status < 500 and found.status != 429 else None

    def tidy(self) -> None:
        """Forget hosts that nobody has asked for long."""
        now = self.now()
        with writing(self.store):
            self.store.execute("DELETE FROM robots WHERE until < ?", (now - _STALE_SECONDS,))
            self.store.execute("DELETE FROM rests WHERE until < ?", (now - _STALE_SECONDS,))
        for host in [each for each, at in self._next.items() if at < now and not self._turns[each].locked()]:
            del self._next[host], self._turns[host]

    def answered(self, url: str) -> None:
        """Note that a host answers."""
        with writing(self.store):
            self.store.execute("DELETE FROM rests WHERE host = ?", (host_of(url),))

    def failed(self, url: str, asked: float | None) -> None:
        """Note that a host failed; `asked`: the seconds that its `Retry-After` gave."""
        host = host_of(url)
        row = self.store.execute("SELECT failures, until FROM rests WHERE host = ?", (host,)).fetchone()
        found = failed(
            Breaker(row["failures"], row["until"]) if row else Breaker(), self.now(), most=_REST_AFTER,
            open_seconds=_REST_SECONDS, asked=asked)
        with writing(self.store):
            self.store.execute("INSERT OR REPLACE INTO rests VALUES (?, ?, ?)", (host, *found))


def _site(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0].partition('?')[0]}"
