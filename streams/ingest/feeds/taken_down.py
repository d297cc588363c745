"""taken_down: the file of feeds without an article that was taken back: what waits there is never sent.

Its name stays known, so that the feed's next visit does not queue it again. The file is written anew, since
what was sent long ago is still in free pages. Only while no feeds are visited.
"""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

from streams.bus.durable import writing
from streams.core.cleaning.taken_down import article_named
from streams.core.outcome import CommuniqueError
from streams.ingest.feeds.store import FeedsError, claim, open_store


class FeedsBusy(CommuniqueError):
    """Feeds are being visited."""


def forget(path: Path, article: str) -> int:
    """Take the article out of the queue; return how many rows had it. Raises `FeedsBusy`."""
    if not path.exists():
        return 0
    if (lock := claim(path)) is None:
        raise FeedsBusy("feeds are being visited: stop `communique feeds run`, and try again")
    try:
        store = open_store(path)
        try:
            return _forget(store, article)
        finally:
            store.close()
    finally:
        os.close(lock)


def _forget(store: sqlite3.Connection, article: str) -> int:
    rows = store.execute("SELECT qid, entry, body FROM queue").fetchall()
    theirs = [(row["qid"],) for row in rows if _article(row["body"] or row["entry"] or "{}") == article]
    with writing(store):
        store.executemany("DELETE FROM queue WHERE qid=?", theirs)
    try:
        store.execute("VACUUM")
        store.execute("PRAGMA busy_timeout=1000")
        reads, *_ = store.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        raise FeedsError(f"the file of feeds could not be written anew: {error}") from None
    if reads:  # what was there before is in the file until the write-ahead log is in it
        raise FeedsBusy("somebody reads the file of feeds (`feeds list`?): end that, and try again")
    return len(theirs)


def _article(told: str | bytes) -> str | None:
    body = json.loads(told)
    return article_named(body.get("url") or body.get("link"), body.get("source_id"))
