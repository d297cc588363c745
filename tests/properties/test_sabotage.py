"""With one guarantee taken out on purpose, the simulator finds what it was for.

Nothing of this can be switched on in the product: the altered agents and ports are here.
"""

from __future__ import annotations

from functools import partial
from itertools import count

from schemas.enriched_article import DedupAnswer, Evidence, Match
from streams import topics
from streams.agents import cluster as cluster_agent
from streams.agents import enrich as enrich_agent
from streams.agents import match as match_agent
from streams.agents import sketch as sketch_agent
from streams.core.dedup.arrivals import MarkAges
from streams.core.dedup.cluster import ClusterState, cluster
from streams.core.dedup.enrich import EnrichState, enrich, settled
from streams.core.dedup.forest import Forest
from streams.core.outcome import Placed
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
    event = enrich(answer, envelope, EnrichState(awaiting))
    awaiting.pop(envelope.origin, None)
    return event


def clustering(alter=lambda *_: None, answering=lambda answer, _: answer):
    """Return a cluster agent that calls `alter(state, matches, envelope)`, then sends `answering(answer, state)`."""

    def register(app, bus):
        async def cluster_matches(events):
            async for event in events.events():
                marks, nodes = (bus.state(spec, event.message.partition) for spec in (topics.ANSWERED, topics.NODES))

                def step(matches, envelope, marks=marks, nodes=nodes):
                    state = ClusterState(marks, nodes, marks.derived("ages", MarkAges.of), nodes.derived("forest", Forest.of))
                    outputs = cluster(matches, envelope, state, {})
                    alter(state, matches, envelope)
                    return [
                        Placed(answering(o.event, state), ordinal=o.ordinal) if isinstance(o, Placed) and isinstance(o.event, DedupAnswer)
                        else o for o in outputs]

                await bus.handle(event, step)

        app.agent(bus.topic(topics.MATCHES), name="cluster")(cluster_matches)

    return register


def forgetting_the_mark(state, matches, envelope):
    if state.marks[envelope.origin].answer is not None:
        del state.marks[envelope.origin]


def noting_nothing(state, matches, envelope):
    node = state.nodes[matches.article_id]
    state.nodes[matches.article_id] = node.model_copy(update={"stirred": (), "stirred_clusters": ()})


def always_the_first(answer, state):
    return answer.model_copy(update={"dedup": answer.dedup.model_copy(update={"revision": 1, "is_new_article": True})})


def matching_the_whole_cluster(answer, state):
    others = state.forest.members[answer.dedup.canonical_id] - {answer.article_id}
    matches = tuple(
        Match(article_id=other, relation="near_duplicate", similarity=1, containment=1, evidence=Evidence(rule="transitive"))
        for other in sorted(others))
    return answer.model_copy(update={"dedup": answer.dedup.model_copy(update={"matches": matches})})


def enriching_by_the_clock(app, bus):
    ticks = count()

    async def altered(events):
        async for event in events.events():
            awaiting = bus.state(topics.AWAITING, event.message.partition)

            def step(answer, envelope, awaiting=awaiting):
                event = enrich(answer, envelope, EnrichState(awaiting))
                return event and event.model_copy(update={"headline": f"read at {next(ticks)}"})

            await bus.handle(event, step, acked=partial(settled, state=EnrichState(awaiting)))

    app.agent(bus.topic(topics.ANSWERS), name="enrich")(altered)


def test_an_article_forgotten_before_the_ack_is_lost():
    assert found("lost:", (SKETCH, MATCH, CLUSTER, agent(topics.ANSWERS, topics.AWAITING, forgetting_before_the_ack)))


def test_a_commit_before_the_sends_are_verified_loses():
    assert found("lost:", verify=lambda commit: True)


def test_an_answer_without_a_mark_leaves_an_origin_waiting_for_ever():
    assert found("lost:", (SKETCH, MATCH, clustering(forgetting_the_mark), ENRICH))


def test_a_move_that_is_not_noted_is_lost_with_its_event():
    assert found("instead of", (SKETCH, MATCH, clustering(noting_nothing), ENRICH))


def test_a_clock_in_the_body_is_found_at_a_repeat():
    assert found("not the same at a repeat", (SKETCH, MATCH, CLUSTER, enriching_by_the_clock))


def test_two_events_of_an_article_with_one_number_are_found():
    assert found("revisions of", (SKETCH, MATCH, clustering(answering=always_the_first), ENRICH))


def test_a_match_that_is_no_edge_is_found():
    assert found("which is no edge", (SKETCH, MATCH, clustering(answering=matching_the_whole_cluster), ENRICH))


def test_the_rebuilt_agents_are_those_of_the_product():
    for seed in range(10):
        assert wrong(*simulate(plan_of(seed), [SKETCH, MATCH, clustering(), ENRICH])) == []
