"""hashes: what lies in a part of a topic, as one number that anyone can work out again, in any order.

Of each record: BLAKE2b-256 over its offset (8 bytes, big-endian), then key, value, and each header's name and
value in their order, each with its length before it (8 bytes, big-endian; all ones for none). A partition's
hash is the sum of these numbers modulo 2^256, as 64 hex digits: records may be read in any order, and two
parts are added up. It shows what changed by mishap or carelessness; a sum is no proof against somebody who
may write records made for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.bus.interface import Record, TopicPartition

_MODULUS: Final = 1 << 256
_NONE: Final = b"\xff" * 8


@dataclass(slots=True)
class Sums:
    """Hashes and numbers of records by partition."""

    sums: dict[TopicPartition, int] = field(default_factory=dict)
    records: dict[TopicPartition, int] = field(default_factory=dict)

    def take(self, records: list[Record], at: TopicPartition) -> None:
        """Take in records of one partition."""
        total = sum(int.from_bytes(digest_of(record), "big") for record in records)
        self.sums[at] = (self.sums.get(at, 0) + total) % _MODULUS
        self.records[at] = self.records.get(at, 0) + len(records)


def digest_of(record: Record) -> bytes:
    """Return the hash of one record, 32 bytes."""
    state = blake2b(record.offset.to_bytes(8, "big"), digest_size=32)
    for part in _parts(record):
        state.update(_NONE if part is None else len(part).to_bytes(8, "big"))
        state.update(part or b"")
    return state.digest()


def _parts(record: Record) -> Iterable[bytes | None]:
    yield record.key
    yield record.value
    for name, value in record.headers:
        yield name.encode()
        yield value
