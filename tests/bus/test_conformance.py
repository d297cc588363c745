"""The two backends are one: everything here holds on the embedded log and on Kafka."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from contextlib import aclosing

import pytest
from aiokafka.partitioner import DefaultPartitioner

from streams.bus import scan
from streams.bus.errors import BusError, Fenced, TooLarge, UnknownTopic
from streams.bus.interface import RecordMetadata, TopicDescription, TopicPartition
from streams.observe import metrics
from streams.topics import MAX_RECORD_BYTES
from tests.bus.conformance import PATIENCE_SECONDS, comes_true, flat, gather, values

# Records


async def test_a_record_comes_back_byte_for_byte(yard):
    topic = await yard.topic(retention_ms="-1")  # its records are of 1970
    headers = (("ce_id", bytes(range(256))), ("", b""), ("ce_id", "ё".encode()))
    sent = [(b"\x00k", b"\xff\x00v"), (None, b""), (b"", None), (b"key", b"value"), (None, None)]
    answers = [await yard.producer.send(topic, value, key=key, headers=headers, timestamp_ms=77) for key, value in sent]
    assert [await answer for answer in answers] == [RecordMetadata(topic, 0, number) for number in range(5)]
    records = await yard.read(topic)
    assert [(record.key, record.value) for record in records] == sent
    assert {(record.topic, record.partition, record.timestamp_ms, record.headers) for record in records} == {(topic, 0, 77, headers)}
    assert [record.at for record in records] == [f"{topic}-0-{number}" for number in range(5)]


async def test_records_of_a_partition_keep_their_order(yard):
    topic = await yard.topic(partitions=2)
    for number in range(1000):
        await yard.producer.send(topic, str(number).encode(), partition=number % 2)
    await yard.producer.flush()
    records = await yard.read(topic, partitions=2)
    for partition in (0, 1):
        mine = [record for record in records if record.partition == partition]
        assert values(mine) == [str(number).encode() for number in range(1000) if number % 2 == partition]
        assert [record.offset for record in mine] == list(range(500))


async def test_a_key_goes_where_java_clients_put_it(yard):
    topic = await yard.topic(partitions=7)
    draw = random.Random(1)
    keys = [b"", b"a", "ключ".encode(), *(draw.randbytes(size % 70) for size in range(200))]
    answers = [await yard.producer.send(topic, b"", key=key) for key in keys]
    java = DefaultPartitioner()
    everywhere = list(range(7))
    assert [(await answer).partition for answer in answers] == [java(key, everywhere, everywhere) for key in keys]


async def test_records_without_a_key_are_spread(yard):
    topic = await yard.topic(partitions=3)
    answers = [await yard.producer.send(topic, b"x") for _ in range(100)]
    assert {(await answer).partition for answer in answers} == {0, 1, 2}


async def test_a_record_without_a_timestamp_gets_the_clock(yard):
    topic = await yard.topic()
    before = time.time_ns() // 1_000_000
    await (await yard.producer.send(topic, b"x"))
    [record] = await yard.read(topic)
    assert before <= record.timestamp_ms <= time.time_ns() // 1_000_000 + 1


async def test_on_a_topic_with_the_time_of_append_a_sender_s_timestamp_counts_for_nothing(yard):
    topic = await yard.topic(message_timestamp_type="LogAppendTime")
    before = time.time_ns() // 1_000_000
    for stamp in (77, 253_402_300_799_000, None):  # 1970, the end of 9999
        await (await yard.producer.send(topic, b"x", timestamp_ms=stamp))
    after = time.time_ns() // 1_000_000 + 1
    assert all(before <= record.timestamp_ms <= after for record in await yard.read(topic))
    async with yard.reader() as consumer:
        assert await consumer.offsets_for_times({TopicPartition(topic, 0): after + 1000}) == {TopicPartition(topic, 0): None}


async def test_an_altered_kind_of_timestamp_holds_for_the_records_that_follow(yard):
    topic = await yard.topic(retention_ms="-1")
    await (await yard.producer.send(topic, b"x", timestamp_ms=77))
    await yard.admin.alter_topic(topic, {"message.timestamp.type": "LogAppendTime"})

    async def holds() -> bool:
        await (await yard.producer.send(topic, b"x", timestamp_ms=77))
        first, *_, last = await yard.read(topic)
        return first.timestamp_ms == 77 < last.timestamp_ms

    await comes_true(holds)


async def test_the_first_offset_at_or_after_a_time_is_found(yard):
    topic = await yard.topic()
    start = time.time_ns() // 1_000_000 - 10_000
    for number in range(5):
        await (await yard.producer.send(topic, b"x", timestamp_ms=start + 100 * number))
    place = TopicPartition(topic, 0)
    async with yard.reader() as consumer:
        found = [await consumer.offsets_for_times({place: start + ms}) for ms in (-5000, 0, 1, 100, 350, 400, 401)]
    assert [each[place] for each in found] == [0, 0, 1, 1, 4, 4, None]


async def test_a_record_of_the_greatest_size_passes(yard):
    topic = await yard.topic(max_message_bytes=str(MAX_RECORD_BYTES))
    body = random.Random(1).randbytes(MAX_RECORD_BYTES - 1000)
    await (await yard.producer.send(topic, body, key=b"k"))
    assert values(await yard.read(topic)) == [body]


async def test_a_record_that_is_too_large_fails_alone(yard):
    topic = await yard.topic(max_message_bytes="1000")
    await (await yard.producer.send(topic, b"before"))
    with pytest.raises(TooLarge, match=r"max\.message\.bytes"):
        await (await yard.producer.send(topic, random.Random(1).randbytes(1001)))
    with pytest.raises(TooLarge):
        await yard.producer.flush()
    await (await yard.producer.send(topic, b"after"))
    await yard.producer.flush()
    assert values(await yard.read(topic)) == [b"before", b"after"]


async def test_nothing_is_sent_to_a_topic_that_does_not_exist(yard):
    answer = await yard.producer.send("no-such-topic", b"x")
    with pytest.raises(UnknownTopic, match="communique topics apply"):
        await answer
    topic = await yard.topic(partitions=2)
    with pytest.raises(UnknownTopic):
        await (await yard.producer.send(topic, b"x", partition=2))
    with pytest.raises(UnknownTopic):
        await yard.producer.flush()
    assert "no-such-topic" not in await yard.admin.describe_topics()


async def test_nothing_is_read_from_a_topic_that_does_not_exist(yard):
    async with yard.reader("g") as consumer:
        consumer.subscribe(["no-such-topic"])
        with pytest.raises(UnknownTopic):
            await consumer.getmany(timeout_ms=100)
    async with yard.reader() as consumer:
        consumer.assign([TopicPartition("no-such-topic", 0)])
        with pytest.raises(UnknownTopic):
            await consumer.getmany(timeout_ms=100)
        with pytest.raises(UnknownTopic):
            await consumer.end_offsets([TopicPartition("no-such-topic", 0)])
    assert "no-such-topic" not in await yard.admin.describe_topics()


async def test_what_is_buffered_is_sent_before_a_producer_closes(yard):
    topic = await yard.topic()
    async with yard.bus.producer(client_id="short") as producer:
        answers = [await producer.send(topic, b"x") for _ in range(50)]
    assert [answer.result().offset for answer in answers] == list(range(50))


async def test_a_client_that_is_not_started_says_so(yard):
    with pytest.raises(BusError, match="not started"):
        await (await yard.bus.producer(client_id="x").send("any", b""))


# Reading by hand


async def test_a_reader_waits_for_a_record_and_gets_it_at_once(yard):
    topic = await yard.topic()
    async with yard.reader() as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        assert await consumer.getmany(timeout_ms=50) == {}
        waiting = asyncio.create_task(consumer.getmany(timeout_ms=20_000))
        await asyncio.sleep(0)
        begun = time.monotonic()
        await yard.producer.send(topic, b"news")
        assert values(flat(await waiting)) == [b"news"]
        assert time.monotonic() - begun < 5


async def test_no_more_records_come_than_were_asked_for(yard):
    topic = await yard.topic(partitions=2)
    await yard.fill(topic, 50)
    async with yard.reader() as consumer:
        consumer.assign([TopicPartition(topic, 0), TopicPartition(topic, 1)])
        counts = []
        while sum(counts) < 50:
            counts.append(len(flat(await consumer.getmany(timeout_ms=1000, max_records=7))))
    assert max(counts) <= 7


async def test_a_reader_goes_where_it_is_sent(yard):
    topic = await yard.topic()
    await yard.fill(topic, 10)
    place = TopicPartition(topic, 0)
    async with yard.reader() as consumer:
        consumer.assign([place])
        assert consumer.assignment() == {place}
        assert await consumer.position(place) == 0
        await consumer.seek(place, 7)
        assert await consumer.position(place) == 7
        assert values(await gather(consumer, 3)) == [b"7", b"8", b"9"]
        assert await consumer.position(place) == 10
        await consumer.seek(place, 2)
        assert values(await gather(consumer, 8))[0] == b"2"
        with pytest.raises(BusError, match="not assigned"):
            await consumer.seek(TopicPartition(topic, 1), 0)
        with pytest.raises(BusError, match="not assigned"):
            await consumer.position(TopicPartition(topic, 1))


async def test_first_and_next_offsets_are_told(yard):
    topic, empty = await yard.topic(partitions=2), await yard.topic(suffix="-empty")
    await yard.fill(topic, 3, partition=1)
    one, two, none = TopicPartition(topic, 0), TopicPartition(topic, 1), TopicPartition(empty, 0)
    assert await yard.admin.beginning_offsets([topic, empty]) == {one: 0, two: 0, none: 0}
    assert await yard.admin.end_offsets([topic, empty]) == {one: 0, two: 3, none: 0}
    async with yard.reader() as consumer:
        assert await consumer.beginning_offsets([one, two]) == {one: 0, two: 0}
        assert await consumer.end_offsets([one, two, none]) == {one: 0, two: 3, none: 0}
    with pytest.raises(UnknownTopic):
        await yard.admin.end_offsets(["no-such-topic"])


async def test_a_reader_without_a_group_commits_nothing(yard):
    topic = await yard.topic()
    place = TopicPartition(topic, 0)
    async with yard.reader() as consumer:
        consumer.assign([place])
        assert await consumer.committed(place) is None
        with pytest.raises(BusError, match="without a group"):
            await consumer.commit({place: 1})
        with pytest.raises(BusError, match="without a group"):
            consumer.subscribe([topic])


# Groups


async def test_a_group_resumes_where_it_committed(yard):
    topic = await yard.topic()
    await yard.fill(topic, 10)
    place = TopicPartition(topic, 0)
    async with yard.reader("g") as consumer:
        consumer.subscribe([topic])
        assert len(await gather(consumer, 10)) == 10
        assert consumer.assignment() == {place}
        assert await consumer.committed(place) is None
        await consumer.commit({place: 4})
        assert await consumer.committed(place) == 4
    async with yard.reader("g") as consumer:
        consumer.subscribe([topic])
        assert values(await gather(consumer, 6))[0] == b"4"


async def test_what_was_not_committed_comes_again(yard):
    topic = await yard.topic()
    await yard.fill(topic, 5)
    for _ in range(2):
        async with yard.reader("g") as consumer:
            consumer.subscribe([topic])
            assert len(await gather(consumer, 5)) == 5


async def test_groups_do_not_know_each_other(yard):
    topic = await yard.topic()
    await yard.fill(topic, 3)
    async with yard.reader("one") as one, yard.reader("two") as two:
        for consumer in (one, two):
            consumer.subscribe([topic])
        assert len(await gather(one, 3)) == len(await gather(two, 3)) == 3


async def test_a_second_member_takes_over_from_one_that_leaves(yard):
    topic = await yard.topic()
    await yard.fill(topic, 10)
    async with yard.reader("g") as second:
        async with yard.reader("g") as first:
            first.subscribe([topic])
            await gather(first, 10)
            await first.commit({TopicPartition(topic, 0): 8})
        second.subscribe([topic])
        assert values(await gather(second, 2)) == [b"8", b"9"]


async def test_a_second_member_takes_over_from_one_that_was_killed(yard):
    topic = await yard.topic()
    await yard.fill(topic, 10)
    member = await yard.member(topic, "g")
    assert await member.line() == "joined"
    assert await member.ask("commit 6") == "committed"
    await member.end()
    async with yard.reader("g") as second:
        second.subscribe([topic])
        assert values(await gather(second, 4)) == [b"6", b"7", b"8", b"9"]


async def test_a_member_that_fell_silent_is_replaced_and_fenced(yard):
    topic = await yard.topic()
    await yard.fill(topic, 10)
    member = await yard.member(topic, "g")
    assert await member.line() == "joined"
    assert await member.ask("commit 6") == "committed"
    member.process.send_signal(signal.SIGSTOP)
    async with yard.reader("g") as second:
        second.subscribe([topic])
        assert values(await gather(second, 4)) == [b"6", b"7", b"8", b"9"]
        await second.commit({TopicPartition(topic, 0): 9})
        member.process.send_signal(signal.SIGCONT)
        assert await member.ask("commit 7") == "fenced"
        assert await second.committed(TopicPartition(topic, 0)) == 9


async def test_a_member_cannot_commit_what_it_was_not_given(yard):
    topic = await yard.topic()
    async with yard.reader("g") as consumer:
        consumer.subscribe([topic])
        with pytest.raises(Fenced):
            await consumer.commit({TopicPartition(topic, 0): 1})


async def test_a_reader_by_hand_may_keep_its_offsets_in_a_group(yard):
    topic = await yard.topic()
    await yard.fill(topic, 5)
    place = TopicPartition(topic, 0)
    async with yard.reader("g") as consumer:
        consumer.assign([place])
        assert len(await gather(consumer, 5)) == 5
        await consumer.commit({place: 3})
    async with yard.reader("g") as consumer:
        consumer.assign([place])
        assert values(await gather(consumer, 2)) == [b"3", b"4"]


async def test_the_offsets_of_a_group_are_seen_from_outside(yard):
    topic = await yard.topic(partitions=2)
    await yard.fill(topic, 4, partition=1)
    group = f"{yard.name}-g"
    assert await yard.admin.committed_offsets(group) == {}
    async with yard.reader("g") as consumer:
        consumer.subscribe([topic])
        await gather(consumer, 4)
        await consumer.commit({TopicPartition(topic, 1): 2})
        assert await yard.admin.committed_offsets(group) == {TopicPartition(topic, 1): 2}
        with pytest.raises(BusError, match="live member"):
            await yard.admin.commit_offsets(group, {TopicPartition(topic, 1): 0})
    assert group in await yard.admin.groups()
    assert group not in await yard.admin.live_groups()
    await yard.admin.commit_offsets(group, {TopicPartition(topic, 1): 3, TopicPartition(topic, 0): 0})
    assert await yard.admin.committed_offsets(group) == {TopicPartition(topic, 0): 0, TopicPartition(topic, 1): 3}
    with pytest.raises(UnknownTopic):
        await yard.admin.commit_offsets(group, {TopicPartition("no-such-topic", 0): 0})


# Topics


async def test_a_topic_is_created_once(yard):
    topic = await yard.topic(partitions=3, cleanup_policy="compact", retention_ms="1000")
    assert not await yard.admin.create_topic(topic, 5, {})
    found = (await yard.admin.describe_topics())[topic]
    assert isinstance(found, TopicDescription)
    assert (found.name, found.partitions) == (topic, 3)
    assert (found.config["cleanup.policy"], found.config["retention.ms"]) == ("compact", "1000")


async def test_altering_a_setting_leaves_the_others(yard):
    topic = await yard.topic(retention_ms="1000", max_message_bytes="2000")
    await yard.admin.alter_topic(topic, {"retention.ms": "-1"})

    async def holds() -> bool:
        config = (await yard.admin.describe_topics())[topic].config
        return (config["retention.ms"], config["max.message.bytes"]) == ("-1", "2000")

    await comes_true(holds)
    with pytest.raises(UnknownTopic):
        await yard.admin.alter_topic("no-such-topic", {"retention.ms": "-1"})


async def test_a_topic_can_only_be_widened(yard):
    topic = await yard.topic(partitions=2)
    await yard.admin.add_partitions(topic, 4)
    assert (await yard.admin.describe_topics())[topic].partitions == 4
    assert (await yard.admin.partition_counts())[topic] == 4
    assert await (await yard.producer.send(topic, b"x", partition=3)) == RecordMetadata(topic, 3, 0)
    with pytest.raises(BusError):
        await yard.admin.add_partitions(topic, 3)
    with pytest.raises(UnknownTopic):
        await yard.admin.add_partitions("no-such-topic", 3)


async def test_a_deleted_topic_is_gone_with_its_records(yard):
    topic = await yard.topic()
    await yard.fill(topic, 3)
    await yard.admin.delete_topic(topic)
    assert topic not in await yard.admin.describe_topics()
    with pytest.raises(UnknownTopic):
        await yard.admin.delete_topic(topic)
    async with yard.bus.producer(client_id="later") as producer:
        with pytest.raises(UnknownTopic):
            await (await producer.send(topic, b"x"))


# What is kept


async def upkeep(yard, topic: str) -> None:
    """Let the bus tidy up: the embedded log is told to, Kafka needs a newer segment and time."""
    if hasattr(yard.admin, "upkeep"):
        await yard.admin.upkeep()
    else:
        await (await yard.producer.send(topic, b"newer", key=b"newer"))


@pytest.mark.parametrize("group", [None, "g"])
async def test_a_reading_to_the_end_of_a_topic_that_is_deleted_meanwhile_ends(yard, group):
    """Kafka's client would wait for the rest for ever, or try for ever to commit. What it has in hand it may give."""
    topic = await yard.topic()
    for _ in range(48):
        await yard.producer.send(topic, bytes(500_000))
    await yard.producer.flush()
    reading = (
        scan.in_group(yard.bus, [topic], f"{yard.name}-g", to_end=True, room=lambda: None) if group
        else scan.scan(yard.bus, [topic]))
    async with asyncio.timeout(PATIENCE_SECONDS), aclosing(reading):
        while not (first := await anext(reading)):
            pass
        await yard.admin.delete_topic(topic)
        came = len(first)
        try:
            async for records in reading:
                came += len(records)
        except (UnknownTopic, Fenced):
            return
    assert came == 48


