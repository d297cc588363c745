"""dead: dead letters as they lie on the `.dlt` topics, read back into what the guard wrote.

A letter's id is its record's topic-partition-offset: the same record buried twice is one letter. Nothing is
believed: a header that is missing is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from streams.bus.burial import PREFIX, buried_headers
from streams.bus.envelope import read_headers
from streams.bus.fates import first_origin
from streams.bus.redriven import REDRIVE_ID
from streams.bus.scan import header, scan
from streams.topics import job_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from streams.bus.interface import Bus, Record


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter. `record` is the letter itself.

    Key, value and headers of the buried record, then the error's.
    """

    record: Record
    id: str
    topic: str
    code: str | None
    stage: str | None
    exception: str | None
    message: str | None
    attempts: str | None
    first_failure: str | None
    fingerprint: str | None
    origin: str | None
    """The raw record that it comes from; a dead raw record is its own, a redriven one that of the first."""
    timestamp: str | None = None
    """When the record that died was written, RFC 3339; older letters do not say it."""
    line: str | None = None
    """The redrive that it comes from: it died again."""

    @property
    def sound(self) -> bool:
        """Return whether it lies where letters of its topic lie, whole: only then it can be put back."""
        place = self.id.removeprefix(f"{self.topic}-")
        partition, _, offset = place.partition("-")
        whole = header(self.record, f"{PREFIX}cut") is None
        numbers = partition.isdecimal() and offset.isdecimal()
        return self.record.topic == f"{self.topic}.dlt" and numbers and whole

    def as_dict(self) -> dict[str, object]:
        """Return what is told of it, without its content."""
        names = (
            "id",
            "topic",
            "code",
            "stage",
            "exception",
            "message",
            "attempts",
            "first_failure",
            "fingerprint",
            "origin",
        )
        return {**{name: getattr(self, name) for name in names}, "at": self.record.at}


def letter_of(record: Record) -> DeadLetter:
    """Return the letter that a record of a `.dlt` topic is."""
    topic = header(record, f"{PREFIX}topic") or record.topic.removesuffix(".dlt")
    place = [header(record, PREFIX + name) or "?" for name in ("partition", "offset")]
    at = "-".join([topic, *place])
    told = {
        name: header(record, PREFIX + name)
        for name in (
            "code", "stage", "exception", "message", "attempts", "first_failure", "fingerprint", "timestamp"
        )
    }
    told["line"] = read_headers(buried_headers(record.headers)).get(REDRIVE_ID)
    return DeadLetter(record, at, topic, origin=first_origin(record, topic, place) or at, **told)


async def dead_letters(bus: Bus, topic: str | None = None) -> AsyncIterator[DeadLetter]:
    """Yield all dead letters, of one topic (or `.dlt` topic) or of all; those of one partition in order.

    Those of replays only when their topic is named: they are the replay's to compare, and go with it.
    """
    async with bus.admin() as admin:
        names = sorted(name for name in await admin.describe_topics() if name.endswith(".dlt"))
    wanted = [
        name for name in names
        if topic in {name, name.removesuffix(".dlt")} or (topic is None and job_of(name) is None)
    ]
    async for records in scan(bus, wanted):
        for record in records:
            yield letter_of(record)
