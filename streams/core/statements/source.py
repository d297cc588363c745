"""Source: the noun phrase of who says it, as written, and the name in it.

Cut off are relative clauses, participles, appositions after a comma, possessive endings and a title that
stands bare before a name; with a determiner the title belongs to the phrase ("the Press Secretary of …").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from schemas.mention import MentionKind
from streams.core.statements.report import Bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.mention import Mention
    from streams.core.statements.tree import Tree

_CUT = ("relcl", "acl", "appos", "advcl", "parataxis", "punct", "case", "advmod", "npadvmod", "dep")
_COORDINATES = ("conj", "cc")


class Source(NamedTuple):
    """The phrase, the name (or noun) in it, and whether several speak as one."""

    bounds: Bounds
    head: Bounds
    collective: bool


def source_of(tree: Tree, word: int, mentions: Sequence[Mention]) -> Source:
    """Return the source whose head word is `word`. `mentions`: those of its sentence."""
    first, last = _extent(tree, word)
    bounds = tree.bounds(first, last)
    head = tree.bounds(word, word)
    named = next((each for each in mentions if each.start < head.end and head.start < each.end), None)
    collective = any(tree.left[each] > word for each in tree.kids(word, "conj"))
    if named is None or named.kind is MentionKind.DATE or named.end > bounds.end + 2:
        return Source(bounds, head, collective)
    name = Bounds(named.start, min(named.end, bounds.end))
    bare = tree.tags[first] not in ("DT", "PRP$") and not any(
        tree.tags[each] in ("IN", "POS") for each in range(first, word))
    if named.kind is MentionKind.PERSON and bare and bounds.start < name.start and not collective:
        bounds = Bounds(name.start, bounds.end)
    return Source(bounds, name, collective)


def _extent(tree: Tree, word: int) -> tuple[int, int]:
    first, last = word, word
    for child in tree.children[word]:
        if child < word and tree.deps[child] not in ("punct", "relcl", "advmod", "cc", "preconj", "prep", "dep"):
            first = min(first, tree.left[child])
        if child > word and tree.deps[child] not in _CUT and not _comma_before(tree, child, word):
            last = max(last, _right(tree, child))
    return first, last


def _right(tree: Tree, child: int) -> int:
    """Return the last word of what hangs on the source, without the relative clauses in it."""
    if tree.deps[child] == "conj":
        return _extent(tree, child)[1]
    last = child
    for each in tree.children[child]:
        if each > child and tree.deps[each] not in _CUT and not _comma_before(tree, each, child):
            last = max(last, _right(tree, each))
    return last


def _comma_before(tree: Tree, child: int, word: int) -> bool:
    start = tree.left[child]
    return start > word and tree.words[start - 1] in (",", "-", "–", "—", "--", "(") and tree.deps[child] not in _COORDINATES
