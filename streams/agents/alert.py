"""alert: statements → alerts: what a rule asked for, once; corrections of that. The past raises nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from streams import topics
from streams.bus import ruleset
from streams.core.alerting.evaluate import as_it_comes, evaluate, placed
from streams.core.alerting.matching import RuleIndex
from streams.core.alerting.raised import Raised, RaisedIndex
from streams.observe import metrics

if TYPE_CHECKING:
    from streams.bus.door import AgentBus


def register(app: Any, bus: AgentBus) -> None:  # noqa: ANN401  # Faust's app, or the simulator's
    """Give the app its agent."""
    followed, partitions = bus.standing(topics.RULES), bus.settings.topics.statements
    days = bus.settings.alerting.kept_days
    kept = None if days is None else timedelta(days=days)
    made: list[tuple[int, RuleIndex]] = []

    def rules() -> RuleIndex:
        """Return the rules as they stand, indexed anew when one has changed."""
        if not made or made[0][0] != followed.changes:
            made[:] = [(followed.changes, RuleIndex.over(ruleset.of(followed)))]
        return made[0][1]

    async def alert_statements(events: Any) -> None:  # noqa: ANN401  # Faust's stream
        """Tell what rules asked for, and correct what was told."""
        async for event in events.events():
            table = bus.state(topics.RAISED, event.message.partition)

            def step(statement: Any, envelope: Any, table: Any = table) -> Any:  # noqa: ANN401
                """Raise what the rules ask for, counted by kind."""
                known = Raised(table, table.derived("index", RaisedIndex.over))
                now = bus.settings.run.now or bus.clock.now()
                alerts = evaluate(statement, envelope, as_it_comes(statement, envelope, now), rules(), known)
                for each in alerts:
                    metrics.ALERTS.labels(each.kind.value).inc()
                return [placed(each, partitions) for each in alerts]

            def acked(statement: Any, envelope: Any, table: Any = table) -> None:  # noqa: ANN401
                known = Raised(table, table.derived("index", RaisedIndex.over))
                known.forget(statement, envelope, bus.bounds(topics.RAW.name), kept)

            await bus.handle(event, step, acked=acked)

    app.agent(bus.topic(topics.STATEMENTS), name="alert")(alert_statements)
