"""clock: the time of day that deliver goes by, in seconds since 1970, UTC.

With `run.now` (`--now`) it starts there and runs on: freshness is judged by that day, and groups still wait
their seconds.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import datetime


def clock_from(now: datetime | None) -> Callable[[], float]:
    """Return the clock; None: the machine's."""
    if now is None:
        return time.time
    start, begun = now.timestamp(), time.monotonic()
    return lambda: start + time.monotonic() - begun


def jitter(most: float) -> float:
    """Return a number between 0 and `most`: it spreads retries, it guards nothing."""
    return random.uniform(0, most)
