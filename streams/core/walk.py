"""Walk: an article through clean and tag without a bus, one event out for one article in, refusals included.

The same functions as in the stages. Without a bus there is no raw record: its timestamp is what the caller
gives, or when the article was fetched, if that is known.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from schemas.envelope import Envelope
from schemas.refusal import Refusal
from schemas.tagged_article import TaggedArticle
from streams.core.cleaning.clean import clean
from streams.core.outcome import Refused

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.clean_article import CleanArticle
    from schemas.raw_article import RawArticle
    from streams.core.cleaning.options import CleaningOptions
    from streams.core.tagging.tag import Tagger


class Until(StrEnum):
    """How far to take an article."""

    CLEAN = "clean"
    TAG = "tag"
    ENRICH = "enrich"
    STATEMENTS = "statements"


def raw_envelope(article: RawArticle, number: int, now: datetime) -> Envelope:
    """Return the envelope of the `number`th article of an input.

    `now` stands for the record's timestamp when it was not fetched.
    """
    moment = article.fetched_at or now
    return Envelope(
        id=f"process-0-{number}",
        type="news.article.raw.v1",
        source="/communique/process",
        time=moment,
        origin=f"process-0-{number}",
        origin_time=moment,
    )


def cleaned(
    article: RawArticle, number: int, now: datetime, options: CleaningOptions
) -> CleanArticle | Refusal:
    """Return the clean article, or its refusal. Raises `Permanent` for content over the limit."""
    outcome = clean(article, raw_envelope(article, number, now), options)
    if isinstance(outcome, Refused):
        return Refusal(
            source_id=article.source_id, stage="clean", reason=outcome.reason, detail=outcome.detail
        )
    return outcome


def tagged(event: CleanArticle | Refusal, tagger: Tagger | None) -> CleanArticle | TaggedArticle | Refusal:
    """Return the event with its mentions; a refusal, or everything without a tagger, as it is."""
    return event if tagger is None or isinstance(event, Refusal) else tagger.tag(event)
