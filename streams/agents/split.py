"""split: enriched → found: an article's statements, each placed by its speaker; withdrawals too."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from streams import topics
from streams.core.novelty.split import split
from streams.core.novelty.versions import Versions

if TYPE_CHECKING:
    from streams.bus.door import AgentBus


def register(app: Any, bus: AgentBus) -> None:  # noqa: ANN401  # Faust's app, or the simulator's
    """Give the app its agent."""
    partitions, days = bus.settings.topics.statements, bus.settings.novelty.versions_days
    kept = None if days is None else timedelta(days=days)

    async def split_articles(events: Any) -> None:  # noqa: ANN401  # Faust's stream
        """Tell what each article says now, and what it no longer says."""
        async for event in events.events():
            said = bus.state(topics.SAID, event.message.partition)

            def step(article: Any, envelope: Any, said: Any = said) -> Any:  # noqa: ANN401
                return split(article, envelope, said, said.derived("versions", Versions.of), partitions)

            def acked(article: Any, envelope: Any, said: Any = said) -> None:  # noqa: ANN401
                versions = said.derived("versions", Versions.of)
                versions.forget(article, envelope, said, bus.bounds(topics.RAW.name), kept)

            await bus.handle(event, step, acked=acked)

    app.agent(bus.topic(topics.ENRICHED), name="split")(split_articles)
