"""taken_down: an article that was taken back is refused when it comes again, by whatever way."""

from __future__ import annotations

from collections.abc import Container

from schemas.clean_article import CleanArticle
from streams.core.outcome import RefusalReason, Refused


def unless_taken_down(
    answer: CleanArticle | Refused, taken_down: Container[str]
) -> CleanArticle | Refused:
    """Return clean's answer, or a refusal when its article is among those that were taken back."""
    if isinstance(answer, CleanArticle) and answer.article_id in taken_down:
        return Refused(RefusalReason.TAKEN_DOWN, f"article {answer.article_id}")
    return answer
