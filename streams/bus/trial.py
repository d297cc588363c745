"""trial: a record that was in hand when its worker died is tried alone, in a child process that may die.

The child is the worker's own program with `--alone AGENT`: it reads one record from standard input, as `pack`
writes it, runs that agent's step on it with empty tables and a sender that sends nowhere, and ends with 0
whatever the step made of it. It has the worker's limits of time only: `guard.child_timeout_seconds`, models
to load included.

Fails in two cases: a record that kills only together with what is in the tables (the guard buries it after
more deaths), and a record that kills by taking more memory than the machine has (the kernel may pick another
process).
"""

from __future__ import annotations

import asyncio
import base64
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson

from streams.bus.interface import Record

if TYPE_CHECKING:
    from collections.abc import Sequence


def pack(record: Record) -> bytes:
    """Return a record as one line of JSON, bytes in base64."""
    return orjson.dumps({
        "at": [record.topic, record.partition, record.offset, record.timestamp_ms],
        "key": _text(record.key),
        "value": _text(record.value),
        "headers": [[name, _text(value)] for name, value in record.headers],
    })


def unpack(line: bytes) -> Record:
    """Return the record that `pack` wrote."""
    packed = orjson.loads(line)
    headers = tuple((name, _bytes(value)) for name, value in packed["headers"])
    topic, partition, offset, timestamp_ms = packed["at"]
    return Record(topic, partition, offset, timestamp_ms, _bytes(packed["key"]), _bytes(packed["value"]), headers)


def _text(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _bytes(text: str | None) -> Any:  # noqa: ANN401  # None only where `pack` had None
    return None if text is None else base64.b64decode(text)


class ChildTrial:
    """Starts `command` + [AGENT] for a record; True when it ends with 0 in time."""

    def __init__(self, command: Sequence[str], timeout_seconds: float) -> None:
        self._command = command
        self._timeout_seconds = timeout_seconds

    async def __call__(self, agent: str, record: Record) -> bool:
        """See `streams.bus.door.Trial`."""
        child = await asyncio.create_subprocess_exec(
            *self._command, agent, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            await asyncio.wait_for(child.communicate(pack(record)), self._timeout_seconds)
        except TimeoutError:
            return False
        finally:
            await _end(child)
        return child.returncode == 0


async def _end(child: asyncio.subprocess.Process) -> None:
    """End the child's own process group, whatever is left of it."""
    if child.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()
