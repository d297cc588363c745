"""places: what the bus holds of an article, and how it is taken out of there.

On the embedded log a record is blanked where it stands. On Kafka that is in nobody's power: there a key of a
compacted topic gets a tombstone, and of everything else is told until when it stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.bus.blank import MARK, blanked, taken_down
from streams.bus.interface import Eraser, Record
from streams.bus.scan import scan
from streams.takedown.target import Fate, Target, fate_in

if TYPE_CHECKING:
    from streams.bus.interface import Admin, Bus, TopicDescription

_BATCH: Final = 500
SEGMENT_MS: Final = 7 * 86_400_000
"""Kafka's default `segment.ms`: a segment that is written to is not deleted."""
SWEEP: Final = timedelta(hours=1)
"""Kafka looks for what has expired every 5 minutes, and deletes its files a minute later, by default."""


@dataclass(slots=True)
class Held:
    """What one topic holds of the article."""

    fate: Fate
    count: int = 0
    whole: list[Record] = field(default_factory=list)
    """Records that are not blanked; with `Fate.GONE` those that still have a value."""
    latest: dict[tuple[int, bytes], Record] = field(default_factory=dict)
    """With `Fate.GONE`: the last record of each key."""


async def held(
    bus: Bus, names: Iterable[str], target: Target, tell: Callable[[str], None] = lambda _topic: None
) -> dict[str, Held]:
    """Return what each topic holds of the article; in memory are the article's own records."""
    found = {name: Held(fate_in(name)) for name in names if fate_in(name) is not Fate.STAYS}
    async for records in scan(bus, list(found), missing_ok=True):
        tell(records[0].topic)
        held_there = found[records[0].topic]
        for record in records:
            key = (record.partition, record.key or b"")
            deleted = record.value is None and held_there.fate is Fate.GONE
            if key in held_there.latest if deleted else target.owns(record):
                _note(held_there, key, record)
    return {name: each for name, each in found.items() if each.count or each.latest}


def _note(found: Held, key: tuple[int, bytes], record: Record) -> None:
    found.count += record.value is not None or found.fate is Fate.STUB
    if found.fate is Fate.GONE:
        found.latest[key] = record
    whole = record.value is not None if found.fate is Fate.GONE else taken_down(record) is None
    if whole:
        found.whole.append(record)


async def take_out(bus: Bus, admin: Admin, found: Held, takedown: str) -> None:
    """Blank what can be blanked, and put tombstones where keys still have values. May be done again."""
    await _bury_keys(bus, found, takedown)
    if isinstance(admin, Eraser):
        for start in range(0, len(found.whole), _BATCH):
            stubs = [stub_of(each, found.fate, takedown) for each in found.whole[start : start + _BATCH]]
            await admin.blank(stubs)


def stub_of(record: Record, fate: Fate, takedown: str) -> Record:
    """Return what stands in a record's place: on a compacted topic without a value, as if it were deleted."""
    stub = blanked(record, takedown)
    return replace(stub, value=None) if fate is Fate.GONE else stub


async def _bury_keys(bus: Bus, found: Held, takedown: str) -> None:
    living = [each for each in found.latest.values() if each.value is not None]
    if not living:
        return
    async with bus.producer(client_id="communique-forget") as producer:
        for record in living:
            await producer.send(
                record.topic, None, key=record.key, partition=record.partition,
                headers=((MARK, takedown.encode()),))
        await producer.flush()


class Remains(NamedTuple):
    """How long a bus that cannot blank a record keeps it: `until` when at the latest, or `for_ever`.

    Neither: until its log cleaner has run.
    """

    until: datetime | None = None
    for_ever: bool = False


def remains(description: TopicDescription, found: Held, now: datetime) -> Remains:
    """Return how long Kafka keeps these records, as the topic is set up.

    A compacted topic lets go of what was deleted; of everything else it keeps the last of each key, for ever.
    """
    config: Mapping[str, str] = description.config
    retention = int(config.get("retention.ms", -1))
    expires = "delete" in config.get("cleanup.policy", "delete")
    if expires and retention >= 0:
        latest = max(each.timestamp_ms for each in found.whole)
        kept = timedelta(milliseconds=retention + int(config.get("segment.ms", SEGMENT_MS)))
        return Remains(max(datetime.fromtimestamp(latest / 1000, UTC) + kept, now) + SWEEP)
    return Remains(for_ever=found.fate is not Fate.GONE)
