"""A replay in the simulator: the same stages under its own name give what the live flow gave, whatever dies."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from functools import cache
from random import Random

import pytest

from schemas.registry import type_name
from schemas.replay_job import ReplayEstimate, ReplayJob, ReplayRange, ReplaySource
from streams import topics
from streams.agents.tag import tagger
from streams.bench import articles
from streams.bus import envelope
from streams.bus.interface import TopicPartition
from streams.core.dedup.watermark import raw_place
from streams.core.replay.lasting import AS_OF, AT_REST, lasting
from streams.replay.digest import Digest, opened
from streams.settings import (
    DedupSettings,
    NoveltySettings,
    ObserveSettings,
    RunSettings,
    Settings,
    StreamSettings,
    TopicSettings,
)
from streams.stages import REPLAYED
from streams.testing.driver import Simulation
from streams.testing.histories import registers
from streams.topics import shadow

COUNT = 40
JOB = "walk-00000001"
MODES = ("live", "live", "live", "backfill", "redrive")
TAGGED = {}


def register_tag(app, bus):
    """Tag as the agent does, each text once in all these tests: parsing is what takes their time."""
    def step(article, _):
        if article not in TAGGED:
            TAGGED[article] = tagger(bus.settings.tagging.batch_size).tag(article)
        return TAGGED[article]

    async def tag_articles(events):
        async for event in events.events():
            await bus.handle(event, step)

    app.agent(bus.topic(topics.CLEAN), name="tag")(tag_articles)


STAGES = {stage: registers(stage) for stage in REPLAYED} | {"tag": [register_tag]}


def settings(job=None, chunk=4):
    return Settings(
        topics=TopicSettings(partitions=2, shards=2, statements=2), stream=StreamSettings(chunk_records=chunk),
        dedup=DedupSettings(lateness_hours=None), novelty=NoveltySettings(lateness_days=None, versions_days=None),
        observe=ObserveSettings(log_level="ERROR"), run=RunSettings(job=job))


@cache
def live():
    """Return the bus after the live flow has taken everything in: live, backfilled and redriven records."""
    draw = Random(5)
    simulation = Simulation(STAGES, settings(), seed=1, atomic=True)
    for number in range(COUNT):
        record = articles.raw(number)
        mode = draw.choice(MODES)
        headers = (("ce_deliverymode", mode.encode()), ("ce_replayjobid", b"loaded-1"), ("ce_origin", b"news.articles.raw.v1-0-0"))
        simulation.put(topics.RAW.name, record.value, key=record.key, headers=headers)
    simulation.settle()
    return simulation.log


def job_of(log, start=0):
    ends = [log.end(at) for at in log.partitions(topics.RAW.name)]
    return ReplayJob(
        job_id=JOB, source=ReplaySource.RAW, pipeline_version="0", settings_digest="0",
        estimate=ReplayEstimate(records=sum(ends), bytes=0, seconds=0),
        ranges=tuple(ReplayRange(partition=n, context=0, start=min(start, end), end=end) for n, end in enumerate(ends)))


@cache
def replayed(seed, *, every=0, atomic=True, first=0):
    """Return the bus of a replay of the live flow's raw records from the `first` on; one step in about `every` is a fault."""
    simulation = Simulation(STAGES, settings(JOB, chunk=1 + seed % 5), seed, atomic)
    log, begin = live(), offsets_of(first)
    for at in log.partitions(topics.RAW.name):
        for record in log.read(at, begin[at.partition], log.end(at)):
            its = envelope.of_raw(record, type_name(topics.RAW.model))
            copy = TopicPartition(shadow(topics.RAW.name, JOB), at.partition)
            simulation.put(copy.topic, record.value, key=record.key, headers=envelope.fed(record, its, JOB))
            assert simulation.log.end(copy) == record.offset + 1 - begin[at.partition]
    simulation.run(100_000, every=every)
    simulation.settle()
    return simulation


def offsets_of(first):
    """Return, by partition, the offset of the first raw record that came no sooner than article `first`."""
    log = live()
    found = {at.partition: log.read(at, 0, log.end(at)) for at in log.partitions(topics.RAW.name)}
    times = sorted(record.timestamp_ms for rows in found.values() for record in rows)
    return {n: sum(record.timestamp_ms < times[first] for record in rows) for n, rows in found.items()}


def records(log, name):
    return [record for at in log.partitions(name) for record in log.read(at, 0, log.end(at))]


def digest(log, job, tmp_path, name=None):
    with closing(opened(tmp_path)) as store:
        taken = Digest(job, store)
        for topic in (*AS_OF, *(spec.dead_letters for spec in topics.SHADOWED)):
            taken.take(records(log, shadow(topic, name)))
        return taken.result(), taken.counts


@pytest.mark.parametrize("seed", range(1, 7))
def test_a_replay_killed_at_random_points_gives_the_live_flows_digest(seed, tmp_path):
    job = job_of(live())
    again = replayed(seed, every=120, atomic=seed % 2 == 0)
    assert again.faults >= 10
    expected, counts = digest(live(), job, tmp_path)
    (tmp_path / "again").mkdir()
    found, _ = digest(again.log, job, tmp_path / "again", JOB)
    assert counts["news.articles.enriched.v1"] > COUNT * 0.8
    assert counts["news.articles.raw.v1.dlt"] == 1
    assert counts["news.refusals.v1"] == 1
    assert counts["news.clusters.v1"] < counts["news.dedup.assignments.v1"]
    assert found == expected


