"""planning: what is asked for → a job: which offsets of which partitions, how much that is, under which name.

In order: the raw topic's bounds as they are now; what times and offsets ask for; the window before it, as
context; for a selection that leaves records out, a look at each record between first and last. Refuses what
selects nothing or asks for what cannot be (`Usage`).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from schemas.ids import digest
from schemas.replay_job import (
    ReplayEstimate,
    ReplayGates,
    ReplayJob,
    ReplayRange,
    ReplaySelector,
    ReplaySource,
)
from streams import __version__
from streams.bus.scan import header, scan
from streams.core.dedup.watermark import raw_place
from streams.core.outcome import Usage
from streams.replay import settled
from streams.replay.digest import origin_of
from streams.replay.pace import rate_of
from streams.replay.readers import opened
from streams.replay.source import merged, sift_of
from streams.topics import CLEAN, RAW, SHADOWED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from streams.bus.interface import Bus, Record
    from streams.replay.readers import Reader
    from streams.settings import Settings

MAX_ORIGINS = 10_000
"""Raw records that may be named one by one: the job's own record holds them."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
SAMPLE = 100
"""Records of a partition that its bytes are told by."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a plan is asked for. `articles`: ids; `name`: for people; `context_hours` None: as settings."""

    selector: ReplaySelector = field(default_factory=ReplaySelector)
    source: ReplaySource = ReplaySource.RAW
    articles: tuple[str, ...] = ()
    name: str | None = None
    context_hours: float | None = None
    folder: str | None = None
    """An archive's, for `ReplaySource.ARCHIVE`."""
    gates: ReplayGates = field(default_factory=ReplayGates)


async def plan(bus: Bus, settings: Settings, asked: Asked, now: datetime) -> ReplayJob:
    """Return the job, not yet on its topic. Raises `Usage` for what selects nothing."""
    selector = await _with_origins(bus, asked)
    _check_times(selector, now)
    async with opened(bus, asked.folder) as reader:
        before = None if selector.sifts else timedelta(hours=_context_hours(settings, asked))
        ranges = await _ranges(reader, selector, before)
        if selector.sifts:
            ranges, records, size = await _counted(reader, selector, ranges)
        else:
            records = sum(each.end - each.context for each in ranges)
            size = await _weighed(reader, ranges)
    if not any(each.start < each.end for each in ranges):
        raise Usage("this selects no raw record: `communique topics list` shows what the raw topic has")
    seconds = round(records / rate_of(settings), 1)
    estimate = ReplayEstimate(records=records, bytes=size, seconds=seconds)
    return _named(settings, asked, selector, ranges, estimate)


def _named(
    settings: Settings, asked: Asked, selector: ReplaySelector, ranges: tuple[ReplayRange, ...],
    estimate: ReplayEstimate,
) -> ReplayJob:
    kept = settled.settled(settled.unbounded(settings))
    job = ReplayJob(
        job_id="0", source=asked.source, folder=asked.folder, selector=selector, ranges=ranges,
        pipeline_version=__version__, settings=kept,
        settings_digest=settled.digest_of(kept, settings.offices_folder),
        estimate=estimate, gates=asked.gates)
    decides = job.model_dump_json(include={
        "source", "folder", "selector", "ranges", "pipeline_version", "settings_digest"})
    name = asked.name or asked.source.value.replace("_", "-")
    if not _NAME.fullmatch(name):
        raise Usage(f"--name {name}: up to 31 of a-z, 0-9 and -, the first no -")
    return job.model_copy(update={"job_id": f"{name}-{digest('replay', decides)[:8]}"})


def _context_hours(settings: Settings, asked: Asked) -> float:
    if asked.context_hours is not None:
        return asked.context_hours
    if settings.replay.context_hours is not None:
        return settings.replay.context_hours
    return max(settings.dedup.window_hours, settings.novelty.window_days * 24)


def _check_times(selector: ReplaySelector, now: datetime) -> None:
    if selector.since is not None and selector.since >= (selector.until or now):
        raise Usage(f"--since {selector.since:%Y-%m-%dT%H:%M:%SZ} is not before the end of what is asked for")


async def _ranges(
    reader: Reader, selector: ReplaySelector, before: timedelta | None
) -> tuple[ReplayRange, ...]:
    """Return what is read of each partition, nothing of some; `before`: how much before it is context.

    A partition that has nothing now is there, too: a replay that follows goes on from its end.
    """
    bounds = await reader.bounds()
    starts = await _at(reader, selector.since, bounds)
    ends = {each: end for each, (_, end) in bounds.items()}
    if selector.until is not None:
        ends = await _at(reader, selector.until, bounds)
    for part in selector.offsets:
        first, end = bounds.get(part.partition, (0, 0))
        if not first <= part.start < part.end <= end:
            told = f"--offsets {part.partition}:{part.start}-{part.end}"
            raise Usage(f"{told}: partition {part.partition} has {first} to {end}")
        starts[part.partition] = max(starts[part.partition], part.start)
        ends[part.partition] = min(ends[part.partition], part.end)
    named = {part.partition for part in selector.offsets}
    meant = {each for each in bounds if starts[each] < ends[each] and (not named or each in named)}
    context = dict(starts)
    if before is not None and meant and (selector.since or named):
        moment = await _earliest(reader, {each: (starts[each], ends[each]) for each in meant}) - before
        context = await _at(reader, moment, bounds)
    return tuple(
        ReplayRange(
            partition=each, context=min(context[each], ends[each]),
            start=starts[each] if each in meant else ends[each], end=ends[each])
        for each in sorted(bounds)
    )


