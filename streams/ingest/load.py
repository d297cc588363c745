"""load: put articles on the raw topic, each once, and say what became of each.

A record's `ce_id` is the hash of its body, so the same article read from the same place is the same event
wherever and whenever it is loaded. What is known to be there is left out (`known`); either way the audit
knows repeats by their id. Returns when everything sent is acknowledged. A failure of the bus is raised after
what could be acknowledged was: loading the same files again carries on, where the checkpoint says.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

from schemas.envelope import DeliveryMode
from schemas.ids import digest
from schemas.raw_article import RawArticle
from schemas.registry import type_name
from streams import topics
from streams.bus.errors import TooLarge
from streams.core.cleaning.dates import PRODUCER, candidate
from streams.ingest.checkpoint import Checkpoint
from streams.ingest.found import Article, Bad, Doubt, Passed

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import AsyncIterator, Awaitable, Callable

    from streams.bus.interface import Headers, Producer, RecordMetadata
    from streams.ingest.found import Found
    from streams.ingest.known import Known
    from streams.ingest.sources import Place

_UNIX_DIGITS: Final = (9, 10, 12, 13)
"""Of the seconds or milliseconds since 1970, from 1973 to 2286."""

_IN_FLIGHT: Final = 1000
_IN_FLIGHT_BYTES: Final = 16 * 1024 * 1024
"""Records, and their bytes, sent before their acknowledgement is awaited."""


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
    """Records of archives that are no pages; files of a folder whose kind is not known, hidden ones aside."""

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


def raw_record(
    article: RawArticle, mode: DeliveryMode, job: str | None = None
) -> tuple[bytes | None, bytes, Headers]:
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
    if job is not None:
        headers.append(("ce_replayjobid", job.encode()))
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


async def at_once() -> None:
    """Let the next article go without a wait."""


@dataclass(frozen=True, slots=True)
class Sending:
    """How articles are sent.

    `known` None: all; `admitted` is awaited before each is sent; `job` names the load in every record.
    """

    producer: Producer
    mode: DeliveryMode
    tell: Callable[[Counts, Bad | Doubt | Passed | None], None]
    known: Known | None = None
    job: str | None = None
    admitted: Callable[[], Awaitable[None]] = at_once
    checkpoint: Checkpoint | None = None


async def load(found: AsyncIterator[list[tuple[Place, Found]]], sending: Sending) -> Counts:
    """Send every article of `found` that is not known; tell of each thing what was bad or in doubt.

    The producer is started; it is flushed before this returns, and every 1,000 records or 16 MB. Raises
    `BusError`; what was acknowledged is then noted in the checkpoint.
    """
    run = _Run(sending)
    async for some in found:
        for place, each in some:
            await run.take(each)
            run.place, run.done = place, each.done
            if run.unflushed >= _IN_FLIGHT or run.unflushed_bytes >= _IN_FLIGHT_BYTES:
                await run.flush()
    await run.flush()
    if sending.checkpoint is not None:
        sending.checkpoint.clear()
    return run.counts


@dataclass(slots=True)
class _Run:
    sending: Sending
    counts: Counts = field(default_factory=Counts)
    place: Place | None = None
    done: int = 0
    unflushed: int = 0
    unflushed_bytes: int = 0
    last: tuple[str, Future[RecordMetadata]] | None = None

    async def take(self, each: Found) -> None:
        """Send it, or count why not."""
        self.counts.read += 1
        note: Bad | Doubt | Passed | None = None
        match each:
            case Passed():
                self.counts.left_out += 1
                note = each
            case Bad():
                note = each
            case Article():
                note = await self._send(each) or undated(each)
        self.counts.bad += isinstance(note, Bad)
        self.counts.undated += isinstance(note, Doubt)
        self.sending.tell(self.counts, note)

    async def _send(self, found: Article) -> Bad | None:
        how = self.sending
        key, body, headers = raw_record(found.article, how.mode, how.job)
        ce_id = headers[0][1].decode()
        if how.known is not None and ce_id in how.known:
            self.counts.known += 1
            return None
        await how.admitted()
        try:
            future = await how.producer.send(topics.RAW.name, body, key=key, headers=headers)
        except TooLarge as error:
            return Bad(found.where, str(error), found.done)
        self.last = (ce_id, future)
        if how.known is not None:
            how.known.add(ce_id)
        self.counts.sent += 1
        self.unflushed += 1
        self.unflushed_bytes += len(body)
        return None

    async def flush(self) -> None:
        """Wait until everything is acknowledged, then note where the load is."""
        await self.sending.producer.flush()
        self.unflushed = self.unflushed_bytes = 0
        if self.sending.checkpoint is not None and self.place is not None:
            last = None if self.last is None else (self.last[0], await self.last[1])
            self.sending.checkpoint.note(self.place, self.done, last)
