"""envelope: CloudEvents 1.0 attributes ⇄ record headers, binary content mode.

The body is the event; each attribute is a header `ce_<name>`, UTF-8, as it is: the Kafka binding (§3.2.3)
asks for no percent-encoding, only the HTTP binding does. `content-type` stands for `datacontenttype`. Our
extensions are `correlationid`, `causationid`, `origin`, `origintime`, `deliverymode`, `replayjobid`,
`pipelineversion`, `causemode` where the past moved what is live, and in a replay `originmode`.

A raw record may come from any producer, with no headers or broken ones: its origin is its own place on the
log, its time its timestamp, and of its headers only what is well formed is believed (`ce_id`,
`ce_deliverymode`, `ce_replayjobid`); one that was redriven keeps its first place and time (`redriven`). Every
other record was written by a stage: an attribute that is missing or broken there is `Permanent` SCHEMA. On a
replay's own raw topic its feeder (streams/replay) wrote every record: it names origin, time and mode of the
one it copied, and only there they are believed.

Source: CloudEvents 1.0.2, `spec.md` and `bindings/kafka-protocol-binding.md`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from schemas import ids
from schemas.base import rfc3339
from schemas.envelope import DeliveryMode, Envelope
from streams.bus import redriven
from streams.core.outcome import Permanent

if TYPE_CHECKING:
    from streams.bus.interface import Headers, Record

_SPEC_VERSION: Final = ("ce_specversion", b"1.0")
CONTENT_TYPE: Final = ("content-type", b"application/json")
PROCESSED_AT: Final = "ce_processedat"
"""When a stage made the record, RFC 3339: processing time stands here and nowhere else."""

UNREADABLE: Final = "ce_unreadable"
"""Marks a record with a header name that is not UTF-8, as `kafka_unreadable` hands it on."""

_ORIGIN: Final = re.compile(r".+-[0-9]{1,10}-[0-9]{1,19}")
"""A `topic-partition-offset`: dedup takes it apart, after the acknowledgement too, where nothing may fail."""

MAX_ATTRIBUTE_CHARS: Final = 512
"""Longer attributes are not believed: none of ours comes near it."""

_OPTIONAL: Final = {
    "ce_correlationid": "correlation_id",
    "ce_causationid": "causation_id",
    "ce_replayjobid": "replay_job_id",
    "ce_pipelineversion": "pipeline_version",
    "ce_redriveid": "redrive_id",
}
_ORIGIN_MODE: Final = "ce_originmode"
_CAUSE_MODE: Final = "ce_causemode"
FED_FROM: Final = "ce_fedfrom"
FED: Final = (
    "ce_origin", "ce_origintime", "ce_deliverymode", "ce_replayjobid", _ORIGIN_MODE, FED_FROM)
"""Headers that a replay's feeder gives each record that it copies, whatever the record had. The last: the
record's own place, which for a redriven one is not its origin."""


