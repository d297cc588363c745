"""collect: the facts of an audit, read from the topics and the groups' committed offsets alone.

How, in this order: what each stage has committed; the raw topic's records; the notes of redrives, which are
written before their copies, so that every copy seen is noted; what lies beyond those commits on the way to
enrich; then the fates. A stage writes its outputs before it commits: what was not committed is found, what
was has an output further down by then. So what is called lost is lost, also while stages run.

From mid topics only what is not yet read by its stage is looked at; of all records only headers. Then the
statements of enriched events (`statements`), which need their bodies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from schemas.replay_job import ReplaySource, ReplayState
from streams import topics
from streams.audit import statements
from streams.audit.notes import book_of
from streams.audit.ranges import Ranges
from streams.bus.envelope import claim_of, origin_of, read_headers
from streams.bus.fates import WALK, fate_of
from streams.bus.interface import TopicPartition
from streams.bus.scan import header
from streams.core.audit import Ledger
from streams.core.audit_report import Report
from streams.stages import DELIVER, STAGES, group_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.replay_job import ReplayJob
    from streams.bus.interface import Bus, Record
    from streams.bus.redriven import Claim
    from streams.core.redriving import Book
    from streams.topics import TopicSpec

Committed: TypeAlias = Mapping[TopicPartition, int]
HOUR_MS: Final = 3_600_000


@dataclass(slots=True)
class Asked:
    """What an audit reads and hears. The fields are what a certificate keeps to run it again.

    `tell(topic, records)` hears how many records more were read, `seen` every record that counts.
    """

    ranges: Ranges = field(default_factory=Ranges)
    committed: Committed | None = None
    """What each stage had committed; None: it is asked of the bus."""
    job: ReplayJob | None = None
    """The replay whose own topics are audited, against what it means; None: the live ones."""
    part: bool = False
    """Whether only a part of raw is asked for."""
    tell: Callable[[str, int], None] = lambda _topic, _records: None
    seen: Callable[[list[Record]], None] = lambda _records: None


    @property
    def run(self) -> str | None:
        """Return the replay's id, None for the live topics."""
        return self.job.job_id if self.job else None


def reader_of(spec: TopicSpec) -> str | None:
    """Return the group of the stage whose agent reads a topic, None when no stage does."""
    if spec.read_by == DELIVER:
        return group_of(DELIVER)
    return next((group_of(stage) for stage, agents in STAGES.items() if spec.read_by in agents), None)


async def audit(
    bus: Bus, tell: Callable[[str, int], None] | None = None, asked: Asked | None = None
) -> Report:
    """Read the topics and return the report. `tell(topic, records)` hears how many records more were read.

    Raises `UnknownTopic` when there is no raw topic.
    """
    asked = asked or Asked()
    if tell is not None:
        asked.tell = tell
    if asked.committed is None:
        asked.committed = await committed_of(bus, asked.run)
    ledger = Ledger()
    if asked.job is None:
        book = await _raw(bus, ledger, asked)
    else:
        book = await raw_of_job(bus, ledger, asked.job, asked)
    await _on_the_way(bus, ledger, asked)
    await _fates(bus, ledger, book, asked)
    within = _within(asked, ledger)
    lost = await statements.lost(bus, asked.committed, asked.tell, asked.ranges, within, asked.run)
    return replace(ledger.report(), statements_lost=lost)


def _within(asked: Asked, ledger: Ledger) -> Callable[[Record], bool]:
    """Return which enriched events are asked for: of a part of raw only what comes of that part."""
    if not asked.part:
        return lambda _record: True
    return lambda record: ledger.knows(origin_of(record) or "")


async def committed_of(bus: Bus, job: str | None = None) -> dict[TopicPartition, int]:
    """Return what each stage, or each stage of a replay, has committed of the topics that it reads."""
    async with bus.admin() as admin:
        found = [await admin.committed_offsets(group_of(stage, job)) for stage in STAGES]
    return {place: offset for each in found for place, offset in each.items()}


