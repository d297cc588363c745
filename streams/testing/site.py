"""site: a web site on loopback, as bad as asked for: a page a path, each with what it says and how.

    async with Site({"/feed": Page(b"<rss>…")}) as site:
        …                       # fetch site.url + "/feed"
        site.asked              # paths, in order; robots.txt apart

`pages` may be changed while it runs; a page may be a function of the request's headers. A path that is not
there is 404.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self, TypeAlias

_DRIP_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Page:
    """What a path answers. `says`: the length it claims, None: the true one; `drip`: a byte at a time."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    says: int | None = None
    drip: bool = False
    hang: bool = False
    endless: bool = False


Pages: TypeAlias = "dict[str, Page | Callable[[Mapping[str, str]], Page]]"


@dataclass(slots=True)
class Site:
    """Listens on a loopback address."""

    pages: Pages
    host: str = "127.0.0.1"
    asked: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    robots: int = 0
    at_once: int = 0
    most_at_once: int = 0
    _server: asyncio.Server | None = None
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        if self._server is None:
            raise RuntimeError("not started")
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """Return its URL without a path."""
        return f"http://{self.host}:{self.port}"

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._met, self.host, 0)
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Cut every connection and stop."""
        if self._server is not None:
            self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            self._open.add(task)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            self.at_once -= 1
            if task:
                self._open.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        path = head[0].split(" ")[1]
        pairs = (line.partition(":") for line in head[1:])
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        if path == "/robots.txt":
            self.robots += 1
        else:
            self.asked.append(path)
            self.headers.append(headers)
        found = self.pages.get(path, Page(b"", 404))
        await self._answer(found if isinstance(found, Page) else found(headers), writer)

    async def _answer(self, page: Page, writer: asyncio.StreamWriter) -> None:
        if page.hang:
            await asyncio.sleep(3600)
        length = len(page.body) if page.says is None else page.says
        lines = [f"HTTP/1.1 {page.status} Told", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in page.headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        for at in range(len(page.body)) if page.drip else ():
            writer.write(page.body[at : at + 1])
            await writer.drain()
            await asyncio.sleep(_DRIP_SECONDS)
        if not page.drip:
            writer.write(page.body)
        while page.endless:
            writer.write(b" " * 65_536)
            await writer.drain()
        await writer.drain()
