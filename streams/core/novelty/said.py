"""said: what one version of an article says, as a fact that can be kept: statements, and what they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.envelope import DeliveryMode, Envelope, Provenance
from schemas.found_statement import ArticleRef, Named
from schemas.mention import MentionKind
from schemas.span import SpanField
from schemas.statements_state import SaidStatement, SaidVersion
from streams.core.dedup.watermark import lane_of
from streams.core.statements.placement import normalised, placements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from schemas.enriched_article import EnrichedArticle
    from schemas.mention import Mention
    from schemas.span import Span

NAMING = frozenset({
    MentionKind.PERSON, MentionKind.ORG, MentionKind.GPE, MentionKind.LOC, MentionKind.FAC, MentionKind.NORP,
    MentionKind.EVENT, MentionKind.OUTLET, MentionKind.WIRE,
})
"""Kinds of mentions that tell two statements apart. Dates and positions are words like others."""



def version_of(article: EnrichedArticle, envelope: Envelope) -> SaidVersion:
    """Return what an arrival tells of its article's version."""
    kept = placements(article.statements, article.article_id)
    statements = (
        SaidStatement(
            statement=each, placement=kept[each.statement_id], names=named(each.content, article.mentions),
            addressed=named([s for s in (each.addressee, each.target) if s is not None], article.mentions),
        )
        for each in article.statements
    )
    return SaidVersion(
        pipeline=envelope.pipeline_version or "",
        article=ArticleRef(
            id=article.article_id, version=article.version, url=article.url, outlet=article.outlet,
            headline=article.headline, published=article.published, language=article.language.code,
            headline_names=_named(m for m in article.mentions if m.field is SpanField.HEADLINE),
        ),
        event_time=article.event_time, language=article.language.code,
        statements=tuple(sorted(statements, key=lambda each: each.statement.statement_id)),
        arrivals=(provenance_of(envelope),),
        alike=tuple(sorted({match.article_id for match in article.dedup.matches})),
        cluster_id=article.dedup.cluster_id,
    )


def provenance_of(envelope: Envelope) -> Provenance:
    """Return where an arrival came from."""
    return Provenance(
        origin=envelope.origin, origin_time=envelope.origin_time, delivery_mode=envelope.delivery_mode,
        replay_job_id=envelope.replay_job_id, origin_mode=envelope.origin_mode,
    )


def named(spans: Sequence[Span], mentions: Iterable[Mention]) -> tuple[Named, ...]:
    """Return what lies inside spans and names something, in order."""
    return _named(
        mention
        for mention in mentions
        if any(
            span.field is mention.field and span.start <= mention.start and mention.end <= span.end
            for span in spans)
    )


def _named(mentions: Iterable[Mention]) -> tuple[Named, ...]:
    return tuple(
        Named(text=mention.text, key=mention.qid or normalised(mention.text), kind=mention.kind)
        for mention in mentions
        if mention.kind in NAMING
    )


def merged(known: SaidVersion | None, new: SaidVersion) -> SaidVersion:
    """Return two arrivals of one version as one fact; it does not matter which came first, or twice.

    What they tell differently of the article is that of the one with the least event time; no statement of
    either is lost, and of what they tell differently of one, the least JSON stays. The cluster is as of.
    """
    if known is None:
        return new
    told = min((known, new), key=_precedence)
    statements: dict[str, SaidStatement] = {}
    for each in (*known.statements, *new.statements):
        name = each.statement.statement_id
        statements[name] = min(statements.get(name, each), each, key=SaidStatement.model_dump_json)
    return told.model_copy(update={
        "statements": tuple(statements[name] for name in sorted(statements)),
        "arrivals": tuple(thinned((*known.arrivals, *new.arrivals))), "cluster_id": new.cluster_id,
        "alike": tuple(sorted({*known.alike, *new.alike})),
    })


def _precedence(version: SaidVersion) -> tuple[datetime, str]:
    return version.event_time, version.article.model_dump_json() + version.language


def thinned(arrivals: Iterable[Provenance]) -> Iterator[Provenance]:
    """Yield the earliest arrival of each lane, best first: live before others, then the earliest."""
    lanes: set[str] = set()
    for each in sorted(arrivals, key=rank):
        if (lane := lane_of(each)) not in lanes:
            lanes.add(lane)
            yield each


def rank(arrival: Provenance) -> tuple[bool, datetime, str]:
    """Return what arrivals are ordered by: live before others, then by time, then by place."""
    return arrival.came_as is not DeliveryMode.LIVE, arrival.origin_time, arrival.origin
