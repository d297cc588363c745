"""partition: how the clusters of two runs differ, at rest, from counts alone.

Two articles that are in one cluster are a pair. A pair that only the new run has was joined, one that only
the old has was split (Rand 1971 counts the same pairs). Clusters are told by their articles, never by their
ids, which are made of the canonical's: one with the same articles and another canonical was renamed.

Counts are made of cells: how many articles are in old cluster A and new cluster B. n articles in a cell hold
n(n-1)/2 pairs, so that a cluster of 10,000 articles costs one number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Cell(NamedTuple):
    """`articles` that are in both clusters; sizes are those of the whole clusters, among what is compared."""

    articles: int
    old_size: int
    new_size: int
    canonical_differs: bool


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Pairs of articles in one cluster; clusters with the same articles and another canonical."""

    same: int = 0
    joined: int = 0
    split: int = 0
    renamed: int = 0
    moved: int = 0
    """Articles whose companions are not the same."""

    @property
    def nothing(self) -> bool:
        """Tell whether both runs have the same clusters."""
        return not (self.joined or self.split or self.renamed)


def pairs(articles: int) -> int:
    """Return how many pairs so many articles hold."""
    return articles * (articles - 1) // 2


def compare(cells: Iterable[Cell], old_sizes: Iterable[int], new_sizes: Iterable[int]) -> PairCounts:
    """Return the counts of two runs' clusters. Sizes: of each cluster of each run, among what is compared."""
    same = renamed = moved = 0
    for cell in cells:
        same += pairs(cell.articles)
        whole = cell.articles == cell.old_size == cell.new_size
        renamed += whole and cell.canonical_differs
        moved += 0 if whole else cell.articles
    before, after = (sum(map(pairs, sizes)) for sizes in (old_sizes, new_sizes))
    return PairCounts(same, after - same, before - same, renamed, moved)
