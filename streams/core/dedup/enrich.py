"""enrich: an answer → the enriched event, with the tagged article that waited for it.

Guarantee: the article leaves the state only once its enriched event is acknowledged (`settled`), so a crash
between the two sends it again, the same bytes (as-of fields aside). No article waits: it was sent and
acknowledged before, and the repeat ends here. What changed since the version before is told from the texts
that are still kept (`texts`).
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from schemas.dedup_state import ArticleTexts
from schemas.enriched_article import Changes, Completeness, DedupAnswer, EnrichedArticle
from schemas.envelope import Envelope
from schemas.tagged_article import TaggedArticle
from streams.core.dedup.texts import TextAges, changed, with_text
from streams.core.dedup.watermark import lane_of

STAGES: Final = ("clean", "tag", "dedup")


@dataclass(frozen=True, slots=True)
class EnrichState:
    """What enrich remembers: two tables, what is built from one, how long texts are kept."""

    awaiting: MutableMapping[str, TaggedArticle]
    texts: MutableMapping[str, ArticleTexts] = field(default_factory=dict)
    ages: TextAges = field(default_factory=TextAges)
    kept: timedelta = timedelta(days=7)


def enriched(article: TaggedArticle, answer: DedupAnswer, changes: Changes | None = None) -> EnrichedArticle:
    """Return the article with what dedup knows of it, and what changed since the version before."""
    return EnrichedArticle.model_construct(
        **{name: getattr(article, name) for name in TaggedArticle.model_fields},
        dedup=answer.dedup if changes is None else answer.dedup.model_copy(update={"changes": changes}),
        completeness=Completeness(stages=STAGES, missing=answer.missing),
    )


def enrich(answer: DedupAnswer, envelope: Envelope, state: EnrichState) -> EnrichedArticle | None:
    """Return the enriched event of the answer's origin; None when it is already done."""
    article = state.awaiting.get(envelope.origin)
    if article is None:
        return None
    known = state.texts.get(article.article_id)
    state.texts[article.article_id] = with_text(known, article, envelope)
    state.ages.see(lane_of(envelope), envelope.origin_time, article.article_id)
    return enriched(article, answer, changed(article, answer.dedup.version_of, known))


def settled(answer: DedupAnswer, envelope: Envelope, state: EnrichState) -> None:  # noqa: ARG001
    """Forget the article of an acknowledged enriched event, and some texts that are too old."""
    state.awaiting.pop(envelope.origin, None)
    state.ages.forget(lane_of(envelope), state.texts, state.kept)
