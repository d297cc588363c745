"""yielding: what lets a backfill in: the gate of `streams.ingest`, shown the lag by `streams.audit`."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from streams.cli import output

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from streams.bus.interface import Bus
    from streams.core.throttle import Limits
    from streams.settings import Settings


def limits(settings: Settings, per_second: float | None) -> Limits:
    """Return what a backfill is held to; `per_second` None: as the settings have it."""
    from streams.core.throttle import Limits

    own = settings.backfill
    return Limits(
        own.per_second if per_second is None else per_second, own.waiting_seconds, 1 + own.live_slower_share,
        own.calm_seconds, own.calm_every_seconds)


@asynccontextmanager
async def gated(bus: Bus, past: Limits | None) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Yield what is awaited before each article: at once, but for the past (None: it is not)."""
    from streams.audit.lag import standing
    from streams.ingest.gate import Gate
    from streams.ingest.load import at_once

    if past is None:
        yield at_once
        return
    async with bus.admin() as admin, Gate(bus, lambda: standing(admin), past, output.say) as gate:
        yield gate.admit
