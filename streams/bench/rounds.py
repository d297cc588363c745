"""rounds: what is done to workers under a backlog, the same for ours and for stock Faust.

    scale_up     one more worker of a stage
    scale_down   one worker of a stage ends in order (SIGTERM)
    kill         kill -9 of a worker; it is started again
    stop         SIGSTOP, past the session, then SIGCONT
    broker       kill -9 of the broker, and a restart on its data

A round feeds a batch, does one of these while there is something unread, and waits until every partition
moves again. The embedded log has one live member a group: there, `scale_up` adds one that waits in line,
and `scale_down` ends one of the two. The only one of its stage is started again.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import TYPE_CHECKING, Final, Protocol

from streams.bench.pool import Pool, Seat

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from streams.bus.interface import TopicPartition

    Tell = Callable[[str], None]

SETTLE_SECONDS: Final = 90.0


class Kind(StrEnum):
    """What is done in a round."""

    SCALE_UP = "scale_up"
    KILL = "kill"
    SCALE_DOWN = "scale_down"
    STOP = "stop"
    BROKER = "broker"


CYCLE: Final = (Kind.SCALE_UP, Kind.KILL, Kind.SCALE_DOWN, Kind.STOP)


@dataclass(frozen=True, slots=True)
class Round:
    """One disturbance; `stage` is hit, all of them feel it."""

    kind: Kind
    stage: str


class Ground(Protocol):
    """What is disturbed: workers on a bus, and somebody who feeds it."""

    pool: Pool
    stages: Sequence[str]

    async def feed(self) -> None:
        """Send the next batch."""

    async def behind(self) -> Mapping[TopicPartition, tuple[int, int]]:
        """Return first unread and next offset of each partition that its stage has not read to the end."""

    async def joined(self, seat: Seat) -> None:
        """Wait until a new worker has its part of the work, where it gets one."""

    async def restart_broker(self) -> None:
        """Kill -9 the broker and start it again."""


def plan(rounds: int, stages: Sequence[str], *, broker_kills: int = 0) -> list[Round]:
    """Return so many rounds, kind after kind, stage after stage; the broker's deaths lie evenly among them.

    >>> [str(each.kind) for each in plan(3, ["tag"], broker_kills=1)]
    ['scale_up', 'broker', 'kill', 'scale_down']
    """
    made = [Round(CYCLE[n % 4], stages[(n // 4) % len(stages)]) for n in range(rounds)]
    for n in range(broker_kills):
        made.insert((n + 1) * rounds // (broker_kills + 1) + n, Round(Kind.BROKER, stages[0]))
    return made


async def disturb(
    ground: Ground, todo: Sequence[Round], *, stop_seconds: float, seed: int, tell: Tell
) -> None:
    """Do the rounds, one after the other."""
    draw = Random(seed)
    for number, each in enumerate(todo, 1):
        await ground.feed()
        unread, begun = sum(end - at for at, end in (await ground.behind()).values()), time.monotonic()
        did = await _do(ground, each, draw, stop_seconds)
        await _settled(ground)
        seconds = time.monotonic() - begun
        tell(f"round {number:>2}/{len(todo)} {each.kind:<10} {did:<12} unread {unread:>5}  {seconds:5.1f} s")


async def _do(ground: Ground, each: Round, draw: Random, stop_seconds: float) -> str:
    """Disturb one stage; return whom."""
    pool, taken = ground.pool, ground.pool.seats(each.stage)
    seat = draw.choice(taken)
    match each.kind:
        case Kind.BROKER:
            await ground.restart_broker()
            return "broker"
        case Kind.SCALE_UP:
            used = {seat.ordinal for seat in taken}
            seat = Seat(each.stage, next(n for n in range(len(used) + 1) if n not in used))
            pool.start(seat)
            await ground.joined(seat)
        case Kind.SCALE_DOWN:
            await pool.stop(seat)
            if taken == [seat]:
                pool.start(seat)
        case Kind.KILL:
            pool.kill(seat)
            await ground.joined(seat)
        case Kind.STOP:
            pool.suspend(seat)
            await asyncio.sleep(stop_seconds)
            pool.resume(seat)
    return seat.name


async def _settled(ground: Ground) -> None:
    """Wait until every partition that was behind has moved, so that each round is a rebalance of its own.

    What does not move in `SETTLE_SECONDS` shows as missing at the end.
    """
    still, deadline = dict(await ground.behind()), time.monotonic() + SETTLE_SECONDS
    while still and time.monotonic() < deadline:
        await asyncio.sleep(0.3)
        now = await ground.behind()
        still = {place: offsets for place, offsets in still.items() if now.get(place, (-1,))[0] == offsets[0]}
