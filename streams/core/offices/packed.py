"""Packed: the compiled registry as bytes, and how it is read where it lies.

Layout, little-endian, each part on a multiple of eight: magic; lengths of the parts; hashes of names, sorted
(u64), and the person of each (u32); hashes of office and country, sorted, and the person of each; offsets of
people and of positions; positions and people as JSON. 184,000 tenures take some 30 MB; a mapped file is
shared by all workers and costs what is looked at. A look-up bisects the hashes (18 steps of 200,000).
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import orjson

from streams.core.offices.model import Office, Person, Tenure, fuzzy
from streams.core.offices.names import keys_of, lookup_keys
from streams.core.outcome import Permanent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAGIC: Final = b"COFFICE1"
_PARTS: Final = 8
_HASHES: Final = (0, 2)
_BLOBS: Final = (6, 7)
_HEADER: Final = struct.Struct(f"<8s{_PARTS}Q")


class Entry(NamedTuple):
    """One person with all tenures; the person's `key` is given when packed."""

    person: Person
    tenures: tuple[Tenure, ...]


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _group(office: Office, country: str | None) -> str:
    return f"{office.value}\t{country or ''}"


_Row = tuple[int, str | None, str | None, str | None, bool, str | None]
"""One tenure: number of its position, start, end, as_of, acting, source."""


def pack(entries: Iterable[Entry]) -> bytes:
    """Return the compiled form of people in the order given; the same entries give the same bytes."""
    names: set[tuple[int, int]] = set()
    groups: set[tuple[int, int]] = set()
    positions: dict[bytes, int] = {}
    people: list[bytes] = []
    for key, entry in enumerate(entries):
        person = entry.person
        names.update((_hash(each), key) for each in keys_of(person.name, person.aliases))
        for tenure in entry.tenures:
            groups.update(
                (_hash(_group(tenure.office, each)), key) for each in {tenure.country, None}
            )
        rows = [_row(tenure, positions) for tenure in entry.tenures]
        people.append(orjson.dumps([person.name, person.aliases, person.qid, rows]))
    return _joined(sorted(names), sorted(groups), list(positions), people)


def _row(tenure: Tenure, positions: dict[bytes, int]) -> _Row:
    position = orjson.dumps([
        tenure.position_id, tenure.title, tenure.office.value, tenure.rank, tenure.organization, tenure.body,
        tenure.country, tenure.deputy,
    ])
    number = positions.setdefault(position, len(positions))
    days = (tenure.start, tenure.end, tenure.as_of)
    start, end, as_of = (None if each is None else str(each) for each in days)
    return number, start, end, as_of, tenure.acting, tenure.source


def _joined(
    names: Sequence[tuple[int, int]], groups: Sequence[tuple[int, int]], positions: Sequence[bytes],
    people: Sequence[bytes],
) -> bytes:
    parts = [
        *_index(names), *_index(groups), _offsets(positions), _offsets(people), b"".join(positions),
        b"".join(people),
    ]
    header = _HEADER.pack(MAGIC, *(len(part) for part in parts))
    return header + b"".join(part + b"\0" * (-len(part) % 8) for part in parts)


def _index(pairs: Sequence[tuple[int, int]]) -> tuple[bytes, bytes]:
    hashes = struct.pack(f"<{len(pairs)}Q", *(each for each, _ in pairs))
    return hashes, struct.pack(f"<{len(pairs)}I", *(key for _, key in pairs))


def _offsets(blobs: Sequence[bytes]) -> bytes:
    at, ends = 0, [0]
    for blob in blobs:
        at += len(blob)
        ends.append(at)
    return struct.pack(f"<{len(ends)}I", *ends)


EMPTY: Final = pack(())


@dataclass(frozen=True, slots=True)
class Packed:
    """Reads the compiled form. Raises Permanent when the bytes are no registry of this version."""

    buffer: memoryview | bytes
    _parts: list[memoryview] = field(init=False, repr=False)
    _positions: dict[int, list[object]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Find the parts."""
        object.__setattr__(self, "_parts", list(_split(memoryview(self.buffer))))

    def __len__(self) -> int:
        """Return the number of people."""
        return len(self._parts[5]) - 1

    def named(self, name: str) -> list[int]:
        """Return the people of a full name: those of the first of its forms that anybody has."""
        for key in lookup_keys(name):
            if found := _run(self._parts[0], self._parts[1], _hash(key)):
                return found
        return []

    def grouped(self, office: Office, country: str | None) -> list[int]:
        """Return the people who ever held an office (or are deputies in it), None: in any country."""
        return _run(self._parts[2], self._parts[3], _hash(_group(office, country)))

    def person(self, key: int) -> Person:
        """Return a person."""
        name, aliases, qid, _ = self._record(key)
        return Person(key, name, tuple(aliases), qid)

    def tenures(self, key: int) -> tuple[Tenure, ...]:
        """Return a person's tenures."""
        return tuple(self._tenure(row) for row in self._record(key)[3])

    def _record(self, key: int) -> tuple[str, list[str], str | None, list[_Row]]:
        return cast("tuple[str, list[str], str | None, list[_Row]]", self._json(5, 7, key))

    def _json(self, offsets: int, blob: int, number: int) -> object:
        ends = self._parts[offsets]
        return cast("object", orjson.loads(self._parts[blob][ends[number] : ends[number + 1]]))

    def _tenure(self, row: _Row) -> Tenure:
        number, start, end, as_of, acting, source = row
        position = self._positions.get(number)
        if position is None:
            position = self._positions[number] = cast("list[object]", self._json(4, 6, number))
        qid, title, office, rank, organization, body, country, deputy = cast(
            "tuple[str | None, str, str, str | None, str | None, str | None, str | None, bool]", position
        )
        return Tenure(
            qid, title, Office(office), rank, organization, body, country, fuzzy(start), fuzzy(end),
            date.fromisoformat(as_of) if as_of else None, deputy, acting, source,
        )


def _split(view: memoryview) -> Iterator[memoryview]:
    if len(view) < _HEADER.size or bytes(view[:8]) != MAGIC:
        raise Permanent("OFFICES", "not a compiled registry of offices, or of another version")
    at = _HEADER.size
    for number, length in enumerate(_HEADER.unpack(view[: _HEADER.size])[1:]):
        part = view[at : at + length]
        if len(part) != length:
            raise Permanent("OFFICES", "a compiled registry of offices that is cut off")
        at += length + -length % 8
        yield part.cast("Q") if number in _HASHES else part if number in _BLOBS else part.cast("I")


def _run(hashes: memoryview, people: memoryview, wanted: int) -> list[int]:
    at, found = bisect_left(hashes, wanted), []
    while at < len(hashes) and hashes[at] == wanted:
        found.append(people[at])
        at += 1
    return found
