"""production: what readers printed of it, held against what each raw record's run made of the record."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from streams.bus.fates import fate_of
from streams.bus.scan import scan
from streams.core.fates import Fate, FateKind, settled
from streams.replay.compare import dead_topics
from streams.topics import ENRICHED, REFUSALS, job_of, shadow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TypeAlias

    from streams.bus.interface import Bus

    Printed: TypeAlias = Counter[tuple[str, str | None]]
    """(Origin, run) of enriched articles, None the first run → how often."""
    Fates: TypeAlias = dict[str, frozenset[FateKind]]

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
