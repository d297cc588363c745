"""dead: dead letters as they lie on the `.dlt` topics, read back into what the guard wrote.

A letter's id is its record's topic-partition-offset: the same record buried twice is one letter. Nothing is
believed: a header that is missing is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from streams import topics
from streams.bus.burial import PREFIX
from streams.bus.envelope import read_headers
from streams.bus.scan import header, scan

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
    """The raw record that it comes from; a dead raw record is its own."""

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
        for name in ("code", "stage", "exception", "message", "attempts", "first_failure", "fingerprint")
    }
    own = topic == topics.RAW.name  # whatever its producer's headers say
    origin = at if own else read_headers(record.headers).get("ce_origin", at)
    return DeadLetter(record, at, topic, origin=origin, **told)


async def dead_letters(bus: Bus, topic: str | None = None) -> AsyncIterator[DeadLetter]:
    """Yield all dead letters, of one topic (or `.dlt` topic) or of all, topic by topic."""
    async with bus.admin() as admin:
        names = sorted(name for name in await admin.describe_topics() if name.endswith(".dlt"))
    wanted = [name for name in names if topic in {None, name, name.removesuffix(".dlt")}]
    for name in wanted:
        async for records in scan(bus, [name]):
            for record in records:
                yield letter_of(record)
