"""What is fetched is delivered in order, once, and to nobody who cannot take it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.bus.flow import CHUNK_BYTES, Backlog, Flow
from streams.bus.interface import Record

T0, T1, LOG = TP("t", 0), TP("t", 1), TP("t-changelog", 0)


def _records(first: int, last: int, topic: str = "t", size: int = 1) -> list[Record]:
    return [Record(topic, 0, offset, 0, b"k", b"v" * size) for offset in range(first, last + 1)]


class World:
    """A flow whose conductor is a list, with one queue of `room` events a partition."""

    def __init__(self, chunk: int = 4, room: int = 100) -> None:
        self.queues = {tp: asyncio.Queue(maxsize=room) for tp in (T0, T1, LOG)}
        index = {tp: [SimpleNamespace(queue=queue)] for tp, queue in self.queues.items()}
        app = SimpleNamespace(topics=SimpleNamespace(_tp_index=index), consumer_generation_id=1)
        self.flow = Flow(app, chunk)
        self.given: list = []

    async def conduct(self, message) -> None:
        self.queues[message.tp].put_nowait(message)
        self.given.append(message)

    async def deliver(self, *active: TP) -> list[list[int]]:
        """Deliver until nothing more can be; return the offsets of each event."""
        before = len(self.given)
        while await self.flow.deliver(active or (T0, T1, LOG), self.conduct):
            pass
        return [[record.offset for record in message.value] if message.tp != LOG else [message.offset]
                for message in self.given[before:]]

    def start(self, number: int = 1, offset: int = 0) -> None:
        self.flow.position({T0: offset, T1: offset}, number)
        self.flow.resume()


async def test_chunks_come_in_order_and_partitions_in_turn() -> None:
    world = World()
    world.start()
    world.flow.offer(T0, 1, _records(0, 5))
    world.flow.offer(T1, 1, _records(0, 2))
    world.flow.offer(T0, 1, _records(6, 6))
    assert await world.deliver() == [[0, 1, 2, 3], [0, 1, 2], [4, 5, 6]]
    assert world.flow.deliveries.safe(T0) == 0
    world.given[0].acked = True
    assert world.flow.deliveries.safe_offsets() == {T0: 4, T1: 0}


async def test_nothing_is_delivered_between_a_seek_and_the_resumption() -> None:
    """Faust clears the agents' queues when it resumes: what came before would never be processed."""
    world = World()
    world.flow.resume()                              # recovery resumes first …
    world.flow.position({T0: 0}, 1)                  # … and seeks later
    world.flow.offer(T0, 1, _records(0, 3))
    assert await world.deliver() == []
    world.flow.resume()
    assert await world.deliver() == [[0, 1, 2, 3]]


async def test_changelogs_flow_while_streams_are_held() -> None:
    world = World()
    world.flow.position({LOG: 0}, 1, changelog=True)
    world.flow.offer(LOG, 1, _records(0, 1, "t-changelog"))
    assert await world.deliver() == []
    world.flow.resume()
    assert await world.deliver() == [[0], [1]]
    assert world.flow.deliveries.partitions() == frozenset()


async def test_a_batch_of_an_older_position_is_dropped_and_one_of_a_newer_is_kept_for_it() -> None:
    world = World()
    world.start(number=5)
    assert not world.flow.offer(T0, 4, _records(0, 3))
    assert world.flow.offer(T0, 6, _records(7, 8))
    assert await world.deliver() == []
    world.start(number=6, offset=7)
    assert await world.deliver() == [[7, 8]]


async def test_the_word_of_an_older_position_that_comes_late_changes_nothing() -> None:
    world = World()
    world.start(number=6, offset=7)
    world.flow.offer(T0, 6, _records(7, 8))
    world.flow.position({T0: 0}, 5)
    assert await world.deliver() == [[7, 8]]


async def test_a_full_queue_blocks_its_partition_only() -> None:
    world = World(chunk=1, room=2)
    world.start()
    world.flow.offer(T0, 1, _records(0, 4))
    assert await world.deliver(T0) == [[0], [1]]
    world.flow.offer(T1, 1, _records(0, 0))
    assert await world.deliver() == [[0]]
    world.queues[T0].get_nowait()
    assert await world.deliver() == [[2]]


async def test_an_inactive_partition_waits_in_the_backlog() -> None:
    world = World()
    world.start()
    world.flow.offer(T0, 1, _records(0, 0))
    assert await world.deliver(T1) == []
    assert world.flow.waiting() == 1
    assert await world.deliver(T0, T1) == [[0]]


async def test_after_a_rebalance_old_acks_mean_nothing_and_nothing_old_is_delivered() -> None:
    world = World()
    world.start()
    world.flow.offer(T0, 1, _records(0, 7))
    await world.deliver()
    world.flow.offer(T0, 1, _records(8, 9))
    world.flow.stop()
    world.flow.forget()
    world.given[0].acked = True
    assert world.flow.deliveries.safe_offsets() == {}
    world.start(number=2)
    assert await world.deliver() == []
    assert world.flow.deliveries.safe_offsets() == {T0: 0, T1: 0}


async def test_idle_waits_for_what_a_stream_has_begun_only() -> None:
    world = World()
    world.start()
    world.flow.offer(T0, 1, _records(0, 7))
    await world.deliver()
    await asyncio.wait_for(world.flow.idle(), 1)      # delivered, but no stream has begun
    world.flow.in_progress.add(world.given[0])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(world.flow.idle(), 0.05)
    world.given[0].acked = True
    await asyncio.wait_for(world.flow.idle(), 1)


def test_an_empty_set_of_wanted_partitions_never_means_all() -> None:
    world = World()
    assert world.flow.wanted([T0, T1]) == []
    world.start()
    assert world.flow.wanted([T0]) == [T0]
    world.flow.offer(T0, 1, _records(0, 1500))
    assert world.flow.wanted([T0, T1]) == [T1]


def test_a_chunk_of_large_records_ends_at_its_size() -> None:
    backlog = Backlog(1, changelog=False)
    backlog.extend(_records(0, 9, size=CHUNK_BYTES // 3))
    assert [len(backlog.take(64)) for _ in range(4)] == [3, 3, 3, 1]
    assert backlog.size_bytes == 0


@given(st.lists(st.integers(1, 30), max_size=12), st.integers(1, 9))
def test_every_record_is_taken_once_in_order_and_the_size_comes_out_even(batches: list[int], most: int) -> None:
    backlog, offset, taken = Backlog(1, changelog=False), 0, []
    for size in batches:
        backlog.extend(_records(offset, offset + size - 1))
        offset += size
        taken += backlog.take(most)
    while backlog.records:
        taken += backlog.take(most)
    assert [record.offset for record in taken] == list(range(offset))
    assert backlog.size_bytes == 0
