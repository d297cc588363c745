"""Stalls: lag without progress, and a loop that does not turn."""

from __future__ import annotations

import asyncio
import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from streams.bus.interface import TopicPartition
from streams.bus.stall import Progress, watch_loop

A, B = TopicPartition("raw", 0), TopicPartition("raw", 1)


def test_lag_and_no_progress_for_the_whole_time_is_a_stall() -> None:
    progress = Progress(60)
    assert [progress.stalled(now, {A: 3, B: 0}, {A: 3, B: 9}) for now in (0, 30, 59, 60, 61)] == [False, False, False, True, True]


def test_any_progress_starts_the_time_anew() -> None:
    progress = Progress(60)
    seen = [(0, {A: 3}), (50, {A: 4}), (109, {A: 4}), (110, {A: 4})]
    assert [progress.stalled(now, committed, {A: 9}) for now, committed in seen] == [False, False, False, True]


def test_without_lag_nothing_stalls() -> None:
    progress = Progress(60)
    assert not any(progress.stalled(now, {A: 9}, {A: 9}) for now in range(0, 1000, 50))
    assert not progress.stalled(1000, {A: 9}, {A: 10})
    assert not progress.stalled(1059, {A: 9}, {A: 10})
    assert progress.stalled(1060, {A: 9}, {A: 10})


def test_a_worker_without_partitions_does_not_stall() -> None:
    progress = Progress(60)
    assert not any(progress.stalled(now, {}, {}) for now in range(0, 1000, 50))


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 2)), max_size=30))
def test_a_stall_is_never_told_sooner_than_its_time_after_the_last_progress(steps: list[tuple[int, int]]) -> None:
    progress, now, committed, moved = Progress(60), 0, 0, 0
    progress.stalled(now, {A: committed}, {A: 1000})
    for seconds, more in steps:
        now, committed = now + seconds, committed + more
        moved = now if more else moved
        assert progress.stalled(now, {A: committed}, {A: 1000}) == (now - moved >= 60)


async def test_a_loop_that_does_not_turn_ends_the_process_and_blames_the_record() -> None:
    said: list[tuple[str, bool]] = []
    told = threading.Event()

    def die(why: str, *, blame: bool = False) -> None:
        said.append((why, blame))
        told.set()
    watch_loop(asyncio.get_running_loop(), 0.4, die)
    await asyncio.sleep(0.8)
    assert said == []
    started = time.monotonic()
    assert told.wait(5)
    assert time.monotonic() - started >= 0.3
    assert said[0][1] is True
    assert "did not return" in said[0][0]
