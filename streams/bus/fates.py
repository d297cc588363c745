"""fates: what a record of a topic of fates tells of its raw record: enriched, refused, or dead.

Headers alone are looked at, and nothing is believed that a producer of raw records may have written: a raw
record is its own origin, but for a redriven one whose redrive was noted on `news.redrives.v1` (`Noted`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from streams import topics
from streams.bus.burial import PREFIX, buried_headers
from streams.bus.envelope import read_headers
from streams.bus.redriven import Claim, claim_of
from streams.core.fates import Fate, FateKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.bus.interface import Record
    from streams.topics import TopicSpec

Noted: TypeAlias = "Callable[[Claim], bool]"
"""Tells whether the redrive that a raw record claims was noted."""

UNSURE: Final = {"TRANSIENT", "KILLED"}
"""Codes of dead letters whose record may succeed when it comes again, with nothing changed."""

WALK: Final[tuple[TopicSpec, ...]] = (
    topics.RAW,
    topics.CLEAN,
    topics.TAGGED,
    topics.SKETCHES,
    topics.MATCHES,
    topics.ANSWERS,
)
"""The topics that lead to the enriched event, in the order of the walk."""


def believed(claim: Claim) -> bool:  # noqa: ARG001
    """Believe every claim: where the redrives are not read."""
    return True


def fate_of(record: Record, noted: Noted = believed) -> Fate | None:
    """Return the fate that a record of a topic of fates tells; None for one that names no raw record."""
    if record.topic.endswith(".dlt"):
        return buried(record, noted)
    return refused(record) if topics.unshadowed(record.topic) == topics.REFUSALS.name else enriched(record)


def enriched(record: Record) -> Fate | None:
    """Return the fate that an enriched event tells."""
    return _event(FateKind.ENRICHED, record)


def refused(record: Record) -> Fate | None:
    """Return the fate that a refusal tells."""
    return _event(FateKind.REFUSED, record)


def _event(kind: FateKind, record: Record) -> Fate | None:
    found = read_headers(record.headers)
    origin = found.get("ce_origin")
    if origin is None or record.value is None:
        return None
    return Fate(kind, origin, found.get("ce_id", record.at), found.get("ce_deliverymode") == "redrive")


def buried(record: Record, noted: Noted = believed) -> Fate | None:
    """Return the fate that a dead letter tells; None for one that names no raw record.

    Its id is its record's topic-partition-offset.
    """
    told = {name.removeprefix(PREFIX): value for name, value in record.headers if name.startswith(PREFIX)}
    topic, code = (told.get(name, b"").decode("utf-8", "replace") for name in ("topic", "code"))
    if not topic:
        return None
    place = [told.get(name, b"?").decode("utf-8", "replace") for name in ("partition", "offset")]
    at = "-".join([topic, *place])
    origin = first_origin(record, topic, place, noted)
    return Fate(_death(topics.unshadowed(topic), code), origin, at) if origin else None


def first_origin(record: Record, topic: str, place: list[str], noted: Noted = believed) -> str | None:
    """Return the raw record that a dead letter comes from, None when it does not say.

    In a replay a raw record's feeder has named it.
    """
    found = read_headers(buried_headers(record.headers))
    if topic != topics.RAW.name:
        return found.get("ce_origin")
    numbers = all(each.isascii() and each.isdigit() for each in place)
    claim = claim_of(found, topic, int(place[0]), int(place[1])) if numbers else None
    return claim.origin if claim and noted(claim) else "-".join([topic, *place])


def _death(topic: str, code: str) -> FateKind:
    if code in UNSURE:
        return FateKind.DEAD_UNSURE
    if topic in {topics.SKETCHES.name, topics.MATCHES.name, topics.ANSWERS.name}:
        return FateKind.DEAD_SHARD  # one shard's, or a repeat's: the article may have come out all the same
    return FateKind.DEAD if topic in {spec.name for spec in WALK} else FateKind.DEAD_LATER
