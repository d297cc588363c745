"""The statements stage in the simulator: bytes in, bytes out, with crashes between any two writes."""

from __future__ import annotations

from functools import cache
from random import Random

import orjson
import pytest

from schemas.envelope import DeliveryMode
from streams import topics
from streams.bus.envelope import read_headers
from streams.settings import NoveltySettings, Settings, StreamSettings, TopicSettings
from streams.testing import oracle
from streams.testing.driver import Simulation
from streams.testing.histories import registers
from streams.testing.sayings import enriched, put_enriched, said_by_chance, statement

STAGE = registers("statements")
BRIDGE = "the harbour bridge will be closed for repairs until the summer"


def stage(*, seed=1, atomic=False, partitions=2, statements=2):
    return Simulation(
        {"statements": STAGE}, Settings(
            topics=TopicSettings(partitions=partitions, statements=statements), stream=StreamSettings(chunk_records=3),
            novelty=NoveltySettings(lateness_days=None, versions_days=None)),
        seed=seed, atomic=atomic)


def told(simulation):
    return oracle.at_rest(simulation.log, topics.STATEMENTS.name)


def test_a_second_outlet_repeats_and_corroborates():
    simulation = stage()
    for number, outlet in enumerate(("Gazette", "Courier")):
        put_enriched(simulation, enriched(f"a{number}", [statement(BRIDGE, f"a{number}")], hours=number, outlet=outlet))
        simulation.settle()
    first, second = sorted(told(simulation).values(), key=lambda body: body["event_time"])
    assert [body["novelty"]["kind"] for body in (first, second)] == ["new", "repeat"]
    assert second["novelty"]["prior_statement_id"] == first["statement_id"]
    assert first["proposition_id"] == second["proposition_id"]
    assert {body["state"] for body in (first, second)} == {"corroborated"}
    assert {body["independent_origins"] for body in (first, second)} == {2}


def test_forty_rewrites_of_one_wire_are_one_origin():
    from schemas.statement import Hop

    simulation = stage()
    chain = (Hop(hop=0, actor="Ines Varga", relation="said"), Hop(hop=1, actor="North Wire", relation="reports"))
    for number in range(40):
        made = statement(BRIDGE, f"a{number}", chain=chain)
        put_enriched(simulation, enriched(f"a{number}", [made], hours=number, outlet=f"Outlet {number}"))
    simulation.settle()
    assert {(body["independent_origins"], body["state"]) for body in told(simulation).values()} == {(1, "reported")}
    assert len({body["proposition_id"] for body in told(simulation).values()}) == 1


def test_what_a_new_version_no_longer_says_is_withdrawn_in_order_of_event_time():
    simulation = stage()
    put_enriched(simulation, enriched("a", [statement("the museum opens on Sunday", "a")], hours=5))
    put_enriched(simulation, enriched("a", [statement(BRIDGE, "a")], hours=1))
    simulation.settle()
    states = {body["content"][0]["text"]: body["state"] for body in told(simulation).values()}
    assert states == {BRIDGE: "withdrawn", "the museum opens on Sunday": "reported"}


def test_a_late_earlier_rendering_renames_the_proposition():
    simulation = stage()
    put_enriched(simulation, enriched("late", [statement(BRIDGE, "late")], hours=5))
    simulation.settle()
    before, = told(simulation).values()
    put_enriched(simulation, enriched("early", [statement(BRIDGE, "early")], hours=1))
    simulation.settle()
    last = orjson.loads([r for r in simulation.log.all(topics.STATEMENTS.name) if r.key == before["statement_id"].encode()][-1].value)
    assert last["former_proposition_ids"] == [before["proposition_id"]]
    assert last["revision"] == 2
    assert last["novelty"]["kind"] == "repeat"


def test_a_backfill_does_not_hide_news_and_a_revision_keeps_its_own_mode():
    simulation = stage()
    put_enriched(simulation, enriched("old", [statement(BRIDGE, "old")], hours=0, outlet="x"), mode=DeliveryMode.BACKFILL, job="past")
    simulation.settle()
    put_enriched(simulation, enriched("live", [statement(BRIDGE, "live")], hours=1, outlet="y"))
    simulation.settle()
    live = next(body for body in told(simulation).values() if body["article"]["id"] == "live")
    assert (live["novelty"]["kind"], live["novelty"]["live_kind"]) == ("repeat", "new")
    modes = [(orjson.loads(r.value)["article"]["id"], read_headers(r.headers)["ce_deliverymode"]) for r in simulation.log.all(topics.STATEMENTS.name)]
    assert modes == [("old", "backfill"), ("live", "live"), ("old", "backfill")] or sorted(modes) == [("live", "live"), ("old", "backfill"), ("old", "backfill")]


def articles(seed):
    random = Random(seed)
    return list(said_by_chance(random, random.randint(4, 12)))


def lived(seed, *, every, atomic=False, shuffled=False, partitions=2, statements=2):
    simulation = stage(seed=seed, atomic=atomic, partitions=partitions, statements=statements)
    come = articles(seed)
    if shuffled:
        Random(seed + 1).shuffle(come)
    for article in come:
        put_enriched(simulation, article)
        simulation.run(simulation.random.randint(0, 30), every=every)
    simulation.run(400, every=every)
    simulation.settle()
    return simulation


@cache
def undisturbed(seed):
    return told(lived(seed, every=0, partitions=1, statements=1))


@pytest.mark.parametrize("seed", range(40))
def test_crashes_redelivery_and_order_change_nothing_at_rest(seed):
    simulation = lived(seed, every=(15, 40)[seed % 2], atomic=seed % 3 == 0, shuffled=seed % 2 == 0, statements=1 + seed % 3)
    print(simulation.told)
    assert told(simulation) == undisturbed(seed)
    assert set(told(simulation)) == {s.statement_id for article in articles(seed) for s in article.statements}


def test_whatever_bytes_come_are_a_dead_letter_and_the_next_statement_comes_out():
    simulation = stage()
    put_enriched(simulation, enriched("a", [statement(BRIDGE, "a")]))
    headers = simulation.log.all(topics.ENRICHED.name)[0].headers
    simulation.put(topics.ENRICHED.name, b"{", key=b"k", headers=headers)
    simulation.put(topics.FOUND.name, b"[]", key=b"k", headers=headers)
    simulation.settle()
    assert len(simulation.log.all(topics.ENRICHED.dead_letters)) == len(simulation.log.all(topics.FOUND.dead_letters)) == 1
    assert len(told(simulation)) == 1
