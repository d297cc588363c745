"""A takedown between two lives of the stages, in the simulator: nothing of the article comes back, nothing else is lost."""

from __future__ import annotations

import orjson
import pytest

from schemas.ids import digest
from schemas.takedown import Takedown, takedown_id
from streams import topics
from streams.bus.blank import blanked
from streams.bus.envelope import read_headers
from streams.settings import DedupSettings, NoveltySettings, Settings, StreamSettings, TopicSettings
from streams.takedown.places import stub_of
from streams.takedown.target import Fate, Target, fate_in
from streams.testing import oracle
from streams.testing.builders import DAY, put_tagged, tagged
from streams.testing.driver import Simulation
from streams.testing.histories import registers
from streams.testing.sayings import statement
from streams.testing.sim_bus import Sent

SECRET = "zephyrous"  # noqa: S105  # a word that is nowhere else
WIRE = "the ferries stay in port until friday because of the {} wind over the northern coast, the harbour master says"


def stages(seed: int, *, atomic: bool) -> Simulation:
    return Simulation(
        {"dedup": registers("dedup"), "statements": registers("statements")},
        Settings(topics=TopicSettings(partitions=2, shards=2, statements=2), stream=StreamSettings(chunk_records=3),
                 dedup=DedupSettings(lateness_hours=None), novelty=NoveltySettings(lateness_days=None, versions_days=None)),
        seed=seed, atomic=atomic)


def stand_still(simulation: Simulation) -> None:
    """Let every worker end, with its disk: `forget` deletes the stores."""
    for stage in simulation.groups:
        for ordinal in list(stage.workers):
            stage.workers.pop(ordinal).crash()
        stage.disks.clear()
        stage.whole = False


def forget(simulation: Simulation, article: str, origins: set[str], *, dies_after: int | None = None) -> None:
    """What the job does to the bus, over the simulator's log; it may die after so many records."""
    log, done = simulation.log, 0
    keys = {record.key.decode() for spec in (topics.FOUND, topics.STATEMENTS) for record in log.all(spec.name)
            if read_headers(record.headers).get("ce_origin") in origins}
    target = Target(article, frozenset(origins), frozenset(keys))
    for at in list(log.records):
        fate, living = fate_in(at.topic), {}
        for number, record in enumerate(list(log.records[at])):
            if fate is Fate.STAYS or not (target.owns(record) or record.key in living):
                continue
            if dies_after is not None and done >= dies_after:
                return
            done += 1
            living[record.key] = record
            log.records[at][number] = stub_of(record, fate, "t1")
        if fate is Fate.GONE:
            for record in living.values():
                log.append(Sent(at.topic, at.partition, record.key, None, (("ce_takendown", b"t1"),)))


def holding(simulation: Simulation) -> list[str]:
    return [record.at for at in simulation.log.records for record in simulation.log.records[at] if SECRET.encode() in (record.value or b"")]


def put(simulation: Simulation, name: str, word: str, hours: float) -> str:
    text = WIRE.format(word)
    return put_tagged(simulation, tagged(name, text, hours=hours, statements=(statement(text, name),)))


@pytest.mark.parametrize("seed", range(24))
def test_what_was_taken_back_does_not_come_back_and_the_audit_holds(seed):
    simulation, dies_after = stages(seed, atomic=seed % 2 == 0), seed if seed % 3 else None
    origins = {put(simulation, "a", SECRET, 0)}
    for number, word in enumerate(("western", "eastern", "southern")):
        put(simulation, f"b{number}", word, number + 1)
    simulation.run(300, every=25)
    simulation.settle()
    assert holding(simulation), "the secret was everywhere"
    assert oracle.audit(simulation.log).holds
    places = oracle.at_rest(simulation.log, topics.ASSIGNMENTS.name)

    stand_still(simulation)
    if dies_after is not None:
        forget(simulation, "a", origins, dies_after=dies_after)
    forget(simulation, "a", origins)
    assert holding(simulation) == []

    for number, word in enumerate(("cold", "northern", "mild")):
        put(simulation, f"c{number}", word, number + 5)
    simulation.run(300, every=25)
    simulation.settle()
    assert holding(simulation) == []
    report = oracle.audit(simulation.log)
    assert (report.holds, report.raw, report.enriched) == (True, 7, 7)
    stands = oracle.at_rest(simulation.log, topics.ASSIGNMENTS.name)
    assert set(stands) == {*places, "c0", "c1", "c2"}
    assert stands["a"] == places["a"] or stands["a"]["cluster_id"] in {each["cluster_id"] for each in stands.values()}


