"""production: what readers printed of it, held against what each raw record's run made of the record."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from streams.bus.fates import fate_of
from streams.bus.scan import scan
from streams.core.dedup.watermark import raw_place
from streams.core.fates import Fate, FateKind, settled
from streams.core.replay.lasting import lasting
from streams.replay.compare import dead_topics
from streams.topics import ENRICHED, REFUSALS, job_of, shadow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TypeAlias

    from schemas.replay_job import ReplayJob
    from streams.bus.interface import Bus

    Printed: TypeAlias = Counter[tuple[str, str | None]]
    """(Origin, run) of enriched articles, None the first run → how often."""
    Fates: TypeAlias = dict[str, frozenset[FateKind]]
    Things: TypeAlias = set[tuple[str, str]]
    """What differs: (origin, id of a statement), or (origin, "") for the raw record itself."""

_BEGIN: Final = b'{"topic":'


class Reading(NamedTuple):
    """What one reader had: how many; origins that it missed, had more than once, had from another run."""

    seen: int
    missed: tuple[str, ...]
    again: tuple[str, ...]
    foreign: tuple[str, ...]


def printed(text: bytes) -> Printed:
    """Read what `consume enriched --envelope` printed.

    Of a line that a kill tore, what comes after it counts. What is not yet a whole line is left out.
    """
    found: Printed = Counter()
    for line in text.split(b"\n")[:-1]:
        if (at := line.rfind(_BEGIN)) >= 0:
            told = orjson.loads(line[at:])
            found[told["headers"]["ce_origin"], job_of(told["topic"])] += 1
    return found


def held_against(found: Printed, expected: Mapping[str, str | None]) -> Reading:
    """Hold what was printed against the enriched articles that production has: origin → its run.

    >>> held_against(Counter({("a", None): 2, ("b", None): 1}), {"a": None, "b": "job"})
    Reading(seen=1, missed=('b',), again=('a',), foreign=('b',))
    """
    wanted = set(expected.items())
    return Reading(
        len(found.keys() & wanted), _origins(wanted - found.keys()),
        _origins(each for each in wanted if found[each] > 1), _origins(found.keys() - wanted))


def _origins(pairs: Iterable[tuple[str, str | None]]) -> tuple[str, ...]:
    return tuple(sorted(origin for origin, _ in pairs))


async def fates_of(bus: Bus, run: str | None) -> Fates:
    """Return how each raw record ended in a run, by origin."""
    found: dict[str, set[Fate]] = {}
    names = [shadow(ENRICHED.name, run), shadow(REFUSALS.name, run), *await dead_topics(bus, run)]
    async for records in scan(bus, names):
        for record in records:
            if (fate := fate_of(record)) is not None and fate.kind is not FateKind.DEAD_LATER:
                found.setdefault(fate.origin, set()).add(fate)
    return {origin: settled(fates) for origin, fates in found.items()}


def named_by(diff: bytes) -> Things:
    """Return what `replay diff --json --each` names as different."""
    found: Things = set()
    for told in map(orjson.loads, diff.splitlines()):
        if (origin := told.get("origin")) is not None:
            pairs = [pair for pair in told["statements"] if pair["kind"] != "changed"]
            found |= {(origin, ""), *((origin, pair["old"] or pair["new"]) for pair in pairs)}
    return found


async def differing(bus: Bus, job: ReplayJob) -> Things:
    """Compare the first run and a replay: ends, bodies byte for byte (as of fields aside), statements."""
    fates = [await fates_of(bus, run) for run in (None, job.job_id)]
    bodies = [await _bodies(bus, run) for run in (None, job.job_id)]
    found: Things = set()
    for origin in {each for side in fates for each in side if job.compares(*raw_place(each))}:
        old, new = (side.get(origin) for side in bodies)
        if old != new or len({side.get(origin) for side in fates}) > 1:
            found |= {(origin, ""), *((origin, each) for each in _said(old) ^ _said(new))}
    return found


def _said(body: bytes | None) -> set[str]:
    return {each["statement_id"] for each in orjson.loads(body)["statements"]} if body else set()


async def _bodies(bus: Bus, run: str | None) -> dict[str, bytes]:
    return {
        fate.origin: lasting(ENRICHED.name, record.value)
        async for records in scan(bus, [shadow(ENRICHED.name, run)])
        for record in records
        if (fate := fate_of(record)) is not None and record.value is not None}
