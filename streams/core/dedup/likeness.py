"""Likeness: what two texts have in common, and whether that makes one a near-duplicate or a part.

Measured is *coverage*: the share of a text's words that lie in runs of words which the other has too. It is
asked of both sides. Evidence, in this order (each match says which one decided):

1. *template*: full of figures, and those disagree: another week's figures, not an update. Not alike.
2. *titles_differ*: short, with titles that have little in common: stubs in the same words. Not alike.
3. *runs_cover_both*: runs of five words cover both.
4. *names_and_words*: runs of three words cover both in good part, and they name the same things, many of
   them: a rewrite. A text that lies whole in the other is not one.
5. *runs_cover_one*: runs of five words cover one of the two: it is part of the other.

A function of the two fingerprints alone, and the same from both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.shard_matches import Relation
from streams.core.dedup.fingerprint import GRAM_WORDS, Fingerprint, Grams, at_scale

RUN_WORDS: Final = 5
"""Words of a run that is no chance: four words in a row are shared by unrelated texts all the time."""

RUN_GRAMS: Final = RUN_WORDS - GRAM_WORDS + 1

_CELLS: Final = 1 << 22
"""Cells of the table of one round of comparisons: bounds memory (4 MB of bytes) when candidates are many."""


class Coverage(NamedTuple):
    """Shares of one text's words that lie in common runs of five, and of three words."""

    fives: float
    threes: float


NOTHING: Final = Coverage(0.0, 0.0), Coverage(0.0, 0.0)
"""Of two texts that have nothing in common, or too little to be alike."""


class Likeness(NamedTuple):
    """How two texts are alike: `mine` is the share of the first inside the second."""

    relation: Relation
    rule: str
    mine: float
    theirs: float


@dataclass(frozen=True, slots=True)
class Measure:
    """What counts as alike. Swept on neardup_dev and neardup_dev_synthetic together; see docs/adr/0013."""

    merge_share: float = 0.7
    contained_share: float = 0.7
    rewrite_share: float = 0.4
    rewrite_names_share: float = 0.8
    rewrite_names: int = 16
    rewrite_most: float = 0.75
    template_figures: int = 4
    template_density: float = 0.05
    template_share: float = 0.5
    short_words: int = 60
    short_title_share: float = 0.5

    @property
    def least(self) -> float:
        """Return the coverage by runs of five below which, on both sides, nothing is alike."""
        return min(self.contained_share, self.rewrite_share)


def agreement(mine: Grams, theirs: Grams) -> tuple[int, float]:
    """Return how many are common, and their share of the shorter list; 1.0 when one is empty."""
    least = min(len(mine), len(theirs))
    if not least:
        return 0, 1.0
    shared = len(np.intersect1d(mine, theirs, assume_unique=True))
    return shared, shared / least


def judged(
    mine: Fingerprint, theirs: Fingerprint, cover: tuple[Coverage, Coverage], measure: Measure
) -> Likeness | None:
    """Return how two texts are alike by the coverage of each; None when they are not."""
    fives = cover[0].fives, cover[1].fives
    if max(fives) < measure.least or _template(mine, theirs, measure):
        return None
    if min(fives) >= measure.merge_share:
        alike = not _other_title(mine, theirs, measure)
        return Likeness(Relation.NEAR_DUPLICATE, "runs_cover_both", *fives) if alike else None
    if max(fives) < WHOLE and _rewrite(mine, theirs, cover, measure):
        return Likeness(Relation.NEAR_DUPLICATE, "names_and_words", *fives)
    if max(fives) >= measure.contained_share:
        return Likeness(Relation.PART_OF, "runs_cover_one", *fives)
    return None


WHOLE: Final = 0.97
"""A text covered so far lies whole in the other: containment decides, not its names."""


def _template(mine: Fingerprint, theirs: Fingerprint, measure: Measure) -> bool:
    figures = min(len(mine.figures), len(theirs.figures))
    dense = figures >= measure.template_density * max(mine.words, theirs.words)
    if figures < measure.template_figures or not dense:
        return False
    return agreement(mine.figures, theirs.figures)[1] < measure.template_share


def _other_title(mine: Fingerprint, theirs: Fingerprint, measure: Measure) -> bool:
    if max(mine.words, theirs.words) >= measure.short_words:
        return False
    return agreement(mine.title, theirs.title)[1] < measure.short_title_share


def _rewrite(
    mine: Fingerprint, theirs: Fingerprint, cover: tuple[Coverage, Coverage], measure: Measure
) -> bool:
    threes = cover[0].threes, cover[1].threes
    if min(threes) < measure.rewrite_share or max(threes) < measure.rewrite_most:
        return False
    shared, share = agreement(mine.names, theirs.names)
    return shared >= measure.rewrite_names and share >= measure.rewrite_names_share


