"""compare: the difference between production and a replay, from their topics.

In order: the replay's raw topic tells which raw records are meant and not only context; then the enriched
events, refusals, dead letters, statements and assignments of both sides go into a spool, of each only what
is compared; then the spool gives both outcomes of one raw record after the other. Memory does not grow with
the number of articles. Production is what the view names: the first run, or a replay that was cut over to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

import orjson

from schemas.ids import digest
from streams import topics
from streams.bus.blank import taken_down
from streams.bus.burial import PREFIX
from streams.bus.envelope import read_headers
from streams.bus.scan import header, scan
from streams.core.replay.diff import KINDS, Diff, Difference
from streams.core.replay.facts import facts_of, packed, standing_of
from streams.core.replay.partition import PairCounts, compare
from streams.replay.spool import NEW, OLD, AlertCounts, Spool
from streams.topics import shadow, unshadowed

if TYPE_CHECKING:
    from schemas.replay_job import ReplayJob
    from streams.bus.interface import Bus, Record

MOST_NAMED: Final = 100
"""Raw records without an end that are named; `communique audit` has them all."""
_READ: Final = (topics.ENRICHED, topics.REFUSALS, topics.STATEMENTS, topics.ASSIGNMENTS)


@dataclass(slots=True)
class Unaccounted:
    """Raw records that the replay read and that came to no end: how many, the first, a hash of all."""

    count: int = 0
    named: list[str] = field(default_factory=list)
    hash: str = ""

    def take(self, origin: str) -> None:
        """Count one more."""
        self.count += 1
        self.hash = digest(self.hash, origin)
        if len(self.named) < MOST_NAMED:
            self.named.append(origin)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found."""

    job_id: str
    found: Diff
    clusters: PairCounts
    judged_otherwise: int
    unaccounted: Unaccounted
    alerts: AlertCounts

    @property
    def nothing(self) -> bool:
        """Tell whether both runs came to the same."""
        counts = (self.judged_otherwise, self.unaccounted.count, self.alerts.added, self.alerts.removed)
        return not (self.found.digest.strip("0") or any(counts)) and self.clusters.nothing

    @property
    def digest(self) -> str:
        """Return a hash of what differs between raw records' ends: what was accepted is known by it.

        What is compared at rest (clusters, judgements) is not in it: live articles move it on.
        """
        return digest("replay-diff", self.found.digest, self.unaccounted.hash)

    def as_dict(self) -> dict[str, object]:
        """Return it as `communique replay diff --json` prints it: first the articles' counts."""
        found = self.found
        return {
            "job_id": self.job_id, **counted(found.articles), "fields": dict(found.fields.most_common()),
            "statements": counted(found.statements),
            "statement_fields": dict(found.statement_fields.most_common()),
            "judged_otherwise": self.judged_otherwise, "mentions": counted(found.mentions),
            "clusters": asdict(self.clusters), "refusals": counted(found.refusals),
            "refusal_reasons": dict(found.reasons.most_common()),
            "dead_letters": counted(found.dead_letters), "alerts": self.alerts._asdict(),
            "unaccounted": self.unaccounted.named, "lost": self.unaccounted.count,
            "digest": self.digest,
        }


def counted(counter: Mapping[str, int]) -> dict[str, int]:
    """Return counts of every kind, 0 where there is none."""
    return {kind: counter.get(kind, 0) for kind in KINDS}


async def fill(
    bus: Bus, job: ReplayJob, production: str | None, spool: Spool, tell: Callable[[int], None]
) -> None:
    """Take into the spool what both runs left. `production`: the replay that it is, None: the first run."""
    async for records in scan(bus, [shadow(topics.RAW.name, job.job_id)], missing_ok=True):
        spool.mean(origin for record in records if (origin := meant(job, record)))
        tell(len(records))
    for side, run in ((OLD, production), (NEW, job.job_id)):
        names = [shadow(spec.name, run) for spec in _READ] + await dead_topics(bus, run)
        async for records in scan(bus, names, missing_ok=True):
            for record in records:
                _take(spool, side, record)
            tell(len(records))
    async for records in scan(bus, [topics.ALERTS.name], missing_ok=True):
        for record in records:
            _alert(spool, record)


