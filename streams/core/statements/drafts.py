"""Drafts: reports read in order, each with its speaker, hops, day and office, before statements are made."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from schemas.statement import Attribution
from streams.core.statements.cast import cast_of
from streams.core.statements.chain import Step, last_steps, own
from streams.core.statements.context_words import body_words, person_words
from streams.core.statements.draft import Draft
from streams.core.statements.meant import Memory, breaks_of
from streams.core.statements.media import Depth, by_noun, is_medium, media_words, passages_in
from streams.core.statements.named_later import named_later
from streams.core.statements.offices import offices_of
from streams.core.statements.report import Bounds, CueKind
from streams.core.statements.said_on import filed_of, said_on, times_of
from streams.core.statements.speakers import Stage
from streams.core.statements.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from schemas.clean_article import CleanArticle
    from schemas.mention import Mention
    from schemas.span import SpanField
    from streams.core.offices.registry import Registry
    from streams.core.statements.cast import Cast
    from streams.core.statements.days_said import Dated
    from streams.core.statements.meant import Meant
    from streams.core.statements.media import Passage
    from streams.core.statements.report import Report
    from streams.core.statements.said_on import Filed, Times
    from streams.core.tagging.fields import Field

_NEAR: Final = 80
"""Code points between a name and the role that is said beside it."""
_MOST_AROUND: Final = 20
"""Passages to each side of a report that are looked at: a sentence of thousands stays linear."""
_OPENING_CHARS: Final = 300
"""Code points behind a phrase that sets the time, in which the one is named whom it is told of."""


@dataclass(slots=True)
class _Heard:
    """What was said of a speaker so far: his last time, and the passages that carry his words on."""

    dated: Dated | None = None
    paragraph: int = -1
    in_lead: bool = False
    carried: tuple[Passage, ...] = ()
    told: tuple[Passage, ...] = ()
    lead: bool = False
    carried_in: int = -1


@dataclass(slots=True)
class _Reading:
    """One field being read."""

    text: Field
    stage: Stage
    times: Times
    passages: Sequence[Passage]
    starts: Sequence[int]
    memory: Memory
    last: Sequence[Step]
    standing: Standing
    filed: Filed
    undated: Sequence[Bounds]
    told: Dated | None = None
    reported: dict[str, date] = field(default_factory=dict)
    heard: dict[str, _Heard] = field(default_factory=dict)
    spoken: list[int] = field(default_factory=list)

    def hear_lead(self) -> None:
        """Keep the media of a first paragraph without a report for the people whom it names."""
        end = self.memory.breaks[0] if self.memory.breaks else len(self.text.text)
        if self.spoken and self.spoken[0] < end:
            return
        lead = tuple(
            each for each in self.passages if each.bounds.start < end and each.depth is not Depth.TOLD
        )
        for mention in self.stage.cast.within(self.text.name, 0, end) if lead else ():
            actor = self.stage.cast.fullest(mention)
            if actor is not None and actor.kind == "person":
                self.heard.setdefault(actor.key, _Heard(carried=lead, lead=True, carried_in=0))

    def draft(self, report: Report) -> Draft | None:
        """Return a report's draft, None when a wire gives it that only carries another's words."""
        if self._is_reporter(report):
            return None
        meant = self.stage.meant(report, self.text, self.memory)
        carried = own(report, self._around(report), alone=self._is_alone(report))
        if self._is_hop(report, meant):
            other = self._cited(report, meant, carried)
            if other is None:
                return None
            report, meant = other
        if report.source is not None and meant.name is not None:
            self.memory.add(report, meant)
        paragraph = self.memory.paragraph(report.sentence.start)
        heard = self.heard.setdefault(meant.key, _Heard()) if meant.key else _Heard()
        dated, inherited = self._dated(report, meant, paragraph, heard)
        carried, rule = self._carried(
            carried, meant, paragraph, heard, past=report.recurring or self.times.is_past(dated)
        )
        steps = [self._step(each) for each in carried if each.key != meant.key]
        reported = min((step.day for step in steps if step.day), default=None)
        when = said_on(
            dated, inherited=inherited, reported=reported, filed=self.filed, recurring=report.recurring
        )
        role, judged = self.standing.of(meant, report, when)
        rules = (meant.rule, *([rule] if rule else []), f"date:{when.basis}")
        return Draft(report, meant, when, judged, role, (*steps, *self.last), rules)

    def _is_reporter(self, report: Report) -> bool:
        """Say whether the source is who writes ("let us remind")."""
        source = report.source
        return (
            source is not None
            and self.text.text[source.start : source.end].lower() in self.stage.people.first_person
        )

    def _around(self, report: Report) -> Sequence[Passage]:
        """Return the passages of a report's sentence and of what follows it up to the next report."""
        first = bisect_left(self.starts, report.sentence.start)
        last = bisect_left(self.starts, self._until(report), bisect_left(self.starts, report.sentence.end))
        if last - first > 2 * _MOST_AROUND:
            middle = bisect_left(
                self.starts, report.cue.bounds.start if report.cue else report.sentence.start
            )
            first, last = max(first, middle - _MOST_AROUND), min(last, middle + _MOST_AROUND)
        return self.passages[first:last]

    def _until(self, report: Report) -> int:
        """Return where the paragraph's next report begins, else where the paragraph ends."""
        breaks = self.memory.breaks
        number = self.memory.paragraph(report.sentence.start)
        end = breaks[number] if number < len(breaks) else len(self.text.text)
        at = bisect_left(self.spoken, report.sentence.end)
        return max(report.sentence.end, min(end, self.spoken[at]) if at < len(self.spoken) else end)

    def _is_hop(self, report: Report, meant: Meant) -> bool:
        """Say whether a medium is the source: by name, or somebody without a name who writes for one."""
        at = meant.at
        if at is None or meant.key is None or (meant.actor is not None and not self._is_medium(meant)):
            return False
        around = self._around(report)
        over = any(each.bounds.start <= at.end + 1 and at.start < each.bounds.end for each in around)
        return over or (self._is_medium(meant) and any(each.key == meant.key for each in around))

    def _is_medium(self, meant: Meant) -> bool:
        if meant.actor is None:
            words = media_words(self.times.language)
            return bool(words.unnamed.search(meant.nominal or "") or words.noun.search(meant.nominal or ""))
        mention = meant.actor.mention
        return is_medium(
            mention,
            self.text.text if mention.field is self.text.name else "",
            media_words(self.times.language),
        )

    def _cited(self, report: Report, meant: Meant, carried: Sequence[Passage]) -> tuple[Report, Meant] | None:
        """Return a medium's report as that of whom it cites, None when it wraps another's."""
        for passage in carried:
            if passage.key == meant.key and passage.citing is not None:
                cited = self._at(passage.citing, report)
                if cited:
                    return report, cited
        at = bisect_left(self.spoken, report.sentence.start)
        wraps = bisect_left(self.spoken, report.sentence.end) - at > 1
        return None if wraps else (report, meant)

    def _at(self, start: int, report: Report) -> Meant | None:
        """Return who is named right at `start` ("citing Ines Varga")."""
        near = self.stage.cast.within(self.text.name, start, min(start + 40, report.sentence.end))
        if not near or any(mark in self.text.text[start : near[0].start] for mark in ",.;"):
            return None
        bounds = Bounds(near[0].start, near[0].end)
        asked = replace(report, source=bounds, source_head=bounds, collective=False)
        found = self.stage.meant(asked, self.text, self.memory)
        return None if self._is_medium(found) else found

    def _dated(
        self, report: Report, meant: Meant, paragraph: int, heard: _Heard
    ) -> tuple[Dated | None, bool]:
        """Return the time of a saying, and whether it was inherited."""
        found = self.times.own(report, self.told)
        if found is None and paragraph == 0 and self._is_alone(report) and not report.recurring:
            found = self.times.of_lead(report, self.undated)
        if found:
            heard.dated, heard.paragraph, self.told = found, paragraph, found
            heard.in_lead = heard.in_lead or paragraph == 0
            return found, False
        if report.recurring:
            return None, False
        found = self._told_before(report, meant, paragraph)
        if found is None and heard.dated and (heard.paragraph == paragraph or heard.in_lead):
            found = heard.dated
        return found, found is not None

    def _is_alone(self, report: Report) -> bool:
        """Say whether a report is the only one of its sentence."""
        at = bisect_left(self.spoken, report.sentence.start)
        return bisect_left(self.spoken, report.sentence.end) - at == 1

    def _told_before(self, report: Report, meant: Meant, paragraph: int) -> Dated | None:
        """Return the past time that a sentence before set, when it names the speaker."""
        opening = self.times.set_before(report, paragraph)
        if opening is None:
            return None
        until = min(report.sentence.start, opening.bounds.start + _OPENING_CHARS)
        named = self.stage.cast.within(self.text.name, opening.bounds.end, until)
        actors = (self.stage.cast.fullest(mention) for mention in named)
        return opening.dated if any(actor and actor.key == meant.key for actor in actors) else None

    def _carried(
        self, carried: tuple[Passage, ...], meant: Meant, paragraph: int, heard: _Heard, *, past: bool
    ) -> tuple[tuple[Passage, ...], str | None]:
        """Return the passages that carry a report: its own, else those that carry on from its speaker's."""
        if carried:
            heard.told = heard.told or carried
            on = tuple(each for each in carried if each.depth is not Depth.TOLD)
            if on and not heard.lead:
                heard.carried, heard.lead, heard.carried_in = on, paragraph == 0, paragraph
            return carried, "chain:own"
        if meant.rule == "speaker:answer":
            return heard.told, "chain:interview"
        if past or not heard.carried or (meant.attribution is Attribution.AMBIGUOUS and meant.name is None):
            return (), None
        if heard.lead:
            return heard.carried, "chain:lead"
        return (heard.carried, "chain:paragraph") if heard.carried_in == paragraph else ((), None)

    def _step(self, passage: Passage) -> Step:
        """Return a passage as a hop; a medium that is dated once reported all of it then."""
        day = self.times.day(passage.when) or self.reported.get(passage.key)
        if day:
            self.reported.setdefault(passage.key, day)
        return Step(passage.actor, passage.relation, day, self.text.name, passage.bounds)


