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

from streams.bus import codec
from streams.bus.clock import system_clock
from streams.bus.connect import connect
from streams.bus.door import AgentBus
from streams.bus.fatal import die
from streams.bus.interface import Record, RecordMetadata
from streams.bus.standing import Followed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, MutableMapping, Sequence

    from streams.bus.interface import Headers
    from streams.settings import Settings
    from streams.topics import TableSpec


_PLACE = ("topic", "partition", "offset", "timestamp_ms")


def pack(record: Record) -> bytes:
    """Return a record as one line of JSON, bytes in base64."""
    return orjson.dumps({
        "at": [getattr(record, name) for name in _PLACE],
        "key": _text(record.key),
        "value": _text(record.value),
        "headers": [[name, _text(value)] for name, value in record.headers],
    })


def unpack(line: bytes) -> Record:
    """Return the record that `pack` wrote."""
    packed = orjson.loads(line)
    headers = tuple((name, _bytes(value)) for name, value in packed["headers"])
    at = dict(zip(_PLACE, packed["at"], strict=True))
    return Record(**at, key=_bytes(packed["key"]), value=_bytes(packed["value"]), headers=headers)


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


class _Event:
    """One record as an event, its own message."""

    def __init__(self, record: Record) -> None:
        self.value = (record,)
        self.message = record


class _Stream:
    """A stream of one event."""

    def __init__(self, record: Record) -> None:
        self._record = record

    async def events(self) -> AsyncIterator[_Event]:
        """Give the one event."""
        yield _Event(self._record)


class _Nowhere:
    """A sender that forgets."""

    atomic = True

    async def send(  # the bus interface's own shape
        self, topic: str, value: bytes | None, *, key: bytes | None = None,  # noqa: ARG002
        headers: Headers = (), partition: int | None = None,  # noqa: ARG002
    ) -> asyncio.Future[RecordMetadata]:
        """Forget."""
        future: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        future.set_result(RecordMetadata(topic, partition or 0, 0))
        return future


class _Empty:
    """Tables that start empty."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, int], dict[bytes, bytes]] = {}

    def partition(self, spec: TableSpec, partition: int) -> MutableMapping[bytes, bytes]:
        """Return a dictionary, the same one for the same partition."""
        return self._held.setdefault((spec.name, partition), {})


class _App:
    """Catches what `register` would give to Faust."""

    def __init__(self) -> None:
        self.agents: list[Any] = []

    def agent(self, channel: object, **options: object) -> Callable[[Any], Any]:  # noqa: ARG002
        """Keep the agent's function."""
        return lambda fun: self.agents.append(fun) or fun  # type: ignore[func-returns-value]


async def run_alone(
    register: Callable[[Any, AgentBus], None], stage: str, settings: Settings, record: Record
) -> None:
    """Run an agent on one record: what the child does. Returns whatever the step made of the record."""
    app = _App()
    followed = Followed(codec.limits_of(settings))
    bus = AgentBus(
        settings, stage, _Nowhere(), _Empty(), lambda *topics: topics[0], system_clock(), die,
        standing=followed)
    register(app, bus)
    await followed.catch_up(connect(settings))
    for agent in app.agents:
        await agent(_Stream(record))
