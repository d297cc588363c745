"""collect: the facts of an audit, read from the topics and the groups' committed offsets alone.

How, in this order: what each stage has committed; the raw topic's records; what lies beyond those commits on
the way to enrich; then the fates. A stage writes its outputs before it commits: what was not committed is
found, what was has an output further down by then. So what is called lost is lost, also while stages run.

From mid topics only what is not yet read by its stage is looked at; of all records only headers. Then the
statements of enriched events (`statements`), which need their bodies.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from streams import topics
from streams.audit import statements
from streams.bus.burial import PREFIX
from streams.bus.envelope import read_headers
from streams.bus.interface import TopicPartition
from streams.bus.scan import header, scan
from streams.core.audit import Fate, FateKind, Ledger, Report
from streams.stages import DELIVER, STAGES, group_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from streams.bus.interface import Bus, Record
    from streams.topics import TopicSpec

UNSURE: Final = {"TRANSIENT", "KILLED"}
"""Codes of dead letters whose record may succeed when it comes again, with nothing changed."""

WALK: Final[tuple[TopicSpec, ...]] = (
    topics.RAW,
    topics.CLEAN,
    topics.TAGGED,
    topics.SKETCHES,
    topics.MATCHES,
    topics.ANSWERS,
)
"""The topics that lead to the enriched event, in the order of the walk."""

Tell: TypeAlias = "Callable[[str, int], None]"
"""Hears a topic and how many of its records more were read."""


def reader_of(spec: TopicSpec) -> str | None:
    """Return the group of the stage whose agent reads a topic, None when no stage does."""
    if spec.read_by == DELIVER:
        return group_of(DELIVER)
    return next((group_of(stage) for stage, agents in STAGES.items() if spec.read_by in agents), None)


async def audit(bus: Bus, tell: Tell = lambda _topic, _records: None) -> Report:
    """Read the topics and return the report. `tell(topic, records)` hears how many records more were read.

    Raises `UnknownTopic` when there is no raw topic.
    """
    ledger = Ledger()
    committed = await _committed(bus)
    async for records in scan(bus, [topics.RAW.name]):
        for record in records:
            ledger.raw(record.topic, record.partition, record.offset)
            if record.offset >= committed.get(TopicPartition(record.topic, record.partition), 0):
                ledger.on_the_way(record.at)
        tell(topics.RAW.name, len(records))
    await _on_the_way(bus, committed, ledger, tell)
    await _fates(bus, ledger, tell)
    return replace(ledger.report(), statements_lost=await statements.lost(bus, committed, tell))


async def _committed(bus: Bus) -> dict[TopicPartition, int]:
    """Return what each stage has committed of the topics that it reads."""
    async with bus.admin() as admin:
        found = [await admin.committed_offsets(group_of(stage)) for stage in STAGES]
    return {place: offset for each in found for place, offset in each.items()}


async def _on_the_way(
    bus: Bus, committed: Mapping[TopicPartition, int], ledger: Ledger, tell: Tell
) -> None:
    async for records in scan(bus, [spec.name for spec in WALK[1:]], starts=committed, missing_ok=True):
        for record in records:
            if origin := header(record, "ce_origin"):
                ledger.on_the_way(origin)
        tell(records[0].topic, len(records))


async def _fates(bus: Bus, ledger: Ledger, tell: Tell) -> None:
    async with bus.admin() as admin:
        dead = [name for name in await admin.describe_topics() if name.endswith(".dlt")]
    async for records in scan(bus, [topics.REFUSALS.name, topics.ENRICHED.name, *dead], missing_ok=True):
        for record in records:
            if fate := fate_of(record):
                ledger.fate(fate)
        tell(records[0].topic, len(records))


def fate_of(record: Record) -> Fate | None:
    """Return the fate that a record of a topic of fates tells; None for one that names no raw record."""
    if record.topic.endswith(".dlt"):
        return buried(record)
    return refused(record) if record.topic == topics.REFUSALS.name else enriched(record)


def enriched(record: Record) -> Fate | None:
    """Return the fate that an enriched event tells."""
    return _event(FateKind.ENRICHED, record)


def refused(record: Record) -> Fate | None:
    """Return the fate that a refusal tells."""
    return _event(FateKind.REFUSED, record)


def _event(kind: FateKind, record: Record) -> Fate | None:
    found = read_headers(record.headers)
    origin = found.get("ce_origin")
    if origin is None or record.value is None:
        return None
    return Fate(kind, origin, found.get("ce_id", record.at), found.get("ce_deliverymode") == "redrive")


def buried(record: Record) -> Fate | None:
    """Return the fate that a dead letter tells; None for one that names no raw record.

    Its id is its record's topic-partition-offset. A raw record is its own origin, whatever its headers say.
    """
    topic = header(record, f"{PREFIX}topic")
    if topic is None:
        return None
    at = f"{topic}-{header(record, f'{PREFIX}partition')}-{header(record, f'{PREFIX}offset')}"
    origin = at if topic == topics.RAW.name else read_headers(record.headers).get("ce_origin")
    return Fate(_death(topic, header(record, f"{PREFIX}code")), origin, at) if origin else None


def _death(topic: str, code: str | None) -> FateKind:
    if code in UNSURE:
        return FateKind.DEAD_UNSURE
    if topic in {topics.SKETCHES.name, topics.MATCHES.name, topics.ANSWERS.name}:
        return FateKind.DEAD_SHARD  # one shard's, or a repeat's: the article may have come out all the same
    return FateKind.DEAD if topic in {spec.name for spec in WALK} else FateKind.DEAD_LATER
