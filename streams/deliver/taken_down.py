"""taken_down: the outbox without the text of an article that was taken back.

Alerts that rest on one of its statements keep ids, rule and times; line, reasons and words go. A notification
with one of them that is still to be sent is dead; the other alerts in it wait again and leave in another. An
alert that waited is suppressed. All are acknowledged, so that no channel repeats them. The file is then
written anew. Only while deliver does not run.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from schemas.alert import Alert, AlertEvidence
from schemas.delivery import DeliveryOutcome
from streams.bus.durable import Store, writing
from streams.core.outcome import CommuniqueError
from streams.deliver import results
from streams.deliver.intake import alert_of
from streams.deliver.store import OutboxError, claim, open_store

WHY: Final = "taken down"
LINE: Final = "(taken down)"


class OutboxBusy(CommuniqueError):
    """Deliver runs."""


def count(path: Path, statements: Iterable[str]) -> int:
    """Return how many alerts rest on these statements; 0 without an outbox."""
    if not path.exists():
        return 0
    store = open_store(path)
    try:
        return len(_theirs(store, frozenset(statements)))
    finally:
        store.close()


def forget(path: Path, statements: Iterable[str], now: float) -> int:
    """Take the text out; return how many alerts rest on these statements. Raises `OutboxBusy`."""
    if not path.exists():
        return 0
    if (lock := claim(path)) is None:
        raise OutboxBusy("deliver runs: stop it (`communique run`), and try again")
    try:
        store = open_store(path)
        try:
            return _forget(store, frozenset(statements), now)
        finally:
            store.close()
    finally:
        os.close(lock)


def _forget(store: Store, statements: frozenset[str], now: float) -> int:
    seqs = _theirs(store, statements)
    with writing(store):
        store.execute("PRAGMA secure_delete=ON")
        for seq in seqs:
            _blank(store, seq, now)
            _suppress(store, seq, now)
        for nid, alerts in store.execute("SELECT nid, alerts FROM notifications").fetchall():
            if seqs.keys() & set(json.loads(alerts)):
                _drop(store, nid, seqs.keys(), now)
    try:
        store.execute("VACUUM")
        store.execute("PRAGMA busy_timeout=1000")
        reads, *_ = store.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        raise OutboxError(f"the outbox could not be written anew: {error}") from None
    if reads:  # what was there before is in the file until the write-ahead log is in it
        raise OutboxBusy("somebody reads the outbox (`communique alerts`?): end that, and try again")
    return len(seqs)


def _theirs(store: Store, statements: frozenset[str]) -> dict[int, Alert]:
    """Return the alerts that rest on these statements, by number."""
    found = {}
    for seq, body in store.execute("SELECT seq, body FROM alerts").fetchall():
        alert = alert_of(body)
        if statements & {each.statement_id for each in (*alert.evidence, *alert.shown_apart)}:
            found[seq] = alert
    return found


def without_text(alert: Alert) -> Alert:
    """Return an alert with ids, rule and times only."""
    return alert.model_copy(update={
        "line": LINE, "why": (), "evidence": tuple(map(_bare, alert.evidence)),
        "shown_apart": tuple(map(_bare, alert.shown_apart))})


def _bare(evidence: AlertEvidence) -> AlertEvidence:
    return AlertEvidence(
        statement_id=evidence.statement_id, proposition_id=evidence.proposition_id,
        article_id=evidence.article_id, attribution=evidence.attribution, spans=())


def _blank(store: Store, seq: int, now: float) -> None:
    alert = alert_of(store.execute("SELECT body FROM alerts WHERE seq=?", (seq,)).fetchone()["body"])
    store.execute("UPDATE alerts SET body=? WHERE seq=?", (without_text(alert).model_dump_json(), seq))
    store.execute("INSERT OR IGNORE INTO acknowledgements(alert, at, author) VALUES(?,?,?)",
                  (alert.alert_id, now, WHY))


def _suppress(store: Store, seq: int, now: float) -> None:
    waiting = store.execute(
        "SELECT channel, gid FROM members WHERE seq=? AND state='waiting'", (seq,)).fetchall()
    for row in waiting:
        store.execute("UPDATE members SET state='suppressed', reason=? WHERE channel=? AND seq=?",
                      (WHY, row["channel"], seq))
        results.note_alone(
            store, row["channel"], row["gid"], seq, DeliveryOutcome.SUPPRESSED, WHY, now)


def _drop(store: Store, nid: int, seqs: Iterable[int], now: float) -> None:
    """Blank a notification; one that is still to be sent is dead, and what else was in it waits again."""
    row = store.execute("SELECT * FROM notifications WHERE nid=?", (nid,)).fetchone()
    store.execute("UPDATE notifications SET body=? WHERE nid=?", (b"{}", nid))
    if row["state"] != "ready":
        return
    ours = set(seqs)
    store.execute("UPDATE notifications SET state='dead', reason=?, done=? WHERE nid=?", (WHY, now, nid))
    for seq in json.loads(row["alerts"]):
        state, reason = ("suppressed", WHY) if seq in ours else ("waiting", None)
        store.execute("UPDATE members SET state=?, reason=?, nid=NULL WHERE nid=? AND seq=?",
                      (state, reason, nid, seq))
        if seq in ours:
            results.note_alone(store, row["channel"], row["gid"], seq, DeliveryOutcome.SUPPRESSED, WHY, now)
    store.execute("UPDATE groups SET due=? WHERE gid=? AND due IS NULL", (now, row["gid"]))
