"""The oracle: what must hold at the end of every history, read from the topics. Checks yield what is wrong.

The audit, the law of what stands at rest (docs/adr/0006), and that a repeat is the same bytes. `Expected` is
what an undisturbed run gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from schemas.cluster import Assignment, ClusterChange, ClusterEvent
from schemas.dedup_state import StirredCluster
from streams import topics
from streams.bus.envelope import claim_of, read_headers
from streams.bus.fates import fate_of
from streams.core.audit import Ledger
from streams.core.audit_report import Report
from streams.core.dedup.cluster import matched
from streams.core.dedup.forest import Forest
from streams.core.dedup.stirred import Stirred, truth
from streams.core.outcome import Placed

if TYPE_CHECKING:
    from streams.testing.sim_bus import SimLog

Body = dict[str, Any]
Rest = dict[str, Body]
"""What stands at rest on a compacted topic: key → body."""

AS_OF = {topics.CLUSTERS.name: ("kind", "from"), topics.ENRICHED.name: ("dedup", "completeness"),
         topics.STATEMENTS.name: ("revision", "former_proposition_ids", "cluster_id")}
"""Fields that say what was known at the time: they may differ between two runs."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the topics must hold in the end; `edges` are (article, version, other article)."""

    assignments: Rest
    clusters: Rest
    edges: frozenset[tuple[str, str, str]]

    @classmethod
    def of(cls, forest: Forest) -> Expected:
        """Return what a forest says."""
        clusters = (StirredCluster(canonical_id=c, kind=ClusterChange.OPENED) for c in sorted(forest.members))
        everything = Stirred(tuple(sorted(forest.canonical)), tuple(clusters))
        events = [output.event for output in truth(everything, forest) if isinstance(output, Placed)]
        assignments = {e.article_id: _json(e) for e in events if isinstance(e, Assignment)}
        held = {e.cluster_id: _json(e) for e in events if isinstance(e, ClusterEvent)}
        clusters_at_rest = {key: _without(body, topics.CLUSTERS.name) for key, body in held.items()}
        return cls(assignments, clusters_at_rest, frozenset(_edges(forest)))


def _json(event: Assignment | ClusterEvent) -> Body:
    return event.model_dump(mode="json", by_alias=True)


def _edges(forest: Forest) -> Iterator[tuple[str, str, str]]:
    for article_id, versions in forest.graph.versions.items():
        for version in versions:
            yield from ((article_id, version, m.article_id) for m in matched(article_id, version, forest))


def _without(body: Body, topic: str) -> Body:
    return {name: value for name, value in body.items() if name not in AS_OF.get(topic, ())}


def latest(log: SimLog, topic: str) -> dict[str, bytes]:
    """Return the latest value of each key of a topic; tombstones take a key out."""
    found = {(record.partition, record.key or b""): record.value for record in log.all(topic)}
    return {key.decode(): value for (_, key), value in sorted(found.items()) if value is not None}


def at_rest(log: SimLog, topic: str) -> Rest:
    """Return the latest body of each key of a compacted topic, without its as-of fields."""
    return {key: _without(orjson.loads(value), topic) for key, value in latest(log, topic).items()}


def audit(log: SimLog) -> Report:
    """Return the audit of a history that has come to its end: nothing is on its way."""
    ledger = Ledger()
    for record in log.all(topics.RAW.name):
        ledger.raw(record.topic, record.partition, record.offset, is_copy=claim_of(record) is not None)
    dead = [name for name in log.topics() if name.endswith(".dlt")]
    for name in (topics.REFUSALS.name, topics.ENRICHED.name, *dead):
        for record in log.all(name):
            if fate := fate_of(record):
                ledger.fate(fate)
    return ledger.report()


def losses(log: SimLog) -> Iterator[str]:
    """Yield every raw record without a fate, or with two."""
    report = audit(log)
    yield from (f"lost: {origin}" for origin in report.lost)
    yield from (f"doubled: {origin}" for origin in report.doubled)


def repeats(log: SimLog) -> Iterator[str]:
    """Yield every enriched event that came again with other bytes, as-of fields aside."""
    known: dict[str, Body] = {}
    for record in log.all(topics.ENRICHED.name):
        found = read_headers(record.headers)
        told = _without(orjson.loads(record.value or b"{}"), topics.ENRICHED.name)
        if known.setdefault(found["ce_id"], told) != told:
            yield f"not the same at a repeat: {found['ce_origin']}"


def revisions(log: SimLog) -> Iterator[str]:
    """Yield every article whose events are not numbered each another number, and number 1 new.

    The last event of each origin counts.
    """
    last: dict[str, Body] = {}
    for record in log.all(topics.ENRICHED.name):
        last[read_headers(record.headers)["ce_origin"]] = orjson.loads(record.value or b"{}")
    given: dict[str, list[tuple[int, bool]]] = {}
    for body in last.values():
        dedup = body["dedup"]
        given.setdefault(body["article_id"], []).append((dedup["revision"], dedup["is_new_article"]))
    for article_id, found in sorted(given.items()):
        numbers = [number for number, _ in found]
        if len(set(numbers)) < len(numbers) or any(new != (number == 1) for number, new in found):
            yield f"revisions of {article_id}: {sorted(found)}"


def strangers(log: SimLog, expected: Expected) -> Iterator[str]:
    """Yield every match named in an enriched event that is no edge of the final graph."""
    for record in log.all(topics.ENRICHED.name):
        body = orjson.loads(record.value or b"{}")
        for match in body["dedup"]["matches"]:
            if (body["article_id"], body["version"], match["article_id"]) not in expected.edges:
                yield f"{body['article_id']} matches {match['article_id']}, which is no edge"


def differences(log: SimLog, expected: Expected) -> Iterator[str]:
    """Yield every key of assignments and clusters that does not stand as expected."""
    wanted = {topics.ASSIGNMENTS.name: expected.assignments, topics.CLUSTERS.name: expected.clusters}
    for topic, want in wanted.items():
        found = at_rest(log, topic)
        for key in sorted({*found, *want}):
            if found.get(key) != want.get(key):
                yield f"{topic} {key}: {found.get(key)} instead of {want.get(key)}"


def left_over(log: SimLog, changelog: str) -> Iterator[str]:
    """Yield every key that a table still holds, as its changelog tells."""
    yield from (f"left in {changelog}: {key}" for key in latest(log, changelog))
