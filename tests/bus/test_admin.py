"""The catalogue's topics against what the bus has, on both backends."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from streams import topics
from streams.bus import admin as catalogue
from streams.bus.admin import ChangeKind, TopicMismatch
from streams.bus.interface import TopicDescription
from streams.core.outcome import Usage
from streams.settings import TopicSettings

NARROW = TopicSettings(partitions=2, shards=1)
ALL = len(topics.TOPICS) * 2 + len(topics.TABLES)


def as_wanted(settings: TopicSettings = NARROW) -> dict[str, TopicDescription]:
    return {each.name: TopicDescription(each.name, each.partitions, dict(each.config)) for each in catalogue.wanted(settings)}


def test_every_topic_its_dead_letters_and_every_changelog_are_wanted():
    wanted = {each.name: each for each in catalogue.wanted(TopicSettings(partitions=5, shards=3, min_insync_replicas=2))}
    assert len(wanted) == ALL
    assert wanted["news.articles.raw.v1"].partitions == wanted["news.articles.raw.v1.dlt"].partitions == 5
    assert wanted["communique-dedup-sketches-by-version-changelog"].partitions == 3
    assert wanted["communique-dedup-nodes-by-article-changelog"].config["cleanup.policy"] == "compact"
    assert {each.config["min.insync.replicas"] for each in wanted.values()} == {"2"}


def test_fates_are_kept_longer_than_what_they_speak_of():
    kept = {each.name: int(each.config["retention.ms"]) for each in catalogue.wanted(NARROW)}
    assert min(kept[name] for name in (topics.ENRICHED.name, topics.REFUSALS.name, topics.RAW.dead_letters)) > kept[topics.RAW.name]


def test_a_bus_that_is_as_wanted_needs_no_change():
    assert catalogue.plan(catalogue.wanted(NARROW), as_wanted()) == ()


def test_each_difference_is_named():
    there = as_wanted()
    del there["news.clusters.v1"]
    there["news.articles.raw.v1"] = TopicDescription("news.articles.raw.v1", 3, there["news.articles.raw.v1"].config)
    there["news.refusals.v1"] = TopicDescription(
        "news.refusals.v1", 1, {**there["news.refusals.v1"].config, "retention.ms": "5"})
    changes = {change.topic.name: change for change in catalogue.plan(catalogue.wanted(NARROW), there)}
    assert {name: change.kind for name, change in changes.items()} == {
        "news.clusters.v1": ChangeKind.CREATE, "news.articles.raw.v1": ChangeKind.CONFLICT, "news.refusals.v1": ChangeKind.ALTER}
    assert changes["news.refusals.v1"].config == {"retention.ms": str(60 * topics.DAY_MS)}


def test_raw_records_get_the_time_of_the_bus_and_nothing_else_does():
    stamped = {each.name for each in catalogue.wanted(NARROW) if each.config.get("message.timestamp.type") == "LogAppendTime"}
    assert stamped == {topics.RAW.name}


def test_a_raw_topic_that_has_its_producers_time_is_altered():
    there = as_wanted()
    raw = there[topics.RAW.name]
    for says in ({}, {"message.timestamp.type": "CreateTime"}):  # the embedded log tells only what was set
        config = {name: value for name, value in raw.config.items() if name != "message.timestamp.type"} | says
        [change] = catalogue.plan(catalogue.wanted(NARROW), {**there, raw.name: TopicDescription(raw.name, raw.partitions, config)})
        assert (change.kind, change.config) == (ChangeKind.ALTER, {"message.timestamp.type": "LogAppendTime"})
        assert change.detail == "message.timestamp.type CreateTime → LogAppendTime"


def test_a_mismatch_is_wrong_usage():
    assert issubclass(TopicMismatch, Usage)


@pytest.mark.parametrize(
    ("there", "lines", "says"),
    [
        ({}, 3, f"{ALL} topics are missing, the first news.articles.raw.v1"),
        (as_wanted(), 6, r"and \d+ more: `communique topics plan`"),
    ],
    ids=["nothing there", "all too narrow"],
)
def test_a_mismatch_takes_few_lines_however_many_topics_differ(there, lines, says):
    admin = SimpleNamespace(describe_topics=lambda: asyncio.sleep(0, there))
    with pytest.raises(TopicMismatch, match=says) as told:
        asyncio.run(catalogue.check(admin, TopicSettings(partitions=7, shards=5)))
    assert len(str(told.value).splitlines()) == lines


async def test_what_is_applied_is_there(yard):
    with pytest.raises(TopicMismatch, match="communique topics apply"):
        await catalogue.check(yard.admin, NARROW)
    await catalogue.apply(yard.admin, catalogue.plan(catalogue.wanted(NARROW), await yard.admin.describe_topics()))
    await catalogue.check(yard.admin, NARROW)
    assert catalogue.plan(catalogue.wanted(NARROW), await yard.admin.describe_topics()) == ()
    with pytest.raises(TopicMismatch, match=r"topics\.partitions"):
        await catalogue.check(yard.admin, TopicSettings(partitions=3, shards=1))
    await yard.admin.alter_topic(topics.REFUSALS.name, {"retention.ms": "5"})
    await catalogue.check(yard.admin, NARROW)  # a setting is no reason not to start
    [change] = catalogue.plan(catalogue.wanted(NARROW), await yard.admin.describe_topics())
    assert (change.kind, change.topic.name) == (ChangeKind.ALTER, topics.REFUSALS.name)
    for topic in catalogue.wanted(NARROW):
        await yard.admin.delete_topic(topic.name)


async def test_at_its_start_a_program_creates_topics_on_the_embedded_log_only(yard):
    if yard.bus.url.startswith("kafka:"):
        with pytest.raises(TopicMismatch):
            await catalogue.at_start(yard.bus, NARROW)
        assert topics.RAW.name not in await yard.admin.describe_topics()
    else:
        await catalogue.at_start(yard.bus, NARROW)
        assert len(await yard.admin.describe_topics()) == ALL
