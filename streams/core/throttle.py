"""throttle: how much of the past may be on its way at once, from what the live flow and the stages show.

`window`: a record of the past goes in while fewer than so many records, live ones too, are on their way from
raw to enriched. So one that comes live finds at most that many before it, and while more of them come at once
than the window holds, the past waits. Below one, nothing is on its way for that much of the time: at 0.25 the
past rests for three times as long as its last record took. Two things are looked at, once a second:

- *what waits*: for how long the stage that is most behind has work. Above `waiting_seconds` nothing more is
  let in until that has gone: a live record never stands behind a mountain;
- *how long live records take*, from raw to enriched, while the past is loaded, beside how long they take
  alone: before it began, and in pauses that it makes for that (`calm_seconds`, each `calm_every_seconds`).

Slow is what all but a fortieth of them are not, alone, times `live_ratio` (a larger share as long as few
are known). A live record beside the past that is slower than that narrows the window, each other one widens
it by as much less as it is more frequent: so it settles where slow records are no more frequent than they are
alone, and finds that again when it changes (stochastic approximation of a quantile, Robbins and Monro 1951).
Until the first slow one it widens fast. A live flow too thin to be measured in a pause costs one pause each
`calm_every_seconds`, and no more. Without live records only what waits counts. Waits are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, exp
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LEAST: Final = 0.2
"""However bad it looks, it goes on."""
_SLOWEST_PER_SECOND: Final = 2.0
_FIRST_PER_SECOND: Final = 10.0
"""At which a stage gets done what waits for it, until it has shown better."""
ENOUGH: Final = 30
"""Live records alone before the slow ones among them say anything."""
SLOW_SHARE: Final = 0.025
_FEWEST_SLOW: Final = 3
"""So many of those alone have to be beyond what is called slow: the slowest of all is chance."""
_REMEMBERED: Final = 1000
_COLD: Final = 1.5
"""Times the median of pauses: those from before the past count no more, their stages had just started."""
_GAIN: Final = 0.04
"""What a slow record costs of the window. The others together give it back."""
_SEEKING_RISE: Final = 1.01
"""A record, until the first slow one."""
_RISE: Final = 1.01
"""A look, while too few live records are known."""
_QUIET_RISE: Final = 1.0005
"""A look without a live record: it may be night."""
_ALONE_RISE: Final = 1.15
"""A look, while no live record was seen: nobody is disturbed but by what waits."""
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
    live_ratio: float = 1.1
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
    """The state. `open`: records may go in now, while fewer than `window` are on their way."""

    window: float = 1.0
    open: bool = True
    calm_left: float = 0.0
    """Seconds that this pause still lasts; 0: no pause."""
    since_calm: float | None = None
    """Seconds since the last pause, or since the first live record; None before any."""
    calm: tuple[float, ...] = ()
    """Waits of live records heard in pauses, newest last."""
    before: tuple[float, ...] = ()
    """The same from before the past began."""
    heard: int = _FEWEST
    """Live records that the last pause heard."""
    seeking: bool = True
    """No live record beside the past was slow so far."""

    @property
    def alone(self) -> tuple[float, ...]:
        """Return what is known of how long live records take alone."""
        cold = len(self.calm) >= ENOUGH and self.before and median(self.before) > _COLD * median(self.calm)
        return self.calm if cold else (*self.before, *self.calm)[-_REMEMBERED:]

    def times(self, factor: float) -> Throttle:
        """Return it open, with a window so many times as wide, but never below the least."""
        return replace(self, open=True, window=max(LEAST, self.window * factor))


def rest_seconds(window: float, took: float) -> float:
    """Return how long nothing goes in after a record that was on its way for so long.

    >>> rest_seconds(0.5, 0.1), rest_seconds(3.0, 0.1)
    (0.1, 0.0)
    """
    return took * max(0.0, 1 / window - 1)


def smoothed(done: Mapping[str, float], gone: Mapping[str, int], seconds: float) -> dict[str, float]:
    """Return what is committed a second of each topic, smoothed: commits come in bursts. `gone`: just now."""
    share = 1 - exp(-seconds / _SMOOTHED_SECONDS)
    return {
        topic: done.get(topic, _FIRST_PER_SECOND) * (1 - share) + many / seconds * share
        for topic, many in gone.items()
    }


def behind_seconds(waiting: Mapping[str, int], done: Mapping[str, float]) -> float:
    """Return how long the topic that is most behind takes to be read at its pace; a dozen records are none.

    >>> behind_seconds({"clean": 4, "found": 300}, {"clean": 10.0, "found": 100.0})
    3.0
    """
    return max(
        (many / max(done.get(topic, 0.0), _SLOWEST_PER_SECOND)
         for topic, many in waiting.items() if many > _LEAST_WAITING),
        default=0.0)


class Tail(NamedTuple):
    """The slow ones among live records alone: so many of them took longer than `seconds`."""

    share: float
    seconds: float


def slow(calm: Sequence[float]) -> Tail | None:
    """Return what is slow for live records that took so long alone; None for too few.

    >>> slow([0.1] * 390 + [0.5] * 10)
    Tail(share=0.025, seconds=0.1)
    """
    if len(calm) < ENOUGH:
        return None
    share = max(SLOW_SHARE, _FEWEST_SLOW / len(calm))
    return Tail(share, sorted(calm)[ceil(len(calm) * (1 - share)) - 1])


def looked(state: Throttle, seen: Seen, limits: Limits) -> Throttle:
    """Return the state after a look."""
    if state.calm_left > 0:
        return _in_pause(state, seen)
    state = replace(state, before=(*state.before, *seen.before)[-_REMEMBERED:])
    known = state.since_calm is not None or state.alone or seen.live
    since = (state.since_calm or 0.0) + seen.seconds if known else None
    state = replace(state, since_calm=since)
    learns = len(state.alone) < ENOUGH and state.heard >= _FEWEST
    if since is not None and (since >= limits.calm_every_seconds or learns):
        return replace(state, open=False, calm_left=limits.calm_seconds, since_calm=0.0, heard=0)
    return _paced(state, seen, limits)


def _in_pause(state: Throttle, seen: Seen) -> Throttle:
    """Learn what the live flow is alone, once nothing of the past is on its way any more."""
    calm = state.calm if seen.behind else (*state.calm, *seen.live)[-_REMEMBERED:]
    left = max(0.0, state.calm_left - seen.seconds)
    return replace(state, calm=calm, heard=state.heard + len(seen.live), calm_left=left, open=not left)


def _paced(state: Throttle, seen: Seen, limits: Limits) -> Throttle:
    if seen.behind > limits.waiting_seconds:
        return replace(state.times(_FALL if state.open else 1), open=False)
    tail = slow(state.alone)
    if tail is None:
        return state.times(_ALONE_RISE if state.since_calm is None else _RISE)
    slower = sum(wait > tail.seconds * limits.live_ratio for wait in seen.live)
    seeking = state.seeking and not slower
    rise = _SEEKING_RISE if seeking else 1 + _GAIN * tail.share
    moved = rise ** (len(seen.live) - slower) * (1 - _GAIN) ** slower
    return replace(state.times(moved if seen.live else _QUIET_RISE), seeking=seeking)
