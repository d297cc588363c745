"""gold_match: which found mention, segment or statement answers which annotated one.

Statements as in `../tools/score.py`: a found statement is right when at least half of its content characters
lie in one annotated content; an annotated one is found when the right ones cover at least half of it. White
space, quotation marks and editors' inserts are no content. Where contents overlap, the closest wins (Jaccard
of the characters).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from schemas.mention import Mention
    from schemas.span import Span
    from schemas.statement import Statement
    from schemas.tagged_article import TaggedArticle
    from streams.bench.gold import GoldArticle, GoldMention, GoldStatement

MARKS: Final = frozenset("\"“”„«»‘’'`")
GROUPS: Final = {
    "PERSON": "PER", "ORG": "ORG", "OUTLET": "ORG", "WIRE": "ORG",
    "GPE": "LOC", "LOC": "LOC", "FAC": "LOC", "NORP": "NORP",
}  # fmt: skip
"""Kinds that count as the same; the others are not annotated."""
_EDGES: Final = " \t\r\n-–—.,:;|_*"


class Place(NamedTuple):
    """Half-open code points of the raw text."""

    start: int
    end: int

    def meets(self, other: Place) -> bool:
        """Return whether they share a character."""
        return self.start < other.end and other.start < self.end


def of(span: Span | None) -> Place | None:
    """Return where a found span lies in the raw text; None when nothing says so."""
    if span is None or span.raw_start is None or span.raw_end is None:
        return None
    return Place(span.raw_start, span.raw_end)


def bare(text: str, place: Place, edges: str = _EDGES) -> Place:
    """Return the place without the marks and white space at its ends."""
    piece = text[place.start : place.end]
    start = place.end - len(piece.lstrip(edges))
    return Place(start, max(start, place.start + len(piece.rstrip(edges))))


def name_place(text: str, place: Place) -> Place:
    """Return the place of a name without article and possessive."""
    piece = text[place.start : place.end]
    lead = re.match(r"(?i)(?:the|an|a)\s+", piece)
    tail = re.search(r"['’]s?$", piece)
    return Place(place.start + (lead.end() if lead else 0), place.end - (len(tail[0]) if tail else 0))


def named(text: str, mention: Mention) -> tuple[Place, str] | None:
    """Return place and group of a found mention; None when it is of a kind that is not annotated."""
    place, group = of(mention), GROUPS.get(mention.kind.value)
    return (name_place(text, place), group) if place and group else None


def same_kind(gold: GoldMention, group: str) -> bool:
    """Return whether the group is right; a place that stands for a body is both."""
    return group == GROUPS[gold.kind.value] or (gold.metonym and group in ("ORG", "LOC"))


def characters(text: str, spans: Iterable[Place], without: Iterable[Place] = ()) -> frozenset[int]:
    """Return the code points that count as content."""
    out = {i for start, end in without for i in range(start, end)}
    return frozenset(
        i
        for start, end in spans
        for i in range(start, min(end, len(text)))
        if i not in out and not text[i].isspace() and text[i] not in MARKS
    )


def said(gold: GoldStatement, text: str) -> frozenset[int]:
    """Return the content characters of an annotated statement."""
    inserts = [Place(each.start, each.end) for each in gold.inserts]
    return characters(text, [Place(each.start, each.end) for each in gold.content], inserts)


def found_said(statement: Statement, text: str, inserts: Iterable[Place]) -> frozenset[int]:
    """Return the content characters of a found statement."""
    return characters(text, [place for each in statement.content if (place := of(each))], inserts)


@dataclass(slots=True)
class Matched:
    """One article: `answers` by annotated number, the closest first; `stray`: those that are not right."""

    answers: dict[int, list[Statement]] = field(default_factory=dict)
    found: set[int] = field(default_factory=set)
    stray: list[Statement] = field(default_factory=list)


def matched(gold: GoldArticle, event: TaggedArticle | None) -> Matched:
    """Return who answers whom."""
    result = Matched()
    inserts = [Place(each.start, each.end) for one in gold.statements for each in one.inserts]
    wanted = [said(each, gold.text) for each in gold.statements]
    covered: dict[int, set[int]] = {}
    closeness: dict[int, list[tuple[float, Statement]]] = {}
    for statement in event.statements if event else ():
        got = found_said(statement, gold.text, inserts)
        best = _closest(got, wanted, statement, gold.statements)
        if best is None:
            result.stray.append(statement)
            continue
        covered.setdefault(best, set()).update(got)
        closeness.setdefault(best, []).append((-_alike(got, wanted[best]), statement))
    for number, answers in closeness.items():
        result.answers[number] = [each for _, each in sorted(answers, key=lambda pair: pair[0])]
        if 2 * len(covered[number] & wanted[number]) >= len(wanted[number]):
            result.found.add(number)
    return result


def _closest(
    got: frozenset[int],
    wanted: Sequence[frozenset[int]],
    statement: Statement,
    golds: Sequence[GoldStatement],
) -> int | None:
    """Return the annotated statement that it renders; among equals the one with the same cue."""
    right = [n for n, want in enumerate(wanted) if got and 2 * len(got & want) >= len(got)]
    cue = of(statement.cue)

    def rank(number: int) -> tuple[float, bool]:
        gold = golds[number].cue
        return _alike(got, wanted[number]), bool(cue and gold and cue.meets(Place(gold.start, gold.end)))

    return max(right, key=rank, default=None)


def _alike(a: frozenset[int], b: frozenset[int]) -> float:
    return len(a & b) / len(a | b) if a | b else 0.0
