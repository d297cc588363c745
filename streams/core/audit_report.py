"""audit_report: the outcome of an audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

ENDS: Final = ("raw", "enriched", "refused", "dead_lettered", "pending", "lost", "redriven")
"""What a cell counts: all raw records, each in one of the next five; `redriven` beside them."""


class Cell(NamedTuple):
    """How many raw records of one partition, hour (since 1970, UTC) and mode ended how."""

    partition: str
    hour: int | None
    mode: str
    ends: tuple[tuple[str, int], ...]
    """Counts by enriched, refused, dead_lettered, pending, lost, and redriven beside them."""


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
    redriven: int = 0
    """Of the above, those whose fate is that of a redrive."""
    forged: tuple[str, ...] = ()
    """Raw records that call themselves redriven, and nobody noted it."""
    cells: tuple[Cell, ...] = ()

    @property
    def holds(self) -> bool:
        """Return whether nothing was lost and nothing came out twice. Pending records do not break it."""
        return not (self.lost or self.doubled or self.statements_lost or self.forged)

    def as_dict(self) -> dict[str, object]:
        """Return the report as `communique audit --json` prints it, without its cells."""
        told = {name: getattr(self, name) for name in type(self).__slots__ if name != "cells"}
        return {**told, "holds": self.holds}
