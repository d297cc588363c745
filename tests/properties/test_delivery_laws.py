"""Laws of the outbox, whatever comes in whatever order, fails, is killed, or comes again."""

from __future__ import annotations

import random

import pytest

from schemas.alert import AlertRule
from streams.bus.durable import writing
from streams.deliver.config import Pace
from streams.deliver.notification import Failed, Sent
from streams.testing.builders import alert
from tests.deliver.yard import Yard


def made(number, chance):
    rule = AlertRule(name="rule", version="1", group={"place": str(chance.randrange(3))})
    return alert(f"a{number}", rule=rule, channels=tuple(chance.sample(("log", "desk"), chance.randint(1, 2))))


class History:
    """Random steps on an outbox; the world outside remembers what it was given, also by attempts nobody noted."""

    def __init__(self, folder, seed):
        self.chance = random.Random(seed)
        pace = Pace(group_wait_seconds=5, group_interval_seconds=20, max_alerts=self.chance.choice((1, 2, 50)), breaker_failures=3)
        self.yard = Yard(folder, pace)
        self.yard.store.execute("PRAGMA synchronous=OFF")
        self.alerts, self.given = [], []

    def arrive(self):
        fresh = [made(len(self.alerts) + number, self.chance) for number in range(self.chance.randint(0, 3))]
        again = self.chance.sample(self.alerts, min(2, len(self.alerts)))
        self.alerts += fresh
        self.yard.take(*again, *fresh)

    def attempt(self):
        self.yard.leave()
        for channel in ("log", "desk"):
            for each in self.yard.attempts(channel).next(()):
                self.given += [each.notification] * (self.chance.random() < 0.6)
                what = self.chance.choice(("noted", "noted", "failed", "killed"))
                if what == "killed":
                    return
                reached = self.given and self.given[-1] is each.notification and what == "noted"
                with writing(self.yard.store):
                    self.yard.attempts(channel).settle(each, Sent() if reached else Failed("timeout"))

    def killed(self):
        self.yard.restart()
        self.yard.store.execute("PRAGMA synchronous=OFF")

    def wait(self):
        self.yard.at += self.chance.choice((1, 10, 100))

    def end(self):
        for _ in range(200):
            self.yard.at += 500
            for channel in ("log", "desk"):
                self.given += self.yard.send(channel=channel)


@pytest.mark.parametrize("seed", range(25))
def test_every_alert_reaches_each_of_its_channels_under_one_key_and_in_its_groups_order(tmp_path, seed):
    history = History(tmp_path, seed)
    for _ in range(60):
        history.chance.choice((history.arrive, history.attempt, history.attempt, history.killed, history.wait))()
    history.end()
    bodies, keys, order = {}, {}, {}
    for each in history.given:
        assert bodies.setdefault(each.key, each.body) == each.body, "one key, the same bytes"
        for one in each.alerts:
            assert keys.setdefault((each.channel, one.alert_id), each.key) == each.key, "one alert, one key"
            seen = order.setdefault((each.channel, each.group), [])
            seen += [one.alert_id] * (one.alert_id not in seen)
    wanted = {(channel, one.alert_id) for one in history.alerts for channel in one.channels}
    assert set(keys) == wanted, "nothing missing, nothing invented"
    places = {one.alert_id: place for place, one in enumerate(history.alerts)}
    for seen in order.values():
        assert [places[each] for each in seen] == sorted(places[each] for each in seen), "in their order"
