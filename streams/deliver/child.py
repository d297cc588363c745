"""child: one program for one notification: JSON on its standard input, bounded in time and output.

No shell. It has a session of its own, and what it started dies with it. Exit code 0: delivered; 75: try again
later, as any other code; its output is read up to `MOST_BYTES` and thrown away.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from typing import Final

from streams.deliver.notification import Failed, Sent

MOST_BYTES: Final = 65_536
GONE_SECONDS: Final = 5.0
"""How long a killed program is waited for: what left its session may hold its output open for ever."""
KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""Of the environment, a child has these and what its channel names: not our secrets."""


async def run(
    argv: Sequence[str], given: bytes, seconds: float, environment: Mapping[str, str]
) -> Sent | Failed:
    """Run a program; what it says on its output is not kept. Never raises OSError."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT, env=dict(environment), start_new_session=True)
    except (OSError, ValueError) as error:
        return Failed(f"command: {type(error).__name__}")
    try:
        code = await asyncio.wait_for(_talk(process, given), seconds)
    except TimeoutError:
        return Failed("command: timeout")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(_gone(process), GONE_SECONDS)
    if code is None:
        return Failed("command: talks too much")
    return Failed(f"command: exit {code}") if code else Sent()


async def _gone(process: asyncio.subprocess.Process) -> None:
    """Wait for a killed program.

    Its output is read to the end: asyncio's `wait` waits for the pipes too, and one whose reading was paused,
    because nobody took what came, never ends.
    """
    while process.stdout and await process.stdout.read(MOST_BYTES):
        pass
    await process.wait()


async def _talk(process: asyncio.subprocess.Process, given: bytes) -> int | None:
    """Return the exit code, None when it wrote more than is read."""
    writing = asyncio.create_task(_write(process, given))
    try:
        heard = 0
        while process.stdout and (part := await process.stdout.read(8192)):
            heard += len(part)
            if heard > MOST_BYTES:
                return None
        return await process.wait()
    finally:
        writing.cancel()


async def _write(process: asyncio.subprocess.Process, given: bytes) -> None:
    if process.stdin is None:
        return
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(given)
        await process.stdin.drain()
        process.stdin.close()


def environment_of(environment: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """Return the part of an environment that a child is given."""
    return {name: environment[name] for name in (*KEPT, *names) if name in environment}
