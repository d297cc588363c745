"""pump: read in a thread, so that a slow file or a terminal never holds up what is being sent.

The thread is a daemon and bounded to a few chunks ahead: when the reader of the chunks stops, it is left
where it stands.
"""

from __future__ import annotations

import asyncio
import threading
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

T = TypeVar("T")

_AHEAD: Final = 4


async def pump(items: Iterator[T], chunk: int) -> AsyncIterator[list[T]]:
    """Yield the items in lists of `chunk`, the last one shorter. What reading raises is raised here."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[list[T] | BaseException | None] = asyncio.Queue()
    room = threading.Semaphore(_AHEAD)

    def put(value: list[T] | BaseException | None) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, value)

    def feed() -> None:
        """Read ahead, in the thread."""
        try:
            while room.acquire() and (some := list(islice(items, chunk))):
                put(some)
            put(None)
        except BaseException as error:  # noqa: BLE001  # handed to the reader, which raises it
            put(error)

    threading.Thread(target=feed, daemon=True, name="ingest-reader").start()
    while (got := await queue.get()) is not None:
        if isinstance(got, BaseException):
            raise got
        room.release()
        yield got
