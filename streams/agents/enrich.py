"""enrich: answers → enriched. Takes the tagged article back, forgets it once the event is acknowledged."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from streams import topics
from streams.core.dedup.enrich import enrich, settled

if TYPE_CHECKING:
    from streams.bus.door import AgentBus


def register(app: Any, bus: AgentBus) -> None:  # noqa: ANN401  # Faust's app, or the simulator's
    """Give the app its agent."""

    async def enrich_articles(events: Any) -> None:  # noqa: ANN401  # Faust's stream
        """Join each answer to the article that waits for it."""
        async for event in events.events():
            awaiting = bus.state(topics.AWAITING, event.message.partition)
            await bus.handle(
                event, partial(enrich, awaiting=awaiting), acked=partial(settled, awaiting=awaiting))

    app.agent(bus.topic(topics.ANSWERS), name="enrich")(enrich_articles)
