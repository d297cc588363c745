"""offline: split and judge over dictionaries, for `communique process`, which knows its whole input.

Every article is split and its statements judged, in input order; then, when all are known, each statement
stands as it does at rest. Nothing is forgotten, so the order does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.enriched_article import EnrichedArticle
from schemas.envelope import Envelope
from schemas.found_statement import FoundStatement
from schemas.statement_event import StatementEvent
from schemas.statements_state import SaidVersion
from streams.core.novelty.judge import Judging, judge, told
from streams.core.novelty.speakers import NoveltyOptions, Speakers
from streams.core.novelty.split import split
from streams.core.novelty.versions import Versions
from streams.core.statements.placement import placements


@dataclass(slots=True)
class OfflineStatements:
    """The statements stage in one process: `add` articles, then `at_rest` for each."""

    options: NoveltyOptions
    said: dict[str, SaidVersion] = field(default_factory=dict)
    versions: Versions = field(default_factory=Versions)
    judging: Judging = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nothing said."""
        self.judging = Judging({}, Speakers(self.options), 0)

    def add(self, article: EnrichedArticle, envelope: Envelope) -> None:
        """Take in an article that came by this envelope."""
        for placed in split(article, envelope, self.said, self.versions, 1):
            assert isinstance(placed.event, FoundStatement)  # noqa: S101  # what split returns
            assert placed.own is not None  # noqa: S101
            judge(placed.event, envelope.model_copy(update=dict(placed.own)), self.judging)

    def at_rest(self, article: EnrichedArticle) -> Iterator[StatementEvent]:
        """Yield the statements of an article taken in before, in its order, as everything so far has them."""
        kept = placements(article.statements, article.article_id)
        for statement in article.statements:
            yield self.statement(kept[statement.statement_id], statement.statement_id)

    def statement(self, placement: str, name: str) -> StatementEvent:
        """Return a statement as it stands. KeyError: it is not here."""
        speaker = self.judging.speakers.of(placement, self.judging.judged)
        return told(self.judging.judged[f"{placement}/{name}"], speaker.verdict(name))[1]

    def everything(self) -> dict[str, StatementEvent]:
        """Return every statement as it stands, by id."""
        keys = (key.rpartition("/") for key in self.judging.judged)
        return {name: self.statement(placement, name) for placement, _, name in keys}
