"""examples: the events behind a comparison's samples, taken from the log again by their places."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from streams.bus.interface import TopicPartition
from streams.replay.spool import NEW, OLD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.bus.interface import Bus
    from streams.core.replay.diff import Difference
    from streams.core.replay.facts import Body
    from streams.replay.spool import Spool

_POLLS = 10


class Example(NamedTuple):
    """A difference with both runs' enriched events; None where a run has none, or it is no longer there."""

    told: Difference
    old: Body | None
    new: Body | None


async def examples(
    bus: Bus, spool: Spool, samples: Mapping[str, list[Difference]]
) -> dict[str, list[Example]]:
    """Return the samples with their events, by kind of difference."""
    found: dict[str, Body | None] = {}
    for told in (each for kind in samples.values() for each in kind):
        for side in (OLD, NEW):
            if (at := spool.place(side, told.origin)) and at not in found:
                found[at] = await _event(bus, at)
    def example(told: Difference) -> Example:
        places = [spool.place(side, told.origin) or "" for side in (OLD, NEW)]
        return Example(told, found.get(places[0]), found.get(places[1]))

    return {kind: [example(each) for each in told] for kind, told in samples.items()}


async def _event(bus: Bus, at: str) -> Body | None:
    topic, partition, offset = at.rsplit("-", 2)
    place = TopicPartition(topic, int(partition))
    async with bus.consumer(client_id="communique-diff") as consumer:
        consumer.assign([place])
        await consumer.seek(place, int(offset))
        for _ in range(_POLLS):
            for records in (await consumer.getmany(timeout_ms=500, max_records=1)).values():
                body = orjson.loads(records[0].value or b"null")
                return body if isinstance(body, dict) and records[0].offset == int(offset) else None
    return None
