"""sketch: tagged → sketches, one for each index shard. Keeps the tagged article until it is answered."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from streams import topics
from streams.core.dedup.boilerplate import BadBoilerplate, Boilerplate, read
from streams.core.dedup.sketch import SketchOptions, sketch

if TYPE_CHECKING:
    from pathlib import Path

    from streams.bus.door import AgentBus
    from streams.settings import Settings


def options_of(settings: Settings) -> SketchOptions:
    """Return how the settings want articles sketched."""
    dedup = settings.dedup
    return SketchOptions(
        settings.topics.shards, dedup.bands, dedup.rows, dedup.max_fingerprint, table_of(dedup.boilerplate))


def table_of(file: Path | None) -> Boilerplate:
    """Return the table of boilerplate in a file; the empty one for None. Raises `BadBoilerplate`."""
    if file is None:
        return Boilerplate()
    try:
        return read(orjson.loads(file.read_bytes()))
    except (OSError, orjson.JSONDecodeError) as error:
        raise BadBoilerplate(f"{file}: {error}") from None


def register(app: Any, bus: AgentBus) -> None:  # noqa: ANN401  # Faust's app, or the simulator's
    """Give the app its agent."""
    options = options_of(bus.settings)

    async def sketch_articles(events: Any) -> None:  # noqa: ANN401  # Faust's stream
        """Sketch each article for every shard of the index."""
        async for event in events.events():
            awaiting = bus.state(topics.AWAITING, event.message.partition)
            await bus.handle(event, partial(sketch, awaiting=awaiting, options=options))

    app.agent(bus.topic(topics.TAGGED), name="sketch")(sketch_articles)
