"""Tree: one parsed sentence as plain lists, which cost a tenth of spaCy's token attributes to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from streams.core.statements.report import Bounds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spacy.tokens import Doc

    from streams.core.cleaning.quotations import Quotation
    from streams.core.statements.quotes import Masked

_ALL_BITS: Final = 2**64 - 1
_ATTRIBUTES: Final[list[int | str]] = ["IDX", "LENGTH", "TAG", "DEP", "HEAD"]


@dataclass(frozen=True, slots=True)
class Tree:
    """Words by number: lower-cased text, tag, relation, head, children in order, extent of what hangs on it.

    `starts`, `ends` are offsets in the field; those of a held quotation are the quotation's. `left`, `right`:
    numbers of the first and last word below each word, itself included. `quotes`: number of the word that
    stands for a quotation → the quotation.
    """

    words: list[str]
    tags: list[str]
    deps: list[str]
    heads: list[int]
    children: list[list[int]]
    left: list[int]
    right: list[int]
    starts: list[int]
    ends: list[int]
    quotes: dict[int, Quotation]

    def bounds(self, first: int, last: int) -> Bounds:
        """Return the stretch of the field from word `first` to word `last`, both included."""
        return Bounds(self.starts[first], self.ends[last])

    def child(self, word: int, *relations: str) -> int | None:
        """Return the first child of a word in one of the relations."""
        return next((each for each in self.children[word] if self.deps[each] in relations), None)

    def kids(self, word: int, *relations: str) -> Iterator[int]:
        """Yield the children of a word in one of the relations, in order."""
        return (each for each in self.children[word] if self.deps[each] in relations)

    def below(self, word: int, other: int) -> bool:
        """Tell whether `word` is `other` or hangs below it."""
        while word != other:
            head = self.heads[word]
            if head == word:
                return False
            word = head
        return True


def tree_of(doc: Doc, masked: Masked) -> Tree:
    """Return the tree of a parsed sentence."""
    rows = doc.to_array(_ATTRIBUTES).astype("int64").tolist()
    strings = doc.vocab.strings
    heads = [number + row[4] for number, row in enumerate(rows)]
    children: list[list[int]] = [[] for _ in rows]
    for number, head in enumerate(heads):
        if head != number:
            children[head].append(number)
    left, right = _extents(heads, children)
    starts, ends, quotes = _places(rows, masked)
    text = masked.text
    return Tree(
        words=[text[row[0] : row[0] + row[1]].lower() for row in rows],
        tags=[strings[row[2] & _ALL_BITS] for row in rows],
        deps=[strings[row[3] & _ALL_BITS] for row in rows],
        heads=heads,
        children=children,
        left=left,
        right=right,
        starts=starts,
        ends=ends,
        quotes=quotes,
    )


def _extents(heads: list[int], children: list[list[int]]) -> tuple[list[int], list[int]]:
    """Return the first and last word below each word: every word tells its head, leaves first."""
    left, right = list(range(len(heads))), list(range(len(heads)))
    waiting = [len(each) for each in children]
    ready = [number for number, count in enumerate(waiting) if not count]
    for number in ready:
        head = heads[number]
        if head != number:
            left[head] = min(left[head], left[number])
            right[head] = max(right[head], right[number])
            waiting[head] -= 1
            if not waiting[head]:
                ready.append(head)
    return left, right


def _places(rows: list[list[int]], masked: Masked) -> tuple[list[int], list[int], dict[int, Quotation]]:
    """Return where each word begins and ends in the field, and which words stand for quotations."""
    starts: list[int] = []
    ends: list[int] = []
    quotes: dict[int, Quotation] = {}
    stretch, places = 0, masked.places
    inside: Quotation | None = None
    for number, row in enumerate(rows):
        at, length = row[0], row[1]
        while stretch + 1 < len(places) and places[stretch + 1][0] <= at:
            stretch += 1
            inside = None
        quote = masked.held.get(at)
        if quote:
            quotes[number] = quote
        inside = masked.held.get(places[stretch][0] + 1) or None
        if inside:
            starts.append(inside.content_start if quote else inside.start)
            ends.append(inside.content_end if quote else inside.end)
        else:
            start = places[stretch][1] + at - places[stretch][0]
            starts.append(start)
            ends.append(start + length)
    return starts, ends, quotes
