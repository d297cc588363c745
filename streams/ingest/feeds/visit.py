"""visit: one feed, asked once, politely: what is new is queued, the time of the next visit set.

Nothing is raised for what the other end does: it is told in the feed's row, and the feed is asked again later
and later. 410 ends a feed; a redirect for good (301, 308) that led to a feed changes its URL on the list.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from streams.bus.durable import Store, writing
from streams.core.delivering.pace import retry_after
from streams.core.feeds import pace
from streams.core.feeds.article import Came
from streams.core.feeds.entry import Child, Document, Named, NotAFeed
from streams.core.web.target import TargetRefused
from streams.ingest.feeds.listing import Feed
from streams.ingest.feeds.manners import Manners, Resting
from streams.ingest.feeds.reader import Reader
from streams.ingest.feeds.taking import Bounds, Source, host_of, is_of, take
from streams.observe import logging, metrics
from streams.web.fetch import Fetched, FetchFailed, Limits, Web

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.settings_past import FeedsSettings

_BUSY: Final = frozenset({429, 503})
_DAY: Final = 86_400.0
_DEPTH: Final = 2
"""Indexes of indexes are read, no deeper."""


OUR_FAULT: Final = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError)
"""Bugs that what somebody sent may find: that feed fails, the others are visited. Neither the bus
nor the disk."""


class Gone(Exception):
    """The feed is no more: 410."""


class Failed(Exception):
    """The visit failed; `asked`: what a `Retry-After` gave, in seconds."""

    def __init__(self, why: str, asked: float | None = None) -> None:
        super().__init__(why)
        self.asked = asked


@dataclass(slots=True)
class Visits:
    """All that visits need."""

    store: Store
    web: Web
    manners: Manners
    reader: Reader
    settings: FeedsSettings
    bounds: Bounds
    now: Callable[[], float]

    async def visit(self, feed: Feed) -> bool:
        """Visit a feed; return whether it went well."""
        round_ = Round(self, feed)
        try:
            await round_.run()
        except Resting as error:
            self._later(feed, error.until)
            return True
        except Gone:
            self._note(feed, "gone", "state = 'gone', why = 'its server says that it is gone (410)'", ())
            return True
        except Failed as error:
            self._failed(feed, error)
            return False
        except OUR_FAULT as error:
            what = type(error).__name__
            logging.get("feeds").error("could not take what it sent", feed=feed.name, error=what)
            self._failed(feed, Failed(f"a fault of ours on what it sent: {what}"))
            return False
        self._went_well(feed, round_)
        return True

    def _later(self, feed: Feed, until: float) -> None:
        metrics.FEED_VISITS.labels("resting").inc()
        with writing(self.store):
            self.store.execute("UPDATE feeds SET due = ? WHERE fid = ?", (until, feed.fid))

    def _failed(self, feed: Feed, error: Failed) -> None:
        least = feed.every or feed.pause or self.settings.least_seconds
        wait = pace.after_failure(least, feed.failures + 1, error.asked, _DAY)
        self._note(
            feed, "failed", "failures = failures + 1, error = ?, due = ?", (str(error), self.now() + wait))

    def _went_well(self, feed: Feed, found: Round) -> None:
        bounds = pace.Bounds(self.settings.least_seconds, self.settings.most_seconds)
        pause = feed.every or pace.interval(feed.pause, found.fresh, bounds)
        due = feed.every or pace.wished(pause, found.asked, found.cache_control, bounds.most)
        self._note(
            feed, "unchanged" if found.unchanged else "read",
            "failures = 0, error = ?, pause = ?, due = ?, succeeded = ?, title = coalesce(?, title)",
            (found.trouble, pause, self.now() + due, self.now(), found.title))
        if found.moved_to:
            self._move(feed, found.moved_to)

    def _note(self, feed: Feed, outcome: str, what: str, values: tuple[object, ...]) -> None:
        metrics.FEED_VISITS.labels(outcome).inc()
        with writing(self.store):
            self.store.execute(
                f"UPDATE feeds SET visited = ?, {what} WHERE fid = ?",  # noqa: S608  # columns of ours
                (self.now(), *values, feed.fid))

    def _move(self, feed: Feed, to: str) -> None:
        """Change a feed's URL on the list; when another feed has it already, this one ends."""
        with writing(self.store):
            other = self.store.execute("SELECT name FROM feeds WHERE url = ?", (to,)).fetchone()
            if other:
                self.store.execute(
                    "UPDATE feeds SET state = 'gone', why = ? WHERE fid = ?",
                    (f"has moved to the address of {other['name']}", feed.fid))
            else:
                self.store.execute("UPDATE feeds SET url = ? WHERE fid = ?", (to, feed.fid))
                self.store.execute(
                    "UPDATE OR REPLACE documents SET url = ? WHERE fid = ? AND url = ?",
                    (to, feed.fid, feed.url))


