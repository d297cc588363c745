"""Assemble: reports become statements: speaker, chain, day, office, ids.

In this order: the speaker is resolved; what a wire reports of another's words becomes a hop; days; offices;
renderings of one utterance are grouped; ids are hashed. `drafts` does the first half, in the order in which a
reader reads; here the statements are made of them.

`confidence` is the grammar's, times how sure the speaker is (1 named, .92 by a pronoun or noun that fits one,
.7 inferred, .4 ambiguous), times how sure his mention is: monotone in each, and never above any of them.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from schemas.mention import Mention, MentionKind
from schemas.span import Span, SpanField
from schemas.statement import Attribution, Cue, Hop, Speaker, SpeechAct, Statement
from streams.core.offices.registry import Registry
from streams.core.statements.chain import Step, without_repeats
from streams.core.statements.cues import cues_of
from streams.core.statements.draft import Draft
from streams.core.statements.drafts import drafts_of
from streams.core.statements.meant import POINTED, going_on
from streams.core.statements.placement import ids_of
from streams.core.statements.renditions import Rendering, aliases_of, gist_of, groups_of, taken_up
from streams.core.statements.report import Bounds
from streams.core.statements.said_on import moment
from streams.core.tagging.fields import raw_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from schemas.clean_article import CleanArticle
    from streams.core.statements.cast import Cast
    from streams.core.statements.report import CueFound, Report
    from streams.core.tagging.fields import Field

_KINDS = {
    "person": MentionKind.PERSON,
    "organisation": MentionKind.ORG,
    "country": MentionKind.GPE,
    "office": MentionKind.POSITION,
}
_NAMED = (MentionKind.GPE, MentionKind.NORP, MentionKind.PERSON, MentionKind.ORG)
_DEFECTS: Final = frozenset(
    f"{side}_quote_{what}" for side in ("opening", "closing") for what in ("missing", "wrong")
)
_MARK_CHARS: Final = 3
"""A mark of a content stands less than so many code points from its edge: a full stop may stand between."""
_NOBODY = Registry.empty()


class Assembled(NamedTuple):
    """What the article's context makes: the mentions with the roles said at them, and the statements."""

    mentions: tuple[Mention, ...]
    statements: tuple[Statement, ...]


def assembled(
    article: CleanArticle,
    fields: Mapping[SpanField, Field],
    mentions: Sequence[Mention],
    reports: Sequence[Report],
    registry: Registry = _NOBODY,
) -> Assembled:
    """Return an article's mentions with their roles, and its statements, both in order of the page."""
    drafts, cast = drafts_of(article, fields, mentions, reports, registry)
    writer = _Writer(article, fields)
    statements = tuple(_statements(article, fields, mentions, drafts, cast, writer))
    roles = {
        (mention.field, mention.start): found.role.model_copy(
            update={"span": writer.span(mention.field, Bounds(found.said.start, found.said.end))}
        )
        for actor in cast.actors.values()
        for mention, found in actor.said
    }
    roled = (
        mention.model_copy(update={"role": roles[mention.field, mention.start]})
        if (mention.field, mention.start) in roles
        else mention
        for mention in mentions
    )
    return Assembled(tuple(roled), statements)


def _statements(
    article: CleanArticle,
    fields: Mapping[SpanField, Field],
    mentions: Sequence[Mention],
    drafts: Sequence[Draft],
    cast: Cast,
    writer: _Writer,
) -> Iterator[Statement]:
    """Yield the statements of drafts, renderings of one utterance pointing to the best."""
    aliases, language = aliases_of(mentions), article.language.code
    best = groups_of(
        [_rendering(draft, fields[draft.report.field], cast, language, aliases) for draft in drafts]
    )
    drafts = [_headed(draft, drafts[best[number]]) for number, draft in enumerate(drafts)]
    speakers = [writer.speaker(draft) for draft in drafts]
    contents = [
        [fields[draft.report.field].text[each.start : each.end] for each in draft.report.content]
        for draft in drafts
    ]
    placed_by = [
        None if draft.meant.attribution is Attribution.AMBIGUOUS else speaker
        for draft, speaker in zip(drafts, speakers, strict=True)
    ]
    ids = ids_of(article.article_id, contents, placed_by, best)
    for number, draft in enumerate(drafts):
        rendition_of = ids[best[number]] if best[number] != number else None
        yield writer.statement(draft, ids[number], speakers[number], rendition_of)


def _headed(draft: Draft, best: Draft) -> Draft:
    """Return a headline with the day and hops of what it summarises, and its speaker, if it names none."""
    if draft is best or draft.report.field is SpanField.TEXT:
        return draft
    draft = replace(draft, steps=best.steps, said_on=best.said_on)
    if draft.meant.actor is not None or best.meant.name is None:
        return draft
    rule = "speaker:headline"
    meant = replace(best.meant, at=draft.meant.at, rule=rule, weight=best.meant.weight * POINTED)
    if draft.meant.at is None:
        meant = going_on(meant, sure=True)
    return replace(draft, meant=meant, role=best.role, official=best.official, rules=(rule, *draft.rules[1:]))


def _rendering(
    draft: Draft, field: Field, cast: Cast, language: str, aliases: Mapping[str, str]
) -> Rendering:
    """Return a draft as grouping looks at it."""
    report = draft.report
    pieces = [field.text[each.start : each.end] for each in report.content]
    named, shift = [], 0
    for bounds, piece in zip(report.content, pieces, strict=True):
        named += [
            (Bounds(m.start - bounds.start + shift, m.end - bounds.start + shift), m.qid or m.text.lower())
            for m in cast.within(field.name, bounds.start, bounds.end)
            if m.kind in _NAMED
        ]
        shift += len(piece) + 1
    target = field.text[report.target.start : report.target.end] if report.target else ""
    act = _cues_act(report, language)
    gist = gist_of(pieces, named, act, language, aliases)
    in_words = act is not SpeechAct.DENY and report.cue is not None and report.cue.act is SpeechAct.DENY
    return Rendering(
        speaker=draft.meant.key,
        is_person=draft.meant.kind == "person" and draft.meant.actor is not None,
        field=report.field,
        mode=report.mode,
        attribution=draft.meant.attribution,
        gist=gist._replace(negative=True) if in_words else gist,
        chars=sum(len(piece) for piece in pieces),
        said_on=draft.said_on,
        takes_up=taken_up(target, language),
    )


