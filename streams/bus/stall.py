"""stall: a worker that has work and does none must not sit there. Two watches, both end it with exit 75.

- `watch_progress` runs on the loop: when the bus shows lag on this worker's partitions and neither do its
  committed offsets move nor is any record settled for `run.stall_seconds`, something waits for ever (a
  recovery that was given up, a lost wake-up).
- `watch_loop` runs in a thread: when the loop itself does not turn for `run.stall_seconds`, a step never
  returns. The record in hand is blamed for that: it gains a death (`streams.bus.inhand`), and is tried alone
  after enough of them.

Lag is read from the bus and not from the stage, so that a stage that lies about itself is found out too.
"""

from __future__ import annotations

import asyncio
import faulthandler
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from streams.bus.errors import BusError
from streams.bus.interface import TopicPartition
from streams.observe import logging

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.bus.interface import Admin

LOOKS_PER_STALL: Final = 8
"""How many times progress is looked at within `run.stall_seconds`: a stall is found at most an eighth too
late."""


class Progress:
    """Says when nothing has moved for too long.

    Pure: it is told what was seen, and when (seconds, monotonic).
    """

    def __init__(self, stall_seconds: float) -> None:
        self._stall_seconds = stall_seconds
        self._seen: object = None
        self._moved_at: float | None = None

    def stalled(self, now: float, seen: object, *, lag: bool) -> bool:
        """Return whether there has been lag for the whole time, and what was `seen` has not changed."""
        if not lag:
            self._moved_at = None
            return False
        if self._moved_at is None or seen != self._seen:
            self._seen, self._moved_at = seen, now
        return now - self._moved_at >= self._stall_seconds


async def watch_progress(
    app: Any, admin: Admin, stall_seconds: float, settled: Callable[[], int], die: Any,  # noqa: ANN401
) -> None:
    """Look at the lag of a `faust.App` until it stalls; then end the process.

    `settled` counts the records that the guard is done with. A bus that cannot be asked is no stall.
    """
    progress = Progress(stall_seconds)
    while True:
        await asyncio.sleep(stall_seconds / LOOKS_PER_STALL)
        try:
            committed, ends = await _look(app, admin)
        except BusError as error:
            logging.get("stall").warning("the bus did not answer", error=type(error).__name__)
            continue
        lag = any(end > committed.get(place, 0) for place, end in ends.items())
        if progress.stalled(time.monotonic(), (committed, settled()), lag=lag):
            die(f"lag and no progress for {stall_seconds:.0f} s")


Offsets = dict[TopicPartition, int]


async def _look(app: Any, admin: Admin) -> tuple[Offsets, Offsets]:  # noqa: ANN401
    """Return committed and end offsets of the partitions that this worker reads; none: nothing."""
    held, changelogs = app.consumer.assignment(), app.tables.changelog_topics
    mine = {TopicPartition(tp.topic, tp.partition) for tp in held if tp.topic not in changelogs}
    if not mine:
        return {}, {}
    committed = await admin.committed_offsets(app.conf.id)
    ends = await admin.end_offsets(sorted({place.topic for place in mine}))
    starts = await admin.beginning_offsets(sorted({place.topic for place in mine}))
    return (
        {place: max(committed.get(place, 0), starts.get(place, 0)) for place in mine},
        {place: ends[place] for place in mine if place in ends},
    )


def watch_loop(loop: asyncio.AbstractEventLoop, stall_seconds: float, die: Any) -> threading.Thread:  # noqa: ANN401
    """Start the thread that ends the process when `loop` does not turn for so long.

    It counts its looks and not the seconds, so that a process that was suspended is not blamed for it.
    """
    missed = [0]

    def turn() -> None:
        missed[0] = 0

    def watch() -> None:
        """Look, wait, count: nothing else, whatever the loop does."""
        while not loop.is_closed():
            with suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(turn)
            time.sleep(stall_seconds / LOOKS_PER_STALL)
            missed[0] += 1
            if missed[0] > LOOKS_PER_STALL:
                faulthandler.dump_traceback(file=sys.stderr)
                die(f"a step did not return for {stall_seconds:.0f} s", blame=True)
                return

    thread = threading.Thread(target=watch, name="stall", daemon=True)
    thread.start()
    return thread
