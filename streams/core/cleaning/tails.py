"""Tails: what the last paragraph of a flattened page ends with and is not body: "… he said. (Reuters)".

A pack says what a tail may be. It stands behind the end of a sentence; what is left must be able to be body
only, with no other tail, so that cleaning again cuts nothing more. Looked for in the last `_LOOKED_AT` code
points.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypedDict, cast

from schemas.clean_article import SegmentKind
from streams.core.cleaning.header import is_sentence
from streams.core.cleaning.line_rules import with_fragments
from streams.core.packs import PACKS, read

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOKED_AT: Final = 320
_SENTENCE_ENDS: Final = r"(?<=[.!?…”\"’)])"


class Tail(NamedTuple):
    """A tail: where it begins in its line, what it is, and the rule that says so."""

    start: int
    kind: SegmentKind
    rule: str


class _Entry(TypedDict):
    kind: str
    rule: str
    pattern: str


@cache
def _rules() -> tuple[tuple[SegmentKind, str, re.Pattern[str]], ...]:
    return tuple(
        (SegmentKind(entry["kind"]), entry["rule"], _compiled(entry["pattern"], code))
        for code in PACKS
        for entry in cast("list[_Entry]", read(code, "cleaning")["tail"])
    )


def _compiled(pattern: str, code: str) -> re.Pattern[str]:
    return re.compile(rf"{_SENTENCE_ENDS} ?(?P<tail>{with_fragments(pattern, code)})$", re.IGNORECASE)


def tail_of(text: str) -> Tail | None:
    """Return the tail of a line, None when it has none.

    >>> tail_of("The ferry sailed at noon, the board said. (Reuters)").start
    42
    """
    found = next(_tails(text), None)
    if not found:
        return None
    left = text[: found.start].rstrip()
    return found if is_sentence(left) and next(_tails(left), None) is None else None


def _tails(text: str) -> Iterator[Tail]:
    window = text[-_LOOKED_AT:]
    before = len(text) - len(window)
    for kind, rule, pattern in _rules():
        found = pattern.search(window)
        if found and before + found.start("tail") > 0:
            yield Tail(before + found.start("tail"), kind, rule)
