"""The dedup stage in the simulator: bytes in, bytes out, no broker."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.envelope import DeliveryMode
from streams import topics
from streams.bus.burial import PREFIX
from streams.bus.envelope import read_headers
from streams.settings import DedupSettings, Settings, StreamSettings, TopicSettings
from streams.testing import oracle
from streams.testing.builders import put_tagged, tagged
from streams.testing.driver import Simulation
from streams.testing.histories import registers
from streams.testing.sim_worker import changelog_of

TEXT = " ".join(f"word{n}" for n in range(60))
STAGE = registers("dedup")


def stage(*, atomic=False, partitions=2, shards=2, spoil=None):
    simulation = Simulation(
        {"dedup": STAGE}, Settings(
            topics=TopicSettings(partitions=partitions, shards=shards), stream=StreamSettings(chunk_records=4),
            dedup=DedupSettings(lateness_hours=None)),
        seed=1, atomic=atomic)
    if spoil:
        simulation.log.spoil = spoil
    return simulation


def bodies(simulation, spec):
    return [orjson.loads(record.value) for record in simulation.log.all(spec.name)]


def code(record):
    return dict(record.headers)[f"{PREFIX}code"].decode()


def spoiling(topic, change, when):
    """Return a bus that changes the body of the records of a topic for which `when(body)` holds."""

    def spoil(sent):
        if sent.topic != topic.name or sent.value is None:
            return sent
        body = orjson.loads(sent.value)
        return replace(sent, value=orjson.dumps(body | change)) if when(body) else sent

    return spoil


@pytest.mark.parametrize("atomic", [False, True])
def test_an_article_comes_out_as_it_went_in_with_what_is_known_of_it(atomic):
    simulation = stage(atomic=atomic)
    first, copy = tagged("a", TEXT, source_id="s1", headline="Head"), tagged("b", TEXT, hours=1)
    put_tagged(simulation, first)
    simulation.settle()
    put_tagged(simulation, copy)
    simulation.settle()
    out = {body["article_id"]: body for body in bodies(simulation, topics.ENRICHED)}
    assert out["a"] | {"dedup": 0, "completeness": 0} == first.model_dump(mode="json") | {"dedup": 0, "completeness": 0}
    assert out["a"]["completeness"] == {"stages": ["clean", "tag", "dedup"], "missing": []}
    assert out["b"]["dedup"]["canonical_id"] == "a"
    assert [m["article_id"] for m in out["b"]["dedup"]["matches"]] == ["a"]
    held, = bodies(simulation, topics.CLUSTERS)[-1:]
    assert (held["kind"], held["members"]) == ("joined", ["a", "b"])


def test_the_envelope_travels():
    simulation = stage()
    origin = put_tagged(simulation, tagged("a", TEXT), mode=DeliveryMode.BACKFILL, job="j1")
    simulation.settle()
    for spec in (topics.SKETCHES, topics.MATCHES, topics.ANSWERS, topics.ENRICHED, topics.ASSIGNMENTS, topics.CLUSTERS):
        for record in simulation.log.all(spec.name):
            found = read_headers(record.headers)
            assert (found["ce_origin"], found["ce_deliverymode"], found["ce_replayjobid"]) == (origin, "backfill", "j1")
            assert found["ce_correlationid"] == "a"
    ids = [read_headers(r.headers)["ce_id"] for r in simulation.log.all(topics.SKETCHES.name)]
    assert len(set(ids)) == 2


def test_each_shard_gets_its_own_partition_of_sketches():
    simulation = stage(shards=3)
    put_tagged(simulation, tagged("a", TEXT))
    simulation.settle()
    assert [(r.partition, orjson.loads(r.value)["shard"]) for r in simulation.log.all(topics.SKETCHES.name)] == [(0, 0), (1, 1), (2, 2)]


@pytest.mark.parametrize("atomic", [False, True])
def test_a_sketch_that_dies_in_match_is_answered_as_failed(atomic):
    simulation = stage(atomic=atomic, spoil=spoiling(topics.SKETCHES, {"text_print": {"words": 1, "scale": 1, "grams": "!"}}, lambda b: b["shard"] == 1 and b["article_id"] == "a"))
    put_tagged(simulation, tagged("a", TEXT))
    put_tagged(simulation, tagged("b", TEXT))
    simulation.settle()
    out = {body["article_id"]: body["completeness"]["missing"] for body in bodies(simulation, topics.ENRICHED)}
    assert out == {"a": ["dedup.shard-1"], "b": []}
    dead, = simulation.log.all(topics.SKETCHES.dead_letters)
    assert (code(dead), dead.partition) == ("SCHEMA", 1)
    report = oracle.audit(simulation.log)
    assert (report.holds, report.enriched, report.dead_lettered, report.dead_lettered_later) == (True, 2, 0, 1)
    assert list(oracle.left_over(simulation.log, changelog_of("dedup", topics.AWAITING.name))) == []


def test_a_dead_answer_is_the_fate_of_its_article_and_a_redrive_resumes_it():
    simulation = stage(spoil=spoiling(topics.ANSWERS, {"dedup": None}, lambda b: b["article_id"] == "a"))
    origin = put_tagged(simulation, tagged("a", TEXT))
    simulation.settle()
    dead, = simulation.log.all(topics.ANSWERS.dead_letters)
    report = oracle.audit(simulation.log)
    assert (report.holds, report.dead_lettered, report.enriched) == (True, 1, 0)
    good, = oracle.latest(simulation.log, changelog_of("dedup", topics.ANSWERED.name)).values()
    answer = orjson.loads(good.partition(b" ")[2])["answer"]
    simulation.log.spoil = lambda sent: sent
    headers = tuple(h for h in dead.headers if not h[0].startswith(PREFIX))
    simulation.put(topics.ANSWERS.name, orjson.dumps(answer), key=b"a", headers=headers)
    simulation.settle()
    event, = simulation.log.all(topics.ENRICHED.name)
    assert read_headers(event.headers)["ce_origin"] == origin
    report = oracle.audit(simulation.log)
    assert (report.holds, report.enriched, report.dead_lettered, report.dead_lettered_later) == (True, 1, 0, 1)


def test_a_dead_match_is_the_fate_of_its_article():
    simulation = stage(spoil=spoiling(topics.MATCHES, {"shards": 0}, lambda b: b["shard"] == 0))
    put_tagged(simulation, tagged("a", TEXT))
    simulation.settle()
    report = oracle.audit(simulation.log)
    assert (report.holds, report.dead_lettered, report.enriched) == (True, 1, 0)


@pytest.mark.parametrize("atomic", [False, True])
def test_an_article_too_large_to_wait_is_a_dead_letter_and_writes_no_state(atomic):
    simulation = stage(atomic=atomic)
    put_tagged(simulation, tagged("a", "x" * (topics.MAX_RECORD_BYTES + 1)))
    simulation.settle()
    dead, = simulation.log.all(topics.TAGGED.dead_letters)
    assert code(dead) == "LIMIT"
    assert simulation.log.all(topics.SKETCHES.name) == []
    assert simulation.log.all(changelog_of("dedup", topics.AWAITING.name)) == []
    assert oracle.audit(simulation.log).holds


def test_a_tagged_record_fed_twice_is_the_same_event_and_changes_nothing_at_rest():
    simulation = stage()
    put_tagged(simulation, tagged("a", TEXT))
    put_tagged(simulation, tagged("b", TEXT, hours=1))
    simulation.settle()
    rest = {spec: oracle.at_rest(simulation.log, spec.name) for spec in (topics.ASSIGNMENTS, topics.CLUSTERS)}
    for record in simulation.log.all(topics.TAGGED.name):
        simulation.put(record.topic, record.value, key=record.key, headers=record.headers)
    simulation.settle()
    report = oracle.audit(simulation.log)
    assert (report.enriched, report.repeated, report.holds) == (2, 2, True)
    assert list(oracle.repeats(simulation.log)) == []
    assert {spec: oracle.at_rest(simulation.log, spec.name) for spec in rest} == rest


def test_the_same_article_from_two_raw_records_is_two_events_of_one_article():
    simulation = stage()
    for _ in range(2):
        put_tagged(simulation, tagged("a", TEXT))
        simulation.settle()
    told = [(b["dedup"]["revision"], b["dedup"]["is_new_article"]) for b in bodies(simulation, topics.ENRICHED)]
    assert told == [(1, True), (2, False)]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([topics.TAGGED, topics.SKETCHES, topics.MATCHES, topics.ANSWERS]), st.binary(max_size=60) | st.none(), st.booleans())
def test_whatever_bytes_come_are_a_dead_letter_and_the_next_article_comes_out(spec, value, atomic):
    simulation = stage(atomic=atomic)
    put_tagged(simulation, tagged("a", TEXT))
    headers = simulation.log.all(topics.TAGGED.name)[0].headers
    simulation.put(spec.name, value, key=b"k", headers=headers)
    put_tagged(simulation, tagged("b", TEXT))
    simulation.settle()
    assert len(simulation.log.all(spec.dead_letters)) == 1
    assert {body["article_id"] for body in bodies(simulation, topics.ENRICHED)} == {"a", "b"}
