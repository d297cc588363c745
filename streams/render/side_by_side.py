"""side_by_side: two texts in rows of sentences, what differs marked: for a terminal, and as an HTML page.

Sentences that are the same stand beside each other; between them those that were changed, put in or taken
out, and in those that were changed the words. Of texts with more than `MOST` sentences the first are shown,
and that is said. The page loads and runs nothing (see `explain_page`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache
from importlib.resources import files
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, NamedTuple

from jinja2 import Environment, StrictUndefined
from rich.table import Table
from rich.text import Text

from streams.core.dedup.changes import sentences
from streams.core.dedup.shingles import words
from streams.render.lines import plain, printable

if TYPE_CHECKING:
    from jinja2 import Template

MOST: Final = 1000
LONGEST: Final = 400
"""Tokens of a sentence whose words are compared; a longer one is marked whole."""
_TOKEN: Final = re.compile(r"\s+|\w+|[^\w\s]")
_STYLES: Final = {"same": "", "changed": "yellow", "removed": "red", "added": "green"}


class Piece(NamedTuple):
    """A run of a sentence; `differs`: the other side has it not."""

    text: str
    differs: bool


class Row(NamedTuple):
    """A sentence of each text, empty where it has none. `kind`: same, changed, removed, added."""

    kind: str
    left: tuple[Piece, ...]
    right: tuple[Piece, ...]


class Side(NamedTuple):
    """One of the two texts: what stands over it, and the text."""

    title: str
    facts: str
    text: str


class Pair(NamedTuple):
    """Two texts to compare, and how they are alike, in words."""

    left: Side
    right: Side
    likeness: str


def rows(left: str, right: str) -> list[Row]:
    """Return the rows of two texts."""
    mine, theirs = sentences(left)[:MOST], sentences(right)[:MOST]
    old, new = ([" ".join(words(each)).casefold() for each in side] for side in (mine, theirs))
    found: list[Row] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found += [Row("same", _whole(x), _whole(y)) for x, y in zip(mine[a:b], theirs[c:d], strict=True)]
        else:
            found += [_row(x, y) for x, y in zip_longest(mine[a:b], theirs[c:d])]
    return found


def is_cut(*texts: str) -> bool:
    """Tell whether `rows` shows less than all of the texts."""
    return any(len(sentences(text)) > MOST for text in texts)


def _whole(sentence: str | None, *, differs: bool = False) -> tuple[Piece, ...]:
    return (Piece(printable(sentence), differs),) if sentence else ()


def _row(left: str | None, right: str | None) -> Row:
    if left is None or right is None:
        kind = "added" if left is None else "removed"
        return Row(kind, _whole(left, differs=True), _whole(right, differs=True))
    mine, theirs = _TOKEN.findall(left), _TOKEN.findall(right)
    if max(len(mine), len(theirs)) > LONGEST:
        return Row("changed", _whole(left, differs=True), _whole(right, differs=True))
    codes = SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes()
    return Row(
        "changed",
        tuple(_pieces(mine, [(kind, a, b) for kind, a, b, _, _ in codes])),
        tuple(_pieces(theirs, [(kind, c, d) for kind, _, _, c, d in codes])),
    )


def _pieces(tokens: Sequence[str], parts: Sequence[tuple[str, int, int]]) -> Iterator[Piece]:
    for kind, start, end in parts:
        if start < end:
            yield Piece(printable("".join(tokens[start:end])), kind != "equal")


def table(pair: Pair) -> Table:
    """Return the rows as two columns for a terminal; what differs is bold and underlined."""
    shown = Table(expand=True, show_lines=False, pad_edge=False, title=Text(plain(pair.likeness)))
    for side in (pair.left, pair.right):
        shown.add_column(Text(f"{plain(side.title)}\n{plain(side.facts)}"), ratio=1, overflow="fold")
    for row in rows(pair.left.text, pair.right.text):
        shown.add_row(*(_styled(row.kind, pieces) for pieces in (row.left, row.right)))
    return shown


def _styled(kind: str, pieces: Sequence[Piece]) -> Text:
    style = _STYLES[kind]
    return Text.assemble(*((p.text, f"{style} bold underline" if p.differs else style) for p in pieces))


def page(pair: Pair) -> str:
    """Return the page."""
    cut = is_cut(pair.left.text, pair.right.text)
    left, right = (
        side._replace(title=plain(side.title), facts=plain(side.facts)) for side in (pair.left, pair.right)
    )
    shown = Pair(left, right, plain(pair.likeness))
    return _template().render(pair=shown, rows=rows(pair.left.text, pair.right.text), most=MOST if cut else 0)


@cache
def _template() -> Template:
    source = files("streams.render").joinpath("side_by_side.html").read_text(encoding="utf-8")
    strict = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return strict.from_string(source)