@pytest.mark.parametrize("topic", ["news.articles.clean.v1", "news.articles.tagged.v1", "news.refusals.v1", "news.statements.found.v1"])
def test_every_body_of_a_replay_is_byte_equal(topic):
    def bodies(log, name):
        return {dict(each.headers)["ce_id"]: each.value for each in records(log, shadow(topic, name))}

    def lasting_of(body):
        return body if topic in AS_OF else {k: v for k, v in json.loads(body).items() if k not in {"cluster_id", "alike"}}

    before, after = bodies(live(), None), bodies(replayed(3).log, JOB)
    assert before
    if topic in AS_OF:
        assert before == after
    assert {key: lasting_of(before[key]) for key in before.keys() & after.keys()} == {
        key: lasting_of(after[key]) for key in before.keys() & after.keys()}


def test_a_replay_writes_nothing_but_its_own_topics_and_says_on_each_event_that_it_is_one():
    log = replayed(3).log
    written = {at.topic for at in log.records if log.end(at)}
    assert {name for name in written if topics.job_of(name) is None and not name.endswith("-changelog")} == set()
    for name in ("news.articles.enriched.v1", "news.statements.v1"):
        headers = [dict(each.headers) for each in records(log, shadow(name, JOB))]
        assert {each["ce_deliverymode"] for each in headers} == {b"replay"}
        assert {each["ce_replayjobid"] for each in headers} == {JOB.encode()}
        assert {each["ce_originmode"] for each in headers} == {b"live", b"backfill", b"redrive"}


def test_what_was_backfilled_hides_no_news_in_a_replay_either():
    bodies = [json.loads(lasting("news.statements.v1", each.value)) for each in records(replayed(3).log, shadow("news.statements.v1", JOB))]
    assert any(each["novelty"]["kind"] != each["novelty"]["live_kind"] for each in bodies)


def test_what_is_only_context_is_not_in_the_digest(tmp_path):
    (tmp_path / "all").mkdir()
    log = replayed(3).log
    part, whole = job_of(live(), start=10), job_of(live())
    _, some = digest(log, part, tmp_path, JOB)
    _, every = digest(log, whole, tmp_path / "all", JOB)
    assert some["news.articles.clean.v1"] < every["news.articles.clean.v1"]
    assert some["news.clusters.v1"] == every["news.clusters.v1"]


def test_on_the_live_raw_topic_nobody_names_his_origin():
    for record in records(live(), "news.articles.clean.v1"):
        assert dict(record.headers)["ce_causationid"]
    origins = [dict(record.headers)["ce_origin"] for record in records(live(), "news.articles.clean.v1")]
    assert len(set(origins)) == len(origins)


def test_a_record_that_no_feeder_wrote_is_buried():
    simulation = Simulation({"clean": STAGES["clean"]}, settings(JOB), seed=1)
    at = simulation.put(shadow(topics.RAW.name, JOB), articles.raw(0).value, key=b"k")
    simulation.settle()
    (letter,) = records(simulation.log, shadow(topics.RAW.dead_letters, JOB))
    told = dict(letter.headers)
    assert told["__streams.errors.code"] == b"SCHEMA"
    assert at.startswith(told["__streams.errors.topic"].decode())


def test_the_store_of_a_digest_is_a_file_and_not_memory(tmp_path):
    with closing(opened(tmp_path)) as store:
        assert isinstance(store, sqlite3.Connection)
        assert list(tmp_path.iterdir())


def test_a_part_meets_what_came_before_it_and_compares_only_itself(tmp_path):
    """Article 27 is a near-duplicate of 20. The part begins at 25; its context at 15, or with it."""
    start, whole = offsets_of(25), job_of(live())
    part = whole.model_copy(update={"ranges": tuple(
        each.model_copy(update={"start": start[each.partition]}) for each in whole.ranges)})

    def bodies(log, name):
        return {
            (topic, dict(each.headers)["ce_id"]): lasting(topic, each.value)
            for topic in AS_OF if topic not in AT_REST for each in records(log, shadow(topic, name))
            if part.compares(*raw_place(dict(each.headers)["ce_origin"].decode()))
        }

    def place(log, name):
        (found,) = {
            json.loads(each.value)["article_id"] for each in records(log, shadow(topics.ENRICHED.name, name))
            if json.loads(each.value)["url"].endswith("/27")
        }
        at_rest = {each.key: json.loads(each.value) for each in records(log, shadow(topics.ASSIGNMENTS.name, name))}
        return at_rest[found.encode()]["role"]

    with_context, without = replayed(2, first=15).log, replayed(2, first=25).log
    assert bodies(with_context, JOB) == bodies(live(), None)
    assert len(bodies(live(), None)) > 20
    assert (place(live(), None), place(with_context, JOB), place(without, JOB)) == (
        "near_duplicate", "near_duplicate", "canonical")
    (tmp_path / "again").mkdir()
    again = replayed(5, every=150, first=15)
    assert digest(again.log, part, tmp_path / "again", JOB) == digest(with_context, part, tmp_path, JOB)
