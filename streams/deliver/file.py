"""file: a notification as one JSON line, on disk before it counts as delivered (fsync).

A process killed between the line and its note of it writes the line again: with the same `data.id`. A line
that was cut by a crash is ended before the next one begins, so a reader meets at most one line that is no
JSON.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from streams.deliver.notification import Channel, Failed, Kind, Notification, Opening, Sent


class FileOptions(BaseModel):
    """Where the lines go."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path = Field(description="The file; made with its folder when it is not there.")


@dataclass(frozen=True, slots=True)
class FileChannel:
    """Appends to a file; it is opened for each line, so it may be moved away at any time."""

    path: Path

    async def send(self, notification: Notification) -> Sent | Failed:
        """Append one line and wait until it is on disk."""
        try:
            await asyncio.to_thread(_append, self.path, notification.body)
        except OSError as error:
            return Failed(f"file: {os.strerror(error.errno or 0)}")
        return Sent()

    async def close(self) -> None:
        """Nothing stays open."""


def _append(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    place = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        size = os.fstat(place).st_size
        whole = not size or os.pread(place, 1, size - 1) == b"\n"
        line = (b"" if whole else b"\n") + body + b"\n"
        while line:
            line = line[os.write(place, line):]
        os.fsync(place)
    finally:
        os.close(place)


def _open(options: BaseModel, opening: Opening) -> Channel:
    del opening
    assert isinstance(options, FileOptions)  # noqa: S101  # the registry pairs them
    return FileChannel(options.path)


KIND = Kind(FileOptions, _open)
