"""tag: clean → tagged: mentions and statements. Stateless; the model is loaded once a process."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from streams import topics
from streams.core.offices.registry import Registry
from streams.core.tagging.tag import Tagger, load_tagger

if TYPE_CHECKING:
    import faust

    from schemas.clean_article import CleanArticle
    from schemas.envelope import Envelope
    from schemas.tagged_article import TaggedArticle
    from streams.bus.door import AgentBus
    from streams.settings import Settings


_OFFICES: Final = [Registry.empty()]


def use_offices(registry: Registry) -> None:
    """Check roles by this registry from now on. Who is not told of one checks them by none."""
    _OFFICES[:] = [registry]
    tagger.cache_clear()


@cache
def tagger(batch_size: int) -> Tagger:
    """Return the tagger, its model loaded at the first call."""
    return load_tagger(batch_size, _OFFICES[0])


def prepare(settings: Settings) -> None:
    """Load the model: takes seconds and 300 MB."""
    tagger(settings.tagging.batch_size)


def register(app: faust.App, bus: AgentBus) -> None:
    """Add the agent to the app."""
    batch_size = bus.settings.tagging.batch_size

    def step(article: CleanArticle, _: Envelope) -> TaggedArticle:
        return tagger(batch_size).tag(article)

    async def tag_articles(events: Any) -> None:  # noqa: ANN401  # Faust's stream, or the simulator's
        """Say what each article names, and who says what in it."""
        async for event in events.events():
            await bus.handle(event, step)

    app.agent(bus.topic(topics.CLEAN), name="tag")(tag_articles)
