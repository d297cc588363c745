"""reader: documents are read in a child process that may be killed: what takes too long or dies is no feed.

feedparser's patterns take quadratic time on some texts (an author of 200,000 letters and an `@`), and a
parser in C may crash: neither may stop the visits. The child has bounded memory and serves until it
is killed.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Final

from streams.core.feeds.document import document
from streams.core.feeds.entry import Document, Named, NotAFeed, named

_MEMORY_BYTES: Final = 3 << 30
_CONTEXT: Final = multiprocessing.get_context("spawn")


def _serve(ours: Connection) -> None:
    """Read what is sent, until there is nobody to answer."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    while True:
        try:
            body, url, headers = ours.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            found = document(body, url, headers)
            ours.send((found, named(found.entries, found.home)))
        except NotAFeed as error:
            ours.send(str(error))
        except Exception as error:  # noqa: BLE001  # a parser's bug on somebody's text: told, not raised
            ours.send(f"unreadable: {type(error).__name__}")


class Reader:
    """One child; one document at a time."""

    __slots__ = ("_child", "_ours", "_seconds", "_turn")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._child: BaseProcess | None = None
        self._ours: Connection | None = None
        self._turn = asyncio.Lock()

    async def read(
        self, body: bytes, url: str, headers: Mapping[str, str]
    ) -> tuple[Document, list[Named]]:
        """Return what a document says, and its entries by name.

        Raises `NotAFeed`, also when reading takes longer than it may.
        """
        async with self._turn:
            found = await asyncio.to_thread(self._ask, body, url, dict(headers))
        if isinstance(found, str):
            raise NotAFeed(found)
        return found

    def _ask(self, body: bytes, url: str, headers: dict[str, str]) -> tuple[Document, list[Named]] | str:
        if self._child is None or self._ours is None or not self._child.is_alive():
            self._start()
        assert self._ours is not None  # noqa: S101  # just made
        try:
            self._ours.send((body, url, headers))
            if self._ours.poll(self._seconds):
                found: tuple[Document, list[Named]] | str = self._ours.recv()
                return found
        except (EOFError, OSError):
            self.close()
            return "unreadable: reading it crashed"
        self.close()
        return f"unreadable: reading it takes longer than {self._seconds:g} s"

    def _start(self) -> None:
        self.close()
        self._ours, theirs = _CONTEXT.Pipe()
        self._child = _CONTEXT.Process(target=_serve, args=(theirs,), daemon=True, name="feeds-reader")
        self._child.start()
        theirs.close()

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child.join()
            self._child = None
        if self._ours is not None:
            self._ours.close()
            self._ours = None
