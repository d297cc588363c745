"""A member that the group has gone on without notices before it writes."""

from __future__ import annotations

import pytest

from streams.bus.fence import Fence


def _at(*, tick: float | None, revoking: float | None, now: float, revoked: bool = False) -> str | None:
    clock = [0.0]
    fence = Fence(6, 10, lambda: clock[0])
    if tick is not None:
        clock[0] = tick
        fence.tick()
    if revoking is not None:
        clock[0] = revoking
        fence.revoking()
    if revoked:
        fence.revoked()
    clock[0] = now
    return fence.why()


@pytest.mark.parametrize(("tick", "revoking", "now", "why"), [
    (None, None, 100, None),            # the consumer's thread has not begun
    (100, None, 105.9, None),
    (100, None, 106.1, "suspended for 6.1 s"),
    (100, 100, 105, None),
    (105, 100, 110.9, "a revocation took longer"),
])
def test_a_gap_longer_than_the_session_and_a_revocation_longer_than_the_group_waits_are_reasons(
    tick: float | None, revoking: float | None, now: float, why: str | None
) -> None:
    said = _at(tick=tick, revoking=revoking, now=now)
    assert said is None if why is None else said is not None and said.startswith(why)


def test_a_revocation_that_is_over_is_no_reason() -> None:
    assert _at(tick=105, revoking=100, now=110.9, revoked=True) is None


def test_the_tick_that_ends_a_suspension_says_so_itself() -> None:
    clock = [0.0]
    fence = Fence(6, 10, lambda: clock[0])
    assert fence.tick() is None
    clock[0] = 7.0
    assert fence.tick() is not None
