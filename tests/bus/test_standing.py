"""What stands on a small compacted topic: complete at first, then followed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from schemas.rule import Rule
from streams.bus import codec
from streams.bus.interface import Record
from streams.bus.standing import Followed, Standing
from streams.settings import load_settings
from streams.topics import RULES
from tests.bus.conformance import comes_true

LIMITS = codec.limits_of(load_settings())


def body(name, version="1"):
    return codec.encode(Rule(name=name, version=version))


def record(offset, name, value):
    return Record(RULES.name, 0, offset, 0, name.encode(), value)


def test_the_latest_of_a_key_stands_and_a_tombstone_takes_it_away():
    standing = Standing(RULES, LIMITS)
    standing.apply([record(0, "a", body("a")), record(1, "b", body("b")), record(2, "a", body("a", "2")), record(3, "b", None)])
    assert {key: rule.version for key, rule in standing.by_key.items()} == {"a": "2"}
    assert standing.changes == 4


def test_a_record_that_comes_again_changes_nothing():
    standing, records = Standing(RULES, LIMITS), [record(0, "a", body("a")), record(1, "a", None)]
    standing.apply(records)
    standing.apply(records)
    assert (standing.by_key, standing.changes) == ({}, 2)


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"{}", b'{"name": 1}', b"\xff", b"[" * 100_000])
def test_what_is_no_event_is_left_out_and_what_stood_stays(value):
    standing = Standing(RULES, LIMITS)
    standing.apply([record(0, "a", body("a")), record(1, "a", value), record(2, "b", value)])
    assert list(standing.by_key) == ["a"]


async def test_a_follower_is_complete_after_catching_up_and_learns_the_rest(yard):
    topic = await yard.topic(cleanup_policy="compact")
    spec = replace(RULES, name=topic)
    for number in range(3):
        await (await yard.producer.send(topic, body(f"r{number}"), key=f"r{number}".encode()))
    followed = Followed(LIMITS)
    standing = followed(spec)
    assert not standing.by_key
    await followed.catch_up(yard.bus)
    assert sorted(standing.by_key) == ["r0", "r1", "r2"]
    following = asyncio.create_task(followed.keep_up(yard.bus))
    await (await yard.producer.send(topic, None, key=b"r1"))
    await (await yard.producer.send(topic, body("r2", "2"), key=b"r2"))

    async def learnt():
        return {key: rule.version for key, rule in standing.by_key.items()} == {"r0": "1", "r2": "2"}

    await comes_true(learnt)
    following.cancel()


async def test_a_topic_that_is_not_there_holds_nothing(yard):
    followed = Followed(LIMITS)
    standing = followed(replace(RULES, name="news.nothing.v1"))
    await followed.catch_up(yard.bus)
    assert not standing.by_key


async def test_nothing_is_asked_of_the_bus_for_a_worker_that_follows_nothing():
    await Followed(LIMITS).catch_up(None)
    await Followed(LIMITS).keep_up(None)