@dataclass(slots=True)
class Round:
    """One visit under way, with what it found. `fresh`: entries that are news."""

    visits: Visits
    feed: Feed
    asked: float | None = None
    cache_control: str | None = None
    title: str | None = None
    moved_to: str | None = None
    trouble: str | None = None
    unchanged: bool = True
    fresh: int = 0
    _seen: set[str] = field(default_factory=set)

    async def run(self) -> None:
        """Visit the feed and the sitemaps it names."""
        left = [(each, 1) for each in self._chosen(await self._document(Child(self.feed.url), top=True))]
        while left and len(self._seen) <= self.visits.settings.max_sitemaps:
            child, depth = left.pop(0)
            try:
                below = await self._document(child, top=False)
            except (Failed, Gone, Resting) as error:
                self.trouble = f"one of its sitemaps: {str(error) or 'gone'}"
                continue
            left += [(each, depth + 1) for each in self._chosen(below)] if depth < _DEPTH else []

    def _chosen(self, children: tuple[Child, ...]) -> list[Child]:
        """Return the sitemaps that may be fetched and changed since, the newest first, within the bound."""
        mine = {each.url: each for each in children if self._is_mine(each)}
        newest = sorted(mine.values(), key=lambda each: each.changed or "", reverse=True)
        known = {row["url"]: row["changed"] for row in self.visits.store.execute(
            "SELECT url, changed FROM documents WHERE fid = ?", (self.feed.fid,))}
        return [each for each in newest[: self.visits.settings.max_sitemaps]
                if each.url not in self._seen and not (each.changed and known.get(each.url) == each.changed)]

    def _is_mine(self, child: Child) -> bool:
        return is_of(host_of(child.url), self.feed.hosts)

    async def _document(self, child: Child, *, top: bool) -> tuple[Child, ...]:
        """Take what a document has; return the sitemaps it names."""
        self._seen.add(child.url)
        before = self.visits.store.execute(
            "SELECT * FROM documents WHERE fid = ? AND url = ?", (self.feed.fid, child.url)).fetchone()
        read = before["whole"] if before else None
        whole = read is None or self.visits.now() - read > _DAY
        conditions = {} if whole else _conditions(before["etag"], before["modified"])
        answer = await self._got(child.url, conditions, top=top)
        if top:
            self.cache_control = answer.headers.get("cache-control")
        if answer.status == 304:
            if not conditions:
                raise Failed("304 to a question without conditions")
            return ()
        mark = hashlib.blake2b(answer.body, digest_size=16).hexdigest()
        document, entries = await self._read(answer)
        if top:
            self.asked, self.title, self.moved_to = document.wait_seconds, document.title, answer.moved_to
        self.unchanged = self.unchanged and before is not None and before["print"] == mark
        history = self._forgotten(read) if before else top
        self._take(self._source(child, answer, mark, document, history=history), document.doubts, entries)
        return document.children

    def _forgotten(self, read: float | None) -> bool:
        """Return whether a document's entries are not known (any more): all are then what it had before.

        `read`: when it was read whole. A sitemap that its index did not name at first has no row, and news.
        """
        return read is None or self.visits.now() - read > self.visits.bounds.keep_seconds - _DAY

    async def _got(self, url: str, conditions: dict[str, str], *, top: bool) -> Fetched:
        settings = self.visits.settings
        limits = Limits(settings.max_bytes, settings.timeout_seconds)
        try:
            async with self.visits.manners.turn(url):
                answer = await self.visits.web.get(
                    url, limits, headers=conditions, admit=self.visits.manners.admit if top else self._admit)
        except FetchFailed as error:
            if error.passing:
                self.visits.manners.failed(url, None)
            raise Failed(str(error)) from None
        return self._judged(url, answer)

    async def _admit(self, url: str) -> None:
        """Admit a hop to a sitemap: it must stay with the feed's hosts."""
        if not is_of(host_of(url), self.feed.hosts):
            raise TargetRefused("host: it is none of the feed's")
        await self.visits.manners.admit(url)

    def _judged(self, url: str, answer: Fetched) -> Fetched:
        asked = retry_after(answer.headers.get("retry-after"), self.visits.now())
        if answer.status in _BUSY or answer.status >= 500:
            self.visits.manners.failed(url, asked)
            raise Failed(f"http {answer.status}", asked)
        self.visits.manners.answered(url)
        if answer.status == 410:
            raise Gone
        if answer.status not in {200, 304}:
            raise Failed(f"http {answer.status}")
        return answer

    async def _read(self, answer: Fetched) -> tuple[Document, list[Named]]:
        try:
            return await self.visits.reader.read(answer.body, answer.url, answer.headers)
        except NotAFeed as error:
            raise Failed(f"no feed: {error}") from None

    def _source(
        self, child: Child, answer: Fetched, mark: str, document: Document, *, history: bool
    ) -> Source:
        now = self.visits.now()
        came = Came(datetime.fromtimestamp(now, UTC), answer.status, answer.headers.get("etag"),
                    answer.headers.get("last-modified"))
        sitemaps = tuple(each.url for each in document.children if self._is_mine(each))
        return Source(child.url, came, mark, child.changed, now, history, sitemaps)

    def _take(self, source: Source, doubts: int, entries: list[Named]) -> None:
        counts = take(self.visits.store, self.feed, source, entries, doubts, self.visits.bounds)
        self.fresh += 0 if source.history else counts["new"] + counts["changed"]


def _conditions(etag: str | None, modified: str | None) -> dict[str, str]:
    found = {"If-None-Match": etag, "If-Modified-Since": modified}
    return {name: value for name, value in found.items() if value}
