"""intake: alerts as they come from the bus → the outbox, a batch in one transaction.

An alert is known by id and revision: one that comes again changes nothing, so the position on the bus may lag
behind. Two guards stand here, whatever the alert agent did: what is not live (backfill, replay, redrive) and
what is no longer fresh is never sent; it is noted as suppressed. A correction or withdrawal passes both: it
goes to the channels that had the alert, into the group that it left with; to nobody else. One whose alert
this outbox never saw goes to the channels that it names, when it is live. A withdrawal of what still waits
takes both away.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from schemas.alert import Alert, AlertKind
from schemas.delivery import DeliveryOutcome
from schemas.envelope import DeliveryMode, Envelope
from streams.core.alerting.quiet import quiet_until
from streams.core.delivering.matching import FOLLOW_UPS, group_name
from streams.core.delivering.pace import due_at
from streams.deliver import results
from streams.deliver.config import DEFAULT, Pace
from streams.deliver.store import QUIET

HAD: Final = ("waiting", "out", "delivered")
"""States of an alert on a channel that its correction follows."""

NEVER_HAD: Final = "its alert was never sent here"


@dataclass(frozen=True, slots=True)
class Heard:
    """An alert from the bus: its body as it came, its envelope, and its record's timestamp (seconds)."""

    alert: Alert
    body: bytes
    envelope: Envelope
    at: float


@dataclass(frozen=True, slots=True)
class Intake:
    """Puts alerts into the outbox. `paces`: by channel; one that nobody knows is taken as it comes."""

    store: sqlite3.Connection
    paces: Mapping[str, Pace]
    now: Callable[[], float]

    def take(self, batch: Iterable[Heard]) -> int:
        """Take a batch, within the caller's transaction; return how many alerts were new."""
        return sum(self._take(heard) for heard in batch)

    def _take(self, heard: Heard) -> bool:
        alert, expires = heard.alert, heard.alert.rule.expires_after_seconds
        added = self.store.execute(
            "INSERT OR IGNORE INTO alerts(alert, revision, corrects, body, origin, at, expires, heard) "
            "VALUES(?,?,?,?,?,?,?,?)",
            (alert.alert_id, alert.revision, alert.corrects, heard.body.decode(),
             heard.envelope.model_dump_json(), heard.at, heard.at + expires if expires else None, self.now()))
        if not added.rowcount:
            return False
        for channel, gid, reason in self._places(heard):
            self._join(channel, gid, added.lastrowid or 0, heard, reason)
        return True

    def _places(self, heard: Heard) -> list[tuple[str, int, str | None]]:
        """Return channels and groups that an alert goes to, with the reason when it may not."""
        alert = heard.alert
        if alert.kind in FOLLOW_UPS and alert.corrects:
            rows = self.store.execute(
                "SELECT channel, gid, state FROM members WHERE seq="
                "(SELECT max(seq) FROM alerts WHERE alert=?) ORDER BY channel", (alert.corrects,)).fetchall()
            if rows:
                states = ((row, None if row["state"] in HAD else NEVER_HAD) for row in rows)
                return [(row["channel"], row["gid"], reason) for row, reason in states]
        named = tuple(dict.fromkeys(alert.channels)) or (DEFAULT,)
        return [(channel, self._group(channel, group_name(alert)), None) for channel in named]

    def _group(self, channel: str, name: str) -> int:
        self.store.execute("INSERT OR IGNORE INTO groups(channel, name) VALUES(?,?)", (channel, name))
        row = self.store.execute(
            "SELECT gid FROM groups WHERE channel=? AND name=?", (channel, name)).fetchone()
        return int(row["gid"])

    def _join(self, channel: str, gid: int, seq: int, heard: Heard, reason: str | None) -> None:
        reason = reason or self._guard(heard) or self._takes_back(channel, heard)
        self.store.execute(
            "INSERT OR IGNORE INTO members(channel, seq, gid, state, reason) VALUES(?,?,?,?,?)",
            (channel, seq, gid, "suppressed" if reason else "waiting", reason))
        if reason:
            results.note_alone(self.store, channel, gid, seq, DeliveryOutcome.SUPPRESSED, reason, self.now())
        else:
            self._schedule(channel, gid, heard.alert)

    def _schedule(self, channel: str, gid: int, alert: Alert) -> None:
        pace = self.paces.get(channel, Pace())
        wait = pace.group_wait_seconds if alert.rule.wait_seconds is None else alert.rule.wait_seconds
        group = self.store.execute("SELECT due, sent, hurry FROM groups WHERE gid=?", (gid,)).fetchone()
        due = due_at(self.now(), wait, group["sent"], pace.group_interval_seconds)
        wakes = group["hurry"] == QUIET and quiet_end(alert, self.now()) is None
        if group["due"] is None or (wakes and due < group["due"]):
            self.store.execute("UPDATE groups SET due=?, hurry=0 WHERE gid=?", (due, gid))

    def _guard(self, heard: Heard) -> str | None:
        """Return why an alert must not be sent, None when it may."""
        alert, live = heard.alert, heard.envelope.delivery_mode is DeliveryMode.LIVE
        if alert.kind in FOLLOW_UPS:
            known = self.store.execute("SELECT 1 FROM alerts WHERE alert=?", (alert.corrects,)).fetchone()
            return None if live or known else "not live"
        if not live:
            return "not live"
        if alert.fresh_until is None or alert.fresh_until.timestamp() < self.now():
            return "not fresh"
        corrected = self.store.execute(
            "SELECT 1 FROM alerts WHERE corrects=?", (alert.alert_id,)).fetchone()
        return "corrected before it came" if corrected else None

    def _takes_back(self, channel: str, heard: Heard) -> str | None:
        """Take a withdrawn alert that still waits away; return why its withdrawal need not be told.

        With what it corrects: when any of that has left, the withdrawal is told.
        """
        if heard.alert.kind is not AlertKind.WITHDRAWAL:
            return None
        rows = self.store.execute(
            "WITH RECURSIVE before(alert) AS (VALUES(?) UNION SELECT a.corrects FROM alerts a "
            "JOIN before USING(alert) WHERE a.corrects IS NOT NULL) "
            "SELECT m.seq, m.gid, m.state FROM members m JOIN alerts a USING(seq) JOIN before USING(alert) "
            "WHERE m.channel=?", (heard.alert.corrects, channel)).fetchall()
        if not rows or any(row["state"] != "waiting" for row in rows):
            return None
        why = "withdrawn before it left"
        for row in rows:
            self.store.execute(
                "UPDATE members SET state='suppressed', reason=? WHERE channel=? AND seq=?",
                (why, channel, row["seq"]))
            results.note_alone(
                self.store, channel, row["gid"], row["seq"], DeliveryOutcome.SUPPRESSED, why, self.now())
        return why


def quiet_end(alert: Alert, now: float) -> float | None:
    """Return when the quiet hours end that hold an alert now, seconds; None: nothing holds it."""
    if not alert.rule.quiet_hours:
        return None
    until = quiet_until(alert.rule.quiet_hours, alert.rule.severity, datetime.fromtimestamp(now, UTC))
    return None if until is None else until.timestamp()


def alert_of(body: str) -> Alert:
    """Return the alert of a stored body, which was valid when it was taken."""
    return Alert.model_validate(json.loads(body))
