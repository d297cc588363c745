"""Ten years as a backfill through the live alert agent and deliver: nobody is paged, and the list is whole."""

from __future__ import annotations

from streams.bench.past_alerts import measure


async def test_ten_years_of_backfill_page_nobody_and_are_listed(tmp_path):
    report = await measure(600, tmp_path)
    assert report.holds
    assert (report.alerts, report.notifications, report.listed) == (0, 0, report.expected)
    assert report.expected > 20
