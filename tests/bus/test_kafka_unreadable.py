"""Records that aiokafka cannot read: what is kept of them, and how they end."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition, codec
from aiokafka.consumer.fetcher import READ_UNCOMMITTED, Fetcher, PartitionRecords
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.errors import CorruptRecordException
from aiokafka.protocol.fetch import FetchRequest

from streams.bus.envelope import UNREADABLE, check_readable
from streams.bus.kafka_unreadable import MARK, Reader, _Batches, _marked, _read_raw, _slices
from streams.core.outcome import Permanent
from tests.bus.unreadable import batch, recount

NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)


def read(sent: bytes) -> list:
    records = PartitionRecords(
        TopicPartition("raw", 0), _Batches(deque(_slices(sent))), [], 0, None, None, False, READ_UNCOMMITTED)
    return [_marked(record) for record in records]


def test_all_but_the_name_is_kept_byte_for_byte() -> None:
    good, bad, after = read(batch([b"good", b"bad", b"after"]))
    assert (bad.offset, bad.timestamp, bad.key, bad.value) == (1, 1_001, b"k", b"bad")
    assert bad.headers == (("trace", b"t"), (r"\xff\xfeid", b"\x00\xff"), MARK)
    assert [good.headers, after.headers] == [(("trace", b"t"),)] * 2


@pytest.mark.parametrize("compression", [GZIP, SNAPPY, LZ4, ZSTD])
def test_it_is_read_from_a_compressed_batch(compression: int) -> None:
    plain, at = batch([b"good", b"bad"]), 61  # a batch's own header
    encode = {GZIP: codec.gzip_encode, SNAPPY: codec.snappy_encode, LZ4: codec.lz4_encode, ZSTD: codec.zstd_encode}
    body = encode[compression](plain[at:])
    length = (at - 12 + len(body)).to_bytes(4)
    packed = recount(plain[:8] + length + plain[12:21] + compression.to_bytes(2) + plain[23:at] + body)
    assert [record.value for record in read(packed)] == [b"good", b"bad"]


def test_a_batch_that_the_broker_cut_is_left_for_the_next_fetch() -> None:
    whole = batch([b"bad"])
    assert [record.value for record in read(whole + whole[:-1])] == [b"bad"]
    assert read(b"") == read(whole[:11]) == []


def test_a_batch_whose_checksum_is_wrong_is_not_read() -> None:
    with pytest.raises(CorruptRecordException):
        read(batch([b"bad"])[:-1] + b"?")


def test_a_marked_record_is_schema() -> None:
    check_readable((("trace", b"t"),))
    with pytest.raises(Permanent) as caught:
        check_readable((("trace", b"t"), (UNREADABLE, b"")))
    assert caught.value.code == "SCHEMA"


class Broker:
    """A broker's log in memory, as aiokafka's fetcher asks for it."""

    _metadata_max_age_ms = 300_000

    def __init__(self, logs: dict[TopicPartition, list[bytes]]) -> None:
        self._loop = asyncio.get_running_loop()
        self.cluster = SimpleNamespace(leader_for_partition=lambda _: 1, broker_metadata=lambda _: None)
        self.logs = logs

    async def send(self, _node: int, request: FetchRequest) -> SimpleNamespace:
        await asyncio.sleep(0.001)
        return SimpleNamespace(API_VERSION=4, topics=[
            (topic, [self._part(TopicPartition(topic, partition), offset) for partition, offset, _ in asked])
            for topic, asked in request.topics])

    def _part(self, place: TopicPartition, offset: int) -> tuple:
        values = self.logs[place]
        sent = batch(values) if offset < len(values) else b""  # a batch is sent whole, from its start
        return place.partition, 0, len(values), len(values), [], sent


@pytest.fixture
async def client() -> AsyncIterator[SimpleNamespace]:
    """aiokafka's fetcher and subscription on three partitions, one of them hostile."""
    logs = {TopicPartition("raw", 0): [b"good"] * 50, TopicPartition("raw", 1): [b"good", b"bad", b"bad", b"good"] * 20,
            TopicPartition("raw", 2): [b"bad"]}
    broker, subscription = Broker(logs), SubscriptionState()
    subscription.assign_from_user(list(logs))
    fetcher = Fetcher(broker, subscription, fetch_max_wait_ms=10)
    for place in logs:
        fetcher.seek_to(place, 0)
    coordinator = SimpleNamespace(check_errors=lambda: None)
    yield SimpleNamespace(_client=broker, _subscription=subscription, _fetcher=fetcher, _coordinator=coordinator,
                          seek=fetcher.seek_to)
    await fetcher.close()


@pytest.mark.parametrize("most", [1, 7, 500])
async def test_every_record_comes_once_and_in_order_and_none_waits_for_the_bad(client, most: int) -> None:
    found: dict[TopicPartition, list] = {place: [] for place in client._client.logs}
    reader = Reader(client)
    async with asyncio.timeout(10):
        while sum(map(len, found.values())) < 131:
            fetched = await reader.fetch((), 0.5, most)
            assert sum(map(len, fetched.values())) <= most
            for place, records in fetched.items():
                found[place] += records
    assert {place: [each.value for each in records] for place, records in found.items()} == client._client.logs
    assert all([each.offset for each in records] == list(range(len(records))) for records in found.values())
    assert await reader.fetch((), 0.05, most) == {}


async def test_only_wanted_partitions_are_read(client) -> None:
    reader, wanted, found = Reader(client), [TopicPartition("raw", 2)], {}
    async with asyncio.timeout(10):
        while not found:
            found = await reader.fetch(wanted, 0.5, 500)
    assert list(found) == wanted
    assert client._subscription.subscription.assignment.state_value(TopicPartition("raw", 1)).position == 0


async def test_a_seek_during_the_raw_fetch_wins(client) -> None:
    place = TopicPartition("raw", 1)
    raw = asyncio.create_task(_read_raw(client, place, 500))
    await asyncio.sleep(0)
    client.seek(place, 40)
    assert await raw == []
    assert [each.offset for each in await _read_raw(client, place, 3)] == [40, 41, 42]
