from dataclasses import replace
from random import Random

import pytest

from streams.core.throttle import (
    ENOUGH,
    LEAST,
    Limits,
    Seen,
    Throttle,
    behind_seconds,
    looked,
    rest_seconds,
    slow,
    smoothed,
)

LOOK = 0.5
ANY = Limits()


class Flow:
    """Stages that get `able` records a second done, and live records whose wait grows as the stages are busy."""

    def __init__(self, able: float, live_per_second: float, noise=lambda now: 1.0) -> None:
        self.able, self.live_per_second, self.noise = able, live_per_second, noise
        self.uncommitted, self.done = 0.0, {}
        self.queue, self.now, self.chance, self.sent, self.beside, self.alone = 0.0, 0.0, Random(1), 0.0, [], []

    def wait(self, load: float) -> float:
        """Of a live record: some 0.1 s alone, as a queue of one server has it beside a load from 0 to 1."""
        own = (0.08 + self.chance.expovariate(50)) * self.noise(self.now)
        return own + self.queue / self.able + own * load / (1.02 - load)

    def look(self, state: Throttle) -> Seen:
        """Go on for half a second under a throttle: a record of the past takes a tenth of a second at least."""
        alone = not state.open
        come = min(state.window * 10, self.able * 1.5 + state.window) * LOOK if state.open else 0.0
        done = min(self.queue + come, self.able * LOOK)
        load = done / (self.able * LOOK)
        self.queue = min(self.queue + come - done, state.window if state.open else self.queue)
        self.now += LOOK
        self.sent += done
        waits = tuple(self.wait(load) for _ in range(round(self.live_per_second * LOOK)))
        (self.alone if alone else self.beside).extend(waits)
        self.uncommitted += done
        committed = self.uncommitted if self.chance.random() < 0.6 else 0.0
        self.uncommitted -= committed
        self.done = smoothed(self.done, {"clean": round(committed)}, LOOK)
        return Seen(LOOK, behind_seconds({"clean": round(self.queue + self.uncommitted)}, self.done), waits)

    def run(self, seconds: float, limits: Limits = ANY) -> Throttle:
        """Go on for some time; what live records take alone is known."""
        state = looked(Throttle(), Seen(LOOK, 0, before=tuple(self.wait(0) for _ in range(60))), limits)
        for _ in range(int(seconds / LOOK)):
            state = looked(state, self.look(state), limits)
        return state


def test_it_finds_a_rate_at_which_live_records_hardly_notice():
    flow = Flow(able=100, live_per_second=4)
    flow.run(1800)
    assert slow(flow.beside).seconds < 1.2 * slow(flow.alone).seconds
    assert flow.sent / 1800 > 4
    assert flow.queue < 100


def test_it_settles_where_slow_live_records_are_no_more_frequent_than_alone():
    flow = Flow(able=100, live_per_second=8)
    state = flow.run(1200)
    flow.beside.clear()
    for _ in range(4800):
        state = looked(state, flow.look(state), ANY)
    bound = slow(state.alone).seconds * ANY.live_ratio
    assert 0.01 < sum(wait > bound for wait in flow.beside) / len(flow.beside) < 0.04


def test_one_hiccup_costs_little_and_a_bad_minute_much():
    state = Throttle(window=40, calm=(0.1,) * 400, since_calm=1.0, seeking=False)
    assert looked(state, Seen(LOOK, 0, live=(0.9,)), ANY).window > 36
    for _ in range(120):
        state = looked(state, Seen(LOOK, 0, live=(0.9,)), ANY)
    assert state.window < 5


def test_when_even_one_at_a_time_is_too_many_it_rests_between_them():
    state = Throttle(calm=(0.1,) * 400, since_calm=1.0)
    for _ in range(30):
        state = looked(state, Seen(LOOK, 0, live=(0.9,)), ANY)
    assert LEAST <= state.window < 0.5
    assert rest_seconds(state.window, 0.1) > 0.1