def drafts_of(
    article: CleanArticle,
    fields: Mapping[SpanField, Field],
    mentions: Sequence[Mention],
    reports: Sequence[Report],
    registry: Registry,
) -> tuple[list[Draft], Cast]:
    """Return the drafts of an article in order of the page, and its cast."""
    language = article.language.code
    people = person_words(language)
    filed = filed_of(article)
    offices = offices_of(fields, mentions, registry, language, filed.day)
    stage = Stage(
        cast_of(fields, mentions, people, offices, filed.day), people, body_words(language), offices
    )
    last = last_steps(article, stage.cast, filed)
    drafts: list[Draft] = []
    for name, text in fields.items():
        mine = sorted((r for r in reports if r.field is name), key=_place)
        if not mine:
            continue
        breaks = breaks_of(text.text)
        passages = passages_in(text, stage.cast, language)
        passages = sorted(passages + list(by_noun(mine, text, passages, language)))
        memory = Memory(breaks)
        whens = (each.when for each in passages if each.when)
        reading = _Reading(
            text=text,
            stage=stage,
            times=times_of(text, language, filed, breaks),
            passages=passages,
            starts=[each.bounds.start for each in passages],
            memory=memory,
            last=last,
            standing=Standing(article, text, stage, memory, filed),
            filed=filed,
            undated=sorted([*(piece for report in mine for piece in report.content), *whens]),
            spoken=[report.sentence.start for report in mine],
        )
        reading.hear_lead()
        drafts += named_later(
            [draft for report in mine if (draft := reading.draft(report))], reading.standing
        )
    return drafts, stage.cast


def _place(report: Report) -> tuple[int, int]:
    """Return where a report is read: its sentence, then its cue, else its content."""
    cue = report.cue
    at = cue.bounds.start if cue and cue.kind is not CueKind.NONE else report.content[0].start
    return report.sentence.start, at
