"""Packed: the compiled registry as bytes, and how it is read where it lies.

Layout, little-endian, each part on a multiple of eight: magic; lengths of the parts; hashes of names, sorted
(u64), and the person of each (u32); hashes of office and country or body, sorted, and the person of each;
offsets of people and of positions; positions and people as JSON. 184,000 tenures take some 30 MB; a mapped
file is shared by all workers and costs what is looked at. A look-up bisects the hashes (18 steps of 200,000).
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import numpy as np
import orjson

from streams.core.offices.model import Office, Person, Tenure, fuzzy
from streams.core.offices.names import keys_of, lookup_keys
from streams.core.outcome import Permanent

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

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


def _group(office: Office, country: str | None = None, body: str | None = None) -> str:
    return f"{office.value}\t{country or ''}\t{body or ''}"


_Row = tuple[int, str | None, str | None, str | None, bool, str | None]
"""One tenure: number of its position, start, end, as_of, acting, source."""


def pack(entries: Iterable[Entry]) -> bytes:
    """Return the compiled form of people in the order given; the same entries give the same bytes."""
    return b"".join(packed(entries))


def packed(entries: Iterable[Entry]) -> Iterator[bytes | bytearray]:
    """Yield the compiled form in pieces, to be written one by one: it is never in memory twice."""
    names, groups = _Index(), _Index()
    positions: dict[bytes, int] = {}
    people = _Blobs()
    for key, (person, tenures) in enumerate(entries):
        names.add(keys_of(person.name, person.aliases), key)
        groups.add({_group(*each) for tenure in tenures for each in _places(tenure)}, key)
        rows = [_row(tenure, positions) for tenure in tenures]
        people.append(orjson.dumps([person.name, person.aliases, person.qid, rows]))
    places = _Blobs()
    for position in positions:
        places.append(position)
    yield from _joined(names, groups, places, people)


class _Index:
    """Hashes and whose they are, as arrays: 200,000 pairs take 3 MB instead of 30."""

    def __init__(self) -> None:
        self.hashes = array("Q")
        self.people = array("I")

    def add(self, keys: Collection[str], person: int) -> None:
        self.hashes.extend(_hash(key) for key in keys)
        self.people.extend(person for _ in keys)

    def parts(self) -> tuple[bytes, bytes]:
        """Return both, ordered by hash, then person."""
        hashes = np.frombuffer(self.hashes, "<u8") if self.hashes else np.empty(0, "<u8")
        people = np.frombuffer(self.people, "<u4") if self.people else np.empty(0, "<u4")
        order = np.lexsort((people, hashes))
        return hashes[order].tobytes(), people[order].tobytes()


def _places(tenure: Tenure) -> tuple[tuple[Office, str | None, str | None], ...]:
    office = tenure.office
    return (office, tenure.country, None), (office, None, tenure.body), (office, None, None)


def _row(tenure: Tenure, positions: dict[bytes, int]) -> _Row:
    position = orjson.dumps([
        tenure.position_id, tenure.title, tenure.office.value, tenure.rank, tenure.organization, tenure.body,
        tenure.country, tenure.deputy,
    ])
    number = positions.setdefault(position, len(positions))
    days = (tenure.start, tenure.end, tenure.as_of)
    start, end, as_of = (None if each is None else str(each) for each in days)
    return number, start, end, as_of, tenure.acting, tenure.source


class _Blobs:
    """Pieces of bytes in a row: 107,000 of them, kept apart as orjson gives them, would take 480 MB."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.ends = array("I", [0])

    def append(self, piece: bytes) -> None:
        self.body += piece
        self.ends.append(len(self.body))


def _joined(names: _Index, groups: _Index, positions: _Blobs, people: _Blobs) -> Iterator[bytes | bytearray]:
    ends = (np.frombuffer(each.ends, np.uint32).astype("<u4").tobytes() for each in (positions, people))
    parts: list[bytes | bytearray] = [*names.parts(), *groups.parts(), *ends, positions.body, people.body]
    yield _HEADER.pack(MAGIC, *(len(part) for part in parts))
    for part in parts:
        yield part
        yield b"\0" * (-len(part) % 8)


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

    def grouped(self, office: Office, country: str | None, body: str | None) -> list[int]:
        """Return the people who ever held an office (or are deputies in it), None: in any country or body.

        With a country, the body is not looked at.
        """
        key = _group(office, country) if country else _group(office, None, body)
        return _run(self._parts[2], self._parts[3], _hash(key))

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