@pytest.mark.parametrize("seed", range(8))
def test_what_kafka_still_has_whole_is_passed_over_when_a_stage_reads_it_again(seed):
    """Its offsets were set back, or a redrive put it there; other articles are processed as before."""
    simulation = stages(seed, atomic=seed % 2 == 0)
    origin = put(simulation, "a", SECRET, 0)
    put(simulation, "b", "western", 1)
    simulation.run(200, every=25)
    simulation.settle()
    read = {spec.name for spec in (topics.TAGGED, topics.SKETCHES, topics.ENRICHED, topics.FOUND)}
    whole = [record for at in simulation.log.records if at.topic in read
             for record in simulation.log.records[at] if read_headers(record.headers).get("ce_origin") == origin]
    assert {record.topic for record in whole} == read
    stand_still(simulation)
    event = Takedown(takedown_id=takedown_id("a"), article_id="a", state="done", reason="x", taken_at=DAY, origins=(origin,))
    simulation.put(topics.TAKEDOWNS.name, event.model_dump_json().encode(), key=b"a")
    forget(simulation, "a", {origin})
    for record in whole:
        simulation.log.append(Sent(record.topic, record.partition, record.key, record.value, record.headers))
    again = holding(simulation)
    assert {each.rsplit("-", 2)[0] for each in again} == read - {topics.SKETCHES.name}, "these hold no text"
    put(simulation, "c", "cold", 2)
    simulation.run(300, every=25)
    simulation.settle()
    assert holding(simulation) == again
    report = oracle.audit(simulation.log)
    assert (report.holds, report.raw, report.enriched) == (True, 3, 3)


def test_clean_refuses_what_was_taken_back_when_it_comes_again_and_a_stub_too():
    simulation = Simulation({"clean": registers("clean")}, Settings(topics=TopicSettings(partitions=2)), seed=3)
    url = "https://a.example/harbour"
    article = digest("article", "url", url)
    event = Takedown(takedown_id=takedown_id(article), article_id=article, state="begun", reason="x", taken_at=DAY, origins=())
    simulation.put(topics.TAKEDOWNS.name, event.model_dump_json().encode(), key=article.encode())
    text = "The harbour bridge will be closed for repairs until the summer, the minister said on Monday."
    for address in (url + "?utm_source=feed", "https://b.example/other"):
        simulation.put(topics.RAW.name, orjson.dumps({"url": address, "content": text}), key=address.encode())
    first = simulation.log.all(topics.RAW.name)[0]
    stub = blanked(first, "t1")
    simulation.put(topics.RAW.name, stub.value, key=stub.key, headers=stub.headers)
    stand_still(simulation)
    simulation.run(50, every=10)
    simulation.settle()
    told = [orjson.loads(record.value) for record in simulation.log.all(topics.REFUSALS.name)]
    assert {each["reason"] for each in told} == {"taken_down"}
    report = oracle.audit(simulation.log)
    assert (report.refused, report.doubled, len(report.lost)) == (2, (), 1), "the other one waits for tag"
    assert len({record.key for record in simulation.log.all(topics.CLEAN.name)}) == 1


@pytest.mark.parametrize("known", [True, False])
def test_clean_refuses_a_raw_record_that_was_taken_back_whatever_its_article_is_called_now(known: bool) -> None:
    simulation = Simulation({"clean": registers("clean")}, Settings(topics=TopicSettings(partitions=1)), seed=3)
    event = Takedown(takedown_id=takedown_id("by-another-rule"), article_id="by-another-rule", state="done", reason="x",
                     taken_at=DAY, origins=(f"{topics.RAW.name}-0-{0 if known else 9}",))
    simulation.put(topics.TAKEDOWNS.name, event.model_dump_json().encode(), key=b"by-another-rule")
    text = "The harbour bridge will be closed for repairs until the summer, the minister said on Monday."
    simulation.put(topics.RAW.name, orjson.dumps({"content": text}))
    stand_still(simulation)  # a worker reads what stands before its first record
    simulation.run(50, every=10)
    simulation.settle()
    told = [orjson.loads(record.value)["reason"] for record in simulation.log.all(topics.REFUSALS.name)]
    assert told == (["taken_down"] if known else [])
