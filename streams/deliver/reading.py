"""reading: alerts from the bus into the outbox; what is no alert into the dead letters.

In order: a batch from the consumer; each record decoded; what cannot be is a dead letter; the rest goes into
the outbox in one transaction; then the dead letters are acknowledged; then the position moves. Killed
anywhere, the batch comes again, and the outbox knows what it has.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from schemas.alert import Alert
from streams.bus import codec
from streams.bus.blank import taken_down
from streams.bus.burial import dead_letter, death_of
from streams.bus.durable import writing
from streams.bus.envelope import of_event
from streams.core.outcome import Permanent
from streams.deliver.intake import Heard, Intake
from streams.observe import logging, metrics
from streams.stages import DELIVER
from streams.topics import ALERTS

if TYPE_CHECKING:
    from streams.bus.codec import Limits
    from streams.bus.interface import Consumer, Producer, Record

_POLL_MS: Final = 500
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads until it is cancelled. `arrived` is called after each batch that had something."""

    consumer: Consumer
    producer: Producer
    store: sqlite3.Connection
    intake: Intake
    limits: Limits
    now: Callable[[], float]
    arrived: Callable[[], None]

    async def run(self) -> None:
        """Read and take, again and again. Raises `BusError`: then the process ends and starts anew."""
        while True:
            found = await self.consumer.getmany(timeout_ms=_POLL_MS, max_records=_BATCH)
            for partition, records in found.items():
                await self.take(records)
                await self.consumer.commit({partition: records[-1].offset + 1})
            if not found:
                await asyncio.sleep(0)

    async def take(self, records: list[Record]) -> None:
        """Take records of one partition: durable in the outbox, or in the dead letters, when this returns."""
        heard = []
        for record in records:
            if taken_down(record):
                continue
            try:
                heard.append(self._heard(record))
            except Permanent as error:
                await self._bury(record, error)
        with writing(self.store):
            new = self.intake.take(heard)
        await self.producer.flush()
        metrics.of(DELIVER, DELIVER).records.inc(len(records))
        if new:
            self.arrived()

    def _heard(self, record: Record) -> Heard:
        event = codec.decode(record.value, Alert, self.limits)
        if not isinstance(event, Alert) or record.value is None:
            raise Permanent("SCHEMA", "no alert")
        return Heard(event, record.value, of_event(record), record.timestamp_ms / 1000)

    async def _bury(self, record: Record, error: Permanent) -> None:
        first = datetime.fromtimestamp(self.now(), UTC)
        death = death_of(error, error.code, attempts=1, first_failure=first)
        letter = dead_letter(record, death, DELIVER, ALERTS.dead_letters)
        await self.producer.send(
            letter.topic, letter.value, key=letter.key, headers=letter.headers, partition=letter.partition)
        metrics.of(DELIVER, DELIVER).buried(record.topic, error.code)
        logging.get(DELIVER).warning("buried", code=error.code, at=record.at)
