"""owing: what stands in the way of dropping a replay that was production: what readers have not had of it.

Once it is dropped the raw records that were its part are those of the run before it (`view.without`). Both
runs have events of them, and a group has a place in the topics of both. A group that is past such a record
there, and has not read it here, would never see it; one that has read it here, and not yet passed it over
there, would see it twice. So a group owes nothing when it is past both, or past neither and away: then it
reads all from the run before. One that is live may pass over it at any moment: it owes until it is past both.

Statements of the part are revised for ever, in both runs, by new reports: where that is the case, only what
lies before given `ends` counts (`leaving`: from there on the run before is read, too).

Besides, both runs must have come to an end with the part (`on_the_way`): what the replay still has on the way
nobody has read, and what the run before it has on the way would come out after the drop, and be seen twice.
What was found in an article does not count there: it comes anew with each repeat of it, for ever.

Only what is not yet read is looked at. Readers without a group are not known to the bus.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.audit.lag import look
from streams.bus.envelope import origin_of, origin_of_raw
from streams.bus.interface import TopicPartition
from streams.bus.scan import scan
from streams.bus.views import FOLLOWED, names
from streams.core.replay.view import run_of, stretches, without
from streams.replay.feed import resume_at
from streams.stages import FOLLOWING, REPLAYED, STAGES, group_of
from streams.topics import BY_NAME, FOUND, RAW, SHORT_NAMES, job_of, shadow, unshadowed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.replay_job import ReplayJob
    from schemas.view import View
    from streams.audit.lag import Offsets
    from streams.bus.interface import Bus, Record

_OF_STAGES: Final = group_of("")


class Owed(NamedTuple):
    """What a group has not had: so many records of a topic. `group` None: the replay's own stages."""

    group: str | None
    topic: str
    records: int

    def __str__(self) -> str:
        """Return it for a person."""
        who = "its own stages" if self.group is None else f"group {self.group}"
        return f"{who}: {self.records:,} of {self.topic}"

    @property
    def cure(self) -> str:
        """Return what to do about it."""
        if self.group is None or self.group.startswith(_OF_STAGES):
            return "start `communique run`, or let it go on"
        name = next(short for short, topic in SHORT_NAMES.items() if topic == unshadowed(self.topic))
        consume = f"communique consume {name} --group {self.group} --exit-at-end"
        return f"let {self.group} read on, as `{consume}` does"


@dataclass(slots=True)
class Reader:
    """A group that reads what production is. `unread`: topic → raw record and key → events."""

    group: str
    live: bool
    at: Mapping[TopicPartition, int]
    unread: dict[str, Counter[tuple[str, bytes | None]]] = field(default_factory=dict)

    def owes(self, here: str, there: list[str]) -> list[Owed]:
        """Return what it has not had `here` (the replay's topic) and `there` (those of the other runs)."""
        mine = self.unread.get(here, Counter())
        others = {name: self.unread.get(name, Counter()) for name in there}
        if not self.live:
            apart = {each for unread in others.values() for each in unread}
            others = {
                name: Counter({each: n for each, n in unread.items() if each not in mine})
                for name, unread in others.items()}
            mine = Counter({each: n for each, n in mine.items() if each not in apart})
        counted = {here: mine, **others}
        return [Owed(self.group, name, unread.total()) for name, unread in counted.items() if unread]


async def owing(bus: Bus, view: View, job: ReplayJob, ends: Offsets | None = None) -> list[Owed]:
    """Return what is owed of a replay that has a part of the view, and is not production now.

    `ends`: what lies behind them in a partition does not count; those that are not named: all does.
    """
    async with bus.admin() as admin:
        there = await admin.partition_counts()
        live = set(await admin.live_groups())
        places = {group: await admin.committed_offsets(group) for group in await admin.groups()}
    found: list[Owed] = []
    for topic in sorted(FOLLOWED):
        here = shadow(topic, job.job_id)
        others = [name for name in names(without(view, job.job_id), topic) if name in there]
        readers = [
            Reader(group, group in live, at) for group, at in places.items()
            if _follows(group, at, topic, here, others)]
        if here in there and readers:
            await _look(bus, view, job.job_id, [here, *others], readers, ends)
            found += [owed for reader in readers for owed in reader.owes(here, others)]
    return found


