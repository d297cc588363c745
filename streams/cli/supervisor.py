"""supervisor: keeps workers running until it is told to stop.

Each worker has one task. A worker that ends is started again after a pause that doubles with every death up
to `run.restart_max_seconds`; one that was ready for that long starts over at `run.restart_seconds`. Exit 75
(try again) is a death as any other; exit 2 (wrong usage) can never work, so everything stops. To stop:
SIGTERM to all, `run.stop_seconds` to drain and commit, then SIGKILL. What happens is told as `Happening`s:
the caller prints, counts, or tests them.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from streams.cli import exits
from streams.cli.children import Child, Worker, start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from streams.settings import RunSettings

READY: Final = "ready "
"""A worker's stdout line that begins so says that it is assigned, recovered, and its models are loaded."""


class What(StrEnum):
    """What may happen to a worker."""

    STARTED = "started"
    READY = "ready"
    LINE = "line"
    ENDED = "ended"
    KILLED = "killed"
    HOPELESS = "hopeless"


@dataclass(frozen=True, slots=True)
class Happening:
    """Something happened to a worker."""

    what: What
    worker: Worker
    text: str = ""
    code: int | None = None
    pause_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run. `deaths_before_ready`.

    A worker that dies so often without ever being ready is hopeless; None: never.
    """

    workers: Sequence[Worker]
    command: Callable[[Worker], Sequence[str]]
    environment: Callable[[Worker], Mapping[str, str]]
    options: RunSettings
    deaths_before_ready: int | None = None
    beside: Callable[[Worker], bool] = lambda _: False
    """Workers that stand beside the walk: one that ends with 0 is done, none is ever hopeless."""


@dataclass(slots=True)
class _Life:
    """What is known of one worker over its restarts."""

    worker: Worker
    child: Child | None = None
    ready_at: float | None = None
    deaths: int = 0
    """Deaths since it was last ready for long."""


@dataclass(slots=True)
class Supervisor:
    """Runs a plan. `stopping` may be set by anybody, from a signal or when the work is done."""

    plan: Plan
    tell: Callable[[Happening], None]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    code: int = exits.DONE
    _lives: list[_Life] = field(default_factory=list)
    _keepers: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def all_ready(self) -> bool:
        """Return whether every worker is up and ready now."""
        return bool(self._lives) and all(life.ready_at is not None for life in self._lives)

    async def run(self) -> int:
        """Run until `stopping` is set, then stop everything and return the exit code."""
        for worker in self.plan.workers:
            self.add(worker)
        await self.stopping.wait()
        await self._stop(self._keepers)
        return self.code

    def add(self, worker: Worker) -> None:
        """Keep one worker more running from now on."""
        life = _Life(worker)
        self._lives.append(life)
        self._keepers.append(asyncio.create_task(self._keep(life)))

    def stop_now(self) -> None:
        """Kill all workers at once; they lose nothing, their records come again."""
        for life in self._lives:
            if life.child:
                life.child.kill()

    async def _keep(self, life: _Life) -> None:
        while not self.stopping.is_set():
            life.ready_at = None
            life.child = await start(
                life.worker, self.plan.command(life.worker), self.plan.environment(life.worker)
            )
            self.tell(Happening(What.STARTED, life.worker, f"pid={life.child.process.pid}"))
            if self.stopping.is_set():
                life.child.terminate()
            code = await life.child.ended(lambda _worker, stream, line: self._heard(life, stream, line))
            if code == exits.DONE and self.plan.beside(life.worker):
                return
            if not self.stopping.is_set():
                await self._died(life, code)

    def _heard(self, life: _Life, stream: str, line: str) -> None:
        if stream == "stdout" and line.startswith(READY):
            life.ready_at = time.monotonic()
            self.tell(Happening(What.READY, life.worker, line))
        else:
            self.tell(Happening(What.LINE, life.worker, line))

    async def _died(self, life: _Life, code: int) -> None:
        options = self.plan.options
        lived = time.monotonic() - life.ready_at if life.ready_at is not None else 0.0
        life.deaths = 1 if lived >= options.restart_max_seconds else life.deaths + 1
        hopeless = self._hopeless(life, code)
        pause = (
            None
            if hopeless
            else min(options.restart_max_seconds, options.restart_seconds * 2 ** (life.deaths - 1))
        )
        life.ready_at = None
        what = What.HOPELESS if hopeless else What.ENDED
        self.tell(Happening(what, life.worker, code=code, pause_seconds=pause))
        if hopeless:
            self.code = code if code in {exits.WRONG_USAGE, exits.TRY_AGAIN} else exits.DOES_NOT_HOLD
            self.stopping.set()
        else:
            await self._wait(pause or 0.0)

    def _hopeless(self, life: _Life, code: int) -> bool:
        if self.plan.beside(life.worker):
            return False
        limit = self.plan.deaths_before_ready
        return code == exits.WRONG_USAGE or (
            limit is not None and life.ready_at is None and life.deaths >= limit
        )

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return

    async def _stop(self, keepers: list[asyncio.Task[None]]) -> None:
        for life in self._lives:
            if life.child:
                life.child.terminate()
        _done, left = await asyncio.wait(keepers, timeout=self.plan.options.stop_seconds)
        if left:
            for life in self._lives:
                if life.child and life.child.process.returncode is None:
                    self.tell(Happening(What.KILLED, life.worker))
            self.code = self.code or exits.TRY_AGAIN
            self.stop_now()
        await asyncio.gather(*keepers)
