"""match: sketches → matches. One partition is one shard of the near-duplicate index."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from streams import topics
from streams.core.dedup.band_index import BandIndex
from streams.core.dedup.likeness import Measure
from streams.core.dedup.match import MatchOptions, failed, forget, match

if TYPE_CHECKING:
    from schemas.dedup_state import IndexEntry
    from streams.bus.door import AgentBus
    from streams.bus.tables_state import State
    from streams.settings import Settings


def options_of(settings: Settings) -> MatchOptions:
    """Return what the settings call alike."""
    dedup = settings.dedup
    lateness = None if dedup.lateness_hours is None else timedelta(hours=dedup.lateness_hours)
    measure = Measure(
        dedup.merge_share, dedup.contained_share, dedup.rewrite_share, dedup.rewrite_names_share,
        dedup.rewrite_names)
    return MatchOptions(timedelta(hours=dedup.window_hours), lateness, measure)


def bands_of(state: State[IndexEntry]) -> BandIndex:
    """Return the band index of a shard's state."""
    return BandIndex.of(state.scan())


def register(app: Any, bus: AgentBus) -> None:  # noqa: ANN401  # Faust's app, or the simulator's
    """Give the app its agent."""
    options = options_of(bus.settings)

    async def match_sketches(events: Any) -> None:  # noqa: ANN401  # Faust's stream
        """Look for near-duplicates in this shard, and index the sketch."""
        async for event in events.events():
            index = bus.state(topics.INDEX, event.message.partition)

            def step(sketch: Any, envelope: Any, index: Any = index) -> Any:  # noqa: ANN401
                return match(sketch, envelope, index, index.derived("bands", bands_of), options)

            def acked(sketch: Any, envelope: Any, index: Any = index) -> None:  # noqa: ANN401
                bands, raw = index.derived("bands", bands_of), bus.bounds(topics.RAW.name)
                forget(sketch, envelope, index, bands, options, raw)

            await bus.handle(event, step, acked=acked, failed=failed)

    app.agent(bus.topic(topics.SKETCHES), name="match")(match_sketches)
