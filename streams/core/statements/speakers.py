"""Speakers: whom the source of a report means. Nobody rather than the wrong one.

In this order: a relative pronoun is what stands before it; a name is its actor; a noun with which somebody is
introduced here ("the ministry's spokesman, X,") is he; a pronoun or a noun that points back ("the minister")
is the one whom it fits, when nobody else fits as well; anybody else stays as written. A report without a
source goes on with the last speaker: inferred when its words point back, else ambiguous.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from schemas.mention import MentionKind
from schemas.statement import Attribution, StatementMode
from streams.core.statements.apposition import apposed, learn
from streams.core.statements.cast import SPEAKER_KINDS, key_of
from streams.core.statements.meant import INFERRED, POINTED, Meant, again, by, going_on, unknown
from streams.core.statements.nominals import fitting, is_office_of, is_plain, office_of
from streams.core.statements.pronouns import pronoun
from streams.core.statements.report import Bounds, CueKind
from streams.core.tagging.roles import role_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.mention import Mention
    from streams.core.statements.cast import Cast
    from streams.core.statements.context_words import BodyWords, PersonWords
    from streams.core.statements.meant import Memory
    from streams.core.statements.offices import Offices
    from streams.core.statements.report import Report
    from streams.core.tagging.fields import Field

_LONGEST_SOURCE: Final = 300
"""Code points of a source that are looked at."""
_INTRODUCED: Final = 3
"""First reports of a field, of which one introduces who is interviewed."""
_OPENING_CHARS: Final = 1_500
"""Code points of a text in which it is said who is interviewed."""
_WHO_CHARS: Final = 60
"""Code points before a relative pronoun in which its antecedent stands."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What resolving needs: the article's cast, the roles said in it, and the pack's words."""

    cast: Cast
    people: PersonWords
    bodies: BodyWords
    offices: Offices

    def meant(self, report: Report, text: Field, memory: Memory) -> Meant:
        """Return whom the report's source means: inferred, when no word of the text reports."""
        found = self._meant(report, text, memory)
        if report.cue is not None or report.source is None or found.attribution is not Attribution.EXPLICIT:
            return found
        return replace(found, attribution=Attribution.INFERRED, weight=found.weight * INFERRED)

    def _meant(self, report: Report, text: Field, memory: Memory) -> Meant:
        source = report.source
        if source is None:
            return self._without_source(report, text, memory)
        words = text.text[source.start : source.end][:_LONGEST_SOURCE].lower()
        if words in self.people.relative:
            return self._antecedent(report, source, text) or unknown("speaker:relative_alone", source)
        if words in self.people.answers and report.cue and report.cue.kind is CueKind.COLON:
            return self._asked(source, text, memory)
        if words in self.people.pronouns:
            return pronoun(report, source, self.people.pronouns[words], text, self.cast, memory)
        named = self._named(report, source, text)
        return (
            named
            or self._introduced(report, source, text)
            or apposed(self, source, text)
            or self._nominal(source, text, memory, words)
        )

    def _asked(self, source: Bounds, text: Field, memory: Memory) -> Meant:
        """Return who answers in an interview: the first person who spoke, else the only one named before."""
        first = next(
            (said for _, said, _ in memory.spoken[:_INTRODUCED] if said.kind == "person" and said.actor), None
        )
        if first is not None:
            return again(first, source, "speaker:answer")
        named = self.cast.within(text.name, 0, min(source.start, _OPENING_CHARS))
        people = [self.cast.fullest(each) for each in named if each.kind is MentionKind.PERSON]
        only = people[0] if people and all(each is people[0] for each in people) else None
        return by(only, source, "speaker:answer", POINTED) if only else unknown("speaker:answer_open", source)

    def _antecedent(self, report: Report, source: Bounds, text: Field) -> Meant | None:
        """Return the actor named right before a relative pronoun."""
        low = max(report.sentence.start, source.start - _WHO_CHARS)
        speakers = [m for m in self.cast.within(text.name, low, source.start) if m.kind in SPEAKER_KINDS]
        if not speakers:
            return None
        return self._as_actor(speakers[-1], Bounds(speakers[-1].start, speakers[-1].end), "speaker:relative")

    def _named(self, report: Report, source: Bounds, text: Field) -> Meant | None:
        """Return the actor whose name is the source's head."""
        head = report.source_head or source
        if report.collective:
            return self._together(text, source)
        mention = best(self.cast.touching(text.name, head), head)
        if mention is not None and (mention.kind is not MentionKind.NORP or mention.end >= source.end):
            learn(self, report, mention, text)
            return self._as_actor(mention, source, "speaker:named")
        return self._unmarked(text, source, head)

    def _as_actor(self, mention: Mention, at: Bounds, rule: str) -> Meant | None:
        actor = self.cast.fullest(mention)
        if actor is None:
            return None
        meant = by(actor, at, rule)
        if mention.metonym_for:
            return Meant(actor.name, "office", actor.key, rule, actor=actor, at=at)
        return meant

    def _together(self, text: Field, source: Bounds) -> Meant:
        """Return several who speak as one: the source as written."""
        inside = [m for m in self.cast.touching(text.name, source) if m.kind in SPEAKER_KINDS]
        words = text.text[source.start : source.end]
        keys = sorted({key_of(mention) for mention in inside})
        names = sum(mention.end - mention.start for mention in inside) * 2 >= len(words)
        kind = SPEAKER_KINDS[inside[0].kind] if names else "person"
        key = "\n".join(keys) if len(keys) > 1 else f"\n{words.lower()}"
        nominal = None if names else words.lower()
        return Meant(words, kind, key, "speaker:collective", at=source, nominal=nominal)

    def _unmarked(self, text: Field, source: Bounds, head: Bounds) -> Meant | None:
        """Return a name that nobody marked as one: known by its last word, or by its capitals."""
        words = text.text[head.start : head.end]
        known = self.cast.named(words)
        if known:
            return by(known, source, "speaker:surname")
        parts = words.split()
        if (
            not parts
            or not all(part[:1].isupper() for part in parts)
            or is_plain(words, self.people, self.bodies)
        ):
            return None
        lower = words.lower()
        body = self.bodies.public.search(lower) or self.bodies.private.search(lower) or words.isupper()
        kind = "organisation" if body else "person"
        return Meant(words, kind, f"\t{lower}", "speaker:capitals", weight=0.9, at=source)

    def _introduced(self, report: Report, source: Bounds, text: Field) -> Meant | None:
        """Return the person of whom the source's head is said as a role right here."""
        head = report.source_head or source
        for said in self.offices.said_near(text.name, head):
            mention = self.cast.at(text.name, said.person)
            actor = self.cast.fullest(mention) if mention else None
            if actor is not None and mention is not None:
                low, high = min(source.start, mention.start), max(source.end, mention.end)
                inside = text.text[low:high]
                return by(
                    actor,
                    source if "\n" in inside else Bounds(mention.start, mention.end),
                    "speaker:introduced",
                )
        return None

    def _nominal(self, source: Bounds, text: Field, memory: Memory, words: str) -> Meant:
        """Return whom a noun phrase without a name means: one introduced, or nobody in particular."""
        serves = is_office_of(words, self.people, self.bodies)
        office = None if serves else office_of(words, self.people)
        body = None if office or serves else self.bodies.common.search(words)
        public = body or self.bodies.public.search(words)
        written = text.text[source.start : source.end]
        as_written = Meant(
            written,
            "office" if office else "organisation" if public else "person",
            f"\t{words}",
            "speaker:as_written",
            at=source,
            nominal=words,
            office=role_of(written) if office else None,
        )
        if not office and self.people.documents.search(words):
            return self._document(words, source, text, memory, as_written)
        if self.people.several.search(words):
            return self._last(words, source, memory) or as_written
        if serves or not self._points_back(words, written, office):
            return as_written
        noun = (office, body[0] if body else None)
        found = fitting(words, noun, self.cast, text.name, source, self.people)
        if len(found) == 1:
            return by(found[0], source, "speaker:noun", POINTED)
        near = [said for _, said, _ in memory.near(source.start) if any(a.key == said.key for a in found)]
        if found and len({said.key for said in near}) != 1:
            return unknown("speaker:noun_open", source)
        return (
            again(near[0], source, "speaker:noun_last")
            if found
            else self._whoever(words, source, memory) or as_written
        )

    def _document(self, words: str, source: Bounds, text: Field, memory: Memory, written: Meant) -> Meant:
        """Return whose a writing is: of whom it says, else of who spoke last; a thing says nothing."""
        inside = [m for m in self.cast.touching(text.name, source) if m.kind in SPEAKER_KINDS]
        actor = self.cast.fullest(inside[0]) if len(inside) == 1 else None
        if actor is not None and self._owns(inside[0], source, text):
            return by(actor, source, "speaker:document_of", POINTED)
        if written.kind == "organisation":  # "a ministry statement"
            return written
        near = [said for _, said, _ in memory.near(source.start) if said.name is not None]
        if near and words.split(maxsplit=1)[0] in self.people.definite:
            return again(near[0], source, "speaker:document")
        return unknown("speaker:document_alone")

    def _owns(self, mention: Mention, source: Bounds, text: Field) -> bool:
        """Say whether a writing is a mention's: "the ministry's note", "a note from the ministry"."""
        before = text.text[source.start : mention.start].lower().split()
        after = text.text[mention.end : source.end].lower()
        by_whom = bool(self.people.authors.intersection(before[-2:]))
        return by_whom or (after.startswith(self.people.possessives) and len(before) < 2)

    def _last(self, words: str, source: Bounds, memory: Memory) -> Meant | None:
        """Return the last several who spoke, for "both"."""
        if words.split(maxsplit=1)[0] in self.people.pronouns:  # "their ministers" are others
            return None
        near = [said for _, said, _ in memory.near(source.start) if "\n" in (said.key or "")]
        return again(near[0], source, "speaker:several_last") if near else None

    def _points_back(self, words: str, written: str, office: str | None) -> bool:
        """Say whether a noun phrase means somebody named before: definite, or an office as a name."""
        if self.people.former.search(words):
            return False
        first = words.split()[:1]
        return bool(first) and (
            first[0] in self.people.definite
            or bool(office and written[:1].isupper() and words.endswith(office))
        )

    def _whoever(self, words: str, source: Bounds, memory: Memory) -> Meant | None:
        """Return the last person who spoke, for a noun that says no office ("the 62-year-old")."""
        if not self.people.anyone.search(words) or office_of(words, self.people, strict=True):
            return None
        near = [said for _, said, _ in memory.near(source.start) if said.kind == "person" and said.actor]
        if not near or any(said.key != near[0].key for said in near):
            return None
        return again(near[0], source, "speaker:noun_last")

    def _without_source(self, report: Report, text: Field, memory: Memory) -> Meant:
        """Return who goes on speaking."""
        at = report.content[0].start
        near = memory.near(at)
        if report.cue is not None or not near or near[0][1].name is None:
            return unknown("speaker:unsaid" if report.cue else "speaker:nobody_before")
        number, said, _ = near[0]
        same = number == memory.paragraph(at)
        if report.mode is StatementMode.CONTINUATION:
            first = text.text[at : at + 20].lower().split()[:1]
            points = bool(first) and first[0].strip(",.;:'’") in self.people.points_back
            return going_on(said, sure=same and points)
        return going_on(said, sure=same or len({each.key for _, each, _ in near}) == 1)


def best(mentions: Sequence[Mention], head: Bounds) -> Mention | None:
    """Return the mention that names a head: one that holds its end, people first, then the longest.

    Else one with which the head begins and that is most of it.
    """
    speakers = [m for m in mentions if m.kind in SPEAKER_KINDS]
    holding = [
        m
        for m in speakers
        if m.start < head.end <= m.end and (m.kind is not MentionKind.NORP or m.start <= head.start)
    ]
    half = (head.end - head.start) / 2
    front = [
        m
        for m in speakers
        if m.kind is not MentionKind.NORP and m.start <= head.start and m.end - head.start > half
    ]
    return max(holding or front, key=lambda m: (m.kind is MentionKind.PERSON, m.end - m.start), default=None)
