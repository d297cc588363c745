"""copies: a letter as the record that is put back, and the notes of it. Nothing is read or written here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from schemas import ids
from schemas.envelope import DeliveryMode, Envelope
from schemas.redrive import Redrive, redrive_id
from schemas.registry import type_name
from streams import __version__, topics
from streams.bus import codec, redriven
from streams.bus.burial import buried_headers
from streams.bus.emission import Outgoing
from streams.bus.envelope import read_headers, timestamp, to_headers

if TYPE_CHECKING:
    from streams.audit.dead import DeadLetter
    from streams.bus.interface import Record
    from streams.redrive.rows import Row

LAST_WORD: Final = frozenset({topics.FOUND.name, topics.STATEMENTS.name, topics.ALERTS.name})
"""Topics of which the last record of a key counts: an older one put back would undo a newer."""

_TYPE: Final = type_name(Redrive)


def asked(row: Row, attempt: int, search_from: int, *, by: str, why: str | None) -> Redrive:
    """Return the note that is written before a copy is sent."""
    return Redrive.model_validate({
        "letter_id": row.id, "redrive_id": redrive_id(row.id, attempt), "state": "asked", "attempt": attempt,
        "origin": row.origin, "code": row.code, "fingerprint": row.fingerprint, "by": by, "why": why,
        "search_from": search_from,
    })


def ended(row: Row, state: str, *, by: str, why: str | None) -> Redrive:
    """Return the note of a letter that nothing is put back of: discarded, or superseded."""
    return Redrive.model_validate({
        "letter_id": row.id, "state": state, "attempt": row.attempts, "origin": row.origin, "code": row.code,
        "fingerprint": row.fingerprint, "by": by, "why": why,
    })


def copy_of(letter: DeadLetter, note: Redrive) -> Outgoing:
    """Return the record to put back: where it died, its key, value and headers, and what a redrive says."""
    headers = buried_headers(letter.record.headers)
    origin, time = (note.origin, _first_time(letter)) if letter.topic == topics.RAW.name else (None, None)
    said = redriven.Redriving(note.redrive_id or "", note.attempt, origin, time)
    partition = int(letter.id.rsplit("-", 2)[1])
    return Outgoing(
        letter.topic, letter.record.key, letter.record.value, redriven.headers_of(headers, said), partition)


def again(record: Record, note: Redrive) -> Outgoing:
    """Return a record to be written once more: a copy of an older one of its key came to lie after it."""
    said = redriven.Redriving(ids.digest("redrive-again", note.redrive_id or "", record.at), note.attempt)
    headers = redriven.headers_of(record.headers, said)
    return Outgoing(record.topic, record.key, record.value, headers, record.partition)


def _first_time(letter: DeadLetter) -> datetime | None:
    """Return when a raw record was written first, None when nobody knows.

    A copy that died again says it; an older letter says only when it failed first.
    """
    found = read_headers(buried_headers(letter.record.headers))
    known = found.get(redriven.ORIGIN_TIME) if letter.line else None
    try:
        at = datetime.fromisoformat(known or letter.timestamp or letter.first_failure or "")
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def noted(note: Redrive, letter_time: datetime, now: datetime) -> Outgoing:
    """Return a note as a record. Its id is that of letter, redrive and state: a repeat is known by it."""
    its = Envelope(
        id=ids.ce_id(_TYPE, note.origin, f"{note.letter_id}/{note.redrive_id}/{note.state}"), type=_TYPE,
        source="/communique/dlt", time=letter_time, origin=note.origin, origin_time=letter_time,
        delivery_mode=DeliveryMode.REDRIVE, pipeline_version=__version__, redrive_id=note.redrive_id)
    return Outgoing(
        topics.REDRIVES.name, note.letter_id.encode(), codec.encode(note), to_headers(its, processed_at=now))


def time_of(letter: DeadLetter) -> datetime:
    """Return the moment that a letter was written, UTC."""
    return timestamp(letter.record)
