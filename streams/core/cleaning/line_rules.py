"""Line rules: which lines of a flattened page are furniture, by the packs' patterns.

A pattern matches a whole line.

Every pack is asked, whatever the language of the text: a Russian page with an English comment form is common.
A rule with `after` matches only behind a line of one of those kinds. A line over 400 code points is never
furniture, which bounds the work; no pattern nests repetition.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, TypedDict, cast

from schemas.clean_article import SegmentKind
from streams.core.packs import PACKS, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streams.core.cleaning.lines import Line

LONGEST_CHARS: Final = 400


class _Entry(TypedDict, total=False):
    kind: str
    rule: str
    pattern: str
    after: list[str]


@dataclass(frozen=True, slots=True)
class LineRule:
    """One rule: its kind and name, its pattern, and the kinds it must follow (empty: none)."""

    kind: SegmentKind
    name: str
    pattern: re.Pattern[str]
    after: frozenset[SegmentKind]


@cache
def line_rules() -> tuple[LineRule, ...]:
    """Return the rules of all packs, in their order."""
    return tuple(
        _compiled(entry) for code in PACKS for entry in cast("list[_Entry]", read(code, "cleaning")["line"])
    )


def _compiled(entry: _Entry) -> LineRule:
    after = frozenset(SegmentKind(kind) for kind in entry.get("after", ()))
    return LineRule(
        SegmentKind(entry["kind"]), entry["rule"], re.compile(entry["pattern"], re.IGNORECASE), after
    )


def furniture(lines: Iterable[Line]) -> Iterator[LineRule | None]:
    """Yield for each line the rule that knows it, None for a line that no rule knows."""
    before: SegmentKind | None = None
    for line in lines:
        rule = _rule_of(line.text, before) if len(line.text) <= LONGEST_CHARS else None
        before = rule.kind if rule else None
        yield rule


def _rule_of(text: str, before: SegmentKind | None) -> LineRule | None:
    for rule in line_rules():
        if (not rule.after or before in rule.after) and rule.pattern.fullmatch(text):
            return rule
    return None
