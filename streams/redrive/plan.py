"""plan: what is to be done with each of the chosen letters, or why nothing is. Nothing is written here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from streams.redrive.rows import OPEN, TAKEN_BACK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.redrive.rows import Row

UNSOUND: Final = "not whole, or of a replay"
NO: Final = {
    "worn": "redriven too often (--force)", "superseded": "its article came out", "pending": "on its way",
    "dead_again": "died again, as another letter", "discarded": "discarded",
    TAKEN_BACK: "its article was taken back (`communique forget`)",
    "enriched": "enriched", "refused": "refused", "processed": "processed",
}
"""State → why nothing is done."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The letters to do something with, and how many are left alone for what reason."""

    chosen: tuple[Row, ...] = ()
    left: Counter[str] = field(default_factory=Counter)

    def groups(self) -> list[tuple[str, str, str, str, int]]:
        """Return (code, fingerprint, topic, what the first of them says, how many), the most first."""
        counted = Counter((row.code, row.fingerprint, row.topic) for row in self.chosen)
        says = {(row.code, row.fingerprint, row.topic): row.what for row in reversed(self.chosen)}
        return [(*group, says[group], many) for group, many in counted.most_common()]


def plan(
    rows: Sequence[Row], *, forced: bool = False, named: frozenset[str] = frozenset(), unsound: bool = False
) -> Plan:
    """Return what is to be done with these letters; `unsound`: those that cannot be put back, too.

    `forced` takes those that were redriven too often, and of those named by id also what was settled.
    """
    chosen: list[Row] = []
    left: Counter[str] = Counter()
    for row in rows:
        again = forced and (row.state == "worn" or row.id in named or row.at in named)
        if not (row.sound or unsound):
            left[UNSOUND] += 1
        elif (again and row.state != TAKEN_BACK) or (row.state in OPEN and row.state != "worn"):
            chosen.append(row)
        else:
            left[NO.get(row.state, row.state)] += 1
    return Plan(tuple(chosen), left)
