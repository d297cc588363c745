"""pool: worker processes to be started, stopped, killed and suspended; who dies unasked is started again.

Each worker is a process group of its own, writes to a log file of its own, and says that it is ready by a
line with `ready` and its pid.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from streams.core.outcome import CommuniqueError
from streams.testing.kafka_server import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

RESTART_SECONDS: Final = 0.5
READY_SECONDS: Final = 90.0


class NotReady(CommuniqueError):
    """A worker did not get ready; the message ends with its last words."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A worker's place: one process at a time."""

    stage: str
    ordinal: int

    @property
    def name(self) -> str:
        """Return `stage-ordinal`."""
        return f"{self.stage}-{self.ordinal}"


@dataclass(slots=True)
class Pool:
    """The workers. `command` says how one is started; `exits` counts how they ended."""

    command: Callable[[Seat], list[str]]
    environment: Mapping[str, str]
    folder: Path
    exits: Counter[int] = field(default_factory=Counter)
    _running: dict[Seat, subprocess.Popen[bytes]] = field(default_factory=dict)
    _suspended: set[Seat] = field(default_factory=set)

    def seats(self, stage: str) -> list[Seat]:
        """Return the places of a stage that are taken, by ordinal."""
        return sorted((seat for seat in self._running if seat.stage == stage), key=lambda seat: seat.ordinal)

    def start(self, seat: Seat) -> None:
        """Start a worker; a place that is taken stays so."""
        if seat not in self._running:
            self._running[seat] = self._spawn(seat)

    def _spawn(self, seat: Seat) -> subprocess.Popen[bytes]:
        with self._log(seat).open("ab") as log:
            return subprocess.Popen(
                self.command(seat), stdout=log, stderr=log, env=dict(self.environment),
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509  # one system call, nothing that could deadlock
            )

    def _log(self, seat: Seat) -> Path:
        return self.folder / f"{seat.name}.log"

    async def ready(self, *seats: Seat) -> None:
        """Wait until these workers have said so since they were last started. Raises `NotReady`."""
        deadline = time.monotonic() + READY_SECONDS
        for seat in seats:
            while not self._says_ready(seat):
                if time.monotonic() > deadline:
                    raise NotReady(f"{seat.name} is not ready: {self.last_words(seat)}")
                await asyncio.sleep(0.1)

    def _says_ready(self, seat: Seat) -> bool:
        text = self._log(seat).read_text(errors="replace")
        worker = self._running.get(seat)
        return worker is not None and worker.poll() is None and any(
            "ready " in line and f"pid={worker.pid} " in line for line in text.splitlines()
        )

    def last_words(self, seat: Seat) -> str:
        """Return the end of a worker's log."""
        return self._log(seat).read_text(errors="replace")[-1500:]

    async def keep(self) -> None:
        """Start again whoever ends unasked, until cancelled."""
        while True:
            for seat, worker in list(self._running.items()):
                if (code := worker.poll()) is not None:
                    self.exits[code] += 1
                    await asyncio.sleep(RESTART_SECONDS)
                    if self._running.get(seat) is worker:
                        self._running[seat] = self._spawn(seat)
            await asyncio.sleep(0.1)

    def kill(self, seat: Seat) -> None:
        """Kill -9, and see it dead; `keep` starts it again."""
        self._signal(seat, signal.SIGKILL)
        if (worker := self._running.get(seat)) is not None:
            worker.wait()

    def suspend(self, seat: Seat) -> None:
        """SIGSTOP."""
        self._suspended.add(seat)
        self._signal(seat, signal.SIGSTOP)

    def resume(self, seat: Seat) -> None:
        """SIGCONT."""
        self._suspended.discard(seat)
        self._signal(seat, signal.SIGCONT)

    async def stop(self, *seats: Seat, seconds: float = 30) -> None:
        """SIGTERM, and wait until they have gone; after `seconds` kill."""
        leaving = [(seat, self._running.pop(seat)) for seat in seats]
        for seat, worker in leaving:
            self._suspended.discard(seat)
            for number in (signal.SIGCONT, signal.SIGTERM):
                _send(worker, number)
        for _, worker in leaving:
            try:
                self.exits[await asyncio.to_thread(worker.wait, seconds)] += 1
            except subprocess.TimeoutExpired:
                _send(worker, signal.SIGKILL)
                self.exits[worker.wait()] += 1

    async def stop_all(self, seconds: float = 30) -> None:
        """Stop every worker in order; after `seconds` kill."""
        await self.stop(*self._running, seconds=seconds)

    def _signal(self, seat: Seat, number: signal.Signals) -> None:
        if (worker := self._running.get(seat)) is not None:
            _send(worker, number)


def _send(worker: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if worker.poll() is None:
        os.killpg(worker.pid, number)
