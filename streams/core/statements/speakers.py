"""Speakers: whom the source of a report means. Nobody rather than the wrong one.

In this order: a relative pronoun is what stands before it; a name is its actor; a pronoun or a noun that
points back ("the minister") is the last explicit speaker whom it fits, in the same paragraph or the one
before, when nobody else fits as well; anybody else stays as written. A report without a source goes on with
the last speaker: inferred when its words point back, else ambiguous.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from schemas.mention import MentionKind
from schemas.statement import Attribution, StatementMode
from streams.core.statements.cast import SPEAKER_KINDS, key_of
from streams.core.statements.nominals import fitting, is_plain, office_of
from streams.core.statements.report import Bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.mention import Mention
    from streams.core.statements.cast import Actor, Cast
    from streams.core.statements.context_words import BodyWords, PersonWords
    from streams.core.statements.report import Report
    from streams.core.tagging.fields import Field

SURE: Final = 1.0
POINTED: Final = 0.92
"""A pronoun or noun that points back to one who fits."""
INFERRED: Final = 0.7
DOUBTFUL: Final = 0.4
_LONGEST_SOURCE: Final = 300
"""Code points of a source that are looked at."""


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom a source means. `actor` None: as written only; `name` None: nobody can be told.

    `key` is the same for the same speaker in one article; `words` are the source as it is written when it is
    no name of the actor.
    """

    name: str | None
    kind: str
    key: str | None
    rule: str
    attribution: Attribution
    weight: float
    actor: Actor | None = None
    at: Bounds | None = None
    nominal: str | None = None


@dataclass(slots=True)
class Memory:
    """The explicit speakers of a field so far."""

    breaks: Sequence[int]
    spoken: list[tuple[int, Meant, Report]] = field(default_factory=list)

    def paragraph(self, at: int) -> int:
        """Return the number of the paragraph that holds a code point."""
        return bisect_right(self.breaks, at)

    def near(self, at: int, back: int = 1) -> list[tuple[int, Meant, Report]]:
        """Return who spoke in the paragraph of `at` and up to `back` before it, the last first."""
        number = self.paragraph(at)
        found = []
        for said in reversed(self.spoken[-_MOST_NEAR:]):
            if said[0] < number - back:
                break
            found.append(said)
        return found

    def add(self, report: Report, meant: Meant) -> None:
        """Remember an explicit speaker."""
        self.spoken.append((self.paragraph(report.sentence.start), meant, report))


