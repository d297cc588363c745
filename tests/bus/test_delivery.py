"""The committed offset never passes an unfinished record, whatever order things finish in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.bus.delivery import Deliveries, Entry


def _opened(offset: int = 0) -> Deliveries[str]:
    deliveries: Deliveries[str] = Deliveries()
    deliveries.open("p", offset)
    return deliveries


@pytest.mark.parametrize(
    ("chunks", "done", "safe"),
    [
        ([], [], 5),                                        # nothing delivered: where it stood
        ([(5, 5)], [], 5),                                  # in progress: its own offset
        ([(5, 5)], [0], 6),                                 # done: the next one
        ([(5, 7), (8, 9)], [1], 5),                         # the head holds back what is behind it
        ([(5, 7), (8, 9)], [0], 8),
        ([(5, 7), (8, 9)], [1, 0], 10),
        ([(9, 9)], [], 9),                                  # a hole before the head was compacted away
        ([(5, 5), (90, 95)], [0], 90),                      # a hole between: no gap to fill
        ([(5, 5), (90, 95)], [0, 1], 96),
    ],
)
def test_the_safe_offset_is_the_heads_or_the_one_after_the_last_done(
    chunks: list[tuple[int, int]], done: list[int], safe: int
) -> None:
    deliveries = _opened(5)
    entries = [deliveries.enter("p", *chunk) for chunk in chunks]
    for index in done:
        assert deliveries.done(entries[index])
    assert deliveries.safe_offsets() == {"p": safe}
    assert deliveries.safe("p") == safe
    assert deliveries.unfinished() == len(chunks) - len(done)


def test_an_ack_of_an_older_epoch_means_nothing() -> None:
    deliveries = _opened()
    old = deliveries.enter("p", 0, 9)
    deliveries.open("p", 0)
    new = deliveries.enter("p", 0, 4)
    assert not deliveries.live(old)
    assert not deliveries.done(old)
    assert deliveries.safe_offsets() == {"p": 0}
    assert deliveries.done(new)
    assert deliveries.safe_offsets() == {"p": 5}


def test_a_partition_that_is_given_up_has_nothing_to_commit() -> None:
    deliveries = _opened()
    entry = deliveries.enter("p", 0, 0)
    deliveries.close(["p", "never held"])
    assert not deliveries.done(entry)
    assert deliveries.safe("p") is None
    assert deliveries.safe_offsets() == {}
    assert deliveries.partitions() == frozenset()
    with pytest.raises(KeyError):
        deliveries.enter("p", 1, 1)


def test_the_done_prefix_comes_out_with_its_outputs_in_order() -> None:
    deliveries = _opened()
    entries = [deliveries.enter("p", offset, offset) for offset in range(4)]
    for index in (1, 0, 3):
        entries[index].outputs.append(index)
        deliveries.done(entries[index])
    assert [entry.outputs for entry in deliveries.pop_done("p")] == [[0], [1]]
    assert deliveries.pop_done("p") == []
    assert deliveries.safe("p") == 2
    assert deliveries.unfinished("p") == 1


@pytest.mark.parametrize("chunk", [(3, 3), (4, 4), (7, 6)])
def test_a_chunk_that_does_not_follow_is_refused(chunk: tuple[int, int]) -> None:
    deliveries = _opened(3)
    deliveries.enter("p", 3, 4)
    with pytest.raises(ValueError, match="does not follow"):
        deliveries.enter("p", *chunk)


def test_forgetting_everything_leaves_no_ack_alive() -> None:
    deliveries = _opened()
    deliveries.open("q", 7)
    entries = [deliveries.enter("p", 0, 0), deliveries.enter("q", 7, 8)]
    deliveries.clear()
    assert [deliveries.done(entry) for entry in entries] == [False, False]
    assert deliveries.unfinished() == 0


@given(st.lists(st.one_of(st.tuples(st.just("deliver"), st.integers(0, 3), st.integers(1, 4)),
                          st.tuples(st.just("done"), st.integers(0, 50), st.just(0)),
                          st.tuples(st.just("commit"), st.just(0), st.just(0)),
                          st.tuples(st.just("restart"), st.just(0), st.just(0))), max_size=120))
def test_no_schedule_of_acks_commits_past_an_unfinished_record(steps: list[tuple[str, int, int]]) -> None:
    """A partition with holes, acks in any order (old epochs' too), commits and restarts from the commit."""
    deliveries, given_out, finished = _opened(), [], set()
    committed = read = 0
    for what, a, b in steps:
        if what == "deliver":
            given_out.append(deliveries.enter("p", read + a, read + a + b - 1))
            read += a + b
        elif what == "done" and given_out:
            entry: Entry[str] = given_out[a % len(given_out)]
            if deliveries.done(entry):
                finished.update(range(entry.first, entry.last + 1))
        elif what == "commit":
            safe = deliveries.safe_offsets()["p"]
            assert safe >= committed
            committed = safe
        elif what == "restart":
            read = committed
            deliveries.open("p", committed)
        delivered = {offset for entry in given_out if deliveries.live(entry) for offset in range(entry.first, entry.last + 1)}
        safe = deliveries.safe_offsets()["p"]
        assert {offset for offset in delivered if offset < safe} <= finished
