"""Content: the stretches that a clause, a noun phrase or what is left of a sentence take in the field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core.statements.report import Bounds

if TYPE_CHECKING:
    from streams.core.statements.tree import Tree

QUESTIONS: Final = frozenset(("WDT", "WP", "WP$", "WRB"))
"""Tags of the words that open an indirect question."""
_EDGES: Final = (",", ".", ";", ":", "-", "–", "—", "--", '"', "“", "”", "''", "``")


def below(tree: Tree, word: int, *, skip: int | None = None) -> tuple[Bounds, ...]:
    """Return the stretch below a word, without the leading "that", in two when `skip`'s cuts it."""
    first, last = tree.left[word], tree.right[word]
    mark = tree.child(word, "mark")
    if mark is not None and mark == first and tree.words[mark] == "that":
        first += 1
    if skip is None or not first <= skip <= last:
        return piece(tree, first, last)
    return piece(tree, first, tree.left[skip] - 1) + piece(tree, tree.right[skip] + 1, last)


def piece(tree: Tree, first: int, last: int) -> tuple[Bounds, ...]:
    """Return the stretch of the words `first` to `last` without marks at its ends; none when it is empty."""
    while first <= last and tree.words[first] in _EDGES and first not in tree.quotes:
        first += 1
    while first <= last and tree.words[last] in _EDGES and last not in tree.quotes:
        last -= 1
    return (tree.bounds(first, last),) if first <= last else ()


def around(tree: Tree, first: int, last: int, cut: tuple[int, int]) -> tuple[Bounds, ...]:
    """Return the words `first` to `last` without the words `cut`."""
    return piece(tree, first, cut[0] - 1) + piece(tree, cut[1] + 1, last)
