"""clean: raw → clean, or a refusal. Stateless."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams import topics
from streams.core.cleaning.clean import clean
from streams.core.cleaning.language import language_of
from streams.core.cleaning.options import CleaningOptions, ExtractionPath
from streams.core.cleaning.taken_down import TakenBack, unless_taken_down

if TYPE_CHECKING:
    import faust

    from schemas.clean_article import CleanArticle
    from schemas.envelope import Envelope
    from schemas.raw_article import RawArticle
    from streams.bus.door import AgentBus
    from streams.core.outcome import Refused
    from streams.settings import Settings


def register(app: faust.App, bus: AgentBus) -> None:
    """Add the agent to the app."""
    options, refuse = options_of(bus.settings), bus.settings.takedown.refuse_again
    taken_back = TakenBack(bus.standing(topics.TAKEDOWNS))

    def step(article: RawArticle, envelope: Envelope) -> CleanArticle | Refused:
        answer = clean(article, envelope, options)
        return unless_taken_down(answer, envelope.origin, taken_back()) if refuse else answer

    async def clean_articles(events: Any) -> None:  # noqa: ANN401  # Faust's stream, or the simulator's
        """Turn raw articles into readable text."""
        async for event in events.events():
            await bus.handle(event, step)

    app.agent(bus.topic(topics.RAW), name="clean")(clean_articles)


def prepare(settings: Settings) -> None:  # noqa: ARG001
    """Load what the first article would wait for: the language model."""
    language_of("The first article should not wait for the model of languages.")


def options_of(settings: Settings) -> CleaningOptions:
    """Return the bounds and the path that the settings set."""
    own = settings.cleaning
    return CleaningOptions(
        own.max_content_bytes, own.min_chars, own.max_nodes, own.max_depth, ExtractionPath(own.path)
    )