async def test_of_a_compacted_topic_the_latest_record_of_a_key_is_kept(yard):
    topic = await yard.topic(cleanup_policy="compact", segment_ms="100", min_cleanable_dirty_ratio="0.01")
    for number in range(50):
        await yard.producer.send(topic, str(number).encode(), key=b"ab"[number % 2:][:1])
    await yard.producer.flush()

    async def holds() -> bool:
        await upkeep(yard, topic)
        kept = [record for record in await yard.read(topic) if record.key != b"newer"]
        return [(record.offset, record.key, record.value) for record in kept] == [(48, b"a", b"48"), (49, b"b", b"49")]

    await comes_true(holds)


async def test_of_a_topic_with_a_retention_old_records_go(yard):
    topic = await yard.topic(retention_ms="60000", segment_ms="100")
    place = TopicPartition(topic, 0)
    await yard.fill(topic, 20, timestamp_ms=time.time_ns() // 1_000_000 - 3_600_000)
    away = f"{yard.name}-away"
    await yard.admin.commit_offsets(away, {place: 5})

    async def holds() -> bool:
        await upkeep(yard, topic)
        return (await yard.admin.beginning_offsets([topic]))[place] >= 20

    await comes_true(holds)
    await (await yard.producer.send(topic, b"last"))
    for told in (15, 15):  # what expired before its group read it is counted, once for each record
        async with yard.reader("away") as consumer:
            consumer.subscribe([topic])
            first = (await gather(consumer, 1))[0].offset
            assert (first, metrics.EXPIRED_UNREAD.labels(away, topic)._value.get()) == (20, told)
            await consumer.commit({place: first})
    assert values(await yard.read(topic))[-1] == b"last"
    async with yard.reader() as consumer:
        consumer.assign([place])
        await consumer.seek(place, 0)
        assert (await gather(consumer, 1))[0].offset >= 20
    assert metrics.EXPIRED_UNREAD.labels("test", topic)._value.get() == 0  # who seeks to the beginning misses nothing
