"""standing: where articles stand, from the topics or from a file of `communique process`: for people who ask.

An article is asked for by its id or the id of a cluster, current or gone, or by the first digits of one. The
id of a cluster is made of its canonical's id, so one that is gone is that of an article which has another
canonical now: nothing has to be remembered for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from schemas.ids import cluster_id
from streams import topics
from streams.bus.blank import taken_down
from streams.bus.scan import scan
from streams.bus.views import at_rest, current

if TYPE_CHECKING:
    from streams.bus.interface import Bus, Record

Body = dict[str, Any]

FEWEST_DIGITS = 4
"""Of an id; fewer may mean too many."""


@dataclass(slots=True)
class Standings:
    """Places by article id (as `Assignment`), and enriched events by article id, of those that were read."""

    places: dict[str, Body] = field(default_factory=dict)
    articles: dict[str, Body] = field(default_factory=dict)

    def take(self, body: Body) -> None:
        """Take an enriched event in; the greatest revision of an article stays."""
        known = self.articles.get(body["article_id"])
        if known is None or known["dedup"]["revision"] <= body["dedup"]["revision"]:
            self.articles[body["article_id"]] = body

    def found(self, asked: str) -> list[str]:
        """Return the articles that an id means: whole ids first, else by first digits; sorted."""
        for meant in (str.__eq__, str.startswith if len(asked) >= FEWEST_DIGITS else str.__eq__):
            named = {a for a in self.places if meant(a, asked) or meant(cluster_id(a), asked)}
            if named:
                return sorted(named)
        return []

    def members(self, cluster: str) -> list[str]:
        """Return the articles of a cluster, the canonical first, then by id."""
        inside = [article for article, place in self.places.items() if place["cluster_id"] == cluster]
        return sorted(inside, key=lambda article: (self.places[article]["canonical_id"] != article, article))


def of_events(lines: Iterable[bytes]) -> Standings:
    """Return the standings that enriched events tell, as `communique process` prints them at rest."""
    known = Standings()
    for line in lines:
        body = orjson.loads(line)
        if "dedup" in body:
            known.take(body)
    for article, body in known.articles.items():
        part_of = [m["article_id"] for m in body["dedup"]["matches"] if m["relation"] == "part_of"]
        known.places[article] = {"article_id": article, **body["dedup"], "part_of": part_of}
    return known


async def of_topics(bus: Bus, asked: Collection[str]) -> Standings:
    """Return all places on the topics, and the enriched events of the clusters of what is asked for.

    Of what several runs have, a run that production was moved to later counts.
    """
    known, view = Standings(), await current(bus)
    for name in at_rest(view, topics.ASSIGNMENTS.name):
        async for records in scan(bus, [name], missing_ok=True):
            for record in records:
                if record.key is not None:
                    _place(known, record)
    wanted = {article for one in asked for article in known.found(one)}
    clusters = {known.places[article]["cluster_id"] for article in wanted}
    wanted |= {article for article, place in known.places.items() if place["cluster_id"] in clusters}
    for name in at_rest(view, topics.ENRICHED.name):
        run = Standings()
        async for records in scan(bus, [name], missing_ok=True):
            for record in records:
                if record.value and (record.key or b"").decode() in wanted and not taken_down(record):
                    run.take(orjson.loads(record.value))
        known.articles |= run.articles
    return known


def _place(known: Standings, record: Record) -> None:
    article = (record.key or b"").decode()
    if record.value:
        known.places[article] = orjson.loads(record.value)
    else:
        known.places.pop(article, None)
