"""departure: a group whose time has come → one notification, in one transaction.

A group has at most one notification under way: order within a group is kept, and while a channel is slow or
down what comes meanwhile joins the next notification. That is how a flood is slowed: by grouping, never by
dropping. What was silenced, inhibited, acknowledged, or is too old, does not leave; each is noted. What its
rule's quiet hours hold stays in its group until they end.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.alert import Alert
from schemas.delivery import DeliveryOutcome, delivery_key
from streams.core.delivering.matching import (
    FOLLOW_UPS,
    Inhibition,
    Matcher,
    all_hold,
    inhibited,
    labels_of,
    matcher,
)
from streams.core.delivering.wording import body_of
from streams.deliver import results
from streams.deliver.config import Pace
from streams.deliver.intake import HAD, NEVER_HAD, alert_of, quiet_end
from streams.deliver.store import GO_ON, QUIET

_AT_ONCE: Final = 200
"""Groups that leave in one transaction at most: others get their turn."""
_LOOKED_AT: Final = 1001
"""Waiting alerts of a group that are looked at in one transaction: one more than a notification may take."""
_BODY_CHARS: Final = 1_000_000
"""A notification's alerts together at most, unless one alone is larger."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    seq: int
    alert: Alert
    body: str
    at: float
    expires: float | None


