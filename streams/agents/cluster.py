"""cluster: matches → an answer for each origin, and where articles and clusters stand at rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams import topics
from streams.core.dedup.arrivals import MarkAges
from streams.core.dedup.cluster import ClusterState, cluster
from streams.core.dedup.forest import Forest

if TYPE_CHECKING:
    from schemas.envelope import Envelope
    from schemas.shard_matches import ShardMatches
    from streams.bus.door import AgentBus
    from streams.core.outcome import Outputs


def register(app: Any, bus: AgentBus) -> None:  # noqa: ANN401  # Faust's app, or the simulator's
    """Give the app its agent."""

    async def cluster_matches(events: Any) -> None:  # noqa: ANN401  # Faust's stream
        """Wait for all shards, answer once, keep the truth at rest."""
        async for event in events.events():
            marks = bus.state(topics.ANSWERED, event.message.partition)
            nodes = bus.state(topics.NODES, event.message.partition)

            def step(
                matches: ShardMatches, envelope: Envelope, marks: Any = marks, nodes: Any = nodes,  # noqa: ANN401
            ) -> Outputs:
                ages, forest = marks.derived("ages", MarkAges.of), nodes.derived("forest", Forest.of)
                state = ClusterState(marks, nodes, ages, forest)
                return cluster(matches, envelope, state, bus.bounds(topics.RAW.name))

            await bus.handle(event, step)

    app.agent(bus.topic(topics.MATCHES), name="cluster")(cluster_matches)
