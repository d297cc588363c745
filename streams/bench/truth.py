"""truth: what stands on the topics at the end of a run, in a form that two runs can be compared in.

An enriched body is compared without its `dedup` (as of then); assignments and clusters by their
latest record, without what says how it came to be. A death that a success supersedes is none (`settled`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from streams import topics
from streams.bus.fates import fate_of
from streams.bus.scan import scan
from streams.core.fates import Fate, FateKind, settled
from streams.core.replay.lasting import AT_REST, lasting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from streams.bus.interface import Bus, Record

@dataclass(slots=True)
class Truth:
    """Enriched bodies by origin, fates by origin, and what is at rest by topic and key."""

    bodies: dict[str, set[bytes]] = field(default_factory=dict)
    fates: dict[str, set[Fate]] = field(default_factory=dict)
    at_rest: dict[tuple[str, bytes], bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Differences:
    """What a disturbed run has otherwise: origins without their fate; origins and keys that differ."""

    lost: tuple[str, ...]
    differing: tuple[str, ...]


async def read(bus: Bus) -> Truth:
    """Read the topics to their end."""
    truth = Truth()
    async with bus.admin() as admin:
        there = await admin.describe_topics()
    dead = [name for name in there if name.endswith(".dlt") and not topics.job_of(name)]
    async for records in scan(bus, [topics.ENRICHED.name, topics.REFUSALS.name, *dead]):
        _take_fates(truth, records)
    return await at_rest(bus, truth)


async def at_rest(bus: Bus, truth: Truth) -> Truth:
    """Read what is at rest into a truth."""
    async for records in scan(bus, AT_REST, missing_ok=True):
        _take_rest(truth, records)
    return truth


def _take_fates(truth: Truth, records: Iterable[Record]) -> None:
    for record in records:
        if (fate := fate_of(record)) is None:
            continue
        truth.fates.setdefault(fate.origin, set()).add(fate._replace(event_id=""))
        if record.topic == topics.ENRICHED.name and record.value is not None:
            truth.bodies.setdefault(fate.origin, set()).add(lasting(record.topic, record.value))


def _take_rest(truth: Truth, records: Iterable[Record]) -> None:
    for record in records:
        place = (record.topic, record.key or b"")
        if record.value is None:
            truth.at_rest.pop(place, None)
        else:
            truth.at_rest[place] = lasting(record.topic, record.value)


def compare(undisturbed: Truth, disturbed: Truth) -> Differences:
    """Return what the disturbed run lost, and where it came out different."""
    lost = sorted(origin for origin in undisturbed.fates if origin not in disturbed.fates)
    found = _unequal(_settled(undisturbed), _settled(disturbed), without=lost)
    found |= _unequal(undisturbed.bodies, disturbed.bodies, without=lost)
    rest = _unequal(_named(undisturbed), _named(disturbed), without=())
    return Differences(tuple(lost), tuple(sorted(found | rest)))


def _settled(truth: Truth) -> dict[str, frozenset[FateKind]]:
    return {origin: settled(fates) for origin, fates in truth.fates.items()}


def _named(truth: Truth) -> dict[str, bytes]:
    return {f"{topic} {key.decode(errors='replace')}": body for (topic, key), body in truth.at_rest.items()}


def _unequal(one: Mapping[str, object], other: Mapping[str, object], *, without: Iterable[str]) -> set[str]:
    skipped = set(without)
    names = (one.keys() | other.keys()) - skipped
    return {name for name in names if one.get(name) != other.get(name)}
