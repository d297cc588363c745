"""The oracle: what must hold at the end of every history, read from the topics alone. Each check returns what is wrong.

The audit of DESIGN §5, the law of §3, and that a repeat is the same bytes. `Expected` is what an undisturbed run gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from streams import topics
from streams.bus.burial import PREFIX
from streams.bus.envelope import read_headers
from streams.core.audit import Fate, FateKind, Ledger, Report
from streams.core.dedup.cluster import matched
from streams.core.dedup.forest import Forest
from streams.core.dedup.stirred import Stirred, truth
from streams.core.outcome import Placed
from schemas.cluster import Assignment, ClusterChange, ClusterEvent
from schemas.dedup_state import StirredCluster

if TYPE_CHECKING:
    from streams.bus.interface import Record
    from streams.testing.sim_bus import SimLog

Rest = dict[str, dict[str, Any]]
"""What stands at rest on a compacted topic: key → body."""

AS_OF = {topics.CLUSTERS.name: ("kind", "from"), topics.ENRICHED.name: ("dedup", "completeness")}
"""Fields that say what was known at the time: they may differ between two runs."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the topics must hold in the end: assignments, clusters, and the edges of the match graph as (version, other)."""

    assignments: Rest
    clusters: Rest
    edges: frozenset[tuple[str, str, str]]

    @classmethod
    def of(cls, forest: Forest) -> Expected:
        """Return what a forest says."""
        clusters = tuple(StirredCluster(canonical_id=c, kind=ClusterChange.OPENED) for c in sorted(forest.members))
        events = [o.event for o in truth(Stirred(tuple(sorted(forest.canonical)), clusters), forest) if isinstance(o, Placed)]
        return cls(
            {e.article_id: e.model_dump(mode="json", by_alias=True) for e in events if isinstance(e, Assignment)},
            {e.cluster_id: _without(e.model_dump(mode="json", by_alias=True), "kind", "from") for e in events if isinstance(e, ClusterEvent)},
            frozenset(
                (article_id, version, match.article_id)
                for article_id, versions in forest.graph.versions.items() for version in versions
                for match in matched(article_id, version, forest)
            ),
        )


def _without(body: dict[str, Any], *fields: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in fields}


def at_rest(log: SimLog, topic: str) -> Rest:
    """Return the latest body of each key of a compacted topic, without its as-of fields; tombstones take a key out."""
    latest: dict[str, bytes | None] = {}
    for record in log.all(topic):
        latest[(record.key or b"").decode()] = record.value
    return {key: _without(orjson.loads(value), *AS_OF.get(topic, ())) for key, value in sorted(latest.items()) if value is not None}


def audit(log: SimLog) -> Report:
    """Return the audit of a history that has come to its end: nothing is on its way."""
    ledger = Ledger()
    for record in log.all(topics.RAW.name):
        ledger.raw(record.topic, record.partition, record.offset)
    for kind, name in ((FateKind.REFUSED, topics.REFUSALS.name), (FateKind.ENRICHED, topics.ENRICHED.name)):
        for record in log.all(name):
            found = read_headers(record.headers)
            ledger.fate(Fate(kind, found["ce_origin"], found["ce_id"]))
    for topic in log.topics():
        for record in log.all(topic) if topic.endswith(".dlt") else ():
            ledger.fate(_death(record))
    return ledger.report()


def _death(record: Record) -> Fate:
    told = {name.removeprefix(PREFIX): value.decode() for name, value in record.headers if name.startswith(PREFIX)}
    at = f"{told['topic']}-{told['partition']}-{told['offset']}"
    shard = told["topic"] == topics.SKETCHES.name
    origin = at if told["topic"] == topics.RAW.name else read_headers(record.headers).get("ce_origin", at)
    return Fate(FateKind.DEAD_SHARD if shard else FateKind.DEAD, origin, at)


def losses(log: SimLog) -> Iterator[str]:
    """Yield every raw record without a fate, or with two."""
    report = audit(log)
    yield from (f"lost: {origin}" for origin in report.lost)
    yield from (f"doubled: {origin}" for origin in report.doubled)


def repeats(log: SimLog) -> Iterator[str]:
    """Yield every enriched event that came twice with different bytes, as-of fields aside, and every revision given twice."""
    bodies: dict[str, dict[str, Any]] = {}
    last: dict[str, dict[str, Any]] = {}
    for record in log.all(topics.ENRICHED.name):
        found, body = read_headers(record.headers), orjson.loads(record.value or b"{}")
        told = _without(body, *AS_OF[topics.ENRICHED.name])
        if bodies.setdefault(found["ce_id"], told) != told:
            yield f"not the same at a repeat: {found['ce_origin']}"
        last[found["ce_origin"]] = body
    given: dict[tuple[str, int], str] = {}
    for origin, body in last.items():
        known = given.setdefault((body["article_id"], body["dedup"]["revision"]), origin)
        if known != origin:
            yield f"revision {body['dedup']['revision']} of {body['article_id']} given to {known} and {origin}"


def strangers(log: SimLog, expected: Expected) -> Iterator[str]:
    """Yield every match named in an enriched event that is no edge of the final graph."""
    for record in log.all(topics.ENRICHED.name):
        body = orjson.loads(record.value or b"{}")
        for match in body["dedup"]["matches"]:
            if (body["article_id"], body["version"], match["article_id"]) not in expected.edges:
                yield f"{body['article_id']} matches {match['article_id']}, which is no edge"


def differences(log: SimLog, expected: Expected) -> Iterator[str]:
    """Yield every key of assignments and clusters that does not stand as expected."""
    for topic, want in ((topics.ASSIGNMENTS.name, expected.assignments), (topics.CLUSTERS.name, expected.clusters)):
        found = at_rest(log, topic)
        for key in sorted({*found, *want}):
            if found.get(key) != want.get(key):
                yield f"{topic} {key}: {found.get(key)} instead of {want.get(key)}"


def left_over(log: SimLog, changelog: str, but: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield every key that a table still holds, as its changelog tells; `but` are those that may be there."""
    for key in at_rest_keys(log, changelog):
        if key not in but:
            yield f"left in {changelog}: {key}"


def at_rest_keys(log: SimLog, changelog: str) -> list[str]:
    """Return the keys that a changelog holds in the end."""
    latest: dict[tuple[int, bytes], bytes | None] = {}
    for record in log.all(changelog):
        latest[record.partition, record.key or b""] = record.value
    return sorted(key.decode() for (_, key), value in latest.items() if value is not None)
