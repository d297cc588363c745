"""attempts: which notification is tried now, and what an attempt's outcome changes, in one transaction.

Nothing is written before an attempt: a process killed in the middle of one tries again under the same key.
After it: delivered, or another time (full jitter, `Retry-After`), or dead after `deliver.retry_hours` or a
final no. A dead one stays in the outbox: `communique alerts retry` sends it again. A channel that fails again
and again rests (its breaker, which survives a restart); others go on.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection
from dataclasses import dataclass

from schemas.delivery import DeliveryOutcome
from streams.core.delivering import pace as pacing
from streams.core.delivering.pace import Breaker
from streams.deliver import results
from streams.deliver.config import Pace
from streams.deliver.intake import alert_of
from streams.deliver.notification import Failed, Notification, Sent
from streams.deliver.results import Result


@dataclass(frozen=True, slots=True)
class Attempt:
    """A notification to be tried now."""

    nid: int
    notification: Notification
    attempts: int
    made: float
    heard: float
    """When its first alert came from the bus."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """The attempts of one channel."""

    store: sqlite3.Connection
    channel: str
    pace: Pace
    now: Callable[[], float]
    jitter: Callable[[float], float]
    retry_seconds: float

    def next(self, busy: Collection[int]) -> list[Attempt]:
        """Return what may be tried now besides what is `busy` (nids), as many as the channel takes."""
        now, breaker = self.now(), self._breaker()
        if breaker.open_until > now:
            return []
        room = (1 if breaker.failures >= self.pace.breaker_failures else self.pace.concurrency) - len(busy)
        if room <= 0:
            return []
        rows = self.store.execute(
            "SELECT n.*, g.name FROM notifications n JOIN groups g USING(gid) WHERE n.channel=? "
            "AND n.state='ready' AND n.due<=? ORDER BY n.due, n.nid LIMIT ?",
            (self.channel, now, room + len(busy))).fetchall()
        found = [self._attempt(row) for row in rows if row["nid"] not in busy]
        return [attempt for attempt in found if attempt][:room]

    def _attempt(self, row: sqlite3.Row) -> Attempt | None:
        """Return the attempt of a row; None when its alerts are forgotten."""
        seqs = json.loads(row["alerts"])
        marks = ",".join("?" * len(seqs))
        found = self.store.execute(
            f"SELECT body, heard FROM alerts WHERE seq IN ({marks}) ORDER BY seq", seqs).fetchall()  # noqa: S608  # marks only
        if not found:
            return None
        notification = Notification(
            row["key"], self.channel, row["name"], row["revision"],
            tuple(alert_of(each["body"]) for each in found), bytes(row["body"]))
        return Attempt(row["nid"], notification, row["attempts"], row["made"], found[0]["heard"])

    def settle(self, attempt: Attempt, outcome: Sent | Failed) -> DeliveryOutcome:
        """Write what came of an attempt, in the caller's transaction; return it."""
        now, attempts = self.now(), attempt.attempts + 1
        found = self._judge(attempt, outcome, now)
        reason = outcome.reason if isinstance(outcome, Failed) else None
        asked = outcome.asked_seconds if isinstance(outcome, Failed) else None
        if found is DeliveryOutcome.FAILED:
            pause = pacing.pause_seconds(attempts, self.jitter, asked, self.pace.retry_base_seconds)
            self.store.execute(
                "UPDATE notifications SET attempts=?, due=?, reason=? WHERE nid=?",
                (attempts, now + pause, reason, attempt.nid))
        else:
            self._finish(attempt, found, reason, now)
        self._mark(outcome, now)
        told = attempt.notification
        results.note(self.store, self._seqs(attempt.nid), Result(
            told.key, self.channel, told.group, found, attempts, told.repetition, reason, now))
        return found

    def _judge(self, attempt: Attempt, outcome: Sent | Failed, now: float) -> DeliveryOutcome:
        if isinstance(outcome, Sent):
            return DeliveryOutcome.DELIVERED
        if outcome.final or now - attempt.made >= self.retry_seconds:
            return DeliveryOutcome.DEAD
        old = self.store.execute(
            "SELECT count(*) AS n FROM members m JOIN alerts a USING(seq) WHERE m.nid=? "
            "AND (a.expires IS NULL OR a.expires>=?)", (attempt.nid, now)).fetchone()
        worth = old["n"] or attempt.notification.repetition
        return DeliveryOutcome.FAILED if worth else DeliveryOutcome.EXPIRED

    def _finish(self, attempt: Attempt, found: DeliveryOutcome, reason: str | None, now: float) -> None:
        self.store.execute(
            "UPDATE notifications SET state=?, attempts=?, reason=?, done=? WHERE nid=?",
            (found.value, attempt.attempts + 1, reason, now, attempt.nid))
        self.store.execute(
            "UPDATE members SET state=?, reason=? WHERE nid=?", (found.value, reason, attempt.nid))
        if found is DeliveryOutcome.DELIVERED:
            self.store.execute(
                "UPDATE groups SET sent=?, due=CASE WHEN due IS NULL OR hurry>0 THEN due "
                "ELSE max(due, ?) END "
                "WHERE gid=(SELECT gid FROM notifications WHERE nid=?)",
                (now, now + self.pace.group_interval_seconds, attempt.nid))

    def _seqs(self, nid: int) -> list[int]:
        row = self.store.execute("SELECT alerts FROM notifications WHERE nid=?", (nid,)).fetchone()
        return [int(seq) for seq in json.loads(row["alerts"])]

    def _breaker(self) -> Breaker:
        row = self.store.execute(
            "SELECT failures, open_until FROM breakers WHERE channel=?", (self.channel,)).fetchone()
        return Breaker(row["failures"], row["open_until"]) if row else Breaker()

    @property
    def rests(self) -> bool:
        """Return whether the channel is left alone now."""
        return self._breaker().open_until > self.now()

    def _mark(self, outcome: Sent | Failed, now: float) -> None:
        """Count for the breaker. A final no (410) is about one notification, not about the channel."""
        if isinstance(outcome, Failed) and not outcome.final:
            after = pacing.failed(
                self._breaker(), now, most=self.pace.breaker_failures,
                open_seconds=self.pace.breaker_seconds, asked=outcome.asked_seconds)
        else:
            after = Breaker()
        self.store.execute(
            "INSERT OR REPLACE INTO breakers(channel, failures, open_until) VALUES(?,?,?)",
            (self.channel, *after))