async def _at(
    reader: Reader, moment: datetime | None, bounds: Mapping[int, tuple[int, int]]
) -> dict[int, int]:
    """Return each partition's first offset at or after a moment; its end where there is none."""
    if moment is None:
        return {each: first for each, (first, _) in bounds.items()}
    found = await reader.at(int(moment.timestamp() * 1000))
    return {
        each: end if (at := found.get(each)) is None else max(at, first)
        for each, (first, end) in bounds.items()
    }


async def _earliest(reader: Reader, parts: Mapping[int, tuple[int, int]]) -> datetime:
    """Return the least timestamp among the first records of these: an offset need not hold one.

    Raises `Usage` when none of them does.
    """
    read = [await reader.read(each, start, end) for each, (start, end) in parts.items()]
    found = [records[0].timestamp_ms for records in read if records]
    if not found:
        raise Usage("this selects no raw record: the topic has none at these offsets")
    return datetime.fromtimestamp(min(found) / 1000, UTC)


async def _weighed(reader: Reader, ranges: Iterable[ReplayRange]) -> int:
    """Return about how many bytes the records have: from the first of each partition."""
    total = 0.0
    for each in ranges:
        reach = {each.partition: min(each.end, each.start + SAMPLE)}
        sizes = [len(r.value or b"") async for r in merged(reader, {each.partition: each.start}, reach)]
        total += (each.end - each.context) * sum(sizes) / max(1, len(sizes))
    return int(total)


async def _counted(
    reader: Reader, selector: ReplaySelector, ranges: tuple[ReplayRange, ...]
) -> tuple[tuple[ReplayRange, ...], int, int]:
    """Return the ranges from the first record meant to the last, how many are meant, and their bytes."""
    seen: dict[int, tuple[int, int]] = {}
    count = size = 0
    async for record in _sifted(reader, selector, ranges):
        first, _ = seen.get(record.partition, (record.offset, 0))
        seen[record.partition] = first, record.offset + 1
        count, size = count + 1, size + len(record.value or b"")
    found = (ReplayRange(partition=p, context=a, start=a, end=b) for p, (a, b) in sorted(seen.items()))
    return tuple(found), count, size


async def _sifted(
    reader: Reader, selector: ReplaySelector, ranges: tuple[ReplayRange, ...]
) -> AsyncIterator[Record]:
    sift = sift_of(selector)
    starts, ends = ({r.partition: r.start for r in ranges}, {r.partition: r.end for r in ranges})
    async for record in merged(reader, starts, ends):
        if sift(record):
            yield record


async def _with_origins(bus: Bus, asked: Asked) -> ReplaySelector:
    """Return the selector with the raw records of article ids, or of dead letters, named."""
    if asked.source is ReplaySource.DEAD_LETTERS:
        origins = await _of_letters(bus)
        if not origins:
            raise Usage("there is no dead letter: `communique dlt list` shows them")
    elif asked.articles:
        origins = await _of_articles(bus, frozenset(asked.articles))
        if not origins:
            raise Usage(f"no article has the id {asked.articles[0]}: give it whole, as `explain` shows it")
    else:
        return asked.selector
    return asked.selector.model_copy(update={"origins": tuple(sorted(origins, key=raw_place))})


async def _of_letters(bus: Bus) -> set[str]:
    found: set[str] = set()
    async for records in scan(bus, [spec.dead_letters for spec in SHADOWED], missing_ok=True):
        found |= {origin for each in records if (origin := origin_of(each)) and origin.startswith(RAW.name)}
        _check_few(found)
    return found


async def _of_articles(bus: Bus, articles: frozenset[str]) -> set[str]:
    found: set[str] = set()
    async for records in scan(bus, [CLEAN.name], missing_ok=True):
        found |= {
            origin for each in records
            if header(each, "ce_correlationid") in articles and (origin := header(each, "ce_origin"))
        }
        _check_few(found)
    return found


def _check_few(origins: set[str]) -> None:
    """Raise `Usage` when more raw records would have to be named than a job holds."""
    if len(origins) > MAX_ORIGINS:
        raise Usage(f"more than {MAX_ORIGINS:,} raw records would have to be named: use --since")
