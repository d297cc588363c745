"""emission: what a step answered, as records ready to send.

For each output in order: the catalogue gives its topic and key; the envelope takes origin, mode and job from
the parent and its `ce_id` from type, origin and ordinal (so that a redelivered record is known by its id);
the codec gives the bytes. What is over the topic's limit is `Permanent` LIMIT: nothing has been written by
then.

A refusal becomes an event on `news.refusals.v1`. Anything that is no output is a bug of the step
(`TypeError`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, assert_never

from schemas import ids
from schemas.base import Event
from schemas.envelope import DeliveryMode, Envelope
from schemas.refusal import Refusal
from schemas.registry import type_name
from streams import __version__
from streams.bus import codec, envelope
from streams.bus.interface import Headers
from streams.core.outcome import Gone, Permanent, Placed, Refused
from streams.topics import BY_MODEL, MAX_RECORD_BYTES

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.envelope import Provenance
    from streams.core.outcome import Output, Outputs
    from streams.topics import TopicSpec

_SURELY_FITS_BYTES: Final = MAX_RECORD_BYTES - 64 * 1024
"""Below this nothing needs to be added up: our headers take a few hundred bytes."""

RECORD_OVERHEAD_BYTES: Final = 256
"""Room for a record's and a batch's framing below the topic's limit."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to send. `kind` is its CloudEvents type, `reason` a refusal's; for the counters."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    partition: int | None = None
    kind: str = ""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Parent:
    """Where outputs come from.

    The record's model (None when it could not be decoded), its envelope, the stage, the time.
    """

    model: Any
    envelope: Envelope
    stage: str
    now: datetime

    def on_behalf(self, own: Provenance) -> Parent:
        """Return the parent of an event whose own thing came from elsewhere: the cause stays this record."""
        told = {name: getattr(own, name) for name in type(own).model_fields}
        if own.origin != self.envelope.origin:
            told["redrive_id"] = None
            came = self.envelope.cause_mode or self.envelope.came_as
            told["cause_mode"] = None if came is DeliveryMode.LIVE else came
        return replace(self, envelope=self.envelope.model_copy(update=told))


def listed(outputs: Outputs) -> tuple[Output, ...]:
    """Return a step's answer as a tuple, whatever form it has."""
    if outputs is None:
        return ()
    return tuple(outputs) if isinstance(outputs, list | tuple) else (outputs,)


def emit(outputs: Outputs, parent: Parent) -> list[Outgoing]:
    """Return the records of a step's answer, in its order; raise `Permanent` LIMIT when one is too large."""
    ordinals: Counter[str] = Counter()
    records = [_record(output, parent, ordinals) for output in listed(outputs)]
    for record in records:
        _bound(record)
    return records


def _record(output: Output, parent: Parent, ordinals: Counter[str]) -> Outgoing:
    match output:
        case Refused():
            return _event(_refusal(output, parent), parent, ordinals, reason=output.reason.value)
        case Placed():
            its = parent if output.own is None else parent.on_behalf(output.own)
            return _event(output.event, its, ordinals, partition=output.partition, ordinal=output.ordinal)
        case Gone():
            return _tombstone(output, parent, ordinals)
        case Event():
            return _event(output, parent, ordinals)
        case _:
            assert_never(output)


def _refusal(refused: Refused, parent: Parent) -> Refusal:
    return Refusal(
        source_id=getattr(parent.model, "source_id", None),
        article_id=getattr(parent.model, "article_id", None) or parent.envelope.correlation_id,
        stage=parent.stage,
        reason=refused.reason.value,
        detail=refused.detail,
    )


def _event(  # what `Placed` and `Refused` may say besides the event
    event: Event, parent: Parent, ordinals: Counter[str], *,
    partition: int | None = None, ordinal: int | None = None, reason: str | None = None,
) -> Outgoing:
    kind = type_name(type(event))
    spec = BY_MODEL[type(event)]
    child = _child(event, kind, parent, _ordinal(kind, ordinal, ordinals))
    headers = envelope.to_headers(child, processed_at=parent.now)
    return Outgoing(spec.name, key_of(event, spec), codec.encode(event), headers, partition, kind, reason)


def _tombstone(gone: Gone, parent: Parent, ordinals: Counter[str]) -> Outgoing:
    kind = type_name(gone.model)
    child = _child(None, kind, parent, f"gone-{gone.key}-{_ordinal(kind, None, ordinals)}")
    headers = envelope.to_headers(child, processed_at=parent.now)
    return Outgoing(BY_MODEL[gone.model].name, gone.key.encode(), None, headers, None, kind)


def _ordinal(kind: str, ordinal: int | None, ordinals: Counter[str]) -> int:
    if ordinal is not None:
        return ordinal
    ordinals[kind] += 1
    return ordinals[kind] - 1


def _child(event: Event | None, kind: str, parent: Parent, ordinal: int | str) -> Envelope:
    above = parent.envelope
    return Envelope(
        id=ids.ce_id(kind, above.origin, ordinal),
        type=kind,
        source=f"/communique/{parent.stage}",
        time=getattr(event, "event_time", None) or above.time,
        correlation_id=getattr(event, "article_id", None) or above.correlation_id,
        causation_id=above.id,
        origin=above.origin,
        origin_time=above.origin_time,
        delivery_mode=above.delivery_mode,
        replay_job_id=above.replay_job_id,
        origin_mode=above.origin_mode,
        pipeline_version=__version__,
        cause_mode=above.cause_mode,
        redrive_id=above.redrive_id,
    )


def key_of(event: Event, spec: TopicSpec) -> bytes | None:
    """Return a record's key: the first of the catalogue's key fields that is not null; None when all are."""
    for field in spec.key:
        if (value := getattr(event, field, None)) is not None:
            return str(value).encode("utf-8", "surrogatepass")
    return None


def size_of(record: Outgoing) -> int:
    """Return how many bytes a record takes on the bus, framing included, uncompressed; a little too many."""
    headers = sum(len(name.encode()) + len(value or b"") + 8 for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers + RECORD_OVERHEAD_BYTES


def _bound(record: Outgoing) -> None:
    if len(record.value or b"") + len(record.key or b"") < _SURELY_FITS_BYTES:
        return
    if (size := size_of(record)) > MAX_RECORD_BYTES:
        msg = f"{record.kind} would have {size} bytes, {record.topic} takes {MAX_RECORD_BYTES}"
        raise Permanent("LIMIT", msg)
