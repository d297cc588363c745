"""results: what became of notifications, as `news.deliveries.v1` events that wait in the outbox for the bus.

They are written in the transaction that decides the outcome, sent afterwards, and taken away once the bus has
acknowledged them: an event may be on the topic twice, with one `ce_id`, and never not at all.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from schemas import ids
from schemas.delivery import Delivery, DeliveryOutcome, delivery_key
from schemas.envelope import Envelope
from schemas.registry import type_name
from streams import __version__
from streams.bus import codec
from streams.bus.envelope import to_headers
from streams.topics import DELIVERIES

if TYPE_CHECKING:
    from streams.bus.interface import Producer

_BATCH: Final = 500
_TYPE: Final = type_name(Delivery)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a notification; `at` in seconds since 1970."""

    key: str
    channel: str
    group: str
    outcome: DeliveryOutcome
    attempts: int
    revision: int
    reason: str | None
    at: float


def note(store: sqlite3.Connection, seqs: Sequence[int], result: Result) -> None:
    """Write one result of the alerts `seqs`, within the caller's transaction."""
    marks = ",".join("?" * len(seqs))
    rows = store.execute(
        f"SELECT alert, body, origin FROM alerts WHERE seq IN ({marks}) ORDER BY seq", tuple(seqs)).fetchall()  # noqa: S608  # marks only
    first = Envelope.model_validate_json(rows[0]["origin"])
    event = Delivery(
        idempotency_key=result.key, alert_ids=tuple(row["alert"] for row in rows), channel=result.channel,
        group=result.group, revision=result.revision, outcome=result.outcome, attempts=result.attempts,
        reason=result.reason,
        event_time=json.loads(rows[0]["body"])["event_time"])
    own = first.model_copy(update={
        "id": ids.ce_id(_TYPE, result.key, f"{result.outcome.value}-{result.attempts}-{result.reason}"),
        "type": _TYPE, "causation_id": first.id, "source": "/communique/deliver", "time": event.event_time,
        "pipeline_version": __version__})
    headers = to_headers(own, processed_at=datetime.fromtimestamp(result.at, UTC))
    store.execute(
        "INSERT INTO results(key, body, headers) VALUES(?,?,?)",
        (result.key, codec.encode(event), json.dumps([[name, value.decode()] for name, value in headers])))


def note_alone(
    store: sqlite3.Connection, channel: str, gid: int, seq: int, outcome: DeliveryOutcome, reason: str,
    now: float,
) -> None:
    """Write the result of one alert that never became part of a notification."""
    row = store.execute("SELECT alert, revision FROM alerts WHERE seq=?", (seq,)).fetchone()
    name = store.execute("SELECT name FROM groups WHERE gid=?", (gid,)).fetchone()["name"]
    key = delivery_key(channel, ((row["alert"], row["revision"]),), 0)
    note(store, [seq], Result(key, channel, name, outcome, 0, 0, reason, now))


async def publish(store: sqlite3.Connection, producer: Producer) -> int:
    """Send what waits, forget what was acknowledged; return how many. Raises `BusError`."""
    rows = store.execute(
        "SELECT rid, key, body, headers FROM results ORDER BY rid LIMIT ?", (_BATCH,)).fetchall()
    if not rows:
        return 0
    for row in rows:
        headers = tuple((name, value.encode()) for name, value in json.loads(row["headers"]))
        await producer.send(DELIVERIES.name, row["body"], key=row["key"].encode(), headers=headers)
    await producer.flush()
    store.execute("DELETE FROM results WHERE rid <= ?", (rows[-1]["rid"],))
    return len(rows)
