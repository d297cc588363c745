"""gates: what a comparison may at most show before a replay is accepted.

The limits are the job's (`ReplayGates`); that nothing was lost is no limit and cannot be waived. A gate that
does not pass may be waived by name, by somebody, for a reason. An accepted comparison is known by its digest:
when the runs differ otherwise than they did, it is accepted no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from schemas.replay_job import ReplayGates, Waiver
from streams.core.replay.diff import Diff

LOST = "lost"
"""The gate that nobody can waive."""


class Gate(NamedTuple):
    """A gate: what was measured, what is allowed (None: anything), and whether it was waived."""

    name: str
    measured: float
    limit: float | None
    waived: bool = False

    @property
    def passes(self) -> bool:
        """Tell whether it holds by itself."""
        return self.limit is None or self.measured <= self.limit

    @property
    def open(self) -> bool:
        """Tell whether it lets the replay through."""
        return self.passes or self.waived


def gates(found: Diff, limits: ReplayGates, waivers: Iterable[Waiver], lost: int) -> tuple[Gate, ...]:
    """Return all gates. `lost`: raw records that the replay read and that came to no end."""
    waived = {each.gate for each in waivers}
    articles = sum(found.articles.values())
    differing = articles - found.articles["same"]
    measured: tuple[tuple[str, float, float | None], ...] = (
        ("changed_share", differing / articles if articles else 0.0, limits.changed_share),
        ("statements_lost", found.statements["removed"], limits.statements_lost),
        ("dead_letters", found.dead_letters["added"], limits.dead_letters),
    )
    return (
        *(Gate(name, value, limit, name in waived) for name, value, limit in measured),
        Gate(LOST, lost, 0),
    )
