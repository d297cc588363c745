"""audit: every raw record ends in exactly one fate.

The bookkeeping of the first promise (README), over facts read from the topics.

A fate is an enriched event, a refusal, or a dead letter. Facts may come in any order, but for the raw
records, which come first, and a redelivered fact changes nothing but `repeated`. What the ledger decides:

- the same event id again is `repeated`, another fate or another id of the same origin is `doubled`;
- a dead letter is superseded by the fate of its redrive;
- a dead letter of a topic after enrichment is `dead_lettered_later`: the article came out;
- a dead sketch is answered as failed, a dead match or answer may be a repeat's or be redriven: beside an
  enriched event it is `dead_lettered_later` too;
- a dead letter of code TRANSIENT or KILLED may have been sent by a worker that died before it committed, and
  the record succeeded when it came again: beside another fate it is superseded, `dead_lettered_later` too;
- dead letters of one origin at several places, one a shard, are one fate;
- what has no fate is `pending` when it is still on its way, else `lost`;
- the copy of a dead raw record is no other article: its fate is that of the first, also when raw keeps only
  the copy; a record that calls itself a copy, and nobody noted that it is one, is `forged`: it breaks the
  audit.

A raw record costs eleven bytes: a flag, the hour and mode that it counts in, and the first 64 bits of its
fate's id.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from enum import IntFlag
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, TypeAlias

from streams.core.audit_report import ENDS, Cell, Report
from streams.core.fates import FateKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from streams.core.fates import Fate


class _Flag(IntFlag):
    RAW = 1
    ON_THE_WAY = 2
    ENRICHED = 4
    REFUSED = 8
    DEAD = 16
    DEAD_BESIDE = 32
    REDRIVEN = 64
    DOUBLED = 128
    ENDED = ENRICHED | REFUSED | DEAD


Group: TypeAlias = "tuple[int | None, str]"  # hour and mode that a raw record counts in
_OTHER: Final[Group] = (None, "other")
_MOST_GROUPS: Final = 65_000  # two bytes a record: years of hours in each mode

_ENDS = {FateKind.ENRICHED: _Flag.ENRICHED, FateKind.REFUSED: _Flag.REFUSED, FateKind.DEAD: _Flag.DEAD}


@dataclass(slots=True)
class _Part:
    """One raw partition from its first offset seen."""

    base: int
    flags: bytearray = field(default_factory=bytearray)
    ids: array[int] = field(default_factory=lambda: array("Q"))
    groups: array[int] = field(default_factory=lambda: array("H"))

    def where(self, name: str, flags: bytes) -> list[str]:
        """Return the places, `name` before the offset, whose flags are one of `flags`."""
        found = self.flags.translate(None, bytes(set(range(256)) - set(flags)))
        if not found:
            return []
        wanted = set(flags)
        return [f"{name}-{self.base + index}" for index, flag in enumerate(self.flags) if flag in wanted]

    def add(self, offset: int, flag: int, group: int) -> None:
        """Take in a record; offsets come in order, holes are no records."""
        if (missing := offset - self.base + 1 - len(self.flags)) > 0:
            self.flags.extend(bytes(missing))
            self.ids.frombytes(bytes(8 * missing))
            self.groups.frombytes(bytes(2 * missing))
        self.flags[offset - self.base] |= flag
        self.groups[offset - self.base] = group


@dataclass(slots=True)
class Ledger:
    """Takes facts, gives a `Report`.

    Origins that are no raw record taken in before (expired, or newer) are ignored.

    >>> from streams.core.fates import Fate
    >>> ledger = Ledger()
    >>> ledger.raw("r", 0, 7)
    >>> ledger.fate(Fate(FateKind.ENRICHED, "r-0-7", "e"))
    >>> ledger.report().holds
    True
    """

    repeated: int = 0
    _parts: dict[str, _Part] = field(default_factory=dict)
    _adopted: dict[str, _Part] = field(default_factory=dict)
    _groups: dict[Group, int] = field(default_factory=lambda: {_OTHER: 0})
    _forged: list[str] = field(default_factory=list)

    def raw(
        self, topic: str, partition: int, offset: int, hour: int | None = None, mode: str = "live",
        *, is_copy: bool = False,
    ) -> None:
        """Take in a raw record; those of one partition in order. `hour`: since 1970, UTC.

        A copy of a dead one keeps its place only, until `copy` or `forged` says what it is.
        """
        name = f"{topic}-{partition}"
        part = self._parts.get(name)
        if part is None:
            part = self._parts[name] = _Part(offset)
        if offset < part.base:  # a replay's copy of a redriven record: its first lies before all others
            self.copy(f"{name}-{offset}", hour)
            return
        part.add(offset, 0 if is_copy else _Flag.RAW, self._group(hour, mode))

    def copy(self, origin: str, hour: int | None = None, *, unread: bool = False) -> None:
        """Take in, once all raw records are, that a noted redrive's copy of a raw record lies on raw.

        Where the first is no longer kept the copy stands for it: some hundred bytes. `unread`: its reader has
        not committed it.
        """
        if self._find(origin) is None and (place := _place(origin)) is not None:
            self._adopted[origin] = part = _Part(place)
            part.add(place, _Flag.RAW, self._group(hour, "redrive"))
        if unread:
            self.on_the_way(origin)

    def not_yet(self, topic: str, last: Mapping[int, int]) -> None:
        """Take in that of each partition nothing after these offsets has been begun with."""
        for partition, offset in last.items():
            if (part := self._parts.get(f"{topic}-{partition}")) is not None:
                for index in range(max(0, offset + 1 - part.base), len(part.flags)):
                    part.flags[index] |= _Flag.ON_THE_WAY

    def knows(self, origin: str) -> bool:
        """Tell whether a raw record of this origin was taken in."""
        return bool(self._find(origin))

    def forged(self, at: str) -> None:
        """Take in, once all raw records are, that one calls itself redriven, and nobody noted it."""
        name, _, offset = at.rpartition("-")
        self._parts[name].flags[int(offset) - self._parts[name].base] |= _Flag.RAW
        self._forged.append(at)

    def _group(self, hour: int | None, mode: str) -> int:
        known = self._groups.get((hour, mode))
        if known is None and len(self._groups) <= _MOST_GROUPS:
            known = self._groups[hour, mode] = len(self._groups)
        return known or 0

    def on_the_way(self, origin: str) -> None:
        """Take in that a record of this origin lies beyond what its reader has committed."""
        if found := self._find(origin):
            part, index = found
            part.flags[index] |= _Flag.ON_THE_WAY

    def fate(self, fate: Fate) -> None:
        """Take in a fate."""
        if not (found := self._find(fate.origin)):
            return
        part, index = found
        had = _Flag(part.flags[index])
        word = _word(fate.event_id)
        flag = _ENDS.get(fate.kind, _Flag.DEAD_BESIDE)
        if flag is _Flag.DEAD_BESIDE:
            part.flags[index] |= flag
        elif not had & _Flag.ENDED or (_Flag.DEAD in had and fate.redriven and flag is not _Flag.DEAD):
            kept = had & ~_Flag.ENDED
            part.flags[index] = kept | flag | (_Flag.REDRIVEN if fate.redriven else 0)
            part.ids[index] = word
        elif flag in had and part.ids[index] == word:
            self.repeated += 1
        elif flag is not _Flag.DEAD or not had & (_Flag.DEAD | _Flag.REDRIVEN):
            part.flags[index] |= _Flag.DOUBLED

    def _find(self, origin: str) -> tuple[_Part, int] | None:
        if origin in self._adopted:
            return self._adopted[origin], 0
        part = self._parts.get(origin.rpartition("-")[0])
        place = _place(origin)
        if part is None or place is None:
            return None
        index = place - part.base
        return (part, index) if 0 <= index < len(part.flags) and part.flags[index] & _Flag.RAW else None

    def _each(self) -> Iterator[tuple[str, _Part]]:
        """Yield the parts by topic, partition and offset, with the partition's name."""
        parts = [*self._parts.items(), *((o.rpartition("-")[0], p) for o, p in self._adopted.items())]
        yield from sorted(parts, key=lambda each: (*_order(each[0]), each[1].base))

    def report(self) -> Report:
        """Return what came of every raw record taken in."""
        counts: Counter[str] = Counter()
        cells: dict[tuple[str, int], Counter[str]] = {}
        lost: list[str] = []
        doubled: list[str] = []
        for name, part in self._each():
            for (flag, group), many in Counter(zip(part.flags, part.groups, strict=True)).items():
                if flag & _Flag.RAW:
                    ends = _ends(_Flag(flag), many)
                    cells.setdefault((name, group), Counter()).update(ends)
                    counts.update(ends)
            lost += part.where(name, _LOST)
            doubled += part.where(name, _DOUBLED)
        return Report(
            raw=counts["raw"],
            enriched=counts["enriched"],
            refused=counts["refused"],
            dead_lettered=counts["dead_lettered"],
            dead_lettered_later=counts["later"],
            pending=counts["pending"],
            repeated=self.repeated,
            lost=tuple(lost),
            doubled=tuple(doubled),
            redriven=counts["redriven"],
            forged=tuple(sorted(self._forged, key=_order)),
            cells=tuple(self._cells(cells)),
        )

    def _cells(self, counted: Mapping[tuple[str, int], Counter[str]]) -> Iterator[Cell]:
        groups = {number: group for group, number in self._groups.items()}
        for (name, number), ends in counted.items():
            yield Cell(name, *groups[number], tuple((each, ends[each]) for each in ENDS))


