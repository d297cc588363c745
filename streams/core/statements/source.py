"""Source: the noun phrase of who says it, as written, and the name in it.

Cut off are relative clauses, participles, appositions after a comma, possessive endings and a title that
stands bare before a name; with a determiner the title belongs to the phrase ("the Press Secretary of …").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from schemas.mention import MentionKind
from streams.core.statements.report import Bounds

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from schemas.mention import Mention
    from streams.core.statements.tree import Tree

_CUT = ("relcl", "acl", "appos", "advcl", "parataxis", "punct", "case", "advmod", "npadvmod", "dep")
_COORDINATES = ("conj", "cc")


class Source(NamedTuple):
    """The phrase, the name (or noun) in it, and whether several speak as one."""

    bounds: Bounds
    head: Bounds
    collective: bool


def source_of(tree: Tree, word: int, mentions: Sequence[Mention], titles: Collection[str]) -> Source:
    """Return the source whose head word is `word`.

    `mentions`: those of its sentence; `titles`: in lower case.
    """
    name = _named_beside(tree, word, mentions)
    if name is not None:
        return Source(name, name, collective=False)
    first, last = _extent(tree, word)
    bounds = tree.bounds(first, last)
    head = tree.bounds(word, word)
    named = next((each for each in mentions if each.start < head.end and head.start < each.end), None)
    collective = any(tree.left[each] > word for each in tree.kids(word, "conj"))
    if named is None or named.kind is MentionKind.DATE or named.end > bounds.end + 2:
        return Source(bounds, head, collective)
    name = Bounds(named.start, min(named.end, bounds.end))
    if named.kind is MentionKind.PERSON and not collective and not _title_inside(tree, word, name, titles):
        bounds = name
    return Source(bounds, name, collective)


def _named_beside(tree: Tree, word: int, mentions: Sequence[Mention]) -> Bounds | None:
    """Return the person named after his office (the spokesman of the ministry, Jan Novak)."""
    if tree.tags[word][0] != "N" or tree.tags[word].startswith("NNPS"):
        return None
    here = tree.bounds(word, word)
    if any(each.kind is MentionKind.PERSON and each.start <= here.start < each.end for each in mentions):
        return None
    found = None
    for child in range(word + 1, tree.right[word] + 1):
        if tree.deps[child] == "appos" and tree.words[tree.left[child] - 1] == ",":
            at = tree.starts[child]
            named = (e for e in mentions if e.kind is MentionKind.PERSON and e.start <= at < e.end)
            found = next(named, found)
    if found is None or tree.child(word, "conj") is not None or tree.tags[word] in ("NNS", "NNPS"):
        return None
    return Bounds(found.start, found.end)


def _title_inside(tree: Tree, word: int, name: Bounds, titles: Collection[str]) -> bool:
    """Tell whether the title at the name is inside the one before it (the secretary of President Jan Novak).

    Whose name it is cannot be told by grammar: the phrase stays whole.
    """
    first = next((n for n in range(word + 1) if tree.starts[n] >= name.start), word)
    before = range(max(tree.left[word], first - 4), first)
    return (
        tree.left[word] < first
        and any(tree.tags[n] == "IN" for n in before)
        and tree.words[first - 1] in titles
    )


def _extent(tree: Tree, word: int) -> tuple[int, int]:
    first, last = word, word
    for child in tree.children[word]:
        if child < word and tree.deps[child] not in (
            "punct",
            "relcl",
            "advmod",
            "cc",
            "preconj",
            "prep",
            "dep",
        ):
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
    return (
        start > word
        and tree.words[start - 1] in (",", "-", "–", "—", "--", "(")
        and tree.deps[child] not in _COORDINATES
    )