def _cues_act(report: Report, language: str) -> SpeechAct:
    """Return what the cue does by itself: a denial by the words ("we never did") is none of the cue's."""
    if report.cue is None or report.cue.act is not SpeechAct.DENY:
        return report.cue.act if report.cue else SpeechAct.ASSERT
    form, _, particle = report.cue.lemma.partition(" ")
    verb = cues_of(language).verb(form, particle)
    return verb.act if verb else SpeechAct.ASSERT


class _Writer:
    """Makes the events' values of drafts: every span located in its field and in the raw content."""

    def __init__(self, article: CleanArticle, fields: Mapping[SpanField, Field]) -> None:
        self._article = article
        self._fields = fields
        self._broken = sorted((each.at, each.kind) for each in article.repairs if each.kind in _DEFECTS)

    def statement(
        self, draft: Draft, id_: str, speaker: Speaker | None, rendition_of: str | None
    ) -> Statement:
        """Return the statement of a draft."""
        report, article = draft.report, self._article
        return Statement(
            statement_id=id_,
            mode=report.mode,
            speech_act=report.cue.act if report.cue else SpeechAct.ASSERT,
            content=self._spans(report, report.content),
            cue=self._cue(report, report.cue) if report.cue else None,
            speaker=speaker,
            addressee=self._maybe(report, report.addressee),
            target=self._maybe(report, report.target),
            venue=self._maybe(report, report.venue),
            recurring=report.recurring,
            chain=self._chain(draft, speaker),
            said_on=draft.said_on,
            reported_on=article.published.value if article.published else None,
            attribution=draft.meant.attribution,
            quote_defects=self._defects(report),
            inserts=self._spans(report, report.inserts),
            rendition_of=rendition_of,
            official=draft.official,
            confidence=round(report.confidence * draft.meant.weight * _trust(draft), 3),
            rules=(*report.rules, *draft.rules),
        )

    def _defects(self, report: Report) -> tuple[str, ...]:
        """Return what was broken in the marks around the contents, by report and repairs."""
        if report.field is not SpanField.TEXT:
            return report.quote_defects
        broken = self._broken
        touched = (
            kind
            for each in report.content
            for edge in (each.start, each.end)
            for _, kind in broken[
                bisect_left(broken, (edge - _MARK_CHARS, "")) : bisect_left(broken, (edge + _MARK_CHARS, ""))
            ]
        )
        return tuple(dict.fromkeys((*report.quote_defects, *touched)))

    def speaker(self, draft: Draft) -> Speaker | None:
        """Return the speaker of a draft; None when nobody can be told and nothing is written."""
        meant = draft.meant
        at = self._maybe(draft.report, meant.at)
        name = meant.name or (at.text if at else None)
        if name is None:
            return None
        actor = meant.actor.mention if meant.actor else None
        kind = (actor.kind if actor else None) or _KINDS[meant.kind]
        mention = None
        if at is not None:
            mention = Mention(
                **dict(at),
                kind=kind,
                entity_id=actor.entity_id if actor else None,
                qid=actor.qid if actor else None,
                link_method=actor.link_method if actor else None,
                confidence=round(actor.confidence if actor else meant.weight, 3),
                nil_reason=(actor.nil_reason if actor else "no_name"),
            )
        return Speaker(
            mention=mention,
            name=name,
            entity_id=actor.entity_id if actor else None,
            qid=actor.qid if actor else None,
            kind=meant.kind,
            role=draft.role,
            collective=draft.report.collective,
        )

    def _chain(self, draft: Draft, speaker: Speaker | None) -> tuple[Hop, ...]:
        if speaker is None:
            return ()
        first = Step(speaker.name, "said", None, draft.report.field, draft.meant.at)
        return tuple(
            Hop(
                hop=number,
                actor=step.actor,
                relation=step.relation,
                date=moment(step.day),
                evidence=self.span(step.field, step.evidence) if step.field and step.evidence else None,
            )
            for number, step in enumerate(without_repeats([first, *draft.steps]))
        )

    def _cue(self, report: Report, cue: CueFound) -> Cue:
        span = dict(self.span(report.field, cue.bounds))
        return Cue(**span, lemma=cue.lemma, factive=cue.factive, negated=cue.negated)

    def _maybe(self, report: Report, bounds: Bounds | None) -> Span | None:
        return self.span(report.field, bounds) if bounds else None

    def _spans(self, report: Report, pieces: Sequence[Bounds]) -> tuple[Span, ...]:
        return tuple(self.span(report.field, bounds) for bounds in pieces)

    def span(self, name: SpanField, bounds: Bounds) -> Span:
        """Return a stretch of a field, located in the raw content too."""
        field = self._fields[name]
        raw_start, raw_end = raw_place(self._article, field, bounds.start, bounds.end)
        text = field.text[bounds.start : bounds.end]
        return Span(
            field=name, start=bounds.start, end=bounds.end, raw_start=raw_start, raw_end=raw_end, text=text
        )


def _trust(draft: Draft) -> float:
    """Return how sure the speaker's mention is: 1 when he has none."""
    return draft.meant.actor.mention.confidence if draft.meant.actor else 1.0
