"""view: what people ask of the outbox and tell it: list, show, acknowledge, silence, try again.

Called from processes of their own (`communique alerts …`); each change is one transaction, and deliver sees
it at its next look, a quarter of a second later.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.alert import Alert
from streams.bus.durable import writing
from streams.core.delivering.matching import Matcher
from streams.deliver.intake import alert_of


@dataclass(frozen=True, slots=True)
class Place:
    """An alert on one channel. `key`: its notification's, None while it waits; times since 1970."""

    channel: str
    state: str
    reason: str | None
    key: str | None
    attempts: int
    due: float | None
    done: float | None


@dataclass(frozen=True, slots=True)
class Known:
    """An alert that the outbox knows."""

    alert: Alert
    body: str
    heard: float
    acknowledged: str | None
    """Who did, or "somebody"; null when nobody."""
    places: tuple[Place, ...]


def alerts(
    store: sqlite3.Connection, *, like: str = "", state: str | None = None, limit: int = 100
) -> list[Known]:
    """Return the newest alerts first; `like` is the start of an alert id, `state` one on any channel."""
    rows = store.execute(
        "SELECT a.seq, a.body, a.heard, k.alert AS known, k.author FROM alerts a "
        "LEFT JOIN acknowledgements k USING(alert) WHERE substr(a.alert, 1, ?) = ? AND (? IS NULL OR EXISTS "
        "(SELECT 1 FROM members m WHERE m.seq=a.seq AND m.state=?)) ORDER BY a.seq DESC LIMIT ?",
        (len(like), like, state, state, limit)).fetchall()
    return [_known(store, row) for row in rows]


def _known(store: sqlite3.Connection, row: sqlite3.Row) -> Known:
    rows = store.execute(
        "SELECT m.channel, m.state, m.reason, n.key, n.attempts, n.done, n.reason AS why, n.state AS stands, "
        "CASE WHEN n.nid IS NULL THEN g.due WHEN n.state='ready' THEN n.due END AS due FROM members m "
        "JOIN groups g USING(gid) LEFT JOIN notifications n ON n.nid=m.nid WHERE m.seq=? ORDER BY m.channel",
        (row["seq"],)).fetchall()
    places = tuple(
        Place(each["channel"], each["state"], each["reason"] or each["why"], each["key"],
              each["attempts"] or 0, each["due"], each["done"]) for each in rows)
    known = (row["author"] or "somebody") if row["known"] else None
    return Known(alert_of(row["body"]), row["body"], row["heard"], known, places)


def acknowledge(store: sqlite3.Connection, alert: str, at: float, author: str | None) -> bool:
    """Note that somebody knows of an alert: it is not said again. False when it is not known."""
    with writing(store):
        if not store.execute("SELECT 1 FROM alerts WHERE alert=?", (alert,)).fetchone():
            return False
        store.execute("INSERT OR IGNORE INTO acknowledgements VALUES(?,?,?)", (alert, at, author))
    return True


def silence(
    store: sqlite3.Connection, matchers: Sequence[Matcher], begins: float, ends: float, author: str | None,
    comment: str | None,
) -> int:
    """Hold back alerts that all matchers fit, from `begins` until `ends`; return the silence's number."""
    with writing(store):
        made = store.execute(
            "INSERT INTO silences(matchers, begins, ends, author, comment) VALUES(?,?,?,?,?)",
            (json.dumps([str(each) for each in matchers]), begins, ends, author, comment))
    return int(made.lastrowid or 0)


def unsilence(store: sqlite3.Connection, number: int, now: float) -> bool:
    """End a silence now. False when there is none of that number that has not ended."""
    with writing(store):
        done = store.execute("UPDATE silences SET ends=? WHERE sid=? AND ends>?", (now, number, now))
    return done.rowcount > 0


def silences(store: sqlite3.Connection, now: float) -> list[sqlite3.Row]:
    """Return the silences that have not ended, as rows of the table."""
    return store.execute("SELECT * FROM silences WHERE ends>? ORDER BY sid", (now,)).fetchall()


def retry(store: sqlite3.Connection, key: str, now: float) -> bool:
    """Send a dead or expired notification again, under its old key. False when there is none of that key."""
    with writing(store):
        row = store.execute(
            "SELECT nid FROM notifications n WHERE key=? AND state IN ('dead','expired') AND EXISTS "
            "(SELECT 1 FROM members m WHERE m.nid=n.nid)", (key,)).fetchone()
        if row is None:
            return False
        store.execute(
            "UPDATE notifications SET state='ready', made=?, due=?, done=NULL WHERE nid=?",
            (now, now, row["nid"]))
        store.execute("UPDATE members SET state='out', reason=NULL WHERE nid=?", (row["nid"],))
    return True
