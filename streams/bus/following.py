"""following: read what production is, over cutovers and rollbacks: each raw record's events once.

A reader reads the topics of all runs that have a span of the view, lets out what belongs to each
(`views.is_seen`), and keeps its place in every topic on its own: so nothing has to be remembered but offsets,
and a reader that dies anywhere goes on where it was. Of a run that takes over it first reads what the one
before has written so far, then its own topic from the beginning, where it passes over all that others have.
The topics of a run that is dropped may go at any moment: its readers go on in those that remain.

A group's place is its committed offsets, in all these topics: it takes its places before it reads, so that
who drops a run finds who follows it (`streams.replay.owing`). A list is committed when the next is asked for.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from streams.bus import scan
from streams.bus.errors import BusError, Fenced, UnknownTopic
from streams.bus.interface import TopicPartition
from streams.bus.views import current, is_seen, names

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from schemas.view import View
    from streams.bus.interface import Bus, Record
    from streams.bus.views import Watch


def seen(view: View, records: Sequence[Record]) -> list[Record]:
    """Return the records that are production."""
    return [record for record in records if is_seen(view, record)]


async def to_end(
    bus: Bus, view: View, topic: str, *, starts: Mapping[TopicPartition, int] | None = None
) -> AsyncGenerator[list[Record], None]:
    """Yield what there is of a topic, the oldest run's first, as `scan.scan` does.

    Raises `BusError` when a run was dropped before all of it was read.
    """
    for name in names(view, topic):
        try:
            async for records in scan.scan(bus, [name], starts=starts):
                yield seen(view, records)
        except UnknownTopic:
            if name in names(await current(bus), topic):
                raise
        if name != topic and name not in names(await current(bus), topic):
            raise BusError(
                f"{name} was dropped while it was read: its part stands in the run before. Read again")


async def on(
    bus: Bus, watch: Watch, topic: str, starts: Mapping[TopicPartition, int]
) -> AsyncGenerator[list[Record], None]:
    """Yield what comes, for ever, from `starts` in the topics that the view has now.

    An empty list at least twice a second.
    """
    places = dict(starts)
    while True:
        known = names(watch.view, topic)
        reading = _unless_dropped(_stretch(bus, watch, topic, places), watch, topic, known)
        async with aclosing(reading) as lists:
            async for records in lists:
                yield records


async def _stretch(
    bus: Bus, watch: Watch, topic: str, places: dict[TopicPartition, int]
) -> AsyncGenerator[list[Record], None]:
    """Yield what comes until the view has other runs. `places` moves along: it is where to go on from."""
    known = names(watch.view, topic)
    for place in [each for each in places if each.topic not in known]:
        del places[place]
    before = {place.topic for place in places}
    if come := [name for name in known if name not in before]:
        async for records in scan.scan(bus, [name for name in known if name in before], starts=places):
            _advance(places, records)
            yield seen(await watch.fresh(), records)
        places |= dict.fromkeys(await scan.partitions_of(bus, come), 0)
    async with aclosing(scan.follow(bus, places)) as reading:
        async for records in reading:
            view = await watch.fresh()
            _advance(places, records)
            yield seen(view, records)
            if names(view, topic) != known:
                return


async def _unless_dropped(
    reading: AsyncGenerator[list[Record], None], watch: Watch, topic: str, known: Sequence[str]
) -> AsyncGenerator[list[Record], None]:
    """Yield what is read; end where a topic is gone because its run was dropped: the view has told so before.

    Where the topics of a group's members go, Kafka divides the group anew: `Fenced`, for one that commits.
    """
    async with aclosing(reading):
        try:
            async for records in reading:
                yield records
        except (UnknownTopic, Fenced):
            if names(await watch.fresh(), topic) == known:
                raise


def _advance(places: dict[TopicPartition, int], records: Sequence[Record]) -> None:
    if records:
        last = records[-1]
        places[TopicPartition(last.topic, last.partition)] = last.offset + 1


async def in_group(
    bus: Bus, watch: Watch, topic: str, group: str, *, at_end: bool, room: Callable[[], int | None]
) -> AsyncGenerator[list[Record], None]:
    """Yield records as a group's member does (`scan.in_group`); with `at_end` it ends there."""
    while True:
        known = names(await watch.fresh(), topic)
        taking = _unless_dropped(_take_places(bus, known, group), watch, topic, known)
        async with aclosing(taking) as lists:
            async for nothing in lists:
                yield nothing
        for count in range(1, len(known) + 1):
            ends = at_end or count < len(known)
            reading = _unless_dropped(
                scan.in_group(bus, known[:count], group, to_end=ends, room=room), watch, topic, known)
            async with aclosing(_until_moved(reading, watch, topic, known)) as lists:
                async for records in lists:
                    yield records
            if room() == 0:
                return
            if names(watch.view, topic) != known:
                break
        else:
            return


async def _take_places(bus: Bus, known: Sequence[str], group: str) -> AsyncGenerator[list[Record], None]:
    """Let a group have a place in the topics of all runs, where it has none at the beginning.

    Yields nothing, twice a second, while it waits to be let in.
    """
    async with bus.admin() as admin:
        have = {place.topic for place in await admin.committed_offsets(group)}
    if len(known) == 1 or have.issuperset(known):
        return
    async with bus.consumer(client_id="communique-consume", group=group) as consumer:
        consumer.subscribe(known)
        while not (mine := consumer.assignment()):
            await consumer.getmany(timeout_ms=scan.POLL_MS, max_records=1)
            yield []
        first = await consumer.beginning_offsets(mine)
        await consumer.commit({each: first[each] for each in mine if await consumer.committed(each) is None})


async def _until_moved(
    reading: AsyncGenerator[list[Record], None], watch: Watch, topic: str, known: Sequence[str]
) -> AsyncGenerator[list[Record], None]:
    """Yield what is production. Once another run takes over, what was let out is committed, then it ends."""
    async with aclosing(reading):
        async for records in reading:
            if names(watch.view, topic) != known:
                return
            yield seen(await watch.fresh(), records)
