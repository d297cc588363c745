"""Renditions: renderings of one utterance by one speaker inside one article.

Two statements of one speaker render one utterance when at least half of the content words of the shorter one
stand in the other, three of them at least, no numbers conflict, neither denies what the other says, and their
times can be one. Words are compared by their first letters, named things by what they name. A partial
quotation about "these efforts" renders what was just said of efforts. A headline renders what it summarises,
also when it names the body for the person. The best rendering is the direct one, then the longest.

Linear: a statement is compared with the best renderings of its speaker's last utterances.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from schemas.span import SpanField
from schemas.statement import Attribution, SpeechAct, StatementMode
from streams.core.packs import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from schemas.mention import Mention
    from schemas.statement import SaidOn
    from streams.core.statements.report import Bounds

_STEM: Final = 5
"""Letters by which words are compared: Syria and Syrian, settle and settlement."""
_SHARE: Final = 0.5
_HEADLINE_SHARE: Final = 0.4
"""Less than between statements: what a headline says is said again in its text, in longer words."""
_LEAST: Final = 3
_LOOKED_BACK: Final = 40
_WORD: Final = re.compile(r"[^\W_]+(?:[’'][^\W\d_]+)?")
_PREFERRED: Final = {StatementMode.DIRECT: 3, StatementMode.MIXED: 2, StatementMode.HEADLINE: 0}


class Gist(NamedTuple):
    """What a statement says, as compared: its content words, its numbers, whether it denies them."""

    stems: frozenset[str]
    numbers: frozenset[str]
    negative: bool


@dataclass(frozen=True, slots=True)
class Rendering:
    """A statement as far as grouping looks at it.

    `is_person`: its speaker is a person named in the article; `chars`: length of its content.
    """

    speaker: str | None
    is_person: bool
    field: SpanField
    mode: StatementMode
    attribution: Attribution
    gist: Gist
    chars: int
    said_on: SaidOn
    takes_up: frozenset[str]
    """Stems of the noun that its target takes up ("these efforts"); empty for none."""


class _Words(NamedTuple):
    empty: frozenset[str]
    negations: frozenset[str]
    takes_up: frozenset[str]


@cache
def _words(language: str) -> _Words:
    pack = read(language, "renditions")
    empty = frozenset(cast("str", pack["empty"]).split())
    listed = cast("dict[str, list[str]]", pack)
    return _Words(empty, frozenset(listed["negations"]), frozenset(listed["takes_up"]))


def aliases_of(mentions: Iterable[Mention]) -> dict[str, str]:
    """Return what the first letters of a name of one word stand for: Syria and Syrian for one id."""
    return {
        mention.text[:_STEM].lower(): mention.qid
        for mention in mentions
        if mention.qid and " " not in mention.text and mention.text[:1].isupper()
    }


def gist_of(
    pieces: Sequence[str],
    named: Sequence[tuple[Bounds, str]],
    act: SpeechAct,
    language: str,
    aliases: Mapping[str, str],
) -> Gist:
    """Return the gist of contents. `named`: places inside the joined pieces that name a thing, and its id."""
    words = _words(language)
    text = " ".join(pieces)
    stems: set[str] = set()
    numbers: set[str] = set()
    denied = False
    spans = iter([*named, ((len(text) + 1, len(text) + 1), "")])
    (start, end), key = next(spans)
    for match in _WORD.finditer(text):
        word = match[0].lower()
        while match.start() >= end:
            (start, end), key = next(spans)
        if word in words.negations:
            denied = True
        elif word[0].isdigit():
            numbers.add(word)
        elif start <= match.start() < end:
            stems.add(key)
        elif word not in words.empty:
            stems.add(aliases.get(word[:_STEM], word[:_STEM]) if match[0][:1].isupper() else word[:_STEM])
    return Gist(frozenset(stems), frozenset(numbers), denied != (act is SpeechAct.DENY))


def taken_up(target: str, language: str) -> frozenset[str]:
    """Return the stems of a noun phrase that takes up what was said ("these efforts"), empty for others."""
    words = _words(language)
    parts = [match[0].lower() for match in _WORD.finditer(target)]
    if not parts or parts[0] not in words.takes_up:
        return frozenset()
    return frozenset(part[:_STEM] for part in parts[1:] if part not in words.empty)


def groups_of(renderings: Sequence[Rendering]) -> list[int]:
    """Return for each rendering the number of the best one of its group: its own when it is that itself."""
    group: list[int] = list(range(len(renderings)))
    members: dict[int, list[int]] = {number: [number] for number in group}
    latest: dict[str, list[int]] = {}
    heads: list[int] = []
    for number, each in enumerate(renderings):
        if each.field is not SpanField.TEXT:
            heads.append(number)
            continue
        if each.speaker is None:
            continue
        earlier = latest.setdefault(each.speaker, [])
        found = _same_as(number, earlier, renderings)
        if found is not None:
            _join(group, members, found, number)
        earlier.append(number)
    for number in heads:
        found = _summarised(number, renderings)
        if found is not None:
            _join(group, members, found, number)
    best = {root: max(each, key=lambda n: (_rank(renderings[n]), -n)) for root, each in members.items()}
    return [best[group[number]] for number in range(len(renderings))]


def _join(group: list[int], members: dict[int, list[int]], found: int, number: int) -> None:
    """Put the (single) rendering `number` into the group of `found`."""
    root = group[found]
    group[number] = root
    members[root] += members.pop(number)


def _rank(each: Rendering) -> tuple[bool, bool, int, int]:
    explicit = each.attribution is Attribution.EXPLICIT
    return explicit, each.field is SpanField.TEXT, _PREFERRED.get(each.mode, 1), each.chars


def _same_as(number: int, earlier: Sequence[int], renderings: Sequence[Rendering]) -> int | None:
    """Return the earlier rendering that shares most with this one, None when none shares enough."""
    each = renderings[number]
    if each.takes_up and earlier and each.takes_up & renderings[earlier[-1]].gist.stems:
        return earlier[-1]
    shares = [(shared(each, renderings[other]), other) for other in earlier[-_LOOKED_BACK:]]
    best = max(shares, default=(0.0, -1))
    return best[1] if best[0] >= _SHARE else None


def _summarised(number: int, renderings: Sequence[Rendering]) -> int | None:
    """Return what a headline summarises: its own speaker's words, else those of whom it stands for."""
    each = renderings[number]
    body = [n for n, other in enumerate(renderings) if other.field is SpanField.TEXT]
    own = [n for n in body if renderings[n].speaker == each.speaker]
    others = [] if each.is_person else [n for n in body if renderings[n].speaker != each.speaker]
    for candidates in (own, others):
        best = max(((shared(each, renderings[n], least=2), -n) for n in candidates), default=(0.0, 0))
        if best[0] >= _HEADLINE_SHARE:
            return -best[1]
    return None


def shared(a: Rendering, b: Rendering, least: int = _LEAST) -> float:
    """Return the share of the shorter one's content words that stand in the other; 0 when they conflict."""
    if a.gist.negative != b.gist.negative or _apart(a.said_on, b.said_on):
        return 0.0
    if a.gist.numbers and b.gist.numbers and not a.gist.numbers & b.gist.numbers:
        return 0.0
    common = len(a.gist.stems & b.gist.stems)
    shorter = min(len(a.gist.stems), len(b.gist.stems))
    return common / shorter if common >= max(2, min(least, shorter)) else 0.0


def _apart(a: SaidOn, b: SaidOn) -> bool:
    """Say whether two times cannot be one."""
    return _later(a.not_before, b.not_after) or _later(b.not_before, a.not_after)


def _later(first: datetime | None, last: datetime | None) -> bool:
    return first is not None and last is not None and first > last
