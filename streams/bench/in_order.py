"""in_order: what would be at rest had everything come in order, worked out in one process.

The tagged events of a bus are spooled, sorted by event time, and given to dedup and statements as
`communique process` gives them: no Kafka, no shards, no interruptions. What comes out is compared with what
stands on the compacted topics, as-of fields aside.
"""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from schemas.tagged_article import TaggedArticle
from streams import topics
from streams.bus.codec import encode
from streams.bus.envelope import of_event
from streams.bus.scan import scan
from streams.core.dedup.match import MatchOptions
from streams.core.dedup.offline import Offline
from streams.core.dedup.sketch import SketchOptions
from streams.core.novelty.offline import OfflineStatements
from streams.core.novelty.speakers import NoveltyOptions
from streams.core.replay.lasting import lasting
from streams.testing.oracle import Expected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from typing import BinaryIO

    from schemas.envelope import Envelope
    from streams.bus.interface import Bus

Rest = dict[tuple[str, bytes], bytes]
_TELL_EACH: Final = 10_000


class _Place(NamedTuple):
    """Where an article lies in the spool."""

    time: datetime
    origin: str
    at: int
    length: int
    envelope: Envelope


async def expected(bus: Bus, tell: Callable[[str], None] = lambda _line: None) -> Rest:
    """Return what must be at rest, by topic and key. Each raw record counts once, however often it came.

    `tell` is given a line some times a minute.
    """
    with TemporaryFile() as spool:
        places: dict[str, _Place] = {}
        async for records in scan(bus, [topics.TAGGED.name]):
            for record in records:
                if record.value is not None:
                    told = of_event(record)
                    places[told.origin] = _Place(
                        told.time, told.origin, spool.tell(), len(record.value), told)
                    spool.write(record.value)
        return _run(spool, sorted(places.values(), key=lambda place: place[:2]), tell)


def _run(spool: BinaryIO, places: list[_Place], tell: Callable[[str], None]) -> Rest:
    dedup = Offline(SketchOptions(1), MatchOptions())
    statements = OfflineStatements(NoveltyOptions(lateness=None))
    for number, (article, envelope) in enumerate(_read(spool, places)):
        if number % _TELL_EACH == 0:
            tell(f"in order: {number:,} of {len(places):,} have their cluster")
        dedup.add(article, envelope.origin, envelope.origin_time, envelope.delivery_mode)
    for number, (article, envelope) in enumerate(_read(spool, places)):
        if number % _TELL_EACH == 0:
            tell(f"in order: {number:,} of {len(places):,} have their statements")
        statements.add(dedup.at_rest(article, envelope.origin), envelope)
    rest = Expected.of(dedup.state.forest)
    found = {(topics.ASSIGNMENTS.name, key): body for key, body in rest.assignments.items()}
    found |= {(topics.CLUSTERS.name, key): body for key, body in rest.clusters.items()}
    return {
        (topic, key.encode()): lasting(topic, orjson.dumps(body)) for (topic, key), body in found.items()
    } | {
        (topics.STATEMENTS.name, key.encode()): lasting(topics.STATEMENTS.name, encode(event))
        for key, event in statements.everything().items()
    }


def _read(spool: BinaryIO, places: list[_Place]) -> Iterator[tuple[TaggedArticle, Envelope]]:
    for place in places:
        spool.seek(place.at)
        article = TaggedArticle.model_validate_json(spool.read(place.length))
        yield article, place.envelope


def differing(found: Mapping[tuple[str, bytes], bytes], wanted: Rest) -> list[str]:
    """Return what does not stand as it would after a run in order: topic, key, and the fields."""
    places = (place for place in sorted({*found, *wanted}) if found.get(place) != wanted.get(place))
    return [
        f"{topic} {key.decode()}: {_fields(found.get((topic, key)), wanted.get((topic, key)))}"
        for topic, key in places
    ]


def _fields(one: bytes | None, other: bytes | None) -> str:
    if one is None or other is None:
        return "not there" if one is None else "too much"
    left, right = orjson.loads(one), orjson.loads(other)
    names = sorted({*left, *right})
    return ", ".join(
        f"{name} {left.get(name)} instead of {right.get(name)}"[:200]
        for name in names if left.get(name) != right.get(name))
