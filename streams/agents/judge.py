"""judge: found → statements: is it new? One partition keeps all of a speaker's statements."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from streams import topics
from streams.core.novelty.judge import Judging, judge
from streams.core.novelty.speakers import NoveltyOptions, Speakers

if TYPE_CHECKING:
    from streams.bus.door import AgentBus
    from streams.settings import Settings


def options_of(settings: Settings) -> NoveltyOptions:
    """Return what the settings compare statements with."""
    own = settings.novelty
    lateness = None if own.lateness_days is None else timedelta(days=own.lateness_days)
    return NoveltyOptions(timedelta(days=own.window_days), lateness, own.max_statements, own.max_origins)


def register(app: Any, bus: AgentBus) -> None:  # noqa: ANN401  # Faust's app, or the simulator's
    """Give the app its agent."""
    options = options_of(bus.settings)

    async def judge_statements(events: Any) -> None:  # noqa: ANN401  # Faust's stream
        """Compare each statement with what its speaker was reported to say before."""
        async for event in events.events():
            judged = bus.state(topics.JUDGED, event.message.partition)

            def speakers(judged: Any = judged) -> Speakers:  # noqa: ANN401
                found: Speakers = judged.derived("speakers", lambda state: Speakers.over(state, options))
                return found

            def step(
                found: Any, envelope: Any, judged: Any = judged, speakers: Any = speakers,  # noqa: ANN401
                partition: int = event.message.partition,
            ) -> Any:  # noqa: ANN401
                return judge(found, envelope, Judging(judged, speakers(), partition))

            def acked(found: Any, envelope: Any, judged: Any = judged, speakers: Any = speakers) -> None:  # noqa: ANN401
                speakers().forget(found, envelope, judged, bus.bounds(topics.RAW.name))

            await bus.handle(event, step, acked=acked)

    app.agent(bus.topic(topics.FOUND), name="judge")(judge_statements)
