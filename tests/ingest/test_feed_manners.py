"""What is remembered of hosts is bounded: a feed may name any number of them below its own."""

from __future__ import annotations

from streams.core.web.target import Allowed
from streams.ingest.feeds.manners import Manners
from streams.ingest.feeds.store import open_store
from streams.web.fetch import Fetched

DAY = 86_400
RULES = b"User-agent: *\nDisallow: /private"


class Sites:
    def __init__(self):
        self.asked = 0

    async def get(self, url, _limits):
        self.asked += 1
        return Fetched(url, 200, {}, RULES)


async def test_of_many_hosts_few_rules_are_held_and_none_is_asked_twice_a_day(tmp_path, monkeypatch):
    monkeypatch.setattr("streams.ingest.feeds.manners._SITES", 8)
    sites, at = Sites(), [1_800_000_000.0]
    manners = Manners(open_store(tmp_path / "feeds.db"), sites, Allowed(), 0, lambda: at[0])
    urls = [f"https://h{number}.news.example/a" for number in range(24)]
    for _ in range(2):
        for url in urls:
            async with manners.turn(url):
                await manners.admit(url)
            manners.failed(url, None)
    assert (sites.asked, len(manners._rules)) == (24, 8)
    at[0] += 9 * DAY
    async with manners.turn(urls[0]):
        manners.tidy()
    left = manners.store.execute("SELECT (SELECT count(*) FROM robots) + (SELECT count(*) FROM rests)").fetchone()[0]
    assert (left, len(manners._next), len(manners._turns)) == (0, 1, 1)
