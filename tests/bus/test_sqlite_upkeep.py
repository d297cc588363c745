"""Retention and compaction: what goes, what stays, and that nobody who reads is misled."""

from __future__ import annotations

import pytest

from streams.bus.interface import TopicPartition
from streams.bus.sqlite_append import now_ms
from streams.bus.sqlite_upkeep import Removed, tidy_now_and_then
from streams.observe import metrics
from tests.bus.sqlite_programs import bus_of

ONE = TopicPartition("table", 0)
HOUR_MS = 3_600_000


@pytest.fixture
async def rig(tmp_path):
    """A bus with an admin and a producer."""
    bus = bus_of(str(tmp_path / "log.db"))
    async with bus.admin() as admin, bus.producer(client_id="test") as producer:
        yield bus, admin, producer


async def fill(producer, topic, pairs, age_ms=0):
    for key, value in pairs:
        await producer.send(topic, value, key=key, partition=0, timestamp_ms=now_ms() - age_ms)
    await producer.flush()


async def left(bus, place=ONE):
    async with bus.consumer(client_id="test") as consumer:
        consumer.assign([place])
        found = {}
        while batch := await consumer.getmany():
            found.update({record.offset: record.value for record in batch[place]})
        return found


async def test_of_each_key_the_latest_record_stays(rig):
    bus, admin, producer = rig
    await admin.create_topic("table", 1, {"cleanup.policy": "compact"})
    await fill(producer, "table", [(str(n % 50).encode(), str(n).encode()) for n in range(2500)])
    assert await admin.upkeep() == Removed(0, 2450)
    assert await left(bus) == {n: str(n).encode() for n in range(2450, 2500)}
    await fill(producer, "table", [(b"7", b"again")])
    assert await admin.upkeep() == Removed(0, 1)
    assert await admin.end_offsets(["table"]) == {ONE: 2501}


async def test_what_retention_deletes_in_front_of_a_reader_is_counted_and_the_rest_comes(rig):
    bus, admin, producer = rig
    await admin.create_topic("table", 1, {"retention.ms": str(HOUR_MS)})
    await fill(producer, "table", [(b"k", b"old")] * 20, age_ms=2 * HOUR_MS)
    async with bus.consumer(client_id="slow") as consumer:
        consumer.assign([ONE])
        assert len((await consumer.getmany(max_records=3))[ONE]) == 3
        assert (await admin.upkeep()).expired == 20
        assert await consumer.getmany() == {}
        await fill(producer, "table", [(b"k", b"new")])
        assert [record.value for record in (await consumer.getmany())[ONE]] == [b"new"]
    assert metrics.EXPIRED_UNREAD.labels("slow", "table")._value.get() == 17


async def test_an_old_tombstone_goes_a_fresh_one_stays(rig):
    bus, admin, producer = rig
    await admin.create_topic("table", 1, {"cleanup.policy": "compact", "delete.retention.ms": str(HOUR_MS)})
    await fill(producer, "table", [(b"a", b"1"), (b"a", None)], age_ms=2 * HOUR_MS)
    await fill(producer, "table", [(b"b", b"1"), (b"b", None), (b"c", b"1")])
    assert await admin.upkeep() == Removed(0, 3)
    assert await left(bus) == {3: None, 4: b"1"}


async def test_the_newest_record_of_a_compacted_partition_is_never_deleted(rig):
    bus, admin, producer = rig
    await admin.create_topic(
        "table", 1, {"cleanup.policy": "compact,delete", "retention.ms": "1", "delete.retention.ms": "1"})
    await fill(producer, "table", [(b"a", b"1"), (b"b", b"2"), (b"a", None)], age_ms=HOUR_MS)
    await admin.upkeep()
    assert await left(bus) == {2: None}


async def test_retention_takes_the_old_end_and_moves_the_beginning(rig):
    bus, admin, producer = rig
    await admin.create_topic("table", 1, {"retention.ms": str(HOUR_MS)})
    await fill(producer, "table", [(None, b"old")] * 1500, age_ms=2 * HOUR_MS)
    await fill(producer, "table", [(None, b"new")] * 3)
    await fill(producer, "table", [(None, b"late")], age_ms=2 * HOUR_MS)
    assert await admin.upkeep() == Removed(1500, 0)
    assert await admin.beginning_offsets(["table"]) == {ONE: 1500}
    assert await left(bus) == {1500: b"new", 1501: b"new", 1502: b"new", 1503: b"late"}
    async with bus.consumer(client_id="c", group="g") as consumer:
        consumer.assign([ONE])
        await consumer.seek(ONE, 3)             # a place that is gone: reading goes on at the beginning
        assert [record.offset for record in (await consumer.getmany(max_records=1))[ONE]] == [1500]
        assert await consumer.offsets_for_times({ONE: now_ms() - HOUR_MS}) == {ONE: 1500}


async def test_what_has_no_retention_stays_for_ever(rig):
    bus, admin, producer = rig
    await admin.create_topic("table", 1, {"retention.ms": "-1"})
    await fill(producer, "table", [(None, b"old")], age_ms=1000 * 24 * HOUR_MS)
    assert await admin.upkeep() == Removed(0, 0)
    assert len(await left(bus)) == 1


async def test_a_consumer_passes_over_what_is_compacted_under_it(rig):
    bus, admin, producer = rig
    await admin.create_topic("table", 1, {"cleanup.policy": "compact"})
    await fill(producer, "table", [(b"k", str(n).encode()) for n in range(100)])
    async with bus.consumer(client_id="c") as consumer:
        consumer.assign([ONE])
        first = await consumer.getmany(max_records=10)
        assert [record.offset for record in first[ONE]] == list(range(10))
        await admin.upkeep()
        rest = await consumer.getmany()
        assert [record.offset for record in rest[ONE]] == [99]
        assert await consumer.position(ONE) == 100
        assert await consumer.getmany() == {}


async def test_upkeep_now_and_then_is_done_by_one_process_a_minute(rig):
    bus, admin, producer = rig
    await admin.create_topic("table", 1, {"cleanup.policy": "compact"})
    await fill(producer, "table", [(b"k", b"1"), (b"k", b"2"), (b"k", b"3")])
    assert await tidy_now_and_then(admin._reader, bus.writer) == Removed(0, 2)
    await fill(producer, "table", [(b"k", b"4")])
    assert await tidy_now_and_then(admin._reader, bus.writer) == Removed(0, 0)
