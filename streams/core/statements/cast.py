"""Cast: who is named in an article, under which names, with what is said of each.

Built once from the mentions. People, bodies and places that one entity id, else one Wikidata id, else the
same words name, are one actor; its name is the fullest of them.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple
from unicodedata import normalize

from schemas.mention import Mention, MentionKind
from schemas.span import SpanField

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from streams.core.offices.decide import Decided
    from streams.core.statements.context_words import PersonWords
    from streams.core.statements.offices import Offices
    from streams.core.statements.report import Bounds
    from streams.core.tagging.fields import Field
    from streams.core.tagging.roles import RoleSaid

SPEAKER_KINDS: Final = {
    MentionKind.PERSON: "person",
    MentionKind.ORG: "organisation",
    MentionKind.OUTLET: "organisation",
    MentionKind.WIRE: "organisation",
    MentionKind.FAC: "organisation",
    MentionKind.NORP: "organisation",
    MentionKind.GPE: "country",
    MentionKind.LOC: "country",
}
"""What can speak, and as what."""
_BEFORE: Final = 24
"""Code points before a name in which a title or honorific stands."""


@dataclass(slots=True)
class Actor:
    """One who may speak. `sex` None: not told. `said`: the mention with each role said of him."""

    key: str
    name: str
    kind: str
    mention: Mention
    sex: str | None = None
    said: list[tuple[Mention, Decided]] = field(default_factory=list)


class Introduced(NamedTuple):
    """A role said of a person: at which mention, of whom, in which words (lower case)."""

    mention: Mention
    actor: Actor
    words: str
    said: RoleSaid


@dataclass(frozen=True, slots=True)
class Cast:
    """The actors of an article, and where each is mentioned.

    `surnames`: last word of a full name → keys of its bearers. `holding`: office → those introduced with it,
    `alike` with one that goes by the same noun. `titled`: start of a mention → the sex that its title tells.
    `possessives`: endings of a name that owns something.
    """

    actors: Mapping[str, Actor]
    places: Mapping[SpanField, tuple[Mention, ...]]
    starts: Mapping[SpanField, tuple[int, ...]]
    longest: Mapping[SpanField, int]
    surnames: Mapping[str, Sequence[str]]
    holding: Mapping[str, Sequence[Introduced]]
    alike: Mapping[str, Sequence[Introduced]]
    titled: Mapping[tuple[SpanField, int], str]
    possessives: tuple[str, ...]

    def within(self, name: SpanField, start: int, end: int) -> Sequence[Mention]:
        """Return the mentions that begin in `start:end` of a field, in order."""
        starts = self.starts.get(name, ())
        return self.places.get(name, ())[bisect_left(starts, start) : bisect_left(starts, end)]

    def touching(self, name: SpanField, bounds: Bounds) -> Sequence[Mention]:
        """Return the mentions that overlap `bounds`, in order."""
        near = self.within(name, bounds.start - self.longest.get(name, 0), bounds.end)
        return [mention for mention in near if mention.end > bounds.start]

    def actor(self, mention: Mention) -> Actor | None:
        """Return whom a mention names; None when it names nobody who speaks."""
        return self.actors.get(key_of(mention))

    def at(self, name: SpanField, start: int | None) -> Mention | None:
        """Return the mention that begins at a code point of a field."""
        found = self.within(name, start, start + 1) if start is not None else ()
        return found[0] if found else None

    def named(self, text: str, sex: str | None = None) -> Actor | None:
        """Return the one person whose surname the text ends with, of that sex when it is told."""
        words = text.split()
        bearers = [self.actors[key] for key in self.surnames.get(words[-1], ())] if words else []
        fitting = [actor for actor in bearers if None in (sex, actor.sex) or actor.sex == sex]
        return fitting[0] if len(fitting) == 1 else None

    def fullest(self, mention: Mention) -> Actor | None:
        """Return whom a mention names: for a bare surname, the one person of that surname."""
        actor = self.actor(mention)
        if actor is None or actor.kind != "person" or " " in actor.name:
            return actor
        return self.named(mention.text, self.titled.get((mention.field, mention.start), actor.sex)) or actor


def key_of(mention: Mention) -> str:
    """Return what one actor's mentions share."""
    return mention.entity_id or mention.qid or f"{mention.kind.value}\t{mention.text.lower()}"