_MOST_NEAR: Final = 12
"""Reports that are looked back over, so that a paragraph of thousands stays linear."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What resolving needs: the article's cast and the pack's words."""

    cast: Cast
    people: PersonWords
    bodies: BodyWords

    def meant(self, report: Report, text: Field, memory: Memory) -> Meant:
        """Return whom the report's source means."""
        if report.source is None:
            return self._without_source(report, text, memory)
        words = text.text[report.source.start : report.source.end][:_LONGEST_SOURCE].lower()
        if words in self.people.relative:
            before = self._antecedent(report, text)
            if before:
                return before
            return _unknown("speaker:relative_alone")
        if words in self.people.pronouns:
            return self._pronoun(report, self.people.pronouns[words], memory)
        named = self._named(report, text)
        if named:
            return named
        return self._nominal(report, text, memory, words)

    def _antecedent(self, report: Report, text: Field) -> Meant | None:
        """Return the actor named right before a relative pronoun."""
        assert report.source is not None  # noqa: S101
        before = self.cast.within(text.name, max(report.sentence.start, report.source.start - 60), report.source.start)
        speakers = [mention for mention in before if mention.kind in SPEAKER_KINDS]
        if not speakers:
            return None
        return self._as_actor(speakers[-1], Bounds(speakers[-1].start, speakers[-1].end), "speaker:relative")

    def _named(self, report: Report, text: Field) -> Meant | None:
        """Return the actor whose name is the source's head."""
        source = report.source
        assert source is not None  # noqa: S101
        head = report.source_head or source
        if report.collective:
            return self._together(text, source)
        mention = best(self.cast.touching(text.name, head), head)
        if mention is not None:
            return self._as_actor(mention, source, "speaker:named")
        return self._unmarked(text, source, head)

    def _as_actor(self, mention: Mention, at: Bounds, rule: str) -> Meant | None:
        actor = self.cast.actor(mention)
        if actor is None:
            return None
        kind = "office" if mention.metonym_for else actor.kind
        name = actor.name
        if mention.kind is MentionKind.PERSON:
            fuller = self.cast.named(mention.text)
            if fuller and len(mention.text.split()) == 1:
                actor, name = fuller, fuller.name
        return Meant(name, kind, actor.key, rule, Attribution.EXPLICIT, SURE, actor, at)

    def _together(self, text: Field, source: Bounds) -> Meant:
        """Return several who speak as one: the source as written."""
        inside = [m for m in self.cast.touching(text.name, source) if m.kind in SPEAKER_KINDS]
        words = text.text[source.start : source.end]
        keys = sorted({key_of(mention) for mention in inside})
        kind = SPEAKER_KINDS[inside[0].kind] if inside else "person"
        return Meant(
            words, kind, "\n".join(keys) or words.lower(), "speaker:collective", Attribution.EXPLICIT, SURE, at=source)

    def _unmarked(self, text: Field, source: Bounds, head: Bounds) -> Meant | None:
        """Return a name that nobody marked as one: known by its last word, or by its capitals."""
        words = text.text[head.start : head.end]
        known = self.cast.named(words)
        if known:
            return Meant(
                known.name, known.kind, known.key, "speaker:surname", Attribution.EXPLICIT, SURE, known, source)
        parts = words.split()
        if not parts or not all(part[:1].isupper() for part in parts) or is_plain(words, self.people, self.bodies):
            return None
        lower = words.lower()
        body = self.bodies.public.search(lower) or self.bodies.private.search(lower) or words.isupper()
        kind = "organisation" if body else "person"
        return Meant(words, kind, f"\t{lower}", "speaker:capitals", Attribution.EXPLICIT, 0.9, at=source)

    def _pronoun(self, report: Report, sort: str, memory: Memory) -> Meant:
        """Return the last speaker whom a pronoun fits, ambiguous when somebody else fits too."""
        source = report.source
        assert source is not None  # noqa: S101
        for _, said, earlier in memory.near(source.start):
            if not _agrees(said, sort):
                continue
            if self._rival(said, sort, earlier, source, report):
                break
            return _again(said, source, "speaker:pronoun", POINTED)
        alone = self._alone(sort, report, memory) if sort in ("male", "female") else None
        return alone or _unknown("speaker:pronoun_open", source)

    def _rival(self, said: Meant, sort: str, earlier: Report, source: Bounds, report: Report) -> bool:
        """Say whether somebody else whom the pronoun fits is named between the earlier report and it."""
        inside = [*earlier.content, earlier.sentence]
        between = self.cast.within(report.field, max(each.end for each in inside), source.start)
        if sort not in ("male", "female"):
            return False
        for mention in between:
            actor = self.cast.actor(mention)
            if (
                mention.kind is MentionKind.PERSON
                and actor is not None
                and actor.key != said.key
                and actor.sex in (None, sort)
                and not any(each.start <= mention.start < each.end for each in report.content)
            ):
                return True
        return False

    def _alone(self, sort: str, report: Report, memory: Memory) -> Meant | None:
        """Return the only person whom a pronoun fits in its paragraph and the one before."""
        source = report.source
        assert source is not None  # noqa: S101
        number = memory.paragraph(source.start)
        first = memory.breaks[number - 2] if number >= 2 else 0
        found: dict[str, Actor] = {}
        for mention in self.cast.within(report.field, max(first, source.start - 2_000), source.start):
            actor = self.cast.actor(mention)
            if mention.kind is MentionKind.PERSON and actor and actor.sex in (None, sort):
                found[actor.key] = actor
        if len(found) != 1:
            return None
        (actor,) = found.values()
        return Meant(
            actor.name, actor.kind, actor.key, "speaker:only_person", Attribution.EXPLICIT, POINTED, actor, source)

    def _nominal(self, report: Report, text: Field, memory: Memory, words: str) -> Meant:
        """Return whom a noun phrase without a name means: one introduced, or nobody in particular."""
        source = report.source
        assert source is not None  # noqa: S101
        parts = words.split()
        office = office_of(words, self.people)
        body = None if office else self.bodies.common.search(words)
        kind = "office" if office else "organisation" if body or self.bodies.public.search(words) else "person"
        written = text.text[source.start : source.end]
        as_written = Meant(
            written, kind, f"\t{words}", "speaker:as_written", Attribution.EXPLICIT, SURE, at=source, nominal=words)
        if not parts or parts[0] not in self.people.definite:
            return as_written
        found = fitting(words, office, body[0] if body else None, self.cast, text.name, source)
        if len(found) == 1:
            return _again(_explicit(found[0], source), source, "speaker:noun", POINTED)
        recent = [said for _, said, _ in memory.near(source.start) if any(a.key == said.key for a in found)]
        if found:
            if recent and len({said.key for said in recent}) == 1:
                return _again(recent[0], source, "speaker:noun_last", POINTED)
            return _unknown("speaker:noun_open", source, written)
        return self._whoever(words, source, memory) or as_written

    def _whoever(self, words: str, source: Bounds, memory: Memory) -> Meant | None:
        """Return the last person who spoke, for a noun that says no office ("the 62-year-old")."""
        if not self.people.anyone.search(words) or office_of(words, self.people, strict=True):
            return None
        near = [said for _, said, _ in memory.near(source.start) if said.kind == "person" and said.actor]
        if not near or any(said.key != near[0].key for said in near):
            return None
        return _again(near[0], source, "speaker:noun_last", POINTED)

    def _without_source(self, report: Report, text: Field, memory: Memory) -> Meant:
        """Return who goes on speaking."""
        if report.cue is not None:
            return _unknown("speaker:unsaid")
        at = report.content[0].start
        near = memory.near(at)
        if not near:
            return _unknown("speaker:nobody_before")
        number, said, _ = near[0]
        if said.name is None:
            return _unknown("speaker:nobody_before")
        same = number == memory.paragraph(at)
        if report.mode is StatementMode.CONTINUATION:
            first = text.text[at : at + 20].lower().split()[:1]
            points = bool(first) and first[0].strip(",.;:'’") in self.people.points_back
            return _going_on(said, sure=same and points)
        return _going_on(said, sure=same or len({each.key for _, each, _ in near}) == 1)


