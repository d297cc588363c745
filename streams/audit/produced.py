"""produced: what an audit proves once production was moved: of each raw record the run that it belongs to.

The view says which run that is (`streams.core.replay.view`); its events count, and no other run's. A replay
reads a raw record when its feeder has copied it and its clean has committed the copy: `reached` says how far
that is, in offsets of the raw topic itself, as what the first run has committed is.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias

from streams.bus.envelope import FED_FROM
from streams.bus.interface import TopicPartition
from streams.bus.scan import header, partitions_of
from streams.core.dedup.watermark import raw_place
from streams.topics import RAW, shadow

if TYPE_CHECKING:
    from schemas.view import View, ViewSpan
    from streams.bus.interface import Bus, Consumer

Reached: TypeAlias = Mapping[str, Mapping[int, int]]
"""Replay → raw partition → the first raw record that its clean has not read."""
_POLLS: Final = 10


async def reached(bus: Bus, job_id: str, committed: Mapping[TopicPartition, int]) -> dict[int, int]:
    """Return how far a replay has read the raw topic, by partition; none of one where nothing is copied."""
    found: dict[int, int] = {}
    places = await partitions_of(bus, [shadow(RAW.name, job_id)], missing_ok=True)
    async with bus.consumer(client_id="communique-audit") as consumer:
        for place, end in (await consumer.end_offsets(places)).items():
            read = committed.get(place, 0)
            unread = await _fed_from(consumer, place, read) if read < end else None
            last = await _fed_from(consumer, place, end - 1) if unread is None and end else None
            if unread is not None:
                found[place.partition] = unread
            elif last is not None:
                found[place.partition] = last + 1
    return found


async def _fed_from(consumer: Consumer, place: TopicPartition, offset: int) -> int | None:
    """Return the raw offset that a copy, the first from `offset` on, is of; None when none is kept."""
    consumer.assign([place])
    await consumer.seek(place, offset)
    for _ in range(_POLLS):
        for records in (await consumer.getmany(timeout_ms=500, max_records=1)).values():
            with suppress(ValueError):  # a stranger's
                return raw_place(header(records[0], FED_FROM) or "")[1]
            return None
    return None


def in_words(view: View) -> str:
    """Return which run's events of which raw records are production, for a person."""
    spans = [_named(span.job_id) + _since(span) for span in view.spans]
    return ", then ".join(spans)


def _named(run: str | None) -> str:
    return run or "the first run"


def _since(span: ViewSpan) -> str:
    cuts = ", ".join(f"{cut.partition}: {cut.offset:,}" for cut in span.since)
    return f" (by raw partition since {cuts})" if cuts else ""
