"""clock: the machine's time, the one place in the bus that asks for it.

Everything else is given a `Clock`.
"""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime

from streams.bus.door import Clock


def system_clock() -> Clock:
    """Return the real clock: UTC, `asyncio.sleep`, uniform jitter."""
    return Clock(
        now=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        sleep=asyncio.sleep,
        turn_seconds=0.005,  # a turn of the loop costs some 20 µs, as much as sending a record
        jitter=lambda limit: random.uniform(0, limit),  # noqa: S311  # spreads retries, guards nothing
    )
