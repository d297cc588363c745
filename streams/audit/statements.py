"""statements: every statement of an enriched article is on the statements topic, proved from topics alone.

How, in this order: the statements named by enriched events that split has committed; those that lie found
beyond what judge has committed, or were buried on the way; then what is on the statements topic. A stage
writes its outputs before it commits, so what is called lost is lost, also while stages run. A statement costs
some hundred bytes while it is looked for. One that was taken back is not lost: where the bus cannot blank a
record its enriched event stays longer than its tombstone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from streams import topics
from streams.bus.burial import PREFIX
from streams.bus.interface import TopicPartition
from streams.bus.scan import header
from streams.bus.takedowns import takedowns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from streams.audit.ranges import Ranges
    from streams.bus.interface import Bus, Record

_NAMED: Final = b'"statement_id"'


async def lost(
    bus: Bus, committed: Mapping[TopicPartition, int], tell: Callable[[str, int], None], ranges: Ranges,
    asked_for: Callable[[Record], bool] = lambda _record: True, job: str | None = None,
) -> tuple[str, ...]:
    """Return the statements, by id, that have come to nothing.

    `committed`: read before anything else. `asked_for` tells which enriched events are looked at. What is on
    the statements topic is read to its end, whatever `ranges` says: it is compacted, and a statement that was
    there may stand further on.
    """
    enriched, said, stated = (
        topics.shadow(spec.name, job) for spec in (topics.ENRICHED, topics.FOUND, topics.STATEMENTS))
    dead = await _buried(bus, ranges, [f"{enriched}.dlt", f"{said}.dlt"])
    looked_for: set[str] = set()
    async for records in ranges.scan(bus, [enriched], missing_ok=True):
        for record in records:
            split = record.offset < committed.get(TopicPartition(record.topic, record.partition), 0)
            if split and record.at not in dead and asked_for(record):
                looked_for.update(_statements(record))
        tell(enriched, len(records))
    if not looked_for:
        return ()
    on_the_way = {place: offset for place, offset in committed.items() if place.topic == said}
    for topic, starts in ((said, on_the_way), (stated, {})):
        onward = topic == stated
        async for records in ranges.scan(bus, [topic], starts=starts, missing_ok=True, onward=onward):
            looked_for.difference_update((record.key or b"").decode("utf-8", "replace") for record in records)
            tell(topic, len(records))
    if looked_for - dead:
        looked_for.difference_update(*(each.statement_ids for each in (await takedowns(bus)).values()))
    return tuple(sorted(looked_for - dead))


async def _buried(bus: Bus, ranges: Ranges, names: list[str]) -> set[str]:
    """Return the places of enriched events that split buried, and the ids of statements that judge did."""
    found: set[str] = set()
    async for records in ranges.scan(bus, names, missing_ok=True):
        for record in records:
            told = (header(record, PREFIX + name) or "?" for name in ("topic", "partition", "offset"))
            found |= {"-".join(told), (record.key or b"").decode("utf-8", "replace")}
    return found


def _statements(record: Record) -> list[str]:
    if record.value is None or _NAMED not in record.value:
        return []
    try:
        told = orjson.loads(record.value).get("statements", ())
        return [each["statement_id"] for each in told]
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        return []          # not ours: split buried it
