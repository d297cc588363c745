"""taking: what a visit found becomes state, each document in one transaction."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from schemas.envelope import DeliveryMode
from streams.bus.durable import Store, writing
from streams.core.feeds.article import Came, article
from streams.core.feeds.entry import Entry, Named
from streams.ingest.feeds.listing import Feed, History
from streams.observe import metrics

if TYPE_CHECKING:
    from schemas.raw_article import RawArticle

_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Source:
    """The document that entries came in: its URL, fingerprint, what HTTP said, and when (Unix seconds).

    `history`: what it has is what the feed had before; `sitemaps` that it names have then history, too.
    """

    url: str
    came: Came
    print: str
    changed: str | None
    at: float
    history: bool
    sitemaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is taken of a feed: the greatest content in bytes, and the most wordings of one entry.

    `keep_seconds`: entries that were not seen for so long are forgotten.
    """

    content_bytes: int
    versions: int
    keep_seconds: float


def take(
    store: Store, feed: Feed, source: Source, entries: list[Named], doubts: int, bounds: Bounds
) -> Counter[str]:
    """Queue what is new of a document and keep its validators; return what became of its entries, by outcome.

    Outcomes: known, new, changed, skipped (history), restless (changed too often), blank, too_large. A
    document without anything was not read yet (`whole` NULL): what it has next time is still history.
    """
    counts: Counter[str] = Counter()
    nothing = source.history and not (entries or source.sitemaps)
    with writing(store):
        for each in entries:
            counts[_one(store, feed, source, each, bounds)] += 1
        store.execute(
            "INSERT OR REPLACE INTO documents(fid, url, etag, modified, print, changed, whole)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (feed.fid, source.url, source.came.etag, source.came.last_modified, source.print, source.changed,
             None if nothing else source.at))
        if source.history:
            store.executemany(
                "INSERT OR IGNORE INTO documents(fid, url) VALUES (?, ?)",
                [(feed.fid, url) for url in source.sitemaps])
        store.execute(
            "UPDATE feeds SET entries = entries + ?, lost = lost + ?, doubts = doubts + ? WHERE fid = ?",
            (counts["new"] + counts["changed"], counts["blank"] + counts["too_large"] + counts["restless"],
             doubts, feed.fid))
    for outcome, number in counts.items():
        metrics.FEED_ENTRIES.labels(outcome).inc(number)
    return counts


def _one(store: Store, feed: Feed, source: Source, found: Named, bounds: Bounds) -> str:
    marks = [_marks(store, feed.fid, name) for name in found.names]
    known = any(found.print in each for each in marks)
    if not all(source.at - each.get(found.print, 0.0) < _DAY for each in marks):
        store.executemany(
            "INSERT OR REPLACE INTO known(fid, name, print, seen) VALUES (?, ?, ?, ?)",
            [(feed.fid, name, found.print, source.at) for name in found.names])
    if known:
        return "known"
    if source.history and feed.history is History.SKIP:
        return "skipped"
    if len(marks[0]) >= bounds.versions:
        return "restless"
    past = source.history and feed.history is History.BACKFILL
    mode = DeliveryMode.BACKFILL if past else DeliveryMode.LIVE
    lost = _queue(store, feed, source, found.entry, mode, bounds)
    return lost or ("changed" if any(marks) else "new")


def _marks(store: Store, fid: int, name: str) -> dict[str, float]:
    """Return the fingerprints known under a name, with when each was seen last."""
    rows = store.execute("SELECT print, seen FROM known WHERE fid = ? AND name = ?", (fid, name))
    return {row["print"]: row["seen"] for row in rows}


def _queue(
    store: Store, feed: Feed, source: Source, entry: Entry, mode: DeliveryMode, bounds: Bounds
) -> str | None:
    """Queue an entry's page, or the entry as an article; return why neither."""
    host = host_of(entry.link) if feed.pages and entry.link else None
    if host and is_of(host, feed.hosts):
        store.execute(
            "INSERT INTO queue(fid, host, entry, mode, due) VALUES (?, ?, ?, ?, ?)",
            (feed.fid, host, json.dumps(asdict(entry)), mode.value, source.at))
        return None
    found = article(entry, source.came, outlet=feed.outlet, language=feed.language)
    return put(store, feed.fid, found, mode.value, source.at, bounds)


def put(
    store: Store, fid: int, found: RawArticle | None, mode: str, at: float, bounds: Bounds,
    qid: int | None = None,
) -> str | None:
    """Queue an article to be sent, in the place of `qid` when there is one; return why it cannot be."""
    if found is None:
        return "blank"
    if len(found.content.encode("utf-8", "surrogatepass")) > bounds.content_bytes:
        return "too_large"
    body = found.model_dump_json(exclude_none=True).encode()
    if qid is None:
        store.execute(
            "INSERT INTO queue(fid, body, mode, due) VALUES (?, ?, ?, ?)", (fid, body, mode, at))
    else:
        store.execute("UPDATE queue SET body = ?, entry = NULL, host = NULL WHERE qid = ?", (body, qid))
    return None


def host_of(url: str) -> str:
    """Return the host of a URL that `links.written` wrote, lower case, without its port."""
    authority = url.partition("://")[2].partition("/")[0].partition("?")[0]
    return authority.rpartition("@")[2].partition(":")[0].lower()


def is_of(host: str, hosts: tuple[str, ...]) -> bool:
    """Return whether a host is one of `hosts` or lies below one.

    >>> is_of("www.bbc.co.uk", ("bbc.co.uk",)), is_of("notbbc.co.uk", ("bbc.co.uk",))
    (True, False)
    """
    return any(host == each or host.endswith(f".{each}") for each in hosts)
