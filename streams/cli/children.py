"""children: one worker process, from start to exit.

Its lines go to whoever listens, its end is its exit code.

A child has a session of its own, so that Ctrl-C reaches the supervisor alone, which then stops the children
in order. If the supervisor is killed, Linux sends SIGTERM to its children (`PR_SET_PDEATHSIG`, prctl(2)):
they drain, commit and go.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Callable, Mapping, Sequence

_PR_SET_PDEATHSIG: Final = 1
_LINE_BYTES: Final = 1 << 20
"""A longer line of a child is cut into several."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One process of a stage; ordinals of a stage count from 0."""

    stage: str
    ordinal: int

    @property
    def name(self) -> str:
        """Return `stage-ordinal`."""
        return f"{self.stage}-{self.ordinal}"


@dataclass(slots=True)
class Child:
    """A running worker."""

    worker: Worker
    process: Process

    def terminate(self) -> None:
        """Ask it to drain, commit and go; nothing when it has gone."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it and the processes it started, at once; nothing when it has gone."""
        self._send(signal.SIGKILL)

    def _send(self, what: signal.Signals) -> None:
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                # not asyncio's send_signal: it polls, and takes the exit code of one that has just ended
                os.kill(self.process.pid, what)

    async def ended(self, heard: Callable[[Worker, str, str], None]) -> int:
        """Pass on its lines as `heard(worker, "stdout" | "stderr", line)` and return its exit code.

        Minus a signal's number.
        """
        await asyncio.gather(
            *(
                self._pump(name, stream, heard)
                for name, stream in (("stdout", self.process.stdout), ("stderr", self.process.stderr))
                if stream
            )
        )
        return await self.process.wait()

    async def _pump(
        self, name: str, stream: asyncio.StreamReader, heard: Callable[[Worker, str, str], None]
    ) -> None:
        while line := await _line(stream):
            heard(self.worker, name, line.decode("utf-8", "replace").rstrip("\n"))


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readuntil(b"\n")
    except asyncio.IncompleteReadError as end:
        return end.partial
    except asyncio.LimitOverrunError:
        return await stream.read(_LINE_BYTES)


async def start(worker: Worker, command: Sequence[str], environment: Mapping[str, str]) -> Child:
    """Start a worker. Raises OSError when the command cannot be run."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        limit=_LINE_BYTES,
        preexec_fn=_follow_parent(),
    )
    return Child(worker, process)


def _follow_parent() -> Callable[[], None] | None:
    """Return what the child does before it becomes the worker: nothing where there is no prctl."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
