"""The whole walk, raw to enriched, with crashes in every stage: real clean, real tag with its model, real dedup."""

from __future__ import annotations

from functools import cache

import pytest

from schemas.raw_article import RawArticle
from streams import topics
from streams.settings import DedupSettings, Settings, StreamSettings, TopicSettings
from streams.testing import oracle
from streams.testing.builders import put_raw
from streams.testing.driver import Simulation
from streams.testing.histories import registers
from streams.testing.sim_worker import changelog_of

WALK = {name: registers(name) for name in ("clean", "tag", "dedup")}
REPORT = [
    "The harbour master of Lindholm, Eva Sund, said on Tuesday that two ferries would stay in port until Friday.",
    "“We will not sail while the wind is above twenty metres a second,” she told reporters in the town hall.",
    "The company that runs the ferries has offered buses across the bridge to all passengers who hold a ticket.",
    "In March a storm of the same strength had closed the harbour for nine days and damaged the northern pier.",
]


def articles():
    text = "\n\n".join(REPORT)
    page = "".join(f"<p>{line}</p>" for line in REPORT)
    published = {"published": "2018-02-14T08:00:00Z"}
    return [
        RawArticle(content=text, url="https://a.example/ferries", headline="Ferries stay in port", **published),
        RawArticle(content=text, url="https://b.example/ferries", headline="Ferries stay in port", published="2018-02-14T09:00:00Z"),
        RawArticle(content=text.replace("two ferries", "three ferries"), url="https://a.example/ferries", published="2018-02-14T10:00:00Z"),
        RawArticle(content=f"<html><body><h1>Ferries</h1><article>{page}</article></body></html>", content_type="text/html", url="https://c.example/1", **published),
        RawArticle(content="too short"),
        RawArticle(content="The museum of Lindholm opens its new wing on Sunday with a show of ship models and sea charts.", source_id="museum"),
        b"{", None,
    ]


def walked(seed, *, every, atomic=False):
    simulation = Simulation(WALK, Settings(
        topics=TopicSettings(partitions=2, shards=2), stream=StreamSettings(chunk_records=3),
        dedup=DedupSettings(lateness_hours=None)), seed=seed, atomic=atomic)
    for number, article in enumerate(articles()):
        if article is None:
            simulation.put(topics.RAW.name, None, key=b"gone")
        else:
            put_raw(simulation, article, key=f"k{number}", hours=24 + number)
        simulation.run(40 if every else 0, every=every)
    simulation.run(600, every=every)
    simulation.settle()
    return simulation


def rest(simulation):
    return {spec.name: oracle.at_rest(simulation.log, spec.name) for spec in (topics.ASSIGNMENTS, topics.CLUSTERS)}


@cache
def undisturbed():
    return rest(walked(0, every=0))


def test_an_undisturbed_walk_finds_the_copies():
    simulation = walked(0, every=0)
    report = oracle.audit(simulation.log)
    assert (report.raw, report.enriched, report.refused, report.dead_lettered, report.holds) == (8, 5, 1, 2, True)
    assert max(len(body["members"]) for body in rest(simulation)[topics.CLUSTERS.name].values()) == 3


@pytest.mark.parametrize("seed", range(8))
def test_whatever_stage_dies_nothing_is_lost_and_the_truth_at_rest_is_the_same(seed):
    simulation = walked(seed, every=20, atomic=seed % 3 == 0)
    print(simulation.told)
    assert simulation.faults > 4
    assert list(oracle.losses(simulation.log)) == []
    assert list(oracle.repeats(simulation.log)) == []
    assert rest(simulation) == undisturbed()
    assert list(oracle.left_over(simulation.log, changelog_of("dedup", topics.AWAITING.name))) == []
