"""A log to archive, and a program that archives it and dies at a chosen point.

    python archive_programs.py LOG DIES_AT     run `archive run --until-drained`, kill -9 at the DIES_AT-th system call of note
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from streams.archive.process import Archiving
from streams.bus.connect import connect
from streams.settings import Settings
from streams.topics import RAW

DAY_MS = 86_400_000
T0 = 1_700_000_000_000


def settings_of(state: Path, **archive: object) -> Settings:
    return Settings(state=state, topics={"partitions": 2}, archive={"file_bytes": 1500, **archive})


async def make_topic(settings: Settings) -> None:
    async with connect(settings).admin() as admin:
        await admin.create_topic(RAW.name, settings.topics.partitions, {"retention.ms": "-1", "max.message.bytes": "1000000"})


async def put(settings: Settings, rows: list[tuple[int, bytes | None, bytes | None, tuple, int]]) -> None:
    """Write records: partition, key, value, headers, timestamp."""
    async with connect(settings).producer(client_id="test") as producer:
        for partition, key, value, headers, stamp in rows:
            await producer.send(RAW.name, value, key=key, headers=headers, partition=partition, timestamp_ms=stamp)
        await producer.flush()


def rows(count: int, start: int = 0) -> list[tuple]:
    """Records of every kind: articles, tombstones, broken bytes, headers, empty and null, over two days."""
    found = []
    for n in range(start, start + count):
        value = {0: None, 1: b"\xff\x00 broken", 2: b""}.get(n % 7, b'{"url": "https://e.org/%d", "content": "%s"}' % (n, b"text " * (n % 50)))
        key = None if n % 5 == 0 else b"" if n % 5 == 1 else b"https://e.org/%d" % n
        headers = (("ce_id", b"%d" % n), ("x", b"\x00\xff"), ("ce_id", b"")) if n % 3 == 0 else ()
        found.append((n % 2, key, value, headers, T0 + n * DAY_MS // 40))
    return found


async def archive(settings: Settings, warnings: list[str] | None = None) -> int:
    stopping = asyncio.Event()
    told = warnings if warnings is not None else []
    run = Archiving(connect(settings), settings, time.monotonic, stopping, lambda _p, _n: None, told.append)
    return await run.run(until_drained=True)


def die_at(point: int) -> None:
    """Let this process be killed at the point-th fsync, rename, unlink or write of a file of the archive, before or after it."""
    seen = 0

    def watched(call, real):
        def made(*args, **kwargs):
            nonlocal seen
            for after in (False, True):
                seen += 1
                if after:
                    result = real(*args, **kwargs)
                if seen == point:
                    os.kill(os.getpid(), signal.SIGKILL)
            return result
        return made

    for name in ("fsync", "write"):
        setattr(os, name, watched(name, getattr(os, name)))
    Path.rename = watched("rename", Path.rename)
    Path.unlink = watched("unlink", Path.unlink)


if __name__ == "__main__":
    state, point = sys.argv[1:]
    die_at(int(point))
    asyncio.run(archive(settings_of(Path(state))))
