"""Line rules: which lines of a flattened page are furniture, by the packs' patterns.

A pattern matches a whole line, as it stands, or without the bullets and brackets around it.

Every pack is asked, whatever the language of the text: a Russian page with an English comment form is common.
A rule with `after` matches only behind a line of one of those kinds or rules, and is asked first. A line over
400 code points is never furniture, which bounds the work; no pattern nests repetition without bound. The
rules without `after` are one pattern: a line is read once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, TypedDict, cast

from schemas.clean_article import SegmentKind
from streams.core.packs import PACKS, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streams.core.cleaning.lines import Line

LONGEST_CHARS: Final = 400
_REMEMBERED: Final = 4096
"""Lines; the same ones stand on every page of a site."""
_DECORATION: Final = " *_•·►▶▸|#~()[]{}<>»«–—-"
_BLANKS: Final = re.compile(" {2,}")
_FRAGMENT: Final = re.compile(r"%(\w+)%")


class _Entry(TypedDict, total=False):
    kind: str
    rule: str
    pattern: str
    after: list[str]


@dataclass(frozen=True, slots=True)
class LineRule:
    """One rule: its kind and name, its pattern, and the kinds or rules it must follow (empty: none)."""

    kind: SegmentKind
    name: str
    pattern: str
    after: frozenset[str]


@cache
def line_rules() -> tuple[LineRule, ...]:
    """Return the rules of all packs, in their order, fragments put in."""
    return tuple(
        LineRule(
            SegmentKind(entry["kind"]),
            entry["rule"],
            with_fragments(entry["pattern"], code),
            frozenset(entry.get("after", ())),
        )
        for code in PACKS
        for entry in cast("list[_Entry]", read(code, "cleaning")["line"])
    )


@cache
def _fragments(code: str) -> dict[str, str]:
    pack = read(code, "cleaning")
    agencies = "|".join(map(re.escape, cast("list[str]", pack["agencies"])))
    return {**cast("dict[str, str]", pack["fragment"]), "agency": f"(?:{agencies})"}


def with_fragments(pattern: str, code: str) -> str:
    """Return `pattern` with each `%name%` replaced by that fragment of the pack. KeyError: there is none."""
    return _FRAGMENT.sub(lambda found: _fragments(code)[found[1]], pattern)


@cache
def _standing() -> tuple[re.Pattern[str], dict[str, LineRule]]:
    """Return the rules without `after` as one pattern, and which group of it is which."""
    groups = {f"r{n}": rule for n, rule in enumerate(line_rules()) if not rule.after}
    either = "|".join(f"(?P<{group}>{rule.pattern})" for group, rule in groups.items())
    return re.compile(either, re.IGNORECASE), groups


@cache
def _following() -> tuple[tuple[LineRule, re.Pattern[str]], ...]:
    return tuple((rule, re.compile(rule.pattern, re.IGNORECASE)) for rule in line_rules() if rule.after)


def furniture(lines: Iterable[Line]) -> Iterator[LineRule | None]:
    """Yield for each line the rule that knows it, None for a line that no rule knows."""
    before: LineRule | None = None
    for line in lines:
        before = _rule_of(line.text, before) if len(line.text) <= LONGEST_CHARS else None
        yield before


def _rule_of(text: str, before: LineRule | None) -> LineRule | None:
    text = _BLANKS.sub(" ", text)
    bare = text.strip(_DECORATION)
    return _match(text, before) or (_match(bare, before) if bare and bare != text else None)


def _match(text: str, before: LineRule | None) -> LineRule | None:
    if before:
        for rule, pattern in _following():
            if (before.kind.value in rule.after or before.name in rule.after) and pattern.fullmatch(text):
                return rule
    return _known(text)


@lru_cache(maxsize=_REMEMBERED)
def _known(text: str) -> LineRule | None:
    pattern, groups = _standing()
    found = pattern.fullmatch(text)
    return groups[found.lastgroup] if found and found.lastgroup else None
