"""With one guarantee taken out on purpose, the simulator finds what it was for.

Nothing of this can be switched on in the product: the altered agents and ports are here.
"""

from __future__ import annotations

from functools import partial

from streams import topics
from streams.agents import cluster as cluster_agent
from streams.agents import enrich as enrich_agent
from streams.agents import match as match_agent
from streams.agents import sketch as sketch_agent
from streams.core.dedup.arrivals import MarkAges
from streams.core.dedup.cluster import ClusterState, cluster
from streams.core.dedup.enrich import enrich
from streams.core.dedup.forest import Forest
from streams.testing.histories import plan_of, simulate, wrong
from streams.testing.sim_outbox import all_acknowledged

SKETCH, MATCH, CLUSTER, ENRICH = (
    agent.register for agent in (sketch_agent, match_agent, cluster_agent, enrich_agent))
HISTORIES = 200


def found(kind, registers=(SKETCH, MATCH, CLUSTER, ENRICH), verify=all_acknowledged):
    """Return what the first history finds in which something of this kind is wrong; print its seed."""
    for seed in range(HISTORIES):
        problems = [p for p in wrong(*simulate(plan_of(seed), list(registers), verify=verify)) if kind in p]
        if problems:
            print(f"seed {seed}: {problems[0]}")
            return problems
    return []


def agent(topic, table, step):
    """Return a register function for an agent whose step takes (model, envelope, table)."""

    def register(app, bus):
        async def altered(events):
            async for event in events.events():
                await bus.handle(event, partial(step, awaiting=bus.state(table, event.message.partition)))

        app.agent(bus.topic(topic), name=topic.read_by)(altered)

    return register


def forgetting_before_the_ack(answer, envelope, awaiting):
    event = enrich(answer, envelope, awaiting)
    awaiting.pop(envelope.origin, None)
    return event


def clustering(alter):
    """Return a cluster agent that calls `alter(state, matches, envelope)` before it answers."""

    def register(app, bus):
        async def cluster_matches(events):
            async for event in events.events():
                marks, nodes = (bus.state(spec, event.message.partition) for spec in (topics.ANSWERED, topics.NODES))

                def step(matches, envelope, marks=marks, nodes=nodes):
                    state = ClusterState(marks, nodes, marks.derived("ages", MarkAges.of), nodes.derived("forest", Forest.of))
                    outputs = cluster(matches, envelope, state, {})
                    alter(state, matches, envelope)
                    return outputs

                await bus.handle(event, step)

        app.agent(bus.topic(topics.MATCHES), name="cluster")(cluster_matches)

    return register


def forgetting_the_mark(state, matches, envelope):
    if state.marks[envelope.origin].answer is not None:
        del state.marks[envelope.origin]


def noting_nothing(state, matches, envelope):
    node = state.nodes[matches.article_id]
    state.nodes[matches.article_id] = node.model_copy(update={"stirred": (), "stirred_clusters": ()})


def test_an_article_forgotten_before_the_ack_is_lost():
    assert found("lost:", (SKETCH, MATCH, CLUSTER, agent(topics.ANSWERS, topics.AWAITING, forgetting_before_the_ack)))


def test_a_commit_before_the_sends_are_verified_loses():
    assert found("lost:", verify=lambda commit: True)


def test_an_answer_without_a_mark_leaves_an_origin_waiting_for_ever():
    assert found("lost:", (SKETCH, MATCH, clustering(forgetting_the_mark), ENRICH))


def test_a_move_that_is_not_noted_is_lost_with_its_event():
    assert found("instead of", (SKETCH, MATCH, clustering(noting_nothing), ENRICH))