def covers(
    mine: Fingerprint, others: list[Fingerprint], least: float = 0.0
) -> list[tuple[Coverage, Coverage]]:
    """Return for each other text the coverage of mine by it, and of it by mine.

    A pair in which runs of five cover less than `least` of either text may be given as `NOTHING`.
    """
    found: list[tuple[Coverage, Coverage]] = []
    widest = max([len(mine.grams), *(len(other.grams) for other in others)])
    at_once = max(1, _CELLS // max(1, widest))
    for start in range(0, len(others), at_once):
        found += _covers(mine, others[start : start + at_once], least)
    return found


def _covers(
    mine: Fingerprint, others: list[Fingerprint], least: float
) -> list[tuple[Coverage, Coverage]]:
    scales = [max(mine.scale, other.scale) for other in others]
    own = {scale: np.unique(at_scale(mine.grams, scale), return_inverse=True) for scale in set(scales)}
    whole = [n for n, scale in enumerate(scales) if scale == 1 and len(others[n].grams) >= RUN_GRAMS]
    short = set()
    if least > 0 and whole and len(mine.grams) >= RUN_GRAMS:
        most = _most(own[1], mine, [others[n] for n in whole])
        short = {n for n, share in zip(whole, most.tolist(), strict=True) if share < least}
    return [
        NOTHING if n in short else _pair(own[scale], mine, other, scale)
        for n, (other, scale) in enumerate(zip(others, scales, strict=True))
    ]


def _most(
    own: tuple[Grams, NDArray[np.intp]], mine: Fingerprint, others: list[Fingerprint]
) -> NDArray[np.float64]:
    """Return the greatest share of either text that runs of five can cover, for all pairs at once.

    Texts that share a band mostly share a phrase and no more: they end here, at a tenth of what a pair takes.
    """
    distinct, places = own
    sizes = [len(other.grams) for other in others]
    theirs, row = np.concatenate([other.grams for other in others]), np.repeat(np.arange(len(others)), sizes)
    at = np.minimum(np.searchsorted(distinct, theirs), len(distinct) - 1)
    hits = distinct[at] == theirs
    held = np.zeros((len(others), len(distinct)), dtype=bool)
    held[row[hits], at[hits]] = True
    own_fives = _fives(held[:, places])
    fives = _fives(hits) & (row[:-2] == row[2:])
    words = np.array([other.words for other in others])
    its = np.bincount(row[:-2], weights=_at_most(fives), minlength=len(others))
    found: NDArray[np.float64] = np.maximum(_at_most(own_fives).sum(axis=1) / mine.words, its / words)
    return found


def _fives(hits: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell of each gram, but for the last two, whether a common run of five words begins there."""
    return hits[..., :-2] & hits[..., 1:-1] & hits[..., 2:]


def _at_most(fives: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Return how many words each start of a run adds at most: five, one where the one before is a start."""
    added = fives * np.int8(RUN_WORDS)
    added[..., 1:] -= (fives[..., 1:] & fives[..., :-1]) * np.int8(RUN_WORDS - 1)
    return added


def _pair(
    own: tuple[Grams, NDArray[np.intp]], mine: Fingerprint, other: Fingerprint, scale: int
) -> tuple[Coverage, Coverage]:
    distinct, places = own
    theirs = at_scale(other.grams, scale)
    if not len(distinct) or not len(theirs):
        return NOTHING
    at = np.minimum(np.searchsorted(distinct, theirs), len(distinct) - 1)
    hits = distinct[at] == theirs
    held = np.zeros(len(distinct), dtype=bool)
    held[at[hits]] = True
    if scale > 1:
        return _sampled(held[places]), _sampled(hits)
    return _covered(held[places], mine.words), _covered(hits, other.words)


def _sampled(hits: NDArray[np.bool_]) -> Coverage:
    share = float(hits.mean())
    return Coverage(share, share)


def _covered(hits: NDArray[np.bool_], words: int) -> Coverage:
    """Return the coverage of a text of `words` words whose grams are hits or not.

    Three grams in a row are a run of five words. A text shorter than a run is one.
    """
    if words < RUN_WORDS:
        share = float(hits.all())
        return Coverage(share, share)
    return Coverage(_spread(_fives(hits), RUN_WORDS) / words, _spread(hits, GRAM_WORDS) / words)


def _spread(starts: NDArray[np.bool_], size: int) -> int:
    """Return how many words lie in the runs of `size` words that begin at `starts`."""
    edges = np.zeros(len(starts) + size, dtype=np.int8)
    edges[: len(starts)] += starts
    edges[size:] -= starts
    return int(np.count_nonzero(np.cumsum(edges, dtype=np.int8)))
