"""upkeep: what the outbox says of itself, and what it forgets."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

from streams.bus.durable import writing
from streams.core.delivering.pace import MOST_ASKED_SECONDS
from streams.deliver.config import Pace
from streams.deliver.store import open_store
from streams.observe import metrics

_OPEN: str = """
SELECT (SELECT count(*) FROM members m WHERE m.state='waiting' AND NOT EXISTS (
          SELECT 1 FROM notifications n WHERE n.gid=m.gid AND n.state='ready' AND n.attempts>0)
        AND NOT EXISTS (SELECT 1 FROM groups g WHERE g.gid=m.gid AND g.hurry<0))
     + (SELECT count(*) FROM notifications WHERE state='ready' AND attempts=0)
     + (SELECT count(*) FROM results)
"""


def pending(path: Path, *, flush: bool = False) -> int:
    """Return how much the outbox has still to do before all is drained; 0 when there is no outbox.

    What was tried, failed, and waits for its next time, counts for nothing, nor does what waits behind it,
    nor what quiet hours hold: a channel that is down does not hold up the end; it goes out at the next run.
    With `flush` groups that still wait for company leave now.
    """
    if not path.exists():
        return 0
    store = open_store(path)
    try:
        found = int(store.execute(_OPEN).fetchone()[0])
        if found and flush:
            with writing(store):
                store.execute("UPDATE groups SET due=0, hurry=1 WHERE due IS NOT NULL AND due>0 AND hurry>=0")
        return found
    finally:
        store.close()


def anything_due(store: sqlite3.Connection, now: float) -> bool:
    """Return whether a group's time has come."""
    return store.execute("SELECT 1 FROM groups WHERE due <= ? LIMIT 1", (now,)).fetchone() is not None


def repeats(paces: Mapping[str, Pace]) -> bool:
    """Return whether any channel wants to say things again."""
    return any(pace.repeat_interval_seconds and pace.repeat_times for pace in paces.values())


def resume(store: sqlite3.Connection, now: float) -> None:
    """Bring times nearer that another clock (`--now`) set: nothing waits longer than a day from now."""
    latest = now + MOST_ASKED_SECONDS
    with writing(store):
        store.execute("UPDATE groups SET due=? WHERE due>?", (now, latest))
        store.execute("UPDATE groups SET sent=NULL WHERE sent>?", (now,))
        store.execute("UPDATE notifications SET due=? WHERE state='ready' AND due>?", (now, latest))
        store.execute("UPDATE breakers SET open_until=? WHERE open_until>?", (now, latest))


def clean(store: sqlite3.Connection, before: float) -> None:
    """Forget alerts that were heard before a moment and are done with, and what hangs on them."""
    if not store.execute("SELECT 1 FROM alerts WHERE heard<? LIMIT 1", (before,)).fetchone():
        return
    with writing(store):
        store.execute(
            "DELETE FROM alerts WHERE heard<? AND NOT EXISTS (SELECT 1 FROM members m WHERE m.seq=alerts.seq "
            "AND m.state IN ('waiting','out'))", (before,))
        store.execute("DELETE FROM members WHERE seq NOT IN (SELECT seq FROM alerts)")
        store.execute(
            "DELETE FROM notifications WHERE state<>'ready' AND made<? AND NOT EXISTS "
            "(SELECT 1 FROM members m WHERE m.nid=notifications.nid)", (before,))
        store.execute("DELETE FROM silences WHERE ends<?", (before,))
        store.execute("DELETE FROM acknowledgements WHERE at<?", (before,))


def measure(store: sqlite3.Connection, channels: Iterable[str]) -> None:
    """Set the gauges: what waits in groups, and what is under way or will be tried again."""
    waiting = dict(store.execute(
        "SELECT channel, count(*) FROM members WHERE state='waiting' GROUP BY channel").fetchall())
    ready = dict(store.execute(
        "SELECT channel, count(*) FROM notifications WHERE state='ready' GROUP BY channel").fetchall())
    for channel in channels:
        metrics.OUTBOX.labels(channel, "waiting").set(waiting.get(channel, 0))
        metrics.OUTBOX.labels(channel, "ready").set(ready.get(channel, 0))
