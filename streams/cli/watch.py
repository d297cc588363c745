"""watch: look at the lag from the bus while stages run.

For the metrics, for a person, and to know when all is drained.

Drained: twice in a row no stage has anything unread and no topic has grown, and the outbox has nothing that
was not tried: its open groups are told to leave then. A bus that cannot be asked now is asked
again; a topic that is gone ends the run.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from streams.audit.lag import Lag, age_seconds, look, look_followed
from streams.bus.errors import BusError, UnknownTopic
from streams.bus.views import Watch
from streams.cli import exits
from streams.deliver.upkeep import pending
from streams.observe import metrics
from streams.stages import FOLLOWING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from streams.bus.interface import Bus
    from streams.cli.supervisor import Supervisor
    from streams.cli.telling import Teller

_GONE_LOOKS: Final = 5
_GONE_SECONDS: Final = 60.0
"""A topic that is gone at so many looks within so long does not come back: asking on would have no end."""

_LOOK_SECONDS: Final = 0.3
_IDLE_LOOK_SECONDS: Final = 5.0
"""Without --until-drained the looks are for the metrics, which Prometheus fetches every 15 s or so."""


Beside: TypeAlias = Callable[[], Awaitable[int]]
"""Returns how many records are unread beside the stages' own: replays that follow the live flow."""


async def nothing_beside() -> int:
    """Return 0."""
    return 0


async def drained(bus: Bus, stages: Sequence[str], outbox: Path | None = None) -> bool:
    """Return whether nothing is unread, by two looks that agree, and nothing waits in the outbox."""
    async with bus.admin() as admin:
        first = await look(admin, stages)
        same = _nothing(first) and await look(admin, stages) == first
    return same and not (outbox and pending(outbox))


def _nothing(lags: Sequence[Lag]) -> bool:
    return not any(lag.records for lag in lags)


async def watch(
    supervisor: Supervisor, bus: Bus, stages: Sequence[str], teller: Teller, *, until_drained: bool,
    outbox: Path | None = None, beside: Beside = nothing_beside,
) -> None:
    """Look again and again until the supervisor stops.

    With `until_drained` stop it when there is nothing left. An error that nobody has foreseen ends the run:
    what nobody watches would never be drained.
    """
    try:
        await _look_on(
            supervisor, bus, stages, teller, until_drained=until_drained, outbox=outbox, beside=beside)
    except Exception as error:  # noqa: BLE001  # told; a run without its watcher has no end
        teller.say(f"the run ends, its watcher failed: {type(error).__name__}: {error}")
        supervisor.code = exits.WRONG_USAGE if isinstance(error, UnknownTopic) else (
            exits.TRY_AGAIN if isinstance(error, OSError) else exits.DOES_NOT_HOLD)
        supervisor.stopping.set()


async def _look_on(
    supervisor: Supervisor, bus: Bus, stages: Sequence[str], teller: Teller, *, until_drained: bool,
    outbox: Path | None = None, beside: Beside = nothing_beside,
) -> None:
    gone: list[float] = []
    while not supervisor.stopping.is_set():
        try:
            await _watch(
                supervisor, bus, stages, teller, until_drained=until_drained, outbox=outbox, beside=beside)
        except UnknownTopic as error:
            gone = [at for at in gone if time.monotonic() - at < _GONE_SECONDS] + [time.monotonic()]
            if len(gone) >= _GONE_LOOKS:
                raise
            teller.say(f"the lag cannot be read: {error}")
            await _pause(supervisor, _LOOK_SECONDS)
        except BusError as error:
            teller.say(f"the lag cannot be read: {error}")
            await _pause(supervisor, _IDLE_LOOK_SECONDS)


async def _watch(
    supervisor: Supervisor, bus: Bus, stages: Sequence[str], teller: Teller, *, until_drained: bool,
    outbox: Path | None = None, beside: Beside = nothing_beside,
) -> None:
    before: tuple[Lag, ...] = ()
    measure_at, measured = 0.0, set[tuple[str, str]]()
    async with bus.admin() as admin:
        while not supervisor.stopping.is_set():
            lags = await look(admin, stages)
            teller.lag(lags)
            if (at := time.monotonic()) >= measure_at:
                measure_at = at + _IDLE_LOOK_SECONDS
                measured = await _measure(bus, (*lags, *await _followed(bus, stages)), measured)
            all_read = until_drained and _nothing(lags) and lags == before
            if all_read and not await beside() and not (outbox and pending(outbox, flush=True)):
                teller.drained()
                supervisor.stopping.set()
            before = lags
            await _pause(supervisor, _LOOK_SECONDS if until_drained else _IDLE_LOOK_SECONDS)


async def _pause(supervisor: Supervisor, seconds: float) -> None:
    try:
        await asyncio.wait_for(supervisor.stopping.wait(), seconds)
    except TimeoutError:
        return


async def _followed(bus: Bus, stages: Sequence[str]) -> tuple[Lag, ...]:
    if not FOLLOWING.intersection(stages):
        return ()
    async with Watch(bus) as views, bus.admin() as admin:
        return await look_followed(admin, stages, await views.latest())


async def _measure(bus: Bus, lags: Sequence[Lag], before: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Set the metrics and return whose; those of `before` that are no more (of a dropped run) go."""
    now_ms = time.time_ns() // 1_000_000
    measured = {(lag.stage, lag.topic) for lag in lags}
    for gone in before - measured:
        metrics.LAG_RECORDS.remove(*gone)
        metrics.LAG_SECONDS.remove(*gone)
    for lag in lags:
        metrics.LAG_RECORDS.labels(lag.stage, lag.topic).set(lag.records)
        metrics.LAG_SECONDS.labels(lag.stage, lag.topic).set(await age_seconds(bus, lag, now_ms))
    return measured