def _ends(flags: _Flag, many: int) -> dict[str, int]:
    name = _end(flags)
    later = _Flag.DEAD_BESIDE in flags and name in {"enriched", "refused"}
    redriven = _Flag.REDRIVEN in flags and name in {"enriched", "refused"}
    return {"raw": many, name or "lost": many, "later": many * later, "redriven": many * redriven}


def _place(origin: str) -> int | None:
    offset = origin.rpartition("-")[2]
    return int(offset) if offset.isascii() and offset.isdigit() else None


def _order(name: str) -> tuple[tuple[str, int], ...]:
    """Order `topic-partition` and `topic-partition-offset` by number."""
    return tuple((each, 0) if not each.isdigit() else ("", int(each)) for each in name.split("-"))


def _end(flags: _Flag) -> str | None:
    """Return the field of the report that a raw record counts in, None when it is lost."""
    if _Flag.ENRICHED in flags:
        return "enriched"
    if _Flag.REFUSED in flags:
        return "refused"
    if _Flag.DEAD in flags:
        return "dead_lettered"
    if _Flag.ON_THE_WAY in flags:
        return "pending"
    return "dead_lettered" if _Flag.DEAD_BESIDE in flags else None


def _word(event_id: str) -> int:
    return int.from_bytes(blake2b(event_id.encode(), digest_size=8).digest(), "big")


_LOST: Final = bytes(flag for flag in range(256) if flag & _Flag.RAW and _end(_Flag(flag)) is None)
_DOUBLED: Final = bytes(flag for flag in range(256) if flag & _Flag.RAW and flag & _Flag.DOUBLED)
