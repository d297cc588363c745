"""walk: everything the topics know of one article: its raw records, and for each what came of it, hop by hop.

An article is named by its id (or the first digits of it, at least six), its URL, the caller's own id
(`source_id`), or the place of one of its raw records. Two passes: first to find its raw records (origins),
then to gather what carries them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import orjson

from streams import topics
from streams.audit.dead import DeadLetter, letter_of
from streams.bus.envelope import origin_of_raw, read_headers
from streams.bus.scan import scan
from streams.bus.views import at_rest, current
from streams.core.replay.view import runs_at_rest

if TYPE_CHECKING:
    from schemas.view import View
    from streams.bus.interface import Bus, Record

HOPS: Final = (
    topics.RAW,
    topics.CLEAN,
    topics.TAGGED,
    topics.SKETCHES,
    topics.MATCHES,
    topics.ANSWERS,
    topics.ENRICHED,
)
LEAST_ID_CHARS: Final = 6


@dataclass(slots=True)
class Walk:
    """One raw record's walk; `records` by topic, in order of the log."""

    origin: str
    records: dict[str, list[Record]] = field(default_factory=dict)
    refusals: list[Record] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)

    def last(self, topic: str) -> dict[str, object] | None:
        """Return the body of a topic's latest record, None when there is none or it is no JSON object."""
        found = self.records.get(topic)
        return _body(found[-1]) if found else None

    @property
    def fate(self) -> str:
        """Return how it ended: enriched, refused, dead letter, or on its way."""
        if topics.ENRICHED.name in self.records:
            return "enriched"
        if self.refusals:
            return "refused"
        return "dead letter" if self.dead else "on its way"


@dataclass(slots=True)
class Known:
    """All that is known of an article: a walk for each raw record, and where it stands at rest."""

    walks: list[Walk]
    assignment: dict[str, object] | None = None
    cluster: dict[str, object] | None = None


async def find(bus: Bus, name: str) -> Known:
    """Return what the topics know of the article `name`; no walks when they know nothing."""
    origins = await _origins(bus, name)
    if not origins:
        return Known([])
    view = await current(bus)
    walks: dict[str, Walk] = {}
    for run in runs_at_rest(view):
        for origin, walk in (await _walked(bus, run, origins)).items():
            raw = walks[origin].records.get(topics.RAW.name) if origin in walks else None
            if raw is None or walk.fate != "on its way":
                walks[origin] = walk
                walk.records |= {topics.RAW.name: raw} if raw else {}
    known = Known(sorted(walks.values(), key=_when))
    await _at_rest(bus, view, known)
    return known


async def _walked(bus: Bus, run: str | None, origins: set[str]) -> dict[str, Walk]:
    """Return the walks of raw records in one run; the raw record itself is the first run's."""
    walks = {origin: Walk(origin) for origin in origins}
    hops = [spec for spec in (*HOPS, topics.REFUSALS) if run is None or spec is not topics.RAW]
    searched = [*(topics.shadow(spec.name, run) for spec in hops), *await _dead(bus, run)]
    async for records in scan(bus, searched, missing_ok=True):
        for record in records:
            if walk := walks.get(_origin(record)):
                _put(walk, record)
    return walks


async def _dead(bus: Bus, run: str | None = None) -> list[str]:
    async with bus.admin() as admin:
        there = await admin.describe_topics()
    return sorted(name for name in there if name.endswith(".dlt") and topics.job_of(name) == run)


def _when(walk: Walk) -> tuple[int, str]:
    raw = walk.records.get(topics.RAW.name)
    return (raw[0].timestamp_ms if raw else 0, walk.origin)


def _origin(record: Record) -> str:
    """Return a record's origin; a raw record, alive or dead, is its own, a redriven one's is the first's."""
    if record.topic == topics.RAW.name:
        return origin_of_raw(record)
    if record.topic == topics.RAW.dead_letters:
        return letter_of(record).origin or ""
    return read_headers(record.headers).get("ce_origin", "")


def _put(walk: Walk, record: Record) -> None:
    topic = topics.unshadowed(record.topic)
    if topic == topics.REFUSALS.name:
        walk.refusals.append(record)
    elif record.topic.endswith(".dlt"):
        walk.dead.append(letter_of(record))
    else:
        walk.records.setdefault(topic, []).append(record)


async def _origins(bus: Bus, name: str) -> set[str]:
    """Return the origins of the raw records that `name` means, in whatever way it means them."""
    searched = [topics.RAW.name, topics.CLEAN.name, topics.REFUSALS.name, *await _dead(bus)]
    found: set[str] = set()
    async for records in scan(bus, searched, missing_ok=True):
        found.update(_origin(record) for record in records if _named(record, name))
    return found - {""}


def _named(record: Record, name: str) -> bool:
    origin = _origin(record)
    if name in {origin, record.at}:
        return True
    article = read_headers(record.headers).get("ce_correlationid", "")
    if len(name) >= LEAST_ID_CHARS and article.startswith(name):
        return True
    if record.value is None or not (_quoted(name) in record.value or b"\\" in record.value):
        return False
    body = _body(record) or {}
    return name in {body.get("url"), body.get("source_id"), body.get("article_id")}


def _quoted(name: str) -> bytes:
    """Return `name` as it stands inside our JSON.

    A body without it, and without escapes, need not be parsed.
    """
    return orjson.dumps(name)[1:-1]


def _body(record: Record) -> dict[str, object] | None:
    try:
        body = orjson.loads(record.value or b"null")
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


async def _at_rest(bus: Bus, view: View, known: Known) -> None:
    """Add the article's latest assignment and that of its cluster; a later run's, where it has one."""
    articles = {
        str(body["article_id"])
        for walk in known.walks
        if (body := walk.last(topics.CLEAN.name)) and "article_id" in body
    }
    for name in at_rest(view, topics.ASSIGNMENTS.name):
        async for records in scan(bus, [name], missing_ok=True):
            for record in records:
                if (record.key or b"").decode("utf-8", "replace") in articles:
                    known.assignment = _body(record)
    if not known.assignment:
        return
    for name in at_rest(view, topics.CLUSTERS.name):
        async for records in scan(bus, [name], missing_ok=True):
            for record in records:
                if (record.key or b"").decode("utf-8", "replace") == known.assignment.get("cluster_id"):
                    known.cluster = _body(record)
