"""taken_down: an article that was taken back is refused when it comes again, by whatever way."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Protocol

from schemas.clean_article import CleanArticle
from schemas.ids import digest
from schemas.takedown import Takedown
from streams.core.cleaning.urls import canonical
from streams.core.outcome import RefusalReason, Refused


class Followed(Protocol):
    """What stands on the topic of takedowns, by article."""

    @property
    def changes(self) -> int:
        """Return a number that counts up with every change."""

    @property
    def by_key(self) -> Mapping[str, object]:
        """Return the takedowns."""


def unless_taken_down(
    answer: CleanArticle | Refused, origin: str, taken_down: Container[str]
) -> CleanArticle | Refused:
    """Return clean's answer, or a refusal when its article or its raw record is among what was taken back.

    The raw record too: by another rule of cleaning an article that is known by its text is another one.
    """
    if isinstance(answer, CleanArticle) and (answer.article_id in taken_down or origin in taken_down):
        return Refused(RefusalReason.TAKEN_DOWN, f"article {answer.article_id}")
    return answer


class TakenBack:
    """The articles and raw records of all takedowns; `changes` counts up when `by_key` has changed."""

    def __init__(self, standing: Followed) -> None:
        self._standing, self._seen, self._all = standing, -1, frozenset[str]()

    def __call__(self) -> frozenset[str]:
        """Return them as they are now."""
        if self._seen != self._standing.changes:
            self._seen = self._standing.changes
            known = self._standing.by_key
            self._all = frozenset(known).union(
                *(each.origins for each in known.values() if isinstance(each, Takedown)))
        return self._all


def article_named(url: object, source_id: object) -> str | None:
    """Return the id that `clean` gives an article by its producer's URL, else source id; None by neither.

    >>> article_named("https://a.example/x?utm_source=y", "7") == article_named("https://a.example/x", None)
    True
    """
    if isinstance(url, str) and (found := canonical(url)):
        return digest("article", "url", found)
    return digest("article", "source", source_id) if isinstance(source_id, str) and source_id else None
