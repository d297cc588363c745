"""taken_down: an article that was taken back is refused when it comes again, by whatever way."""

from __future__ import annotations

from collections.abc import Container

from schemas.clean_article import CleanArticle
from schemas.ids import digest
from streams.core.cleaning.urls import canonical
from streams.core.outcome import RefusalReason, Refused


def unless_taken_down(
    answer: CleanArticle | Refused, taken_down: Container[str]
) -> CleanArticle | Refused:
    """Return clean's answer, or a refusal when its article is among those that were taken back."""
    if isinstance(answer, CleanArticle) and answer.article_id in taken_down:
        return Refused(RefusalReason.TAKEN_DOWN, f"article {answer.article_id}")
    return answer


def article_named(url: object, source_id: object) -> str | None:
    """Return the id that `clean` gives an article by its producer's URL, else source id; None by neither.

    >>> article_named("https://a.example/x?utm_source=y", "7") == article_named("https://a.example/x", None)
    True
    """
    if isinstance(url, str) and (found := canonical(url)):
        return digest("article", "url", found)
    return digest("article", "source", source_id) if isinstance(source_id, str) and source_id else None
