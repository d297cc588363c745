"""listing: the list of feeds as people write it: added, removed, paused, shown."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from schemas.base import rfc3339
from streams.bus.durable import Store, writing
from streams.core.cleaning.urls import domain_of
from streams.core.outcome import Usage
from streams.core.web.links import written
from streams.core.web.target import TargetRefused, target_of

if TYPE_CHECKING:
    from streams.core.web.target import Allowed


class History(StrEnum):
    """What becomes of the entries that a feed already has at its first visit."""

    BACKFILL = "backfill"
    LIVE = "live"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed of the list. Times are seconds since 1970, UTC; `every` None: the interval adapts.

    `hosts`: registered domains (or whole hosts) that pages and the sitemaps of an index may be fetched from.
    """

    fid: int
    name: str
    url: str
    outlet: str | None
    language: str | None
    every: float | None
    pages: bool
    hosts: tuple[str, ...]
    history: History
    state: str
    why: str | None
    due: float
    pause: float | None
    visited: float | None
    succeeded: float | None
    failures: int
    error: str | None
    title: str | None
    entries: int
    sent: int
    lost: int
    doubts: int
    waiting: int

    def as_dict(self) -> dict[str, object]:
        """Return it by name; moments are RFC 3339."""
        moments = {name: moment(getattr(self, name)) for name in ("due", "visited", "succeeded")}
        return {name: getattr(self, name) for name in self.__slots__} | moments


def moment(at: float | None) -> str | None:
    """Return seconds since 1970 as RFC 3339 in UTC, to the second; None for None.

    >>> moment(1518566400.5)
    '2018-02-14T00:00:00Z'
    """
    return None if at is None else rfc3339(datetime.fromtimestamp(int(at), UTC))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A feed as it is added; `name` None: its host. `hosts` empty: its own registered domain."""

    url: str
    name: str | None = None
    outlet: str | None = None
    language: str | None = None
    every: float | None = None
    pages: bool = False
    hosts: tuple[str, ...] = ()
    history: History = History.BACKFILL


def _feed(row: sqlite3.Row) -> Feed:
    fields = {name: row[name] for name in Feed.__slots__}
    return Feed(**fields | {
        "pages": bool(row["pages"]), "hosts": tuple(json.loads(row["hosts"])),
        "history": History(row["history"])})


_ALL = ("SELECT feeds.*, (SELECT count(*) FROM queue WHERE queue.fid = feeds.fid) AS waiting FROM feeds")


def feeds(store: Store) -> list[Feed]:
    """Return all feeds in the order of their names."""
    return [_feed(row) for row in store.execute(f"{_ALL} ORDER BY name")]


def by_number(store: Store, fid: int) -> Feed | None:
    """Return a feed, None when it is no longer there."""
    row = store.execute(f"{_ALL} WHERE fid = ?", (fid,)).fetchone()
    return _feed(row) if row else None


def one(store: Store, name: str) -> Feed:
    """Return the feed of this name or URL. Raises `Usage`."""
    row = store.execute(f"{_ALL} WHERE name = ? OR url = ?", (name, name)).fetchone()
    if row is None:
        raise Usage(f"there is no feed {name}: `communique feeds list` shows them all")
    return _feed(row)


def add(store: Store, wanted: Wanted, allowed: Allowed, now: float) -> Feed:
    """Put a feed on the list, due at once. Raises `Usage`: a URL that may not be asked, one that is known."""
    url = written(wanted.url)
    try:
        host = target_of(url, allowed).host
    except TargetRefused as error:
        raise Usage(
            f"{wanted.url}: {error} (feeds.allow_http, feeds.allow_networks, feeds.allow_ports open what is "
            "meant)") from None
    hosts = wanted.hosts or (domain_of(url) or host,)
    with writing(store):
        name = wanted.name or _free(store, host)
        try:
            store.execute(
                "INSERT INTO feeds(name, url, outlet, language, every, pages, hosts, history, state, added,"
                " due) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'active', ?, ?)",
                (name, url, wanted.outlet, wanted.language, wanted.every, wanted.pages, json.dumps(hosts),
                 wanted.history.value, now, now))
        except sqlite3.IntegrityError:
            raise Usage(f"{wanted.name or url} is on the list already: see `communique feeds list`") from None
    return one(store, name)


def _free(store: Store, host: str) -> str:
    """Return the host, with a number behind it when a feed has that name."""
    taken = {row["name"] for row in store.execute("SELECT name FROM feeds WHERE name LIKE ?", (f"{host}%",))}
    return next(name for name in (host, *(f"{host}-{n}" for n in range(2, 10_000))) if name not in taken)


def remove(store: Store, feed: Feed) -> None:
    """Take a feed off the list, with all that was known of it and what still waited."""
    with writing(store):
        for table in ("feeds", "documents", "known", "queue"):
            store.execute(f"DELETE FROM {table} WHERE fid = ?", (feed.fid,))  # noqa: S608  # names of ours


def set_state(store: Store, feed: Feed, state: str, now: float, why: str | None = None) -> None:
    """Pause a feed, end it, or take it up again, due at once."""
    with writing(store):
        store.execute(
            "UPDATE feeds SET state = ?, why = ?, due = CASE ? WHEN 'active' THEN ? ELSE due END,"
            " failures = 0 WHERE fid = ?", (state, why, state, now, feed.fid))
