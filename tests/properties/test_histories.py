"""200 lives of the dedup stage: real agents, any interleaving, crashes between any two writes. 2,000 by
`python -m streams.testing.histories --count 2000`."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from dataclasses import replace

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from streams import topics
from streams.testing import histories
from streams.testing.histories import Plan, plan_of, registers, simulate, wrong
from streams.testing.sim_worker import changelog_of

STAGE = registers("dedup")

plans = st.builds(
    Plan,
    seed=st.integers(0, 2**32), partitions=st.integers(1, 3), shards=st.integers(1, 4), chunk=st.integers(1, 8),
    atomic=st.booleans(), articles=st.integers(1, 24), steps=st.sampled_from([0, 20, 100]),
    every=st.sampled_from([0, 15, 60, 200]), lateness_hours=st.sampled_from([None, None, 1.0, 10.0]),
)


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(plans)
def test_nothing_is_lost_and_the_truth_at_rest_is_that_of_an_undisturbed_run(plan):
    simulation, want = simulate(plan, STAGE)
    note(f"replay: wrong(*simulate({plan}, registers('dedup')))")
    note("\n".join(simulation.told))
    assert wrong(simulation, want) == []


def everything(simulation):
    return {str(at): records for at, records in simulation.log.records.items()}


def test_the_same_seed_gives_the_same_history():
    first, second = (simulate(plan_of(17), STAGE)[0] for _ in range(2))
    assert first.faults > 0
    assert first.told == second.told
    assert everything(first) == everything(second)


def test_histories_are_not_idle():
    simulations = [simulate(plan_of(seed), STAGE)[0] for seed in range(30)]
    assert sum(s.faults for s in simulations) > 100
    assert any(len(s.log.all(topics.ENRICHED.name)) > len(s.log.all(topics.RAW.name)) for s in simulations), "repeats"
    assert any(s.log.all(topics.TAGGED.dead_letters) for s in simulations)


def test_with_bounded_lateness_the_index_forgets():
    plan = replace(plan_of(3), lateness_hours=1.0, articles=24)
    simulation, want = simulate(plan, STAGE)
    written = simulation.log.all(changelog_of("dedup", topics.INDEX.name))
    assert any(record.value is None for record in written)
    assert wrong(simulation, want) == []


def test_a_failing_seed_is_printed_and_the_exit_code_is_1(monkeypatch):
    monkeypatch.setattr(histories, "wrong", lambda simulation, want: ["something"] if simulation.seed == 4 else [])
    out = io.StringIO()
    with redirect_stdout(out):
        code = histories.main(["--count", "3", "--seed", "3"])
    assert code == 1
    assert "seed 4: 1 things wrong, first: something" in out.getvalue()
    assert "histories=3 failed=1" in out.getvalue()
