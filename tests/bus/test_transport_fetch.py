"""The Kafka transport's fetch: what aiokafka cannot read it has moved past, with records of other partitions."""

from __future__ import annotations

from types import SimpleNamespace

import faust
import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_UNCOMMITTED, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from streams.bus import transport
from streams.bus.expired import Expired
from streams.bus.kafka_positions import Positions
from streams.bus.transport_kafka import Consumer
from streams.observe import metrics
from streams.settings import Settings


def batch_with_a_header_name_that_is_no_utf8() -> bytes:
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=0, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=-1,
        batch_size=10_000)
    builder.append(0, 1000, b"k", b"good", headers=[])
    builder.append(1, 1000, b"k", b"bad", headers=[("QQ", b"x")])
    return bytes(builder.build()).replace(b"QQ", b"\xff\xfe")


def test_aiokafka_raises_in_the_middle_of_a_batch() -> None:
    records = MemoryRecords(batch_with_a_header_name_that_is_no_utf8())
    read = PartitionRecords(TopicPartition("raw", 0), records, [], 0, None, None, False, READ_UNCOMMITTED)
    assert next(read).value == b"good"
    with pytest.raises(UnicodeDecodeError):
        next(read)
    assert read.next_fetch_offset == 1  # the good one counts as read, although a whole batch was asked for


async def test_what_cannot_be_read_ends_the_process_before_anything_after_it_is_delivered() -> None:
    async def fetch(*_: object) -> dict[object, object]:
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    said: list[str] = []
    consumer = SimpleNamespace(_thread=SimpleNamespace(fetch=fetch), _expect_stop=said.append,
                               _flow=SimpleNamespace(wake=SimpleNamespace(set=lambda: None)))
    await Consumer._fetch(consumer, [], 0.0)
    assert len(said) == 1
    assert "cannot be read" in said[0]


async def test_a_start_behind_the_committed_offset_is_counted_and_one_before_it_is_not() -> None:
    committed, starts = {("raw", 0): 3, ("raw", 1): 9, ("raw", 2): 50}, {("raw", 0): 10, ("raw", 1): 9, ("raw", 2): 0, ("raw", 3): 7}

    async def seek_to_start(*_: object) -> tuple[dict[tuple[str, int], int], dict[tuple[str, int], int]]:
        return starts, committed

    consumer = SimpleNamespace(
        _turn=1, _seeks=iter(range(9)), _thread=SimpleNamespace(seek_to_start=seek_to_start), _expired=Expired("communique-test"),
        _flow=SimpleNamespace(hold=lambda: None, position=lambda *_: None), assignment=lambda: starts, _is_changelog_tp=lambda _: False)
    for _ in range(2):
        await Consumer.perform_seek(consumer)
    assert metrics.EXPIRED_UNREAD.labels("communique-test", "raw")._value.get() == 7


def test_the_fence_counts_from_the_last_heartbeat_that_the_group_may_have_heard(tmp_path) -> None:
    settings = Settings(bus="kafka://localhost:1", state=tmp_path,
                        kafka={"session_timeout_seconds": 45, "heartbeat_interval_seconds": 3})
    app = faust.App(**transport.app_options("clean", settings))
    assert app.transport.fence.session_seconds == 42


class Client:
    """aiokafka's, as far as positions go: `state` is replaced with each assignment."""

    def __init__(self, place: TopicPartition, position: int) -> None:
        self.place, self.held = place, True
        self.state = SimpleNamespace(has_valid_position=True, paused=False, position=position)
        self._subscription = SimpleNamespace(
            reassignment_in_progress=False, is_assigned=lambda place: self.held and place == self.place,
            subscription=SimpleNamespace(assignment=SimpleNamespace(state_value=lambda _place: self.state)))


def test_a_position_that_was_moved_is_told_once_and_none_of_another_assignment_or_that_is_being_looked_up() -> None:
    place = TopicPartition("raw", 0)
    client = Client(place, 3)
    positions = Positions(client)
    positions.look()
    positions.leave(place)
    assert positions.taken() == []
    client.state.has_valid_position = False  # out of range: aiokafka asks for the first offset
    positions.look()
    client.state.has_valid_position, client.state.position = True, 90
    positions.look()
    positions.look()
    assert positions.taken() == [(place, 3, 90)]
    assert positions.taken() == []
    client.state.position = 95
    positions.leave(place)  # a fetch
    client.state = SimpleNamespace(has_valid_position=True, paused=False, position=300)  # given away and taken back
    positions.look()
    client.held = False
    positions.look()
    assert positions.taken() == []


def test_what_overtook_a_running_reader_is_counted_but_for_changelogs_and_a_log_made_anew() -> None:
    consumer = SimpleNamespace(_expired=Expired("communique-overtaken"), _is_changelog_tp=lambda tp: tp[0] == "table")
    for tp, left, position in [(("raw", 0), 3, 10), (("raw", 0), 3, 10), (("table", 0), 3, 10), (("raw", 1), 50, 0), (("raw", 0), 12, 14)]:
        Consumer.overtaken(consumer, tp, left, position)
    assert metrics.EXPIRED_UNREAD.labels("communique-overtaken", "raw")._value.get() == 9
