"""digest: one hash over all that a replay made and that is compared: the same for the same input and version.

What counts (`core.replay.lasting`): of clean, tagged and enriched articles and refusals each event once, by
its `ce_id`, if its origin is meant and not only context; dead letters by origin and code; of assignments,
clusters and statements the last record of each key. Order, repeats and the number of partitions decide
nothing. The live topics have a digest, too: that of the same ranges is the same when code and settings are.

Memory is flat: hashes lie in a temporary SQLite file, 48 bytes an event, and are read back in order.
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streams.bus.burial import PREFIX
from streams.bus.scan import header, scan
from streams.core.dedup.watermark import raw_place
from streams.core.replay.lasting import AS_OF, AT_REST, lasting
from streams.topics import RAW, SHADOWED, shadow, unshadowed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.replay_job import ReplayJob
    from streams.bus.interface import Bus, Record

_BATCH: Final = 2_000


@dataclass(slots=True)
class Digest:
    """A digest in the making. `counts`: compared things by topic, the live topics' names."""

    job: ReplayJob
    store: sqlite3.Connection
    counts: dict[str, int] = field(default_factory=dict)

    def take(self, records: Iterable[Record]) -> None:
        """Take records of one topic in."""
        rows = [row for record in records if (row := self._row(record)) is not None]
        with self.store:
            self.store.executemany("INSERT OR REPLACE INTO things VALUES (?, ?, ?)", rows)

    def _row(self, record: Record) -> tuple[str, bytes, bytes | None] | None:
        topic = unshadowed(record.topic)
        if topic in AT_REST:
            body = None if record.value is None else _hash(lasting(topic, record.value))
            return topic, record.key or b"", body
        origin = origin_of(record)
        if origin is None or not self.job.compares(*raw_place(origin)):
            return None
        if topic not in AS_OF:
            return topic, origin.encode(), (header(record, f"{PREFIX}code") or "").encode()
        return topic, (header(record, "ce_id") or "").encode(), _hash(lasting(topic, record.value or b"null"))

    def result(self) -> str:
        """Return the hash, 64 hex digits, and count."""
        state = blake2b(digest_size=32)
        rows = self.store.execute("SELECT topic, name, hash FROM things WHERE hash NOT NULL ORDER BY 1, 2")
        for topic, name, body in rows:
            self.counts[topic] = self.counts.get(topic, 0) + 1
            for part in (topic.encode(), name, body):
                state.update(len(part).to_bytes(4, "big") + part)
        return state.hexdigest()


def _hash(body: bytes) -> bytes:
    return blake2b(body, digest_size=16).digest()


def origin_of(record: Record) -> str | None:
    """Return the raw record that an event or a dead letter comes from, None when it names none.

    A dead letter of raw comes from the record it was: in a replay that names its own origin.
    """
    if (origin := header(record, "ce_origin")) is not None and not _is_raw_letter(record):
        return origin
    place = [header(record, PREFIX + part) for part in ("topic", "partition", "offset")]
    return None if None in place else "-".join(str(part) for part in place)


def _is_raw_letter(record: Record) -> bool:
    """Tell whether it is a dead letter of the live raw topic, whose own headers anybody may have written."""
    return header(record, f"{PREFIX}topic") == RAW.name


async def digest_of(
    bus: Bus, job: ReplayJob, folder: Path, *, live: bool = False
) -> tuple[str, dict[str, int]]:
    """Return the digest of a replay's topics (`live`: of the live ones, in its ranges), and the counts.

    `folder`, which exists, takes the temporary file.
    """
    name = None if live else job.job_id
    letters = [spec.dead_letters for spec in SHADOWED]
    topics = [shadow(each, name) for each in (*AS_OF, *letters)]
    with tempfile.TemporaryDirectory(dir=folder) as place, closing(opened(Path(place))) as store:
        digest = Digest(job, store)
        async for records in scan(bus, topics, missing_ok=True):
            digest.take(records)
        return digest.result(), digest.counts


def opened(folder: Path) -> sqlite3.Connection:
    """Return an empty store of hashes, a file in a folder."""
    store = sqlite3.connect(folder / "digest.db", isolation_level="DEFERRED")
    store.execute("PRAGMA journal_mode=OFF")
    store.execute("PRAGMA synchronous=OFF")
    columns = "topic TEXT, name BLOB, hash BLOB, PRIMARY KEY (topic, name)"
    store.execute(f"CREATE TABLE things ({columns}) WITHOUT ROWID")
    return store
