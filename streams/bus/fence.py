"""Fence yourself: notice that the group has gone on without this process, before it writes anything more.

Pure.

A member that was suspended past its session, or that took longer over a revocation than the group waits,
holds partitions that are another's by now. An output it then writes is a duplicate (harmless, known by its
id), but a table's changelog record would overwrite the new owner's. So a clock ticks in the consumer's own
thread, and before every produce request the producer asks `why`; a reason ends the process.

What it cannot see: a network that cuts this process off from the group's coordinator but not from a
changelog's leader, for longer than the session. `awake_seconds` is the real clock. Source: M. Kleppmann, "How
to do distributed locking" (fencing), applied from the inside.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def awake_seconds() -> float:
    """Return seconds since boot.

    Those included in which the machine slept (Linux; elsewhere the monotonic clock).
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(slots=True)
class Fence:
    """The clock of one member. `now` is monotonic seconds that go on while the machine sleeps."""

    session_seconds: float
    rebalance_seconds: float
    now: Callable[[], float]
    _ticked: float | None = None
    _revoking: float | None = None

    def tick(self) -> str | None:
        """Say that the consumer's thread runs; return a reason to give up, or None."""
        reason = self.why()
        self._ticked = self.now()
        return reason

    def revoking(self) -> None:
        """Say that the group wants the partitions back: from now on there are `rebalance_seconds`."""
        self._revoking = self.now()

    def revoked(self) -> None:
        """Say that nothing is in progress any more."""
        self._revoking = None

    def why(self) -> str | None:
        """Return why nothing may be written any more, or None. Ask before every produce request."""
        now = self.now()
        if self._ticked is not None and now - self._ticked > self.session_seconds:
            slept = now - self._ticked
            return f"suspended for {slept:.1f} s, longer than the session of {self.session_seconds} s"
        if self._revoking is not None and now - self._revoking > self.rebalance_seconds:
            return f"a revocation took longer than the group waits ({self.rebalance_seconds} s)"
        return None
