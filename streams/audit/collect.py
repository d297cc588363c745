"""collect: the facts of an audit, read from the topics and the groups' committed offsets alone.

How, in this order: what each stage has committed; the raw topic's records; the notes of redrives, which are
written before their copies, so that every copy seen is noted; what lies beyond those commits on the way to
enrich; then the fates. A stage writes its outputs before it commits: what was not committed is found, what
was has an output further down by then. So what is called lost is lost, also while stages run.

From mid topics only what is not yet read by its stage is looked at; of all records only headers. Then the
statements of enriched events (`statements`), which need their bodies.

Where production was moved to a replay, each raw record's facts are those of the run that it belongs to
(`produced`), and what other runs made of it is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from schemas.replay_job import ReplaySource, ReplayState
from streams import topics
from streams.audit import statements
from streams.audit.notes import book_of
from streams.audit.produced import reached
from streams.audit.ranges import Ranges
from streams.bus.envelope import claim_of, origin_of, read_headers
from streams.bus.fates import WALK, fate_of
from streams.bus.interface import TopicPartition
from streams.bus.scan import header
from streams.bus.views import current
from streams.core.audit import Ledger
from streams.core.audit_report import Report
from streams.core.replay.view import FIRST, run_of, runs
from streams.stages import DELIVER, STAGES, group_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.replay_job import ReplayJob
    from schemas.view import View
    from streams.audit.produced import Reached
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
    """The replay whose own topics are audited, against what it means; None: what production is."""
    view: View | None = None
    """What production is; None: it is asked of the bus. `FIRST`: the first run alone."""
    reached: Reached | None = None
    """How far replays that are production have read raw; None: it is asked of the bus."""
    part: bool = False
    """Whether only a part of raw is asked for."""
    tell: Callable[[str, int], None] = lambda _topic, _records: None
    seen: Callable[[list[Record]], None] = lambda _records: None

    @property
    def runs(self) -> tuple[str | None, ...]:
        """Return the runs whose topics are read, None for the first."""
        return (self.job.job_id,) if self.job else runs(self.view or FIRST)

    @property
    def alone(self) -> bool:
        """Tell whether one run's events are all that count."""
        return self.job is not None or self.view is None or len(self.view.spans) == 1

    def topics(self, *names: str) -> list[str]:
        """Return what these topics are called in these runs."""
        return [topics.shadow(name, run) for run in self.runs for name in names]

    def run_of(self, origin: str) -> str | None:
        """Return the run whose events of a raw record count."""
        return self.runs[0] if self.alone else run_of(self.view or FIRST, origin)

    def counts(self, topic: str, origin: str) -> bool:
        """Tell whether what a topic tells of a raw record counts."""
        return self.alone or self.run_of(origin) == topics.job_of(topic)

    def unread(self, record: Record, origin: str) -> bool:
        """Tell whether a record of the raw topic is not read yet by the run that it belongs to."""
        run = self.run_of(origin)
        if run is None:
            return record.offset >= self.committed_of(record)
        return record.offset >= (self.reached or {}).get(run, {}).get(record.partition, 0)

    def committed_of(self, record: Record) -> int:
        """Return what the reader of a record's topic has committed of its partition."""
        return (self.committed or {}).get(TopicPartition(record.topic, record.partition), 0)


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
    await _look_up(bus, asked)
    ledger = Ledger()
    if asked.job is None:
        book = await _raw(bus, ledger, asked)
    else:
        book = await raw_of_job(bus, ledger, asked.job, asked)
    await _on_the_way(bus, ledger, asked)
    await _fates(bus, ledger, book, asked)
    within, lost = _within(asked, ledger), set[str]()
    for run in asked.runs:
        lost.update(await statements.lost(
            bus, asked.committed or {}, asked.tell, asked.ranges, within, run))
    return replace(ledger.report(), statements_lost=tuple(sorted(lost)))


async def _look_up(bus: Bus, asked: Asked) -> None:
    """Ask the bus for what is not given: what production is, then how far it has come."""
    if asked.view is None and asked.job is None:
        asked.view = await current(bus)
    if asked.committed is None:
        each = [await committed_of(bus, run) for run in asked.runs]
        asked.committed = {place: offset for found in each for place, offset in found.items()}
    if asked.reached is None and asked.job is None:
        asked.reached = {
            run: await reached(bus, run, asked.committed) for run in asked.runs if run is not None}


def _within(asked: Asked, ledger: Ledger) -> Callable[[Record], bool]:
    """Return which enriched events are asked for: production's; of a part of raw only what comes of that."""

    def within(record: Record) -> bool:
        """Tell whether an enriched event is looked at."""
        origin = origin_of(record) or ""
        return asked.counts(record.topic, origin) and (not asked.part or ledger.knows(origin))

    return within


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
            claim = claim_of(record) if mode == "redrive" else None
            unread = asked.unread(record, claim.origin if claim else record.at)
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
            if record.offset >= asked.committed_of(record):
                ledger.on_the_way(origin)
            last[record.partition] = max(int(offset), last.get(record.partition, -1))
        asked.seen(records)
        asked.tell(records[0].topic, len(records))
    return last


async def _on_the_way(bus: Bus, ledger: Ledger, asked: Asked) -> None:
    names = asked.topics(*(spec.name for spec in WALK[1:]))
    async for records in asked.ranges.scan(bus, names, starts=asked.committed, missing_ok=True):
        for record in records:
            origin = header(record, "ce_origin")
            if origin and asked.counts(record.topic, origin):
                ledger.on_the_way(origin)
        asked.tell(records[0].topic, len(records))


async def _fates(bus: Bus, ledger: Ledger, book: Book, asked: Asked) -> None:
    async with bus.admin() as admin:
        there = await admin.describe_topics()
    dead = [name for name in there if name.endswith(".dlt") and topics.job_of(name) in asked.runs]
    names = asked.topics(topics.REFUSALS.name, topics.ENRICHED.name) + dead
    async for records in asked.ranges.scan(bus, names, missing_ok=True):
        for record in records:
            fate = fate_of(record, lambda claim: book.noted(claim.redrive_id, claim.origin))
            if fate and asked.counts(record.topic, fate.origin):
                ledger.fate(fate)
        asked.seen(records)
        asked.tell(records[0].topic, len(records))
