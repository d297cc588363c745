"""pages: the pages of entries, for the feeds that want them, from the feed's own hosts only.

A page that cannot be had for so many attempts, or may not be asked for, leaves the entry with the text that
the feed has of it; with none at all it is counted as lost. Only what says HTML is taken for a page.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from streams.bus.durable import writing
from streams.core.delivering.pace import retry_after
from streams.core.feeds.article import Came, article
from streams.core.feeds.entry import Entry
from streams.core.web.target import TargetRefused
from streams.ingest.feeds.listing import Feed, by_number
from streams.ingest.feeds.manners import Resting
from streams.ingest.feeds.taking import host_of, is_of, put
from streams.ingest.feeds.visit import OUR_FAULT
from streams.ingest.page import fetched_text
from streams.observe import logging, metrics
from streams.web.fetch import Fetched, FetchFailed, Limits

if TYPE_CHECKING:
    from streams.ingest.feeds.visit import Visits

_ATTEMPTS: Final = 5
_RETRY_SECONDS: Final = 300.0
_HTML: Final = frozenset({"text/html", "application/xhtml+xml", ""})
_FINAL: Final = frozenset({400, 401, 403, 404, 405, 406, 410, 451})


@dataclass(slots=True)
class Pages:
    """Fetches pages; shares what visits need."""

    visits: Visits

    def hosts(self) -> list[str]:
        """Return the hosts that a page is due from."""
        rows = self.visits.store.execute(
            "SELECT DISTINCT host FROM queue WHERE body IS NULL AND due <= ?", (self.visits.now(),))
        return [row["host"] for row in rows]

    async def one(self, host: str) -> None:
        """Fetch the page of a host that is due longest."""
        row = self.visits.store.execute(
            "SELECT * FROM queue WHERE body IS NULL AND host = ? AND due <= ? ORDER BY due, qid LIMIT 1",
            (host, self.visits.now())).fetchone()
        feed = by_number(self.visits.store, row["fid"]) if row else None
        if row is None or feed is None:
            return
        fields = json.loads(row["entry"])
        entry = Entry(**fields | {"authors": tuple(fields["authors"])})
        try:
            await self._fetched(row, feed, entry)
        except Resting as error:
            self._later(row, error.until, row["attempts"])
        except OUR_FAULT as error:
            logging.get("feeds").error("could not take a page", feed=feed.name, error=type(error).__name__)
            self._again(row, feed, entry, final=False)

    async def _fetched(self, row: sqlite3.Row, feed: Feed, entry: Entry) -> None:
        url = entry.link or ""
        limits = Limits(self.visits.bounds.content_bytes, self.visits.settings.timeout_seconds)

        async def admit(hop: str) -> None:
            """Admit a hop that stays with the feed's hosts."""
            if not is_of(host_of(hop), feed.hosts):
                raise TargetRefused("host: it is none of the feed's")
            await self.visits.manners.admit(hop)

        try:
            async with self.visits.manners.turn(url):
                answer = await self.visits.web.get(url, limits, admit=admit)
        except FetchFailed as error:
            if error.passing:
                self.visits.manners.failed(url, None)
            self._again(row, feed, entry, final=not error.passing or str(error).startswith("too large"))
            return
        self._judged(row, feed, entry, answer)

    def _judged(self, row: sqlite3.Row, feed: Feed, entry: Entry, answer: Fetched) -> None:
        asked = retry_after(answer.headers.get("retry-after"), self.visits.now())
        if answer.status == 429 or answer.status >= 500:
            self.visits.manners.failed(answer.url, asked)
        else:
            self.visits.manners.answered(answer.url)
        page = _page(answer)
        if page is None:
            self._again(row, feed, entry, final=answer.status in _FINAL or answer.status == 200)
        else:
            came = Came(datetime.fromtimestamp(self.visits.now(), UTC), answer.status,
                        answer.headers.get("etag"), answer.headers.get("last-modified"))
            self._put(row, feed, entry, came, page, answer.url)

    def _again(self, row: sqlite3.Row, feed: Feed, entry: Entry, *, final: bool) -> None:
        """Try again later; the entry goes without its page when there is no use in that."""
        attempts = row["attempts"] + 1
        if final or attempts >= _ATTEMPTS:
            self._put(row, feed, entry, Came(datetime.fromtimestamp(self.visits.now(), UTC), 0), None, None)
        else:
            self._later(row, self.visits.now() + _RETRY_SECONDS * 2.0 ** attempts, attempts)

    def _later(self, row: sqlite3.Row, until: float, attempts: int) -> None:
        with writing(self.visits.store):
            self.visits.store.execute(
                "UPDATE queue SET due = ?, attempts = ? WHERE qid = ?", (until, attempts, row["qid"]))

    def _put(
        self, row: sqlite3.Row, feed: Feed, entry: Entry, came: Came, page: str | None, url: str | None
    ) -> None:
        found = article(
            entry, came, outlet=feed.outlet, language=feed.language, page=page, page_url=url)
        metrics.FEED_PAGES.labels("fetched" if page else "none").inc()
        store = self.visits.store
        with writing(store):
            why = put(store, feed.fid, found, row["mode"], self.visits.now(), self.visits.bounds, row["qid"])
            if why:
                store.execute("DELETE FROM queue WHERE qid = ?", (row["qid"],))
                store.execute("UPDATE feeds SET lost = lost + 1 WHERE fid = ?", (feed.fid,))
                metrics.FEED_ENTRIES.labels(why).inc()


def _page(answer: Fetched) -> str | None:
    """Return a page's HTML; None for what is none."""
    kind, _, rest = answer.headers.get("content-type", "").partition(";")
    if answer.status != 200 or kind.strip().lower() not in _HTML or not answer.body:
        return None
    charset = rest.lower().partition("charset=")[2].strip(" \"'").partition(";")[0] or None
    return fetched_text(answer.body, charset)
