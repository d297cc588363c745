"""waiting: why an article cannot be taken back now: stages run, or have a record of it still before them.

A raw record may wait, since clean refuses it; unless something came of it already: clean died between its
answer and its commit, and would answer once more, a refusal beside the article.

And why it is not taken back yet, once all is done: a copy of it came meanwhile, or may still come of a
redrive. What comes later is passed over by every stage (`AgentBus.taken_back`), or refused by clean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from schemas.redrive import Redrive, RedriveState
from streams import topics
from streams.audit.collect import reader_of
from streams.audit.dead import letter_of
from streams.bus.blank import taken_down
from streams.bus.interface import TopicPartition
from streams.bus.scan import scan
from streams.core.outcome import CommuniqueError
from streams.takedown.finding import body_of, places_of, surely
from streams.takedown.target import Fate, fate_in, origin_of

if TYPE_CHECKING:
    from streams.bus.interface import Admin, Bus, Record
    from streams.takedown.places import Held
    from streams.takedown.target import Target

OURS: Final = "communique-"
_MAY_HAVE_NO_READER: Final = (topics.STATEMENTS, topics.ALERTS)
"""Alert and deliver need not be used at all: one that never ran has nothing in hand."""


CUT_OFF: Final = timedelta(minutes=10)
"""No redrive takes so long from asking to the acknowledgement: `kafka.request_timeout_seconds` bounds it."""


class Busy(CommuniqueError):
    """It cannot be done now: stages run, or are behind."""


async def running(admin: Admin) -> list[str]:
    """Return our groups that have a live member."""
    return [group for group in await admin.live_groups() if group.startswith(OURS)]


async def unread(bus: Bus, admin: Admin, target: Target, found: Mapping[str, Held]) -> list[str]:
    """Return the places of the article's records that a stage has still to read."""
    waiting = []
    for topic, there in found.items():
        committed = await _committed(admin, topic)
        if committed is not None:
            is_raw = topics.unshadowed(topic) == topics.RAW.name
            begun = _begun(found, topics.job_of(topic)) if is_raw else None
            waiting += _pending(there.whole, committed, begun)
    for topic in await admin.describe_topics():
        if topics.unshadowed(topic) == topics.MATCHES.name:
            waiting += await _matches(bus, admin, topic, target)
    return waiting


async def _committed(admin: Admin, topic: str) -> Mapping[TopicPartition, int] | None:
    """Return what the stage that reads a topic has committed; None when none has anything in hand."""
    spec, job = topics.BY_NAME.get(topics.unshadowed(topic)), topics.job_of(topic)
    if spec is None or not (group := reader_of(spec)):
        return None
    committed = await admin.committed_offsets(group if job is None else f"{group}.{job}")
    return None if not committed and spec in _MAY_HAVE_NO_READER else committed


def _begun(found: Mapping[str, Held], job: str | None) -> set[str]:
    """Return the raw records that clean has answered in a run: with an article, or a dead letter."""
    answers = (topics.shadow(name, job) for name in (topics.CLEAN.name, topics.RAW.dead_letters))
    records = [record for name in answers if name in found for record in found[name].whole]
    return {origin for each in records for origin in (origin_of(each), letter_of(each).id) if origin}


def _pending(
    records: Iterable[Record], committed: Mapping[TopicPartition, int], begun: set[str] | None
) -> list[str]:
    return [each.at for each in records
            if each.offset >= committed.get(TopicPartition(each.topic, each.partition), 0)
            and (begun is None or not begun.isdisjoint({each.at, origin_of(each)}))]


async def redriven(bus: Bus, target: Target, now: datetime) -> list[str]:
    """Return the article's letters that a redrive may be putting back: asked for, not noted as sent.

    Called after the takedown is on its topic, and before `came`. One that was asked for longer ago than
    `CUT_OFF` died: whoever goes on with it sees the takedown.
    """
    asked: dict[str, datetime] = {}
    async for records in scan(bus, [topics.REDRIVES.name], missing_ok=True):
        for record in records:
            note = _note(record)
            if note and not target.origins.isdisjoint({note.origin, note.letter_id}):
                asked.pop(note.letter_id, None)
                if note.state is RedriveState.ASKED:
                    asked[note.letter_id] = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
    return sorted(letter for letter, at in asked.items() if now - at < CUT_OFF)


def _note(record: Record) -> Redrive | None:
    try:
        return Redrive.model_validate_json(record.value or b"")
    except ValidationError:
        return None


async def came(bus: Bus, admin: Admin, target: Target, since: Mapping[TopicPartition, int]) -> list[str]:
    """Return the places of the article's records that came since these ends, whole."""
    names = [name for name in await admin.describe_topics() if fate_in(name) is not Fate.STAYS]
    return [
        record.at async for records in scan(bus, names, starts=since, missing_ok=True) for record in records
        if record.value is not None and taken_down(record) is None and _its(target, record)]


def _its(target: Target, record: Record) -> bool:
    if target.owns(record):
        return True
    raw = record.topic == topics.RAW.name
    return raw and (surely(body_of(record)) in target.ids or not target.origins.isdisjoint(places_of(record)))


async def _matches(bus: Bus, admin: Admin, topic: str, target: Target) -> list[str]:
    """Return the article's matches that cluster has still to read: ids, but the article waits for them."""
    committed = await _committed(admin, topic)
    return [
        record.at async for records in scan(bus, [topic], starts=committed, missing_ok=True)
        for record in records if origin_of(record) in target.origins]