def meant(job: ReplayJob, record: Record) -> str | None:
    """Return the origin of a record on a replay's raw topic, None when it is only context or taken back."""
    if taken_down(record):
        return None
    origin = read_headers(record.headers).get("ce_origin", "")
    topic, _, rest = origin.rpartition("-")
    _, _, partition = topic.rpartition("-")
    compared = partition.isdecimal() and rest.isdecimal() and job.compares(int(partition), int(rest))
    return origin if compared else None


async def dead_topics(bus: Bus, run: str | None) -> list[str]:
    """Return the dead letter topics of a run."""
    async with bus.admin() as admin:
        there = await admin.describe_topics()
    return sorted(name for name in there if name.endswith(".dlt") and topics.job_of(name) == run)


def compared(job: ReplayJob, spool: Spool, each: Callable[[Difference], None], wanted: int) -> Comparison:
    """Compare what the spool holds. `each` hears of every raw record whose outcomes differ."""
    found, unaccounted = Diff(wanted), Unaccounted()
    for ends in spool.each():
        told = found.take(ends.origin, ends.old, ends.new)
        if not ends.new.ended:
            unaccounted.take(ends.origin)
        if not told.nothing:
            each(told)
    clusters = compare(spool.cells(), spool.sizes(OLD), spool.sizes(NEW))
    return Comparison(job.job_id, found, clusters, spool.judged_otherwise(), unaccounted, spool.alerts())


def _take(spool: Spool, side: int, record: Record) -> None:
    name = unshadowed(record.topic)
    if name.endswith(".dlt"):
        _dead(spool, side, record)
    elif name == topics.ASSIGNMENTS.name:
        _place(spool, side, record)
    else:
        origin = read_headers(record.headers).get("ce_origin", "")
        if spool.means(origin):
            _event(spool, side, name, origin, record)


def _event(spool: Spool, side: int, name: str, origin: str, record: Record) -> None:
    if name == topics.STATEMENTS.name and record.value is None:
        spool.stands(side, (record.key or b"").decode("utf-8", "replace"), None)
        return
    body = orjson.loads(record.value or b"{}")
    if name == topics.ENRICHED.name:
        facts = facts_of(body)
        spool.enriched(side, origin, record.at, facts.article_id, packed(facts))
    elif name == topics.REFUSALS.name:
        spool.refused(side, origin, str(body.get("reason")))
    else:
        spool.stands(side, str(body.get("statement_id")), standing_of(body))


def _dead(spool: Spool, side: int, record: Record) -> None:
    topic = unshadowed(header(record, f"{PREFIX}topic") or "")
    origin = read_headers(record.headers).get("ce_origin")
    if origin is None and topic == topics.RAW.name:
        origin = "-".join(header(record, PREFIX + name) or "?" for name in ("topic", "partition", "offset"))
    if origin and spool.means(origin):
        spool.dead(side, origin, f"{header(record, f'{PREFIX}code') or '?'} {topic}")


def _alert(spool: Spool, record: Record) -> None:
    """Take in an alert of production over a raw record that is compared."""
    its = read_headers(record.headers).get("ce_origin", "")
    if record.value and not taken_down(record) and spool.means(its):
        body = orjson.loads(record.value)
        spool.alerted(str(body["alert_id"]), [str(each["statement_id"]) for each in body.get("evidence", ())])


def _place(spool: Spool, side: int, record: Record) -> None:
    article = (record.key or b"").decode("utf-8", "replace")
    body = orjson.loads(record.value) if record.value else None
    spool.placed(side, article, (str(body["cluster_id"]), str(body["canonical_id"])) if body else None)
