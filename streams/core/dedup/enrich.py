"""enrich: an answer → the enriched event, with the tagged article that waited for it.

Guarantee: the article leaves the state only once its enriched event is acknowledged (`settled`), so a crash
between the two sends it again, the same bytes. No article waits: it was sent and acknowledged before, and
the repeat ends here.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from schemas.enriched_article import Completeness, DedupAnswer, EnrichedArticle
from schemas.envelope import Envelope
from schemas.tagged_article import TaggedArticle

STAGES = ("clean", "tag", "dedup")


def enriched(article: TaggedArticle, answer: DedupAnswer) -> EnrichedArticle:
    """Return the article with what dedup knows of it."""
    return EnrichedArticle.model_construct(
        **{name: getattr(article, name) for name in TaggedArticle.model_fields},
        dedup=answer.dedup,
        completeness=Completeness(stages=STAGES, missing=answer.missing),
    )


def enrich(
    answer: DedupAnswer, envelope: Envelope, awaiting: MutableMapping[str, TaggedArticle]
) -> EnrichedArticle | None:
    """Return the enriched event of the answer's origin; None when it is already done."""
    article = awaiting.get(envelope.origin)
    return None if article is None else enriched(article, answer)


def settled(answer: DedupAnswer, envelope: Envelope, awaiting: MutableMapping[str, TaggedArticle]) -> None:  # noqa: ARG001
    """Forget the article of an acknowledged enriched event."""
    awaiting.pop(envelope.origin, None)
