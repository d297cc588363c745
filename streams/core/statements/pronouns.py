"""Pronouns: whom "he", "she", "they" or "it" means as a source, where that is sure.

In this order: the subject of the very words reported ("X will go, he said"); the last explicit speaker whom
it fits, in its paragraph or the one before, when the sentence between begins with nobody else whom it fits;
the person with whom the sentence before begins; the only one who fits in its paragraph and the one before.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from schemas.mention import MentionKind
from schemas.statement import StatementMode
from streams.core.statements.meant import POINTED, Meant, again, by, unknown

if TYPE_CHECKING:
    from streams.core.statements.cast import Actor, Cast
    from streams.core.statements.meant import Memory
    from streams.core.statements.report import Bounds, Report
    from streams.core.tagging.fields import Field

_PEOPLE: Final = ("male", "female")
_SUBJECT_CHARS: Final = 60
"""Code points from the beginning of a sentence in which its subject is named."""
_BACK_CHARS: Final = 1_500
_STOP: Final = re.compile(r"[.!?…][\"”’)\]]{0,2}\s+(?=[^\sa-z])|\n")


def pronoun(report: Report, source: Bounds, sort: str, text: Field, cast: Cast, memory: Memory) -> Meant:
    """Return whom a pronoun means, nobody when somebody else may be meant as well."""
    inside = _of_content(report, source, sort, text, cast)
    if inside:
        return by(inside, source, "speaker:pronoun_subject", POINTED)
    before = _subject(source, sort, text, cast, memory, report.sentence.start)
    for _, said, earlier in memory.near(source.start):
        if not agrees(said, sort):
            continue
        newer = before is not None and before[1] > earlier.sentence.start
        if newer and before is not None and before[0].key != said.key and not _in_content(before[1], earlier):
            return by(before[0], source, "speaker:pronoun_before", POINTED)
        return again(said, source, "speaker:pronoun")
    if before:
        return by(before[0], source, "speaker:pronoun_before", POINTED)
    alone = _alone(sort, source, text, cast, memory) if sort in _PEOPLE else None
    return (
        by(alone, source, "speaker:only_person", POINTED)
        if alone
        else unknown("speaker:pronoun_open", source)
    )


def agrees(said: Meant, sort: str) -> bool:
    """Say whether a pronoun of a sort can mean a speaker."""
    if said.name is None:
        return False
    if sort == "several":
        return said.kind in ("organisation", "country") or "\n" in (said.key or "")
    if sort == "thing":
        return said.kind in ("organisation", "country") or (said.kind == "office" and not said.nominal)
    sex = said.actor.sex if said.actor else None
    return (said.kind == "person" or (said.kind == "office" and bool(said.nominal))) and sex in (None, sort)


def _of_content(report: Report, source: Bounds, sort: str, text: Field, cast: Cast) -> Actor | None:
    """Return the subject of indirect words before the pronoun, when it fits and is nobody's possessor."""
    first = report.content[0]
    if report.mode is not StatementMode.INDIRECT or first.end > source.start:
        return None
    found = _first(first.start, min(first.end, first.start + _SUBJECT_CHARS), sort, text, cast)
    return found[0] if found else None


def _subject(
    source: Bounds, sort: str, text: Field, cast: Cast, memory: Memory, sentence: int
) -> tuple[Actor, int] | None:
    """Return with whom the sentence before the pronoun's begins, and where he is named; None: with nobody."""
    low = max(memory.begins(memory.paragraph(source.start)), sentence - _BACK_CHARS)
    stops = [match.end() for match in _STOP.finditer(text.text, low, max(low, sentence - 1))]
    start = stops[-1] if stops else low
    if start >= sentence:
        return None
    return _first(start, min(sentence, start + _SUBJECT_CHARS), sort, text, cast)


def _first(start: int, end: int, sort: str, text: Field, cast: Cast) -> tuple[Actor, int] | None:
    """Return the first who is named in a stretch, when a pronoun fits him."""
    wanted = (MentionKind.PERSON,) if sort in _PEOPLE else (MentionKind.ORG, MentionKind.GPE)
    for mention in cast.within(text.name, start, end):
        if mention.kind in (MentionKind.NORP, MentionKind.DATE):
            continue
        if sort not in _PEOPLE and text.text[start : mention.start].strip().count(" ") > 0:
            return None
        if mention.kind in (MentionKind.ORG, MentionKind.GPE) and sort in _PEOPLE:
            continue
        actor = cast.actor(mention)
        if mention.kind not in wanted or actor is None or _possesses(text.text, mention.end, cast):
            return None
        fits = sort not in _PEOPLE or actor.sex in (None, sort)
        return (actor, mention.start) if fits else None
    return None


def _possesses(text: str, end: int, cast: Cast) -> bool:
    """Say whether a name that ends at `end` is somebody's of whom something is said (Lund's plan)."""
    return text.startswith(cast.possessives, end)


def _in_content(at: int, report: Report) -> bool:
    return any(each.start <= at < each.end for each in report.content)


def _alone(sort: str, source: Bounds, text: Field, cast: Cast, memory: Memory) -> Actor | None:
    """Return the only person whom a pronoun fits in its paragraph and the one before."""
    first = memory.begins(memory.paragraph(source.start) - 1)
    found: dict[str, Actor] = {}
    for mention in cast.within(text.name, max(first, source.start - _BACK_CHARS), source.start):
        actor = cast.actor(mention)
        if mention.kind is MentionKind.PERSON and actor and actor.sex in (None, sort):
            found[actor.key] = actor
    return next(iter(found.values())) if len(found) == 1 else None
