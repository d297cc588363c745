"""site: a web site on loopback, as bad as asked for: a page a path, each with what it says and how.

    async with Site({"/feed": Page(b"<rss>…")}) as site:
        …                       # fetch site.url + "/feed"
        site.asked              # paths, in order; robots.txt apart

`pages` may be changed while it runs; a page may be a function of the request's headers. A path that is not
there is 404.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self, TypeAlias

from streams.testing.listening import Listening

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
        """Return its URL without a path."""
        return f"http://{self.host}:{self.port}"

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        await self._listening.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Cut every connection and stop."""
        await self._listening.stop()

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._serve(reader, writer)
        finally:
            self.at_once -= 1

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
