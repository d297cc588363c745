"""record_hash: one record as bytes that no other record has, and the hash over a run of them.

Every part is written with its length before it; null and empty differ. A stub that a takedown left
(`streams.bus.blank`) has a hash of its own.
"""

from __future__ import annotations

from hashlib import blake2b, sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.bus.interface import Record

_NULL: Final = (2**64 - 1).to_bytes(8, "big")


def _part(value: bytes | None) -> bytes:
    return _NULL if value is None else len(value).to_bytes(8, "big") + value


def canonical(record: Record) -> bytes:
    """Return topic, partition, offset, timestamp, key, value and headers as one run of bytes."""
    numbers = f"{record.topic}\n{record.partition}\n{record.offset}\n{record.timestamp_ms}\n"
    parts = [_part(numbers.encode()), _part(record.key), _part(record.value)]
    for name, value in record.headers:
        parts += [_part(name.encode("utf-8", "surrogatepass")), _part(value)]
    return b"".join(parts)


class Hasher:
    """SHA-256 over records, in the order they are given."""

    def __init__(self) -> None:
        self._state = sha256()

    def add(self, record: Record) -> None:
        """Take one more record."""
        self._state.update(_part(canonical(record)))

    @property
    def digest(self) -> str:
        """Return the hash so far, as hex."""
        return self._state.hexdigest()


def hash_of(records: Iterable[Record]) -> str:
    """Return the hash over records."""
    hasher = Hasher()
    for record in records:
        hasher.add(record)
    return hasher.digest


def birthmark(record: Record) -> str:
    """Return what tells one topic's record from the one at the same place of a topic made anew.

    Key and timestamp, not the value: a takedown may have blanked that.
    """
    told = _part(str(record.timestamp_ms).encode()) + _part(record.key)
    return blake2b(told, digest_size=16).hexdigest()
