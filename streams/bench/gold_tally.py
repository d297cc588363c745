"""gold_tally: counts by aspect, and the misses that make them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streams.bench.gold import GoldArticle


@dataclass(frozen=True, slots=True)
class Miss:
    """One thing that is not as annotated. `wanted`, `got`: in words; empty when there is nothing."""

    file: str
    id: str
    aspect: str
    wanted: str
    got: str


@dataclass(slots=True)
class Tally:
    """Counts by aspect: how many, how many right; and the misses."""

    asked: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    misses: list[Miss] = field(default_factory=list)

    def count(
        self, aspect: str, gold: GoldArticle, name: str, wanted: object, got: object, *, ok: bool
    ) -> None:
        """Count one decision; remember it when it is wrong."""
        self.asked[aspect] += 1
        self.right[aspect] += ok
        if not ok:
            self.misses.append(Miss(gold.file, name, aspect, _words(wanted), _words(got)))

    def share(self, aspect: str) -> float:
        """Return the share right; 0 when nothing was asked."""
        return self.right[aspect] / self.asked[aspect] if self.asked[aspect] else 0.0

    def f1(self, precision: str, recall: str) -> float:
        """Return the harmonic mean of two shares."""
        p, r = self.share(precision), self.share(recall)
        return 2 * p * r / (p + r) if p + r else 0.0


def _words(value: object) -> str:
    if isinstance(value, (list, tuple, set)):
        return ", ".join(sorted(map(_words, value)) if isinstance(value, set) else map(_words, value))
    return "" if value is None else str(value).replace("\n", " ")