def best(mentions: Sequence[Mention], head: Bounds) -> Mention | None:
    """Return the mention that names a head: one that holds its end, people first, then the longest."""
    holding = [m for m in mentions if m.kind in SPEAKER_KINDS and m.start < head.end <= m.end]
    whole = holding or [m for m in mentions if m.kind in SPEAKER_KINDS and m.start <= head.start and m.end > head.start]
    return max(whole, key=lambda m: (m.kind is MentionKind.PERSON, m.end - m.start), default=None)


def _agrees(said: Meant, sort: str) -> bool:
    """Say whether a pronoun of a sort can mean a speaker."""
    if sort == "several":
        return said.kind in ("organisation", "country") or (said.key or "").count("\n") > 0
    if sort == "thing":
        return said.kind in ("organisation", "country", "office") and not (said.nominal and said.kind == "office")
    sex = said.actor.sex if said.actor else None
    return said.kind in ("person", "office") and said.name is not None and sex in (None, sort)


def _explicit(actor: Actor, source: Bounds) -> Meant:
    return Meant(actor.name, actor.kind, actor.key, "", Attribution.EXPLICIT, SURE, actor, source)


def _again(said: Meant, source: Bounds, rule: str, weight: float) -> Meant:
    """Return an earlier speaker as meant again, by other words."""
    return Meant(
        said.name, said.kind, said.key, rule, Attribution.EXPLICIT, min(said.weight, SURE) * weight, said.actor, source,
        said.nominal)


def _going_on(said: Meant, *, sure: bool) -> Meant:
    attribution = Attribution.INFERRED if sure and said.attribution is Attribution.EXPLICIT else Attribution.AMBIGUOUS
    rule, weight = ("speaker:goes_on", INFERRED) if sure else ("speaker:may_go_on", DOUBTFUL)
    return Meant(said.name, said.kind, said.key, rule, attribution, weight, said.actor, None, said.nominal)


def _unknown(rule: str, at: Bounds | None = None, name: str | None = None) -> Meant:
    return Meant(name, "person", None, rule, Attribution.AMBIGUOUS, DOUBTFUL, at=at)
