"""Meant: whom a source means, and who spoke before."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from schemas.statement import Attribution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.core.statements.cast import Actor
    from streams.core.statements.report import Bounds, Report
    from streams.core.tagging.roles import RoleSaid

SURE: Final = 1.0
POINTED: Final = 0.92
"""A pronoun or noun that points back to one who fits."""
INFERRED: Final = 0.7
DOUBTFUL: Final = 0.4
_MOST_NEAR: Final = 12
"""Reports that are looked back over, so that a paragraph of thousands stays linear."""


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom a source means. `actor` None: as written only; `name` None: nobody can be told.

    `key` is the same for the same speaker in one article, `at` where he stands as the source, `nominal` the
    source in lower case when it is no name, `office` the role that it says.
    """

    name: str | None
    kind: str
    key: str | None
    rule: str
    attribution: Attribution = Attribution.EXPLICIT
    weight: float = SURE
    actor: Actor | None = None
    at: Bounds | None = None
    nominal: str | None = None
    office: RoleSaid | None = None


def by(actor: Actor, at: Bounds | None, rule: str, weight: float = SURE) -> Meant:
    """Return an actor as meant."""
    return Meant(actor.name, actor.kind, actor.key, rule, Attribution.EXPLICIT, weight, actor, at)


def again(said: Meant, at: Bounds, rule: str, weight: float = POINTED) -> Meant:
    """Return an earlier speaker as meant again, by other words."""
    return replace(
        said, rule=rule, attribution=Attribution.EXPLICIT, weight=min(said.weight, SURE) * weight, at=at
    )


def going_on(said: Meant, *, sure: bool) -> Meant:
    """Return the speaker of words that follow his: inferred when that is sure, else ambiguous."""
    sure = sure and said.attribution is not Attribution.AMBIGUOUS
    return replace(
        said,
        rule="speaker:goes_on" if sure else "speaker:may_go_on",
        attribution=Attribution.INFERRED if sure else Attribution.AMBIGUOUS,
        weight=INFERRED if sure else DOUBTFUL,
        at=None,
    )


def unknown(rule: str, at: Bounds | None = None) -> Meant:
    """Return that nobody can be told."""
    return Meant(None, "person", None, rule, Attribution.AMBIGUOUS, DOUBTFUL, at=at)


@dataclass(slots=True)
class Memory:
    """The explicit speakers of a field so far. `breaks`: where its paragraphs end."""

    breaks: Sequence[int]
    spoken: list[tuple[int, Meant, Report]] = field(default_factory=list)

    def paragraph(self, at: int) -> int:
        """Return the number of the paragraph that holds a code point."""
        return bisect_right(self.breaks, at)

    def begins(self, number: int) -> int:
        """Return where a paragraph begins."""
        return self.breaks[number - 1] if 0 < number <= len(self.breaks) else 0

    def near(self, at: int, back: int = 1) -> list[tuple[int, Meant, Report]]:
        """Return who spoke in the paragraph of `at` and up to `back` before it, the last first."""
        number = self.paragraph(at)
        found = []
        for said in reversed(self.spoken[-_MOST_NEAR:]):
            if said[0] < number - back:
                break
            found.append(said)
        return found

    def add(self, report: Report, meant: Meant) -> None:
        """Remember an explicit speaker."""
        self.spoken.append((self.paragraph(report.sentence.start), meant, report))


def breaks_of(text: str) -> list[int]:
    """Return where paragraphs end."""
    found, at = [], text.find("\n\n")
    while at >= 0:
        found.append(at)
        at = text.find("\n\n", at + 2)
    return found
