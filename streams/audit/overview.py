"""overview: what became of each raw record, one row each, from the topics.

For a log small enough to be read at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from streams import topics
from streams.audit.dead import letter_of
from streams.bus.envelope import origin_of_raw, read_headers
from streams.bus.scan import scan

if TYPE_CHECKING:
    from streams.bus.interface import Bus, Record


@dataclass(slots=True)
class Row:
    """One raw record. `cluster_id` and `role` are the truth at rest; unknown is None."""

    origin: str
    timestamp_ms: int
    source: str | None = None
    headline: str | None = None
    outlet: str | None = None
    published: str | None = None
    article_id: str | None = None
    cluster_id: str | None = None
    role: str | None = None
    mentions: int | None = None
    fate: str = "on its way"


async def overview(bus: Bus) -> list[Row]:
    """Return a row for each raw record, in order of their timestamps."""
    rows: dict[str, Row] = {}
    async for records in scan(bus, [topics.RAW.name]):
        for record in records:
            rows.setdefault(origin_of_raw(record), _row(record))
    async for records in scan(bus, [topics.ENRICHED.name, topics.REFUSALS.name], missing_ok=True):
        for record in records:
            if row := rows.get(read_headers(record.headers).get("ce_origin", "")):
                _fate(row, record)
    await _dead(bus, rows)
    await _at_rest(bus, rows)
    return sorted(rows.values(), key=lambda row: (row.timestamp_ms, row.origin))


def _object(value: bytes | None) -> dict[str, object]:
    try:
        found = orjson.loads(value or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str | None:
    return str(value) if value is not None else None


def _row(record: Record) -> Row:
    body = _object(record.value)
    source = body.get("url") or body.get("source_id")
    return Row(
        record.at,
        record.timestamp_ms,
        _text(source),
        _text(body.get("headline")),
        _text(body.get("outlet")),
        _text(body.get("published")),
    )


def _fate(row: Row, record: Record) -> None:
    body = _object(record.value)
    if record.topic == topics.REFUSALS.name:
        row.fate = f"refused: {body.get('reason')}"
        return
    row.fate = "enriched"
    row.headline = _text(body.get("headline")) or row.headline
    row.article_id = _text(body.get("article_id"))
    outlet, published, mentions = body.get("outlet"), body.get("published"), body.get("mentions")
    if isinstance(outlet, dict):
        row.outlet = _text(outlet.get("name") or outlet.get("domain")) or row.outlet
    if isinstance(published, dict):
        row.published = _text(published.get("value"))
    row.mentions = len(mentions) if isinstance(mentions, list) else None


async def _dead(bus: Bus, rows: dict[str, Row]) -> None:
    async for records in scan(bus, [spec.dead_letters for spec in topics.TOPICS], missing_ok=True):
        for record in records:
            letter = letter_of(record)
            row = rows.get(letter.origin or "")
            if row and row.fate == "on its way":
                row.fate = f"dead: {letter.code}"


async def _at_rest(bus: Bus, rows: dict[str, Row]) -> None:
    latest: dict[str, dict[str, object]] = {}
    async for records in scan(bus, [topics.ASSIGNMENTS.name], missing_ok=True):
        for record in records:
            latest[(record.key or b"").decode("utf-8", "replace")] = _object(record.value)
    for row in rows.values():
        if row.article_id and (found := latest.get(row.article_id)):
            row.cluster_id, row.role = _text(found.get("cluster_id")), _text(found.get("role"))