def cast_of(
    fields: Mapping[SpanField, Field],
    mentions: Sequence[Mention],
    words: PersonWords,
    offices: Offices,
    on: date | None,
) -> Cast:
    """Return the cast of an article; mentions in order of the page. `on`: the day of the article."""
    actors: dict[str, Actor] = {}
    surnames: dict[str, list[str]] = {}
    titled: dict[tuple[SpanField, int], str] = {}
    for mention in mentions:
        if mention.kind in SPEAKER_KINDS:
            _enter(actors, mention, words)
        before = fields[mention.field].text[max(0, mention.start - _BEFORE) : mention.start]
        title = before.lower().replace(".", " ").split()[-1:]
        if mention.kind is MentionKind.PERSON and title and title[0] in words.sex_words:
            titled[mention.field, mention.start] = words.sex_words[title[0]]
            actors[key_of(mention)].sex = actors[key_of(mention)].sex or words.sex_words[title[0]]
    people = [actor for actor in actors.values() if actor.kind == "person"]
    for mention in mentions:
        if (mention.field, mention.start) in offices.said:
            _role(actors[key_of(mention)], mention, offices, on, words)
    for actor in people:
        if " " in actor.name:
            surnames.setdefault(actor.name.split()[-1], []).append(actor.key)
    for actor in people:
        surnames.setdefault(actor.name, [actor.key])
    holding, alike = _introduced(actors.values(), words)
    places = {name: tuple(_in(mentions, name)) for name in fields}
    return Cast(
        actors=actors,
        places=places,
        starts={name: tuple(mention.start for mention in each) for name, each in places.items()},
        longest={name: max((m.end - m.start for m in each), default=0) for name, each in places.items()},
        surnames=surnames,
        holding=holding,
        alike=alike,
        titled=titled,
        possessives=words.possessives,
    )


def _introduced(
    actors: Iterable[Actor], words: PersonWords
) -> tuple[dict[str, list[Introduced]], dict[str, list[Introduced]]]:
    """Return who was introduced with each office, and with one that is called alike."""
    holding: dict[str, list[Introduced]] = {}
    alike: dict[str, list[Introduced]] = {}
    for actor in actors:
        for mention, found in actor.said:
            each = Introduced(mention, actor, found.said.text.lower(), found.said)
            padded = f" {each.words} "
            for office in (name for name in words.office_names if f" {name} " in padded):
                holding.setdefault(office, []).append(each)
                for other in {o for group in words.same if office in group for o in group} - {office}:
                    alike.setdefault(other, []).append(each)
    return holding, alike


def _in(mentions: Iterable[Mention], name: SpanField) -> list[Mention]:
    return sorted((m for m in mentions if m.field is name), key=lambda m: (m.start, m.end))


def _enter(actors: dict[str, Actor], mention: Mention, words: PersonWords) -> None:
    """Add what a mention says to its actor."""
    key = key_of(mention)
    actor = actors.get(key)
    if actor is None:
        actor = actors[key] = Actor(key, mention.text, SPEAKER_KINDS[mention.kind], mention)
    elif _fuller(mention.text, actor.name):
        actor.name, actor.mention = mention.text, mention
    if actor.kind == "person" and actor.sex is None:
        actor.sex = _sex(mention.text, words)


def _role(actor: Actor, mention: Mention, offices: Offices, on: date | None, words: PersonWords) -> None:
    """Add the role said at a mention to its actor."""
    found = offices.role(mention, actor.name, on)
    if found is None:
        return
    actor.said.append((mention, found))
    told = (words.sex_words.get(word) for word in found.said.text.lower().split())
    actor.sex = next((sex for sex in told if sex), actor.sex)


def _fuller(name: str, than: str) -> bool:
    return (len(name.split()), len(name)) > (len(than.split()), len(than))


def _sex(name: str, words: PersonWords) -> str | None:
    """Return the sex that a given name tells, None when it tells none."""
    names = normalize("NFKD", name).encode("ascii", "ignore").decode().lower().split()
    return words.given.get(names[0]) if len(names) > 1 else None
