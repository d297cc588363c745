"""redriven: a dead letter's record put back on the topic it died on, and how it is known when it comes again.

A copy has the record's key, value and headers byte for byte, but for these headers:

- `ce_deliverymode` is `redrive`: what comes of it never pages;
- `ce_redriveid`, a hash of letter and attempt: the same copy sent twice is known by it. It travels on to
  everything that comes of the copy;
- `ce_redriveattempt` counts the redrives of its line, from 1;
- on raw `ce_redriveorigin` and `ce_redriveorigintime`: the first raw record's place and timestamp. The copy
  has a new place there, and would be another article without them.

An origin is believed of a redrive alone, and only when it names an earlier place of the record's own topic
and partition; a time when it is not later than the record's own. Fails to protect from a producer that may
write to raw and copies these headers: the audit names every such record as forged, for nobody noted its
redrive (docs/adr/0025).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from schemas.base import rfc3339
from schemas.envelope import DeliveryMode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.bus.interface import Headers, Record

MODE: Final = "ce_deliverymode"
REDRIVE_ID: Final = "ce_redriveid"
ATTEMPT: Final = "ce_redriveattempt"
ORIGIN: Final = "ce_redriveorigin"
ORIGIN_TIME: Final = "ce_redriveorigintime"
OWN: Final = frozenset({MODE, REDRIVE_ID, ATTEMPT, ORIGIN, ORIGIN_TIME})

_PLACE: Final = re.compile(r"(.+-[0-9]{1,10})-([0-9]{1,19})")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a raw record that calls itself redriven says of its first place; `time` is UTC, None: not said."""

    origin: str
    redrive_id: str
    time: datetime | None


def claim_of(found: Mapping[str, str], topic: str, partition: int, offset: int) -> Claim | None:
    """Return what a raw record at this place claims, None when it claims nothing that may be believed.

    `found`: its well-formed `ce_…` headers by lower-case name.
    """
    if found.get(MODE) != DeliveryMode.REDRIVE or REDRIVE_ID not in found:
        return None
    place = _PLACE.fullmatch(found.get(ORIGIN, ""))
    if place is None or place[1] != f"{topic}-{partition}" or int(place[2]) >= offset:
        return None
    return Claim(place[0], found[REDRIVE_ID], _moment(found.get(ORIGIN_TIME)))


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Redriving:
    """What is said of a copy. `origin` and `origin_time` are told on raw only: elsewhere it has an origin."""

    redrive_id: str
    attempt: int
    origin: str | None = None
    origin_time: datetime | None = None


def headers_of(buried: Headers, said: Redriving) -> Headers:
    """Return a copy's headers: those of the buried record, what we say at their end in place of its own."""
    told = [
        (MODE, DeliveryMode.REDRIVE.value),
        (REDRIVE_ID, said.redrive_id),
        (ATTEMPT, str(said.attempt)),
        (ORIGIN, said.origin),
        (ORIGIN_TIME, None if said.origin_time is None else rfc3339(said.origin_time)),
    ]
    kept = tuple(pair for pair in buried if pair[0].lower() not in OWN)
    return (*kept, *((name, text.encode()) for name, text in told if text is not None))


def redrive_of(record: Record) -> str | None:
    """Return the redrive id that a record on a topic carries as a copy itself, None when it is none.

    What comes of a copy carries the id too, but no attempt.
    """
    names = {name for name, _ in record.headers}
    if ATTEMPT not in names or REDRIVE_ID not in names:
        return None
    return dict(record.headers)[REDRIVE_ID].decode("utf-8", "replace")
