"""latest: of each article or statement its last revision, in an order that does not depend on the log.

The topic is read once, as production is (the view); events go into a file without a name, so that
memory stays flat, and come out by event time, then id. What a takedown names, a tombstone and a stub are left
out. The same truth gives the same bytes, whatever the partitions, the arrival and what came twice.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from schemas.enriched_article import EnrichedArticle
from schemas.statement_event import StatementEvent
from streams.bus.blank import MARK
from streams.bus.codec import Limits, decode
from streams.bus.following import to_end
from streams.bus.scan import header
from streams.bus.takedowns import takedowns
from streams.bus.views import current
from streams.core.outcome import Permanent
from streams.topics import ENRICHED, STATEMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from streams.bus.interface import Bus, Record
    from streams.topics import TopicSpec

Item: TypeAlias = "EnrichedArticle | StatementEvent"

SPECS = {"enriched": ENRICHED, "statements": STATEMENTS}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is exported: `topic` is a name of `SPECS`; by event time, from `since` on, before `until`."""

    topic: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(slots=True)
class Latest:
    """The last revisions; `unreadable` counts records that are none."""

    _store: sqlite3.Connection
    model: type[Item]
    unreadable: int = 0

    def __iter__(self) -> Iterator[Item]:
        """Yield them, by event time, then id."""
        for (body,) in self._store.execute("SELECT body FROM latest ORDER BY at, id"):
            yield self.model.model_validate_json(body)

    def __len__(self) -> int:
        """Return how many there are."""
        found: int = self._store.execute("SELECT count(*) FROM latest").fetchone()[0]
        return found


@contextmanager
def _file() -> Iterator[sqlite3.Connection]:
    store = sqlite3.connect("", isolation_level=None)  # a file without a name: none is left, however it dies
    store.execute("PRAGMA journal_mode=OFF")
    store.execute("PRAGMA synchronous=OFF")
    store.execute(
        "CREATE TABLE latest(id TEXT PRIMARY KEY, at REAL, revision INTEGER, article TEXT, body BLOB)")
    try:
        yield store
    finally:
        store.close()


@contextmanager
def gathering(wanted: Wanted) -> Iterator[Latest]:
    """Yield an empty `Latest`, for `gather`; it is gone at the end."""
    with _file() as store:
        store.execute("BEGIN")
        yield Latest(store, StatementEvent if wanted.topic == "statements" else EnrichedArticle)


async def gather(
    bus: Bus, wanted: Wanted, limits: Limits, latest: Latest, tell: Callable[[int], None]
) -> None:
    """Read the topic; call `tell` with the number of records of each list."""
    spec = SPECS[wanted.topic]
    async for records in to_end(bus, await current(bus), spec.name):
        for record in records:
            latest.unreadable += not _keep(latest._store, spec, record, limits, latest.model)  # noqa: SLF001
        tell(len(records))
    _within(latest._store, wanted)  # noqa: SLF001
    for article in await takedowns(bus):
        latest._store.execute("DELETE FROM latest WHERE article = ?", (article,))  # noqa: SLF001


def _keep(
    store: sqlite3.Connection, spec: TopicSpec, record: Record, limits: Limits, model: type[Item]
) -> bool:
    """Keep an event when it is the last revision so far; return False for what is no event."""
    key = (record.key or b"").decode("utf-8", "replace")
    if record.value is None or header(record, MARK):
        store.execute("DELETE FROM latest WHERE id = ?", (key,))
        return True
    try:
        found = decode(record.value, spec.model, limits, type_name=header(record, "ce_type"))
    except Permanent:
        return False
    if not isinstance(found, model):
        return False
    if isinstance(found, StatementEvent):
        name, revision = found.statement_id, found.revision
    else:
        name, revision = found.article_id, found.dedup.revision
    store.execute(
        "INSERT INTO latest VALUES (?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET at = excluded.at,"
        " revision = excluded.revision, body = excluded.body WHERE excluded.revision >= latest.revision",
        (name, found.event_time.timestamp(), revision, found.article_id, found.model_dump_json().encode()))
    return True


def _within(store: sqlite3.Connection, wanted: Wanted) -> None:
    """Leave out what is not between the times: only now, for a revision may have moved."""
    if wanted.since:
        store.execute("DELETE FROM latest WHERE at < ?", (wanted.since.timestamp(),))
    if wanted.until:
        store.execute("DELETE FROM latest WHERE at >= ?", (wanted.until.timestamp(),))
