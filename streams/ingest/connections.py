"""connections: they are counted and may not dawdle, before aiohttp sees them.

aiohttp bounds a request's head in bytes, not in time: a client that sends a byte a minute would hold a
connection for ever. So each connection has a timer, from its beginning and from each answer on, that a
request's arrival at the handler stops. Over `most` connections the newest is closed at once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Connections:
    """Makes protocols for `loop.create_server`; `inner`, set before the first, makes aiohttp's."""

    inner: Callable[[], asyncio.Protocol] | None = None

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self.timers: dict[asyncio.BaseTransport, asyncio.TimerHandle] = {}

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of one connection."""
        assert self.inner is not None  # noqa: S101  # set before the server listens
        return _Guarded(self, self.inner())

    def full(self) -> bool:
        """Say whether no more connections are taken."""
        return len(self.timers) >= self._most

    def wait(self, transport: asyncio.BaseTransport, idle_seconds: float = 0) -> None:
        """Start the timer: a whole request head must come in time, after at most `idle_seconds` of silence.

        Silence itself aiohttp ends, in order.
        """
        self.began(transport)
        loop = asyncio.get_running_loop()
        self.timers[transport] = loop.call_later(idle_seconds + self._seconds, _abort, transport)

    def began(self, transport: asyncio.BaseTransport | None) -> None:
        """Stop the timer: a request is in hand."""
        if transport is not None and (timer := self.timers.get(transport)) is not None:
            timer.cancel()

    def gone(self, transport: asyncio.BaseTransport) -> None:
        """Forget a connection."""
        self.began(transport)
        self.timers.pop(transport, None)


def _abort(transport: asyncio.BaseTransport) -> None:
    if isinstance(transport, asyncio.Transport):
        transport.abort()


class _Guarded(asyncio.Protocol):
    """Hands everything on to aiohttp's protocol."""

    def __init__(self, gate: Connections, inner: asyncio.Protocol) -> None:
        self._gate, self._inner = gate, inner
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take it, or close it when there are too many."""
        if self._gate.full():
            _abort(transport)
            return
        self._transport = transport
        self._gate.wait(transport)
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._gate.gone(self._transport)
            self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._transport is not None:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._transport is not None else None

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