@dataclass(frozen=True, slots=True)
class Departures:
    """Lets groups leave."""

    store: sqlite3.Connection
    paces: Mapping[str, Pace]
    inhibitions: Sequence[Inhibition]
    now: Callable[[], float]

    def leave(self) -> int:
        """Let every group leave whose time has come, in the caller's transaction; return how many did."""
        now = self.now()
        due = self.store.execute(
            "SELECT gid, channel, name FROM groups g WHERE due <= ? AND NOT EXISTS "
            "(SELECT 1 FROM notifications n WHERE n.gid = g.gid AND n.state = 'ready') ORDER BY due LIMIT ?",
            (now, _AT_ONCE)).fetchall()
        silences = self._silences(now) if due else []
        for group in due:
            self._depart(group, silences, now)
        return len(due)

    def _silences(self, now: float) -> list[tuple[int, tuple[Matcher, ...]]]:
        rows = self.store.execute(
            "SELECT sid, matchers FROM silences WHERE begins <= ? AND ends > ?", (now, now))
        return [(row["sid"], tuple(map(matcher, json.loads(row["matchers"])))) for row in rows]

    def _depart(
        self, group: sqlite3.Row, silences: Sequence[tuple[int, tuple[Matcher, ...]]], now: float
    ) -> None:
        gid, channel = group["gid"], group["channel"]
        going: list[_Waiting] = []
        quiet: list[float] = []
        waiting = self._waiting(gid)
        left = len(waiting) >= _LOOKED_AT
        for each in waiting:
            if held := self._held(each, channel, silences, now):
                outcome, reason = held
                self._settle(channel, each.seq, outcome, reason)
                results.note_alone(self.store, channel, gid, each.seq, outcome, reason, now)
            elif until := quiet_end(each.alert, now):
                quiet.append(until)
            elif self._full(going, each, channel):
                left = True
                break
            else:
                going.append(each)
        if going:
            self._notify(group, going, now)
        more = left and len(quiet) < len(waiting)
        due = (now, GO_ON) if more else (min(quiet), QUIET) if quiet else (None, 0)
        self.store.execute("UPDATE groups SET due=?, hurry=? WHERE gid=?", (*due, gid))

    def _full(self, going: Sequence[_Waiting], more: _Waiting, channel: str) -> bool:
        chars = sum(len(each.body) for each in going) + len(more.body)
        most = self.paces.get(channel, Pace()).max_alerts
        return bool(going) and (len(going) >= most or chars > _BODY_CHARS)

    def _waiting(self, gid: int) -> list[_Waiting]:
        rows = self.store.execute(
            "SELECT m.seq, a.body, a.at, a.expires FROM members m JOIN alerts a USING(seq) "
            "WHERE m.gid=? AND m.state='waiting' ORDER BY m.seq LIMIT ?", (gid, _LOOKED_AT)).fetchall()
        return [_Waiting(row["seq"], alert_of(row["body"]), row["body"], row["at"], row["expires"])
                for row in rows]

    def _held(
        self, each: _Waiting, channel: str, silences: Sequence[tuple[int, tuple[Matcher, ...]]], now: float
    ) -> tuple[DeliveryOutcome, str] | None:
        """Return why an alert does not leave; None: it leaves."""
        if each.alert.kind in FOLLOW_UPS:
            return self._of_nothing(each, channel)
        if each.expires is not None and each.expires < now:
            return DeliveryOutcome.EXPIRED, "older than its rule's expiry"
        if self.store.execute(
            "SELECT 1 FROM acknowledgements WHERE alert=?", (each.alert.alert_id,)).fetchone():
            return DeliveryOutcome.SUPPRESSED, "acknowledged"
        labels = labels_of(each.alert, channel)
        if found := next((sid for sid, matchers in silences if all_hold(matchers, labels)), None):
            return DeliveryOutcome.SUPPRESSED, f"silence {found}"
        if self._is_inhibited(labels, each.at):
            return DeliveryOutcome.SUPPRESSED, "inhibited"
        return None

    def _of_nothing(self, each: _Waiting, channel: str) -> tuple[DeliveryOutcome, str] | None:
        """Hold back what follows an alert that waited before it, and in the end did not leave."""
        rows = self.store.execute(
            "SELECT m.state FROM members m JOIN alerts a USING(seq) "
            "WHERE a.alert=? AND m.channel=? AND m.seq<?",
            (each.alert.corrects, channel, each.seq)).fetchall()
        never = bool(rows) and all(row["state"] not in HAD for row in rows)
        return (DeliveryOutcome.SUPPRESSED, NEVER_HAD) if never else None

    def _is_inhibited(self, labels: Mapping[str, str], at: float) -> bool:
        rules = [rule for rule in self.inhibitions if all_hold(rule.target, labels)]
        if not rules:
            return False
        span = max(rule.for_seconds for rule in rules)
        rows = self.store.execute(
            "SELECT DISTINCT a.seq, a.body, a.at FROM alerts a JOIN members m USING(seq) "
            "WHERE a.at BETWEEN ? AND ? AND m.state IN ('waiting','out','delivered')", (at - span, at + span))
        others = [(labels_of(alert_of(row["body"])), row["at"]) for row in rows]
        return inhibited(labels, at, others, rules)

    def _settle(self, channel: str, seq: int, outcome: DeliveryOutcome, reason: str) -> None:
        self.store.execute(
            "UPDATE members SET state=?, reason=? WHERE channel=? AND seq=?",
            (outcome.value, reason, channel, seq))

    def _notify(self, group: sqlite3.Row, going: Sequence[_Waiting], now: float) -> None:
        channel = group["channel"]
        key = delivery_key(channel, tuple((e.alert.alert_id, e.alert.revision) for e in going), 0)
        body = body_of(key, channel, group["name"], 0, [e.body for e in going], [e.alert for e in going])
        seqs = [each.seq for each in going]
        made = self.store.execute(
            "INSERT INTO notifications(key, gid, channel, revision, alerts, body, state, made, due) "
            "VALUES(?,?,?,0,?,?,'ready',?,?)",
            (key, group["gid"], channel, json.dumps(seqs), body, now, now))
        self.store.executemany(
            "UPDATE members SET state='out', nid=? WHERE channel=? AND seq=?",
            [(made.lastrowid, channel, seq) for seq in seqs])

    def repeat(self) -> int:
        """Say again what nobody has acknowledged, where a channel asks for that; return how many."""
        return sum(
            self._repeat(channel, pace) for channel, pace in self.paces.items()
            if pace.repeat_interval_seconds and pace.repeat_times)

    def _repeat(self, channel: str, pace: Pace) -> int:
        now = self.now()
        rows = self.store.execute(
            "SELECT n.*, g.name FROM notifications n JOIN groups g USING(gid) WHERE n.channel=? "
            "AND n.done<=? AND n.state='delivered' AND n.revision<? AND NOT EXISTS "
            "(SELECT 1 FROM notifications o WHERE o.gid=n.gid "
            "AND (o.state='ready' OR (o.alerts=n.alerts AND o.revision>n.revision))) "
            "LIMIT 50", (channel, now - pace.repeat_interval_seconds, pace.repeat_times)).fetchall()
        return sum(self._again(row, now) for row in rows)

    def _again(self, row: sqlite3.Row, now: float) -> bool:
        seqs = json.loads(row["alerts"])
        marks = ",".join("?" * len(seqs))
        found = self.store.execute(
            f"SELECT alert, revision, body, alert IN (SELECT alert FROM acknowledgements) OR "  # noqa: S608  # marks only
            f"alert IN (SELECT corrects FROM alerts WHERE corrects IS NOT NULL) AS done "
            f"FROM alerts WHERE seq IN ({marks}) ORDER BY seq", seqs).fetchall()
        if not found or any(each["done"] for each in found):
            return False
        number = row["revision"] + 1
        key = delivery_key(row["channel"], tuple((e["alert"], e["revision"]) for e in found), number)
        bodies = [each["body"] for each in found]
        alerts = [alert_of(each) for each in bodies]
        body = body_of(key, row["channel"], row["name"], number, bodies, alerts)
        self.store.execute(
            "INSERT OR IGNORE INTO notifications"
            "(key, gid, channel, revision, alerts, body, state, made, due) VALUES(?,?,?,?,?,?,'ready',?,?)",
            (key, row["gid"], row["channel"], number, row["alerts"], body, now, now))
        return True
