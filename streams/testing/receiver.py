"""receiver: a webhook's other end on loopback, as bad as asked for: refuses, hangs, drips, pours, cuts off.

    async with Receiver(lambda call: Answer(503, after="120")) as receiver:
        …                       # post to receiver.url
        receiver.taken          # what came whole and was answered, or was meant to be

Plain asyncio, no HTTP library: it may do to a connection what no library would. It counts connections, also
those that say nothing: a trap needs no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

from streams.testing.listening import Listening

_PART: Final = b"x" * 65_536


class How(StrEnum):
    """What it does with a call."""

    ANSWER = "answer"
    CUT_AT_ONCE = "cut_at_once"          # before anything is read
    CUT_UNANSWERED = "cut_unanswered"    # after the whole call was read, and counts as taken
    CUT_ANSWER = "cut_answer"            # in the middle of the status line
    HANG = "hang"                        # takes the call, says nothing
    DRIP = "drip"                        # a byte of the header now and then
    POUR = "pour"                        # 200 and bytes without end
    POUR_HEADERS = "pour_headers"        # headers without end


_TAKES: Final = (How.ANSWER, How.CUT_UNANSWERED, How.CUT_ANSWER, How.POUR)


@dataclass(frozen=True, slots=True)
class Answer:
    """How a call is answered. `after`: a Retry-After header; `location`: a Location header."""

    status: int = 200
    how: How = How.ANSWER
    after: str | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it came."""

    number: int
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Receiver:
    """Listens on loopback. `answer` is asked with each call, first with an empty one (`CUT_AT_ONCE`)."""

    answer: Callable[[Call], Answer] = lambda _call: Answer()
    host: str = "127.0.0.1"
    connections: int = 0
    poured: int = 0
    """Bytes that the kernel took of what it poured."""
    calls: list[Call] = field(default_factory=list)
    taken: list[Call] = field(default_factory=list)
    """Calls that were read whole and answered 2xx, or cut after that."""
    _listening: Listening = field(init=False)

    def __post_init__(self) -> None:
        """Be ready to listen."""
        self._listening = Listening(self._met, self.host)

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return self._listening.port

    @property
    def url(self) -> str:
        """Return the URL to post to."""
        return f"http://{self.host}:{self.port}/hook"

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        await self._listening.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Cut every connection and stop."""
        await self._listening.stop()

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._serve(reader, writer)
        finally:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = self.connections
        if self.answer(Call(number, {}, b"")).how is How.CUT_AT_ONCE:
            return
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in head[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        call = Call(number, headers, await reader.readexactly(int(headers.get("content-length", "0"))))
        self.calls.append(call)
        await self._answer(call, writer)

    async def _answer(self, call: Call, writer: asyncio.StreamWriter) -> None:
        answer = self.answer(call)
        if 200 <= answer.status < 300 and answer.how in _TAKES:
            self.taken.append(call)
        head = f"HTTP/1.1 {answer.status} Told\r\n"
        head += f"Retry-After: {answer.after}\r\n" if answer.after else ""
        head += f"Location: {answer.location}\r\n" if answer.location else ""
        match answer.how:
            case How.ANSWER:
                body = "" if answer.status in {204, 304} else "Content-Length: 2\r\n"
                writer.write(f"{head}{body}\r\n{'ok' if body else ''}".encode())
                await writer.drain()
            case How.CUT_ANSWER:
                writer.write(head[:9].encode())
                await writer.drain()
            case How.HANG:
                await asyncio.sleep(3600)
            case How.DRIP:
                await self._drip(head, writer)
            case How.POUR:
                await self._pour(f"{head}Content-Length: 10000000000\r\n\r\n".encode(), _PART, writer)
            case How.POUR_HEADERS:
                await self._pour(head.encode(), b"X-More: " + b"y" * 4000 + b"\r\n", writer)
            case _:
                return

    async def _drip(self, head: str, writer: asyncio.StreamWriter) -> None:
        for letter in head * 1000:
            writer.write(letter.encode())
            await writer.drain()
            await asyncio.sleep(0.2)

    async def _pour(self, head: bytes, part: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(part)
            await writer.drain()
            self.poured += len(part)