def _follows(
    group: str, at: Mapping[TopicPartition, int], topic: str, here: str, others: list[str]
) -> bool:
    """Tell whether a group follows the view on a topic: a stage that does, or places in both runs."""
    if group.startswith(_OF_STAGES):
        following = {group_of(stage) for stage in FOLLOWING if BY_NAME[topic].read_by in STAGES[stage]}
        return group in following
    read = {place.topic for place in at}
    return here in read and not read.isdisjoint(others)


async def _look(
    bus: Bus, view: View, job: str, wanted: list[str], readers: list[Reader], ends: Offsets | None
) -> None:
    """Note what these readers have not read in these topics of the replay's part."""
    after = without(view, job)
    known = [reader.at for reader in readers]
    starts = {place: min(at.get(place, 0) for at in known) for place in {each for at in known for each in at}}
    async for records in scan(bus, wanted, starts=starts, ends=ends):
        for record in records:
            origin = origin_of(record) or ""
            if run_of(view, origin) == job and job_of(record.topic) in {job, run_of(after, origin)}:
                for reader in readers:
                    _note(reader, record, (origin, record.key))


def _note(reader: Reader, record: Record, thing: tuple[str, bytes | None]) -> None:
    if record.offset >= reader.at.get(TopicPartition(record.topic, record.partition), 0):
        reader.unread.setdefault(record.topic, Counter())[thing] += 1


async def handed(bus: Bus, view: View, job: ReplayJob) -> dict[TopicPartition, int]:
    """Return the ends, as they are now, of the topics in which other runs have the replay's part."""
    after = without(view, job.job_id)
    async with bus.admin() as admin:
        there = await admin.partition_counts()
        wanted = [name for topic in sorted(FOLLOWED) for name in names(after, topic) if name in there]
        return dict(await admin.end_offsets(wanted))


async def on_the_way(bus: Bus, view: View, job: ReplayJob) -> list[Owed]:
    """Return what the replay's feeder and stages, and those that take over, have not done of its part."""
    async with bus.admin() as admin:
        if shadow(RAW.name, job.job_id) not in await admin.partition_counts():
            return []
    at = await resume_at(bus, job)
    part = [each for each in stretches(view, job.job_id) if each[1] < each[2]]
    left = sum(max(0, end - max(start, at.get(partition, 0))) for partition, start, end in part)
    found = [Owed(None, RAW.name, left)] if left else []
    after = without(view, job.job_id)
    takers = {run_of(after, f"{RAW.name}-{partition}-{start}") for partition, start, _ in part}
    for run in [job.job_id, *sorted(takers, key=str)]:
        found += await _unread(bus, view, job.job_id, run)
    return found


async def _unread(bus: Bus, view: View, job: str, run: str | None) -> list[Owed]:
    """Return what a run's stages have not read of a replay's part."""
    async with bus.admin() as admin:
        found_at = shadow(FOUND.name, run)
        lags = [lag for lag in await look(admin, REPLAYED, run) if lag.records and lag.topic != found_at]
    found: list[Owed] = []
    for lag in lags:
        unread = 0
        async for records in scan(bus, [lag.topic], starts=lag.oldest, only=lag.oldest):
            unread += sum(run_of(view, _origin(record)) == job for record in records)
        who = None if run == job else group_of(lag.stage, run)
        found += [Owed(who, lag.topic, unread)] if unread else []
    return found


def _origin(record: Record) -> str:
    return origin_of_raw(record) if record.topic == RAW.name else origin_of(record) or ""
