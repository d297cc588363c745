"""Assemble: reports become statements: speaker, chain, day, office, ids.

In this order: the speaker is resolved; what a wire reports of another's words becomes a hop; days; offices;
renderings of one utterance are grouped; ids are hashed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.ids import digest
from schemas.mention import Mention, MentionKind
from schemas.span import Span
from schemas.statement import Attribution, Cue, Official, SaidOn, Speaker, SpeechAct, Statement
from streams.core.tagging.fields import raw_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from schemas.clean_article import CleanArticle
    from schemas.span import SpanField
    from streams.core.statements.report import Bounds, CueFound, Report
    from streams.core.tagging.fields import Field


def statements_of(
    article: CleanArticle,
    fields: Mapping[SpanField, Field],
    mentions: Sequence[Mention],
    reports: Sequence[Report],
) -> Iterator[Statement]:
    """Yield the statements of an article, in order of the page."""
    for report in reports:
        field = fields[report.field]
        content = tuple(_span(article, field, bounds) for bounds in report.content)
        cue = report.cue
        yield Statement(
            statement_id=digest("statement", article.article_id, *(span.text for span in content)),
            mode=report.mode,
            speech_act=cue.act if cue else SpeechAct.ASSERT,
            content=content,
            cue=_cue(article, field, cue) if cue else None,
            speaker=_speaker(article, field, report, mentions),
            said_on=SaidOn(basis="none"),
            reported_on=article.published.value if article.published else None,
            attribution=Attribution.EXPLICIT if report.source else Attribution.AMBIGUOUS,
            quote_defects=report.quote_defects,
            inserts=tuple(_span(article, field, bounds) for bounds in report.inserts),
            official=Official(is_official=False),
            confidence=report.confidence,
            rules=report.rules,
        )


def _cue(article: CleanArticle, field: Field, cue: CueFound) -> Cue:
    span = dict(_span(article, field, cue.bounds))
    return Cue(**span, lemma=cue.lemma, factive=cue.factive, negated=cue.negated)


def _span(article: CleanArticle, field: Field, bounds: Bounds) -> Span:
    raw_start, raw_end = raw_place(article, field, bounds.start, bounds.end)
    text = field.text[bounds.start : bounds.end]
    return Span(
        field=field.name, start=bounds.start, end=bounds.end, raw_start=raw_start, raw_end=raw_end, text=text)


def _speaker(
    article: CleanArticle, field: Field, report: Report, mentions: Sequence[Mention]
) -> Speaker | None:
    if report.source is None:
        return None
    span = _span(article, field, report.source)
    inside = [
        mention for mention in mentions
        if mention.field is field.name and span.start <= mention.start < mention.end <= span.end
    ]
    named = inside[0] if inside else None
    kind = named.kind if named else MentionKind.PERSON
    mention = Mention(**dict(span), kind=kind, confidence=report.confidence, qid=named.qid if named else None)
    return Speaker(mention=mention, name=span.text, kind="person")
