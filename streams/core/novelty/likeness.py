"""likeness: do two statements of one speaker say the same? A function of the two gists alone, symmetric.

What both say is weighed: names most, words by length (longer words are rarer), light words least. They are of
one matter when the shorter one's weight lies mostly in the other. Then, in order: another name on each side,
and they are apart; an odd number of negations on what both say, and one contradicts the other; another number
of the same thing, another date, and one updates the other; else they are the same. So a contradiction or
another number is never the same.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from streams.core.novelty.words import Words, words

if TYPE_CHECKING:
    from streams.core.novelty.gist import Figure, Gist

T = TypeVar("T")


class Relation(Enum):
    """How two statements of one speaker are related."""

    SAME = "same"
    UPDATE = "update"
    CONTRADICTION = "contradiction"


class Likeness(NamedTuple):
    """A relation, and how alike the two are, 0 to 1."""

    relation: Relation
    similarity: float


LEAST_SHARE: Final = 0.6
"""Least share of the lighter one's weight inside the other. Others are never compared (`wordings`)."""
SHARES: Final = (1.01, 1.01, 0.99, 0.8, 0.7, LEAST_SHARE)
"""Least share to be the same, by how many terms the one with fewer has; the last for more."""
NAME_WEIGHT: Final = 1500
LIGHT_WEIGHT: Final = 400
PLAIN_WEIGHT: Final = 700
LETTER_WEIGHT: Final = 50
"""Weights are whole numbers: their sum does not depend on an order. A word's grows with its letters."""


def likeness(a: Gist, b: Gist, known: Words | None = None) -> Likeness | None:
    """Return how two statements are related; None when they are apart. `known`: English when not given."""
    if a.text == b.text and a.denied == b.denied and a.text:
        return _apart_in_time(a, b, 1.0)
    known = known or words("en")
    share, cover = shares(a, b, known)
    if share < LEAST_SHARE or _crossed(a.names, b.names) or _crossed(a.addressed, b.addressed):
        return None
    fewest = min(len(a.terms) + len(a.names), len(b.terms) + len(b.names))
    needed = SHARES[min(fewest, len(SHARES) - 1)]
    inside = fewest >= 2 and _inside(a.text, b.text)
    similarity = round(0.7 * share + 0.3 * cover, 4)
    crossed = _other_figures(a.figures, b.figures, known) or _crossed(a.times, b.times)
    if _odd(a, b) or crossed:
        kind = Relation.CONTRADICTION if _odd(a, b) else Relation.UPDATE
        return Likeness(kind, similarity) if fewest >= 2 else None
    return _apart_in_time(a, b, similarity) if share >= needed or inside else None


def _apart_in_time(a: Gist, b: Gist, similarity: float) -> Likeness:
    """Return the same, or an update when both speak of a day by that of speaking, and those are not one."""
    if a.around and b.around:
        (a_from, a_to), (b_from, b_to) = a.around, b.around
        if (a_to and b_from and a_to < b_from) or (b_to and a_from and b_to < a_from):
            return Likeness(Relation.UPDATE, similarity)
    return Likeness(Relation.SAME, similarity)


def weigh(gist: Gist, known: Words) -> tuple[tuple[str, int], ...]:
    """Return what a gist is found by, with its weight: terms and names, else its text."""
    terms = [(term, _weight(term, known)) for term in sorted(gist.terms)]
    names = [(f"@{name}", NAME_WEIGHT) for name in sorted(gist.names)]
    return (*terms, *names) or ((f"={gist.text}", NAME_WEIGHT),)


def _weight(term: str, known: Words) -> int:
    return LIGHT_WEIGHT if term in known.light else PLAIN_WEIGHT + LETTER_WEIGHT * len(term)


def shares(a: Gist, b: Gist, known: Words) -> tuple[float, float]:
    """Return the weight of what both say as shares of the lighter and of the heavier; 0 when nothing is."""
    common = _sum(a.terms & b.terms, a.names & b.names, known)
    weights = [_sum(each.terms, each.names, known) for each in (a, b)]
    return (common / min(weights), common / max(weights)) if common else (0.0, 0.0)


def _sum(terms: frozenset[str], names: frozenset[str], known: Words) -> int:
    return sum(_weight(term, known) for term in terms) + NAME_WEIGHT * len(names)


def _crossed(a: frozenset[T], b: frozenset[T]) -> bool:
    """Tell whether each has something that the other has not."""
    return not (a <= b or b <= a)


def _odd(a: Gist, b: Gist) -> bool:
    """Tell whether the negations that reach what both say turn one of the two round."""
    common = a.terms & b.terms
    turns = [sum(not common.isdisjoint(scope) for scope in each.turned) + each.denied for each in (a, b)]
    return turns[0] % 2 != turns[1] % 2


def _other_figures(a: frozenset[Figure], b: frozenset[Figure], known: Words) -> bool:
    """Tell whether they count the same thing differently, or each gives a number that the other has not.

    Ten days and ten weeks are two numbers: measures belong to their number.
    """
    if not a or not b:
        return False
    measured = [frozenset(figure for figure in each if figure.unit in known.measures) for each in (a, b)]
    values = [frozenset(figure.value for figure in each) for each in (a, b)]
    if _crossed(*measured) or _crossed(*values):
        return True
    units = {figure.unit for figure in a} & {figure.unit for figure in b} - {""}
    return any(_of(unit, a).isdisjoint(_of(unit, b)) for unit in units)


def _of(unit: str, figures: frozenset[Figure]) -> frozenset[str]:
    return frozenset(figure.value for figure in figures if figure.unit == unit)


def _inside(a: str, b: str) -> bool:
    return f" {a} " in f" {b} " or f" {b} " in f" {a} "
