"""Stalls: lag without progress, and a loop that does not turn."""

from __future__ import annotations

import asyncio
import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from streams.bus.stall import Progress, watch_loop


def test_lag_and_no_progress_for_the_whole_time_is_a_stall() -> None:
    progress = Progress(60)
    assert [progress.stalled(now, {"a": 3}, lag=True) for now in (0, 30, 59, 60, 61)] == [False, False, False, True, True]


def test_any_progress_starts_the_time_anew() -> None:
    progress = Progress(60)
    assert [progress.stalled(now, seen, lag=True) for now, seen in ((0, 3), (50, 4), (109, 4), (110, 4))] == [False, False, False, True]


def test_without_lag_nothing_stalls() -> None:
    progress = Progress(60)
    assert not any(progress.stalled(now, 9, lag=False) for now in range(0, 1000, 50))
    assert [progress.stalled(now, 9, lag=True) for now in (1000, 1059, 1060)] == [False, False, True]


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 2)), max_size=30))
def test_a_stall_is_never_told_sooner_than_its_time_after_the_last_progress(steps: list[tuple[int, int]]) -> None:
    progress, now, committed, moved = Progress(60), 0, 0, 0
    progress.stalled(now, committed, lag=True)
    for seconds, more in steps:
        now, committed = now + seconds, committed + more
        moved = now if more else moved
        assert progress.stalled(now, committed, lag=True) == (now - moved >= 60)


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
