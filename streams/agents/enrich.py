"""enrich: answers → enriched. Takes the tagged article back, forgets it once the event is acknowledged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from streams import topics
from streams.core.dedup.enrich import EnrichState, enrich, settled
from streams.core.dedup.texts import TextAges

if TYPE_CHECKING:
    from schemas.dedup_state import ArticleTexts
    from schemas.enriched_article import DedupAnswer
    from schemas.envelope import Envelope
    from streams.bus.door import AgentBus
    from streams.bus.tables_state import State

R = TypeVar("R")


def ages_of(state: State[ArticleTexts]) -> TextAges:
    """Return the ages of the texts of a partition."""
    return TextAges.of(state.scan())


def _with(
    step: Callable[[DedupAnswer, Envelope, EnrichState], R], state: Callable[[], EnrichState],
    answer: DedupAnswer, envelope: Envelope,
) -> R:
    """Run a step with the state as it is then: a step that failed has forgotten what was derived."""
    return step(answer, envelope, state())


def register(app: Any, bus: AgentBus) -> None:  # noqa: ANN401  # Faust's app, or the simulator's
    """Give the app its agent."""
    kept = timedelta(days=bus.settings.dedup.texts_days)

    async def enrich_articles(events: Any) -> None:  # noqa: ANN401  # Faust's stream
        """Join each answer to the article that waits for it."""
        async for event in events.events():
            awaiting = bus.state(topics.AWAITING, event.message.partition)
            texts = bus.state(topics.TEXTS, event.message.partition)

            def state(awaiting: Any = awaiting, texts: Any = texts) -> EnrichState:  # noqa: ANN401
                return EnrichState(awaiting, texts, texts.derived("ages", ages_of), kept)

            await bus.handle(event, partial(_with, enrich, state), acked=partial(_with, settled, state))

    app.agent(bus.topic(topics.ANSWERS), name="enrich")(enrich_articles)