def to_headers(envelope: Envelope, *, processed_at: datetime | None = None) -> Headers:
    """Return the headers of an event, always in the same order; null attributes are left out."""
    headers = [
        CONTENT_TYPE,
        _SPEC_VERSION,
        ("ce_id", envelope.id.encode()),
        ("ce_type", envelope.type.encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_time", rfc3339(envelope.time).encode()),
        ("ce_origin", envelope.origin.encode()),
        ("ce_origintime", rfc3339(envelope.origin_time).encode()),
        ("ce_deliverymode", envelope.delivery_mode.value.encode()),
    ]
    for header, field in _OPTIONAL.items():
        if (value := getattr(envelope, field)) is not None:
            headers.append((header, value.encode()))
    if envelope.origin_mode is not None:
        headers.append((_ORIGIN_MODE, envelope.origin_mode.value.encode()))
    if envelope.cause_mode is not None:
        headers.append((_CAUSE_MODE, envelope.cause_mode.value.encode()))
    if processed_at is not None:
        headers.append((PROCESSED_AT, rfc3339(processed_at).encode()))
    return tuple(headers)


def read_headers(headers: Headers) -> dict[str, str]:
    """Return the well-formed `ce_…` headers by lower-case name.

    The first of a name counts, broken ones are left out.
    """
    found: dict[str, str] = {}
    for name, value in headers:
        lowered = name.lower()
        if lowered.startswith("ce_") and lowered not in found and (text := _attribute(value)):
            found[lowered] = text
    return found


def _attribute(value: bytes | None) -> str | None:
    """Return an attribute's text, None when CloudEvents forbids it.

    Empty, not UTF-8, with control characters, or endless.
    """
    try:
        text = (value or b"").decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() and len(text) <= MAX_ATTRIBUTE_CHARS else None


def check_readable(headers: Headers) -> None:
    """Raise `Permanent` SCHEMA for the headers of a record that was marked `UNREADABLE`."""
    if any(name == UNREADABLE for name, _ in headers):
        raise Permanent("SCHEMA", "a header name is not UTF-8")


def timestamp(record: Record) -> datetime:
    """Return a record's timestamp, UTC; the start of 1970 for one that no date can hold."""
    try:
        return datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def of_raw(record: Record, type_name: str) -> Envelope:
    """Return the envelope of a record on a raw topic. Never fails, whatever the headers."""
    found = read_headers(record.headers)
    at = timestamp(record)
    claim = redriven.claim_of(found, record.topic, record.partition, record.offset)
    origin, first = (claim.origin, min(claim.time or at, at)) if claim else (record.at, at)
    mode = found.get("ce_deliverymode", DeliveryMode.LIVE)
    return Envelope(
        id=found.get("ce_id") or ids.ce_id(type_name, origin, 0),
        type=type_name,
        source=found.get("ce_source", "/"),
        time=first,
        origin=origin,
        origin_time=first,
        delivery_mode=DeliveryMode(mode) if mode in set(DeliveryMode) else DeliveryMode.LIVE,
        replay_job_id=found.get("ce_replayjobid"),
        redrive_id=claim.redrive_id if claim else None,
    )


def of_event(record: Record) -> Envelope:
    """Return the envelope of a record that a stage wrote.

    `Permanent` SCHEMA when an attribute is missing or broken.
    """
    found = read_headers(record.headers)
    try:
        return Envelope(
            id=found["ce_id"],
            type=found["ce_type"],
            source=found["ce_source"],
            time=_moment(found, "ce_time"),
            origin=_place(found["ce_origin"]),
            origin_time=_moment(found, "ce_origintime"),
            delivery_mode=DeliveryMode(found["ce_deliverymode"]),
            origin_mode=DeliveryMode(found[_ORIGIN_MODE]) if _ORIGIN_MODE in found else None,
            cause_mode=DeliveryMode(found[_CAUSE_MODE]) if _CAUSE_MODE in found else None,
            **{field: found.get(header) for header, field in _OPTIONAL.items()},
        )
    except KeyError as error:
        msg = f"header {error.args[0]} is missing or broken"
        raise Permanent("SCHEMA", msg) from None
    except (ValueError, OverflowError):  # overflow: year 1 or 9999 moved over the edge by its zone
        msg = "a time, ce_origin, ce_deliverymode, ce_originmode or ce_causemode cannot be read"
        raise Permanent("SCHEMA", msg) from None


def fed(record: Record, its: Envelope, job: str, *, live: bool = False) -> Headers:
    """Return the headers of a raw record's copy in a replay: its own, but for what `FED` names.

    `its` is the record's envelope by `of_raw`. With `live` the copy keeps the mode it came in.
    """
    mode = its.delivery_mode if live else DeliveryMode.REPLAY
    told = (its.origin, rfc3339(its.origin_time), mode.value, job, its.delivery_mode.value, record.at)
    own = tuple((name, value) for name, value in record.headers if name.lower() not in FED)
    return (*((name, text.encode()) for name, text in zip(FED, told, strict=True)), *own)


def of_fed(record: Record, type_name: str) -> Envelope:
    """Return the envelope of a record on a replay's own raw topic: that of the record it is a copy of.

    `Permanent` SCHEMA for one that no feeder wrote.
    """
    found = read_headers(record.headers)
    try:
        origin, at = _place(found["ce_origin"]), _moment(found, "ce_origintime")
        return Envelope(
            id=found.get("ce_id") or ids.ce_id(type_name, origin, 0),
            type=type_name,
            source=found.get("ce_source", "/"),
            time=at,
            origin=origin,
            origin_time=at,
            delivery_mode=DeliveryMode(found["ce_deliverymode"]),
            replay_job_id=found["ce_replayjobid"],
            origin_mode=DeliveryMode(found[_ORIGIN_MODE]),
        )
    except (KeyError, ValueError, OverflowError):
        raise Permanent("SCHEMA", "this record was not put here by the replay's feeder") from None


def _place(origin: str) -> str:
    if not _ORIGIN.fullmatch(origin):
        raise ValueError(origin)
    return origin


def _moment(found: dict[str, str], name: str) -> datetime:
    moment = datetime.fromisoformat(found[name])
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def origin_of(record: Record) -> str | None:
    """Return the origin that a record's headers name, None without one: for audits, which must never fail."""
    return read_headers(record.headers).get("ce_origin")


def claim_of(record: Record) -> redriven.Claim | None:
    """Return what a raw record claims of its first place as a redriven one, None when it claims nothing."""
    return redriven.claim_of(read_headers(record.headers), record.topic, record.partition, record.offset)


def origin_of_raw(record: Record) -> str:
    """Return a raw record's origin: its own place, or the first place of one that calls itself redriven."""
    claim = claim_of(record)
    return claim.origin if claim else record.at
