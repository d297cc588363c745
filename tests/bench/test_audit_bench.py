"""The bench of the audit, small."""

from __future__ import annotations

from streams.bench.audit import bench


def test_the_audit_of_a_log_written_straight_holds_and_says_what_it_takes():
    found = bench(2000)
    assert (found["raw"], found["holds"]) == (2000, True)
    assert found["megabytes"] > 0
