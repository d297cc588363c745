"""load: put articles on the raw topic, each once, and say what became of each.

A record's `ce_id` is the hash of its body, so the same article read from the same place is the same event
wherever and whenever it is loaded. What the topic already holds is left out when it is cheap to know
(`known_ids`); either way the audit knows repeats by their id. Returns when everything sent is acknowledged.
A failure of the bus is raised after what could be acknowledged was: loading the same files again carries
on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from schemas.envelope import DeliveryMode
from schemas.ids import digest
from schemas.raw_article import RawArticle
from schemas.registry import type_name
from streams import topics
from streams.bus.errors import TooLarge
from streams.bus.scan import header, scan
from streams.core.cleaning.dates import PRODUCER, candidate
from streams.ingest.found import Article, Bad, Doubt

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from streams.bus.interface import Bus, Headers, Producer
    from streams.ingest.found import Found

CHEAP_RECORDS: Final = 50_000
"""A raw topic with more records is not read through before loading.

On the embedded log 44,000 articles of 5 kB are read in a second.
"""

_UNIX_DIGITS: Final = (9, 10, 12, 13)
"""Of the seconds or milliseconds since 1970, from 1973 to 2286."""

_IN_FLIGHT: Final = 1000
"""Records sent before their acknowledgement is awaited."""


@dataclass(slots=True)
class Counts:
    """What became of the articles read."""

    read: int = 0
    sent: int = 0
    known: int = 0
    """Left out: the topic holds the same event, or it came twice in this load."""
    bad: int = 0
    undated: int = 0
    """Have a `published` that is no date; they go in, and count as articles without one."""
    left_out: int = 0
    """Files of a folder whose kind is not known; hidden files are not counted."""

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


async def known_ids(bus: Bus, limit: int | None = CHEAP_RECORDS) -> set[str] | None:
    """Return the `ce_id`s that the raw topic holds.

    None when it has more than `limit` records (None: no limit).
    """
    async with bus.admin() as admin:
        ends = await admin.end_offsets([topics.RAW.name])
        held = sum(ends.values()) - sum((await admin.beginning_offsets([topics.RAW.name])).values())
    if limit is not None and held > limit:
        return None
    found: set[str] = set()
    async for records in scan(bus, [topics.RAW.name]):
        found.update(each for record in records if (each := header(record, "ce_id")))
    return found


def raw_record(article: RawArticle, mode: DeliveryMode) -> tuple[bytes | None, bytes, Headers]:
    """Return key, body and headers of an article's raw record. The body leaves out what is null."""
    body = article.model_dump_json(exclude_none=True).encode()
    headers: list[tuple[str, bytes]] = [
        ("ce_id", digest("raw", body.decode()).encode()),
        ("ce_type", type_name(RawArticle).encode()),
        ("ce_source", b"/communique/ingest"),
        ("ce_specversion", b"1.0"),
        ("content-type", b"application/json"),
    ]
    if mode is not DeliveryMode.LIVE:
        headers.append(("ce_deliverymode", mode.value.encode()))
    key = article.url or article.source_id
    return (key.encode() if key else None), body, tuple(headers)


def undated(found: Article) -> Doubt | None:
    """Return the doubt about an article whose `published` clean will not take for a date; None: no doubt."""
    given = found.article.published
    if given is None or not given.strip() or candidate(given, PRODUCER):
        return None
    unix = given.strip().isdigit() and len(given.strip()) in _UNIX_DIGITS
    what = "looks like a Unix time, which is not read" if unix else "is no date"
    return Doubt(found.where, f"published {what}: write it as 2018-02-14T12:00:00Z or 2018-02-14")


async def load(
    found: AsyncIterator[list[Found]],
    producer: Producer,
    mode: DeliveryMode,
    known: set[str] | None,
    tell: Callable[[Counts, Bad | Doubt | None], None],
) -> Counts:
    """Send every article of `found` that is not in `known` (None: all).

    Call `tell` after each, with what was bad or in doubt.

    `producer` is started; it is flushed before this returns and every 1,000 records. Raises `BusError`.
    """
    counts, flushed = Counts(), 0
    async for some in found:
        for each in some:
            counts.read += 1
            bad = each if isinstance(each, Bad) else await _send(each, producer, mode, known, counts)
            counts.bad += bad is not None
            doubt = None if bad or isinstance(each, Bad) else undated(each)
            counts.undated += doubt is not None
            tell(counts, bad or doubt)
        if counts.sent - flushed >= _IN_FLIGHT:
            await producer.flush()
            flushed = counts.sent
    await producer.flush()
    return counts


async def _send(
    found: Article, producer: Producer, mode: DeliveryMode, known: set[str] | None, counts: Counts
) -> Bad | None:
    key, body, headers = raw_record(found.article, mode)
    ce_id = headers[0][1].decode()
    if known is not None and ce_id in known:
        counts.known += 1
        return None
    try:
        await producer.send(topics.RAW.name, body, key=key, headers=headers)
    except TooLarge as error:
        return Bad(found.where, str(error))
    if known is not None:
        known.add(ce_id)
    counts.sent += 1
    return None
