"""sending: what waits in `queue` goes to the raw topic, in order, and leaves the queue when the bus has it.

A kill between the acknowledgement and the deletion sends an article again, byte for byte: the same `ce_id`.
So the first sending of a process leaves out what the topic holds already, as far as that is cheap to know.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from schemas.envelope import DeliveryMode
from schemas.raw_article import RawArticle
from streams import topics
from streams.bus.durable import Store, writing
from streams.bus.errors import TooLarge
from streams.ingest.known import known_ids
from streams.ingest.load import raw_record
from streams.observe import metrics

if TYPE_CHECKING:
    from streams.bus.interface import Bus, Producer

_AT_ONCE: Final = 200


@dataclass(slots=True)
class Sending:
    """Sends; one at a time."""

    store: Store
    bus: Bus
    producer: Producer
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _known: set[str] | None = None
    _looked: bool = False

    async def send(self) -> int:
        """Send all that is ready; return how many articles. Raises `BusError`: nothing is lost by it."""
        number = 0
        async with self._turn:
            while rows := self.store.execute(
                "SELECT qid, fid, body, mode FROM queue WHERE body IS NOT NULL ORDER BY qid LIMIT ?",
                (_AT_ONCE,),
            ).fetchall():
                if not self._looked:
                    self._known, self._looked = await known_ids(self.bus), True
                number += await self._some([tuple(row) for row in rows])
            self._known, self._looked = None, True
        return number

    async def _some(self, rows: list[tuple[int, int, bytes, str]]) -> int:
        lost = []
        for qid, fid, body, mode in rows:
            key, value, headers = raw_record(RawArticle.model_validate_json(body), DeliveryMode(mode))
            if self._known and headers[0][1].decode() in self._known:
                continue
            try:
                await self.producer.send(topics.RAW.name, value, key=key, headers=headers)
            except TooLarge:
                lost.append((qid, fid))
        await self.producer.flush()
        self._sent(rows, lost)
        return len(rows) - len(lost)

    def _sent(self, rows: list[tuple[int, int, bytes, str]], lost: list[tuple[int, int]]) -> None:
        gone = {qid for qid, _fid in lost}
        with writing(self.store):
            self.store.executemany("DELETE FROM queue WHERE qid = ?", [(row[0],) for row in rows])
            self.store.executemany(
                "UPDATE feeds SET sent = sent + 1 WHERE fid = ?",
                [(row[1],) for row in rows if row[0] not in gone])
            self.store.executemany(
                "UPDATE feeds SET lost = lost + 1 WHERE fid = ?", [(fid,) for _, fid in lost])
        metrics.FEED_ENTRIES.labels("sent").inc(len(rows) - len(lost))
