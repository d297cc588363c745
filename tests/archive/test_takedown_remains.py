"""What is told of Kafka, which cannot take a record back: until when it holds it, or that it does for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schemas.takedown import Takedown
from streams.bus.interface import Record, TopicDescription
from streams.cli.forget import _remains
from streams.takedown.places import SWEEP, Held, Remains, remains
from streams.takedown.target import Fate

NOW = datetime(2026, 11, 25, tzinfo=UTC)
DAY = 86_400_000
CLEANER, FOR_EVER = Remains(), Remains(for_ever=True)


def in_days(days: float) -> Remains:
    return Remains(NOW + timedelta(days=days) + SWEEP)


@pytest.mark.parametrize(("fate", "config", "found"), [
    (Fate.STUB, {"cleanup.policy": "delete", "retention.ms": "-1"}, FOR_EVER),
    (Fate.STUB, {"retention.ms": "-1", "segment.ms": "1000"}, FOR_EVER),
    (Fate.STUB, {}, FOR_EVER),
    (Fate.STUB, {"cleanup.policy": "compact", "retention.ms": str(30 * DAY)}, FOR_EVER),
    (Fate.STUB, {"cleanup.policy": "delete", "retention.ms": str(30 * DAY), "segment.ms": str(DAY)}, in_days(29)),
    (Fate.STUB, {"cleanup.policy": "delete", "retention.ms": str(30 * DAY)}, in_days(35)),
    (Fate.STUB, {"cleanup.policy": "compact,delete", "retention.ms": str(30 * DAY), "segment.ms": str(DAY)}, in_days(29)),
    (Fate.STUB, {"retention.ms": "1", "segment.ms": "1"}, in_days(0)),
    (Fate.GONE, {"cleanup.policy": "compact", "retention.ms": "-1"}, CLEANER),
    (Fate.GONE, {"cleanup.policy": "compact,delete", "retention.ms": "-1"}, CLEANER),
])
def test_kafka_holds_a_record_as_long_as_its_topic_is_set_up_to(fate: Fate, config: dict[str, str], found: Remains) -> None:
    two_days_ago = int((NOW - timedelta(days=2)).timestamp() * 1000)
    whole = [Record("t", 0, n, two_days_ago - n, b"k", b"text") for n in range(3)]
    assert remains(TopicDescription("t", 1, config), Held(fate, 3, whole), NOW) == found


def test_each_is_told_in_words() -> None:
    done = Takedown(
        takedown_id="t", article_id="a", state="done", reason="x", taken_at=NOW, origins=(),
        remains={"ends": NOW, "compacted": None, "endless": None}, for_ever=("endless",))
    assert [each.partition(" on ")[2] for each in _remains(done)] == [
        "ends until 2026-11-25", "compacted until its log cleaner has run",
        "endless for ever: give it a retention.ms (docs/takedown.md), or delete it"]
