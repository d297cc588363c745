"""judging: compare a replay with production, and hold what was found against its gates."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.replay_job import ReplayState
from streams.audit.past_alerts import on_their_day
from streams.bus import jobs
from streams.bus.ruleset import rules_on
from streams.bus.views import current
from streams.core.outcome import Usage
from streams.core.replay.gates import LOST, Gate, gates
from streams.core.replay.view import job_now
from streams.replay.compare import Comparison, compared, fill
from streams.replay.spool import NEW, OLD, Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from schemas.replay_job import ReplayGates, ReplayJob, Waiver
    from streams.bus.interface import Bus
    from streams.core.replay.diff import Difference
    from streams.settings import Settings

COMPARABLE = frozenset({
    ReplayState.DONE, ReplayState.ACCEPTED, ReplayState.CUT_OVER, ReplayState.ROLLED_BACK,
})


@dataclass(frozen=True, slots=True)
class Verdict:
    """A comparison and its gates."""

    job: ReplayJob
    comparison: Comparison
    gates: tuple[Gate, ...]

    @property
    def open(self) -> bool:
        """Tell whether every gate passes or is waived."""
        return all(gate.open for gate in self.gates)

    @property
    def accepted(self) -> bool:
        """Tell whether these very differences were accepted."""
        return self.job.accepted_digest == self.comparison.digest

    def as_dict(self) -> dict[str, object]:
        """Return it as `communique replay diff --json` prints it."""
        told = [
            {"name": gate.name, "measured": gate.measured, "limit": gate.limit, "passes": gate.passes,
             "waived": gate.waived} for gate in self.gates
        ]
        return {**self.comparison.as_dict(), "gates": told, "open": self.open, "accepted": self.accepted}


@contextmanager
def spooled() -> Iterator[Spool]:
    """Yield an empty spool; what it holds is gone afterwards."""
    with Spool() as spool:
        yield spool


async def judge(
    bus: Bus, job: ReplayJob, spool: Spool, *, samples: int = 0,
    each: Callable[[Difference], None] = lambda _: None, tell: Callable[[int], None] = lambda _: None,
    settings: Settings | None = None,
) -> Verdict:
    """Compare a replay with production; with `settings` also what the rules make of both.

    Raises `Usage` for one that has not come to its end.
    """
    if job.state not in COMPARABLE:
        what = f"`communique replay run {job.job_id}`"
        raise Usage(f"{job.job_id} is {job.state}: it is compared when it is done ({what})")
    now = job_now(await current(bus))
    production = None if now == job.job_id else now
    await fill(bus, job, production, spool, tell)
    if settings and (rules := list((await rules_on(bus, settings)).values())):
        for side, run in ((OLD, production), (NEW, job.job_id)):
            async for alert in on_their_day(bus, settings, rules, run, spool.means):
                spool.due(side, alert.alert_id)
    comparison = compared(job, spool, each, samples)
    return Verdict(job, comparison, held_against(comparison, job.gates, job.waivers))


def held_against(
    comparison: Comparison, limits: ReplayGates, waivers: Sequence[Waiver]
) -> tuple[Gate, ...]:
    """Return the gates of a comparison."""
    return gates(comparison.found, limits, waivers, comparison.unaccounted.count)


def with_waivers(verdict: Verdict, waivers: Sequence[Waiver]) -> Verdict:
    """Return a verdict with gates waived. Raises `Usage` for one that nobody can waive."""
    can = sorted({gate.name for gate in verdict.gates} - {LOST})
    for waiver in waivers:
        if waiver.gate not in can:
            raise Usage(f"--waive {waiver.gate}: the gates that can be waived are {', '.join(can)}")
    named = {waiver.gate for waiver in waivers}
    kept = [each for each in verdict.job.waivers if each.gate not in named]
    job = verdict.job.model_copy(update={"waivers": (*kept, *waivers)})
    return Verdict(job, verdict.comparison, held_against(verdict.comparison, job.gates, job.waivers))


async def accept(bus: Bus, verdict: Verdict, by: str | None, now: datetime) -> Verdict:
    """Write that these differences are accepted. Raises `Usage` when a gate does not let them through."""
    if closed := [gate for gate in verdict.gates if not gate.open]:
        raise Usage("; ".join(refusal(gate) for gate in closed))
    state = ReplayState.ACCEPTED if verdict.job.state is ReplayState.DONE else verdict.job.state
    told = {"accepted_digest": verdict.comparison.digest, "accepted_by": by, "state": state}
    job = await jobs.put(bus, verdict.job.model_copy(update=told), now)
    return Verdict(job, verdict.comparison, verdict.gates)


def refusal(gate: Gate) -> str:
    """Return why a gate does not let a replay through, and what can be done."""
    told = f"gate {gate.name}: {gate.measured:g}, at most {gate.limit:g} allowed"
    if gate.name == LOST:
        return f"{told}; run the replay again, or see its dead letters: nobody can waive this"
    return f"{told}; let it pass by name: --waive {gate.name} --by NAME --why TEXT"
