"""An outbox in a folder, a clock that is moved by hand, channels that are lists: deliver without a bus."""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson

from schemas.envelope import DeliveryMode
from streams.bus.durable import writing
from streams.bus.envelope import of_event
from streams.bus.interface import Record
from streams.deliver.attempts import Attempts
from streams.deliver.config import Pace
from streams.deliver.departure import Departures
from streams.deliver.intake import Heard, Intake
from streams.deliver.notification import Sent
from streams.deliver.store import open_store
from streams.testing.builders import DAY, alert_record

START = DAY.timestamp() + 3600


@dataclass
class Yard:
    folder: object
    pace: Pace = field(default_factory=lambda: Pace(group_wait_seconds=10, group_interval_seconds=60))
    inhibitions: tuple = ()
    at: float = START
    retry_seconds: float = 72 * 3600
    sent: list = field(default_factory=list)

    def __post_init__(self):
        self.store = open_store(self.folder / "outbox.db")

    def now(self):
        return self.at

    @property
    def paces(self):
        return {"log": self.pace, "desk": self.pace}

    def restart(self):
        self.store.close()
        self.store = open_store(self.folder / "outbox.db")

    def take(self, *alerts, mode=DeliveryMode.LIVE):
        heard = []
        for each in alerts:
            key, body, headers = alert_record(each, mode=mode)
            record = Record("news.alerts.v1", 0, 0, int(self.at * 1000), key, body, headers)
            heard.append(Heard(each, body, of_event(record), self.at))
        with writing(self.store):
            return Intake(self.store, self.paces, self.now).take(heard)

    def leave(self):
        with writing(self.store):
            left = Departures(self.store, self.paces, self.inhibitions, self.now)
            return left.leave() + left.repeat()

    def attempts(self, channel="log"):
        return Attempts(self.store, channel, self.paces[channel], self.now, lambda most: most, self.retry_seconds)

    def send(self, outcome=None, channel="log"):
        """Let groups leave and try once everything that may be tried; return the notifications."""
        self.leave()
        found = self.attempts(channel).next(())
        for each in found:
            with writing(self.store):
                self.attempts(channel).settle(each, outcome or Sent())
        return [each.notification for each in found]

    def later(self, seconds, **what):
        self.at += seconds
        return self.send(**what)

    @property
    def results(self):
        rows = self.store.execute("SELECT body FROM results ORDER BY rid").fetchall()
        return [orjson.loads(row["body"]) for row in rows]

    def outcomes(self):
        return [(each["outcome"], each["reason"]) for each in self.results]
