"""split: enriched → found: an article's statements, each placed by its speaker; withdrawals too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams import topics
from streams.core.novelty.split import Versions, split

if TYPE_CHECKING:
    from streams.bus.door import AgentBus


def register(app: Any, bus: AgentBus) -> None:  # noqa: ANN401  # Faust's app, or the simulator's
    """Give the app its agent."""
    partitions = bus.settings.topics.statements

    async def split_articles(events: Any) -> None:  # noqa: ANN401  # Faust's stream
        """Tell what each article says now, and what it no longer says."""
        async for event in events.events():
            said = bus.state(topics.SAID, event.message.partition)

            def step(article: Any, envelope: Any, said: Any = said) -> Any:  # noqa: ANN401
                return split(article, envelope, said, said.derived("versions", Versions.of), partitions)

            await bus.handle(event, step)

    app.agent(bus.topic(topics.ENRICHED), name="split")(split_articles)
