"""throttle: how fast a backfill may go, from what the live flow and the stages show.

Two things are looked at, twice a second:

- *what waits*: for how long the stage that is most behind has work. Above `waiting_seconds` nothing more is
  let in until that has gone: a live record never stands behind a mountain;
- *how long live records take*, from raw to enriched, while the past is loaded, beside how long they took
  before it began and in the pauses that it makes for that (`calm_seconds`, each `calm_every_seconds`). When
  the slow ones (nine in ten are faster) exceed `live_ratio`, it pauses: are they as slow without it? Then it
  is something else on these machines, and it goes on; else the rate falls by a fifth. A live flow too thin to
  be measured in a pause costs one pause each `calm_every_seconds`, and no more.

Else the rate rises, by a half in the time that some dozens of live records take to tell: slow rise and steep
fall, as TCP has them (RFC 5681), find the rate that the live flow allows, and find it again when it changes.
Without live records only the first counts, and it rises fast. Rates are records a second, waits seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, exp
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LEAST_PER_SECOND: Final = 2.0
"""However bad it looks, it goes on."""
FIRST_PER_SECOND: Final = 10.0
ENOUGH: Final = 30
"""Live records before nine in ten of them say anything."""
_REMEMBERED: Final = 120
_RISE: Final = 1.01
_ALONE_RISE: Final = 1.15
"""While no live record was seen: nobody is disturbed but by what waits."""
_FALL: Final = 0.8
_LEAST_WAITING: Final = 12
"""So many may wait at any rate: commits come twice a second."""
_SMOOTHED_SECONDS: Final = 2.0
_FEWEST: Final = 3
"""After a pause that heard fewer live records another one at once would teach nothing either."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the user asks for. `per_second` None: as fast as the live flow allows."""

    per_second: float | None = None
    waiting_seconds: float = 2.5
    live_ratio: float = 1.15
    calm_seconds: float = 15
    calm_every_seconds: float = 180


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look shows, `seconds` after the look before.

    `behind`: seconds of work that wait for the stage that is most behind (`behind_seconds`). Waits of live
    records that came out: `before`: of those that came before the past did; `live`: of others.
    """

    seconds: float
    behind: float
    live: tuple[float, ...] = ()
    before: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Throttle:
    """The state. `open`: records may go in now, at `rate`."""

    rate: float = FIRST_PER_SECOND
    open: bool = True
    calm_left: float = 0.0
    """Seconds that this pause still lasts; 0: no pause."""
    since_calm: float | None = None
    """Seconds since the last pause, or since the first live record; None before any."""
    calm: tuple[float, ...] = ()
    loaded: tuple[float, ...] = ()
    heard: int = _FEWEST
    """Live records that the last pause heard."""
    suspect: float | None = None
    """What live records took when this pause was made to see whether that is its doing."""

    @classmethod
    def begin(cls, limits: Limits) -> Throttle:
        """Return the state before the first look."""
        return cls(capped(FIRST_PER_SECOND, limits))


def capped(rate: float, limits: Limits) -> float:
    """Return a rate within what is allowed."""
    least = max(rate, LEAST_PER_SECOND)
    return least if limits.per_second is None else min(least, limits.per_second)


def smoothed(done: Mapping[str, float], gone: Mapping[str, int], seconds: float) -> dict[str, float]:
    """Return what is committed a second of each topic, smoothed: commits come in bursts. `gone`: just now."""
    share = 1 - exp(-seconds / _SMOOTHED_SECONDS)
    return {
        topic: done.get(topic, FIRST_PER_SECOND) * (1 - share) + many / seconds * share
        for topic, many in gone.items()
    }


def behind_seconds(waiting: Mapping[str, int], done: Mapping[str, float]) -> float:
    """Return how long the topic that is most behind takes to be read at its pace; a dozen records are none.

    >>> behind_seconds({"clean": 4, "found": 300}, {"clean": 10.0, "found": 100.0})
    3.0
    """
    return max(
        (many / max(done.get(topic, 0.0), LEAST_PER_SECOND)
         for topic, many in waiting.items() if many > _LEAST_WAITING),
        default=0.0)


def slow(waits: Sequence[float]) -> float | None:
    """Return the wait that nine in ten do not exceed; None for too few.

    >>> slow([0.1] * 27 + [0.3] * 3)
    0.1
    """
    return sorted(waits)[ceil(len(waits) * 0.9) - 1] if len(waits) >= ENOUGH else None


def looked(state: Throttle, seen: Seen, limits: Limits) -> Throttle:
    """Return the state after a look."""
    if state.calm_left > 0:
        return _in_pause(state, seen, limits)
    calm = (*state.calm, *seen.before)[-_REMEMBERED:]
    loaded = (*state.loaded, *seen.live)[-_REMEMBERED:]
    known = state.since_calm is not None or calm or loaded
    since = (state.since_calm or 0.0) + seen.seconds if known else None
    state = replace(state, since_calm=since, calm=calm, loaded=loaded)
    learns = len(calm) < ENOUGH and state.heard >= _FEWEST
    if since is not None and (since >= limits.calm_every_seconds or learns):
        return _pause(state, limits)
    return _paced(state, seen, limits)


def _pause(state: Throttle, limits: Limits, suspect: float | None = None) -> Throttle:
    return replace(
        state, open=False, calm_left=limits.calm_seconds, since_calm=0.0, heard=0, suspect=suspect)


def _in_pause(state: Throttle, seen: Seen, limits: Limits) -> Throttle:
    """Learn what the live flow is alone, once nothing of the past is on its way any more."""
    calm = state.calm if seen.behind else (*state.calm, *seen.live)[-_REMEMBERED:]
    left = max(0.0, state.calm_left - seen.seconds)
    state = replace(state, calm=calm, heard=state.heard + len(seen.live), calm_left=left, open=not left)
    if left or state.suspect is None:
        return state
    guilty = _slower(state.suspect, calm, limits)
    return replace(
        state, suspect=None, loaded=(), rate=capped(state.rate * (_FALL if guilty else 1), limits))


def _slower(wait: float, calm: Sequence[float], limits: Limits) -> bool:
    alone = slow(calm[-ENOUGH:])
    return alone is not None and wait > alone * limits.live_ratio


def _paced(state: Throttle, seen: Seen, limits: Limits) -> Throttle:
    if seen.behind > limits.waiting_seconds:
        return replace(state, open=False, rate=capped(state.rate * (_FALL if state.open else 1), limits))
    now = slow(state.loaded[-ENOUGH:])
    if now is not None and _slower(now, state.calm, limits):
        return _pause(state, limits, now)
    rise = _ALONE_RISE if state.since_calm is None else _RISE
    return replace(state, open=True, rate=capped(state.rate * rise, limits))
