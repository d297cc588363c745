"""Apposition: a noun and a name side by side, so that one says what the other is.

"The prefect, NAME, said": the name is the speaker, and a prefect; "NAME, head of the customs, said" too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from schemas.mention import MentionKind
from streams.core.statements.meant import POINTED, Meant, by
from streams.core.statements.report import Bounds
from streams.core.tagging.roles import role_of

if TYPE_CHECKING:
    from schemas.mention import Mention
    from streams.core.statements.context_words import BodyWords, PersonWords
    from streams.core.statements.report import Report
    from streams.core.statements.speakers import Stage
    from streams.core.tagging.fields import Field

_COMMA: Final = ", "
_CLOSES: Final = (",", "", ".")
_LONGEST_NOUN: Final = 10
"""Words of a noun phrase that is taken for what somebody is."""
_NAME: Final = re.compile(r", (?P<name>[^\W\d_a-z][\w.’'-]{0,30}(?: [^\W\d_a-z][\w.’'-]{0,30}){1,3}),")


def apposed(stage: Stage, source: Bounds, text: Field) -> Meant | None:
    """Return the person named right behind a noun, in commas or without, who is then what the noun says."""
    mention = _name_behind(stage, source, text)
    if mention is None:
        return _unmarked(stage, source, text)
    actor = stage.cast.fullest(mention)
    if actor is None:
        return None
    noun = Bounds(source.start, min(source.end, mention.start - 1))
    found = stage.offices.apposed(text, noun, mention, stage.people.definite | stage.people.indefinite)
    if found:
        actor.said.append((mention, found))
    return by(actor, Bounds(mention.start, mention.end), "speaker:apposed")


def _name_behind(stage: Stage, source: Bounds, text: Field) -> Mention | None:
    """Return the person whose name follows a noun ("the editor NAME", "the editor, NAME,") or ends it."""
    for at, closed in ((source.end + len(_COMMA), True), (source.end + 1, False)):
        mention = stage.cast.at(text.name, at)
        if mention is not None and mention.kind is MentionKind.PERSON:
            between = text.text[source.end : mention.start]
            if between == (_COMMA if closed else " ") and (
                not closed or text.text[mention.end : mention.end + 1] == ","
            ):
                return mention
    inside = [
        m for m in stage.cast.touching(text.name, source) if m.end == source.end and m.start > source.start
    ]
    if not inside or inside[-1].kind is not MentionKind.PERSON:
        return None
    before = text.text[source.start : inside[-1].start].rstrip()
    belongs = before.lower().endswith(stage.people.possessives) or stage.people.belongs.fullmatch(
        before.rsplit(" ", 1)[-1].lower()
    )
    return None if belongs or _serves(before.lower(), stage.people) else inside[-1]


def _serves(before: str, people: PersonWords) -> bool:
    """Say whether an office in front of a name is that of the one who is served ("a spokesman for Mayor")."""
    cut = people.belongs.search(before)
    served = before[cut.end() :] if cut else ""
    return any(match.end() == len(served) for match in people.office.finditer(served))


def _unmarked(stage: Stage, source: Bounds, text: Field) -> Meant | None:
    """Return a name in commas behind a noun that nobody marked as one: two to four capitalised words."""
    match = _NAME.match(text.text, source.end)
    if match is None:
        return None
    name, at = match["name"], Bounds(*match.span("name"))
    known = stage.cast.named(name)
    if known:
        return by(known, at, "speaker:apposed")
    office = role_of(text.text[source.start : source.end])
    return Meant(name, "person", f"\t{name.lower()}", "speaker:apposed", weight=POINTED, at=at, office=office)


def learn(stage: Stage, report: Report, mention: Mention, text: Field) -> None:
    """Keep what a noun in commas beside a person's name says of him, when nothing is known of him yet."""
    actor = stage.cast.fullest(mention)
    if mention.kind is not MentionKind.PERSON or actor is None or actor.said:
        return
    beside = _noun_before(report, mention, text.text, stage.people) or _noun_behind(
        report, mention, text.text, stage.people, stage.bodies
    )
    if beside:
        found = stage.offices.apposed(text, beside, mention, stage.people.definite | stage.people.indefinite)
        if found:
            actor.said.append((mention, found))


def _noun_before(report: Report, mention: Mention, text: str, people: PersonWords) -> Bounds | None:
    """Return the noun phrase in front of a name in commas: "The prefect of the city, NAME, said".

    It begins the sentence, with an article or a possessive.
    """
    start, end = report.sentence.start, mention.start - len(_COMMA)
    words = text[start:end].split()
    behind = text[mention.end : mention.end + 1]
    if text[end : mention.start] != _COMMA or behind not in _CLOSES or not 1 < len(words) <= _LONGEST_NOUN:
        return None
    first = words[0].lower()
    opens = first in people.definite or first in people.indefinite or words[0].endswith(people.possessives)
    return Bounds(start, end) if opens and "," not in text[start:end] else None


def _noun_behind(
    report: Report, mention: Mention, text: str, people: PersonWords, bodies: BodyWords
) -> Bounds | None:
    """Return the noun phrase behind a name in commas, when a word of the pack says what it is."""
    start = mention.end + len(_COMMA)
    end = text.find(_COMMA[0], start, min(report.sentence.end, start + _LONGEST_NOUN * 10))
    if text[mention.end : start] != _COMMA or end < 0:
        return None
    words = text[start:end].lower()
    first = words.split()[:1]
    if not 0 < len(words.split()) <= _LONGEST_NOUN or first[0] in people.relative or "\n" in words:
        return None
    known = people.office.search(words) or people.anyone.search(words) or bodies.public.search(words)
    return Bounds(start, end) if known else None
