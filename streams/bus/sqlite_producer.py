"""The producer of the embedded log.

What is sent within one turn of the event loop is one job of the writer. A future is done after the COMMIT.
Only a failure of the record itself (unknown topic, too large) fails alone; when the file cannot be written,
all records of that turn fail.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from streams.bus.errors import BusError
from streams.bus.sqlite_append import Outgoing, now_ms
from streams.bus.sqlite_wake import settle
from streams.bus.sqlite_writer import Job, Pen, Writer, tell

if TYPE_CHECKING:
    from streams.bus.interface import Headers, RecordMetadata

    Answer = asyncio.Future[RecordMetadata]


class SqliteProducer:
    """Implements `interface.Producer`."""

    def __init__(self, writer: Writer, *, durable: bool = False) -> None:
        self._writer = writer
        self._durable = durable
        self._waiting: list[tuple[Outgoing, Answer]] = []
        self._bytes = 0
        self._unanswered: set[Answer] = set()
        self._failure: BaseException | None = None
        self._started = False

    async def start(self) -> None:
        """Open the log, made when it is not there."""
        if not self._started:
            await asyncio.to_thread(self._writer.start)
            self._started = True

    async def stop(self) -> None:
        """Write what is buffered, then close."""
        if self._started:
            self._started = False
            self._ship()
            if self._unanswered:
                await asyncio.wait(self._unanswered)
            await asyncio.to_thread(self._writer.stop)

    async def send(  # aiokafka's own signature
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> Answer:
        """Queue one record; the future is done when it is committed."""
        if not self._started:
            message = "this producer is not started"
            raise BusError(message)
        loop = asyncio.get_running_loop()
        answer: Answer = loop.create_future()
        stamp = now_ms() if timestamp_ms is None else timestamp_ms
        if not self._waiting:
            loop.call_soon(self._ship)
        self._waiting.append((Outgoing(topic, partition, stamp, key, value, headers), answer))
        self._bytes += len(value or b"")
        return answer

    async def flush(self) -> None:
        """Wait until everything sent is committed; raise the first failure since the last flush."""
        self._ship()
        if self._unanswered:
            await asyncio.wait(self._unanswered)
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _ship(self) -> None:
        if not self._waiting:
            return
        batch, self._waiting = self._waiting, []
        size, self._bytes = self._bytes, 0
        records = [record for record, _ in batch]
        answers = [answer for _, answer in batch]
        loop = asyncio.get_running_loop()
        last = answers[-1]  # jobs are done in order: who waits for the last has waited for all
        self._unanswered.add(last)

        def work(pen: Pen) -> object:
            return pen.records.append(records)

        def done(results: object) -> None:
            tell(loop, lambda: self._answer(answers, results))

        self._writer.put(Job(work, done, durable=self._durable, bytes=size))

    def _answer(self, answers: list[Answer], results: object) -> None:
        each = results if isinstance(results, list) else [results] * len(answers)
        for answer, result in zip(answers, each, strict=True):
            if isinstance(result, BaseException) and self._failure is None:
                self._failure = result
            settle(answer, result)
            if answer.done() and not answer.cancelled():
                answer.exception()  # `flush` reports it: no "never retrieved" for who does not await each
        self._unanswered.discard(answers[-1])

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()
