"""blank: what a takedown leaves of a record: its place, time, key, ids and a hash; no text.

The same record gives the same stub, on the log and in the archive, so that the two can still be compared.
Its value is `{"taken_down": …, "sha256": …, "bytes": …}` (null stays null), its headers are those that hold
no text (`KEPT`), and `ce_takendown` names the takedown. A producer that writes such a record itself harms
only that record.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import orjson

from streams.bus import redriven
from streams.bus.burial import PREFIX

if TYPE_CHECKING:
    from streams.bus.interface import Record

MARK: Final = "ce_takendown"
LONGEST_STUB_BYTES: Final = 256

KEPT: Final = frozenset({
    "ce_id", "ce_type", "ce_source", "ce_specversion", "ce_time", "ce_origin", "ce_origintime",
    "ce_correlationid", "ce_causationid", "ce_deliverymode", "ce_originmode", "ce_causemode", "ce_fedfrom",
    "ce_replayjobid", "ce_pipelineversion", "ce_processedat", "content-type",
    *redriven.OWN,
    *(PREFIX + name for name in (
        "topic", "partition", "offset", "code", "stage", "version", "attempts", "first_failure",
        "fingerprint", "exception")),
})
"""Headers that stay, up to `LONGEST_HEADER_BYTES`: ids, times, what makes a redriven copy one (the audit
counts by it), and what a dead letter says of its failure."""

LONGEST_HEADER_BYTES: Final = 512
_START: Final = b'{"taken_down":'


def blanked(record: Record, takedown: str) -> Record:
    """Return the stub of a record; the record itself when it is one."""
    if taken_down(record):
        return record
    headers = tuple(
        (name, value) for name, value in record.headers
        if name in KEPT and len(value) <= LONGEST_HEADER_BYTES)
    return replace(record, value=_stub(record.value, takedown), headers=(*headers, (MARK, takedown.encode())))


def _stub(value: bytes | None, takedown: str) -> bytes | None:
    if value is None:
        return None
    return orjson.dumps({"taken_down": takedown, "sha256": sha256(value).hexdigest(), "bytes": len(value)})


def taken_down(record: Record) -> str | None:
    """Return the takedown that blanked a record, None for one that is whole."""
    value = record.value
    if value is not None and not (value.startswith(_START) and len(value) <= LONGEST_STUB_BYTES):
        return None
    return next((told.decode("utf-8", "replace") for name, told in record.headers if name == MARK), None)