def test_what_was_slow_because_stages_had_just_started_is_forgotten_when_pauses_have_shown_better():
    state = Throttle(before=(5.0,) * 60, calm=(0.1,) * 29, since_calm=1.0)
    assert slow(state.alone).seconds == 5.0
    paused = looked(replace(state, open=False, calm_left=5.0), Seen(LOOK, 0, live=(0.1,) * 10), ANY)
    assert slow(paused.alone).seconds == 0.1
    warm = replace(paused, before=(0.14,) * 60)
    assert slow(warm.alone).seconds == 0.14


def test_until_the_first_slow_record_it_rises_fast_and_then_slowly():
    state = Throttle(window=10, calm=(0.1,) * 400, since_calm=1.0)
    fast = looked(state, Seen(LOOK, 0, live=(0.1,) * 10), ANY)
    assert fast.window > 11
    after = looked(fast, Seen(LOOK, 0, live=(0.9,)), ANY)
    assert after.window < fast.window
    assert looked(after, Seen(LOOK, 0, live=(0.1,) * 10), ANY).window < 1.03 * after.window


def test_what_slows_everybody_down_is_not_held_against_the_past():
    calm = Flow(able=100, live_per_second=4)
    calm.run(900)
    shaken = Flow(able=100, live_per_second=4, noise=lambda now: 3.0 if now > 60 else 1.0)
    shaken.run(900)
    assert shaken.sent > 0.5 * calm.sent


@pytest.mark.parametrize("able", [3, 30, 300])
def test_without_live_records_it_goes_as_fast_as_the_stages_and_no_mountain_grows(able):
    flow = Flow(able=able, live_per_second=0)
    state, limits = Throttle(), Limits()
    for _ in range(1200):
        state = looked(state, flow.look(state), limits)
        assert flow.queue <= max(40, 5 * able)
    assert flow.sent / 600 > 0.6 * able


def test_stages_that_stand_still_stop_it_and_it_goes_on_when_they_do():
    limits = Limits()
    state = looked(Throttle(), Seen(LOOK, 50.0), limits)
    assert not state.open
    state = looked(state, Seen(LOOK, 50.0), limits)
    assert not state.open
    assert looked(state, Seen(LOOK, 0.0), limits).open


def test_the_window_never_falls_below_the_least():
    limits, state = Limits(), Throttle()
    for number in range(400):
        state = looked(state, Seen(LOOK, 50.0 if number % 2 else 0.0), limits)
    assert state.window >= LEAST


def test_the_first_live_record_makes_a_pause_when_nothing_is_known_of_them_alone():
    limits = Limits(calm_seconds=2)
    state = looked(Throttle(), Seen(LOOK, 0, live=(0.2,)), limits)
    assert not state.open
    assert state.calm_left == 2
    for _ in range(4):
        assert not state.open
        state = looked(state, Seen(LOOK, 0, live=(0.1,) * 10), limits)
    assert state.open
    assert len(state.calm) == 40
    assert state.alone == state.calm


@pytest.mark.parametrize("live_every_seconds", [60, 3600])
def test_a_live_flow_too_thin_to_be_measured_does_not_hold_the_past_up(live_every_seconds):
    state, sent = Throttle(), 0.0
    for number in range(1200):
        live = (0.2,) if number * LOOK % live_every_seconds == 0 else ()
        sent += LOOK if state.open else 0.0
        state = looked(state, Seen(LOOK, 0, live=live), ANY)
    assert sent > 300  # seconds of ten minutes
    assert state.window > 50


def test_in_a_pause_nothing_is_learned_while_the_past_still_drains():
    limits = Limits()
    state = looked(Throttle(), Seen(LOOK, 0, live=(0.2,)), limits)
    assert looked(state, Seen(LOOK, 3.0, live=(5.0,)), limits).calm == ()


def test_too_few_say_nothing():
    assert slow([1.0] * (ENOUGH - 1)) is None
    assert slow([1.0] * (ENOUGH - 3) + [2.0] * 3) == (0.1, 1.0)