async def _raw(bus: Bus, ledger: Ledger, asked: Asked) -> Book:
    """Take in the raw records, and which of them are copies; return the notes of redrives."""
    copies: list[tuple[str, Claim, int, bool]] = []
    async for records in asked.ranges.scan(bus, [topics.RAW.name]):
        for record in records:
            hour, mode = record.timestamp_ms // HOUR_MS, _mode(record)
            unread = record.offset >= _at(asked, record)
            claim = claim_of(record) if mode == "redrive" else None
            ledger.raw(record.topic, record.partition, record.offset, hour, mode, is_copy=claim is not None)
            if claim:
                copies.append((record.at, claim, hour, unread))
            elif unread:
                ledger.on_the_way(record.at)
        asked.seen(records)
        asked.tell(topics.RAW.name, len(records))
    book = await book_of(bus)
    for at, claim, hour, unread in copies:
        if book.noted(claim.redrive_id, claim.origin):
            ledger.copy(claim.origin, hour, unread=unread)
        else:
            ledger.forged(at)
    return book


def _at(asked: Asked, record: Record) -> int:
    return (asked.committed or {}).get(TopicPartition(record.topic, record.partition), 0)


def _mode(record: Record) -> str:
    mode = read_headers(record.headers).get("ce_deliverymode", "live")
    return mode if mode in {"backfill", "replay", "redrive"} else "live"


async def raw_of_job(bus: Bus, ledger: Ledger, job: ReplayJob, asked: Asked) -> Book:
    """Take in the raw records that a replay means, then which of them its feeder has copied.

    What it means is known of a replay of whole parts of raw; of one that sifts, or reads an archive, what was
    copied is all. Its feeder copies a partition in order: behind the last copy the others are on their way
    while it runs.
    """
    whole = job.source is ReplaySource.RAW and not job.selector.sifts
    if whole and asked.ranges.given is None:
        width = {TopicPartition(topics.RAW.name, each.partition): each for each in job.ranges}
        asked.ranges.starts = {place: each.context for place, each in width.items()}
        asked.ranges.only = {topics.RAW.name: width.keys()}
        asked.ranges.stops = {place: each.end for place, each in width.items()}
    if whole:
        async for records in asked.ranges.scan(bus, [topics.RAW.name]):
            for record in records:
                hour, is_copy = record.timestamp_ms // HOUR_MS, claim_of(record) is not None
                ledger.raw(record.topic, record.partition, record.offset, hour, "replay", is_copy=is_copy)
            asked.seen(records)
            asked.tell(topics.RAW.name, len(records))
    copied = await _copied(bus, ledger, job, asked)
    if whole and job.state in {ReplayState.PLANNED, ReplayState.RUNNING, ReplayState.PAUSED}:
        last = {each.partition: copied.get(each.partition, -1) for each in job.ranges}
        ledger.not_yet(topics.RAW.name, last)
    return await book_of(bus)


async def _copied(bus: Bus, ledger: Ledger, job: ReplayJob, asked: Asked) -> dict[int, int]:
    """Take in what lies on a replay's own raw topic; return the last offset copied of each partition."""
    last: dict[int, int] = {}
    own = topics.shadow(topics.RAW.name, job.job_id)
    async for records in asked.ranges.scan(bus, [own], missing_ok=True):
        for record in records:
            origin = origin_of(record) or record.at
            name, partition, offset = origin.rsplit("-", 2)
            if not ledger.knows(origin):
                ledger.raw(name, int(partition), int(offset), record.timestamp_ms // HOUR_MS, "replay")
            if record.offset >= _at(asked, record):
                ledger.on_the_way(origin)
            last[record.partition] = max(int(offset), last.get(record.partition, -1))
        asked.seen(records)
        asked.tell(records[0].topic, len(records))
    return last


async def _on_the_way(bus: Bus, ledger: Ledger, asked: Asked) -> None:
    names = [topics.shadow(spec.name, asked.run) for spec in WALK[1:]]
    async for records in asked.ranges.scan(bus, names, starts=asked.committed, missing_ok=True):
        for record in records:
            if origin := header(record, "ce_origin"):
                ledger.on_the_way(origin)
        asked.tell(records[0].topic, len(records))


async def _fates(bus: Bus, ledger: Ledger, book: Book, asked: Asked) -> None:
    async with bus.admin() as admin:
        there = await admin.describe_topics()
    dead = [name for name in there if name.endswith(".dlt") and topics.job_of(name) == asked.run]
    names = [topics.shadow(spec.name, asked.run) for spec in (topics.REFUSALS, topics.ENRICHED)]
    names += dead
    async for records in asked.ranges.scan(bus, names, missing_ok=True):
        for record in records:
            if fate := fate_of(record, lambda claim: book.noted(claim.redrive_id, claim.origin)):
                ledger.fate(fate)
        asked.seen(records)
        asked.tell(records[0].topic, len(records))
