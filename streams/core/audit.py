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
- what has no fate is `pending` when it is still on its way, else `lost`.

A raw record costs nine bytes: the ledger holds a flag and the first 64 bits of its fate's id.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import Enum, IntFlag
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class FateKind(Enum):
    """How a raw record may end, as seen on the topics."""

    ENRICHED = "enriched"
    REFUSED = "refused"
    DEAD = "dead"
    DEAD_SHARD = "dead_shard"
    """A dead sketch, match or answer: the fate only when nothing else came of the article."""
    DEAD_UNSURE = "dead_unsure"
    """Dead by the moment's fault (TRANSIENT, KILLED): the fate only when the record did not succeed."""
    DEAD_LATER = "dead_later"
    """Dead on a topic that follows the enriched event: no fate."""


class Fate(NamedTuple):
    """One record that tells the end of an origin.

    `event_id`: `ce_id`, or a dead letter's topic-partition-offset.
    """

    kind: FateKind
    origin: str
    event_id: str
    redriven: bool = False


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


_ENDS = {FateKind.ENRICHED: _Flag.ENRICHED, FateKind.REFUSED: _Flag.REFUSED, FateKind.DEAD: _Flag.DEAD}


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome. The lists hold origins, by topic, partition and offset."""

    raw: int
    enriched: int
    refused: int
    dead_lettered: int
    dead_lettered_later: int
    pending: int
    repeated: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    statements_lost: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Return whether nothing was lost and nothing came out twice. Pending records do not break it."""
        return not (self.lost or self.doubled or self.statements_lost)

    def as_dict(self) -> dict[str, object]:
        """Return the report as `communique audit --json` prints it."""
        return {**asdict(self), "holds": self.holds}


@dataclass(slots=True)
class _Part:
    """One raw partition from its first offset seen."""

    base: int
    flags: bytearray = field(default_factory=bytearray)
    ids: array[int] = field(default_factory=lambda: array("Q"))

    def add(self, offset: int) -> None:
        """Take in a raw record; offsets come in order, holes are no records."""
        missing = offset - self.base + 1 - len(self.flags)
        self.flags.extend(bytes(missing))
        self.ids.extend([0] * missing)
        self.flags[offset - self.base] |= _Flag.RAW


@dataclass(slots=True)
class Ledger:
    """Takes facts, gives a `Report`.

    Origins that are no raw record taken in before (expired, or newer) are ignored.

    >>> ledger = Ledger()
    >>> ledger.raw("r", 0, 7)
    >>> ledger.fate(Fate(FateKind.ENRICHED, "r-0-7", "e"))
    >>> ledger.report().holds
    True
    """

    repeated: int = 0
    _parts: dict[str, _Part] = field(default_factory=dict)

    def raw(self, topic: str, partition: int, offset: int) -> None:
        """Take in a raw record; those of one partition in order."""
        name = f"{topic}-{partition}"
        part = self._parts.get(name)
        if part is None:
            part = self._parts[name] = _Part(offset)
        part.add(offset)

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
        name, _, offset = origin.rpartition("-")
        part = self._parts.get(name)
        if part is None or not (offset.isascii() and offset.isdigit()):
            return None
        index = int(offset) - part.base
        return (part, index) if 0 <= index < len(part.flags) and part.flags[index] & _Flag.RAW else None

    def _each(self) -> Iterator[tuple[str, _Flag]]:
        for name in sorted(self._parts, key=lambda n: (n.rpartition("-")[0], int(n.rpartition("-")[2]))):
            part = self._parts[name]
            for index, flags in enumerate(part.flags):
                if flags & _Flag.RAW:
                    yield f"{name}-{part.base + index}", _Flag(flags)

    def report(self) -> Report:
        """Return what came of every raw record taken in."""
        counts: Counter[str] = Counter()
        lost: list[str] = []
        doubled: list[str] = []
        for origin, flags in self._each():
            name = _end(flags)
            counts["raw"] += 1
            counts[name or "lost"] += 1
            counts["later"] += _Flag.DEAD_BESIDE in flags and name in {"enriched", "refused"}
            lost += [] if name else [origin]
            doubled += [origin] if _Flag.DOUBLED in flags else []
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
        )


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
