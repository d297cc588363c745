"""worker: the composition root: settings → the Faust app of one stage; and the process that runs it.

    python -m streams.worker STAGE [--ordinal N]
    python -m streams.worker STAGE --alone AGENT     (the guard's child: tries the record on standard input)

In order: load what the stage's agents need (`prepare`), build the app, start it, print one line `ready
stage=… ordinal=… pid=… seconds=…` once partitions are assigned and tables recovered, then wait. SIGTERM
drains, commits and exits 0. A stage that never forks does so, too, when production has moved to a run that it
does not read, and exits 75: start me again. So does a crash of the app, lag without progress, or anything
fatal, at once. A stage that does not exist exits 2.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import faust
from faust.exceptions import ConsistencyError

from streams.bus import codec, fatal, jobs, transport, trial
from streams.bus.bounds import FrozenBounds, PolledBounds
from streams.bus.clock import system_clock
from streams.bus.connect import connect
from streams.bus.door import AgentBus, OwnRun
from streams.bus.inhand import MarkedHands, open_hands
from streams.bus.stall import watch_loop, watch_progress
from streams.bus.standing import Followed
from streams.bus.tables import Tables
from streams.bus.views import Produced
from streams.observe import logging, metrics
from streams.offices.store import load as load_offices
from streams.settings import Settings, SettingsError, load_settings
from streams.stages import FOLLOWING, STAGES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    from schemas.replay_job import ReplayJob
    from streams.bus.door import Production

COMMAND: Final = (sys.executable, "-m", "streams.worker")

@dataclass(frozen=True, slots=True)
class Works:
    """One stage, put together and not yet started."""

    app: faust.App
    bus: AgentBus
    tables: Tables
    hands: MarkedHands
    bounds: PolledBounds | FrozenBounds
    followed: Followed


def agents_of(stage: str) -> dict[str, ModuleType]:
    """Return the agent modules of a stage by name; KeyError for a stage that does not exist."""
    return {name: importlib.import_module(f"streams.agents.{name}") for name in STAGES[stage]}


def build_app(stage: str, settings: Settings, ordinal: int = 0) -> faust.App:
    """Return the Faust app of a stage, ready to be started; models are not loaded."""
    return build(stage, settings, ordinal, agents_of(stage)).app


def build(
    stage: str, settings: Settings, ordinal: int, agents: Mapping[str, Any],
    command: Sequence[str] = COMMAND, job: ReplayJob | None = None, production: Production | None = None,
) -> Works:
    """Put a stage together from its agents; `command` starts the same program for a trial of one record.

    `job` is the replay that `settings.run.job` names, None in the live flow; `production` what a stage reads
    that never forks, None for the others.
    """
    settings = fitted(stage, settings)
    production = production or OwnRun()
    app = faust.App(**transport.app_options(stage, settings, ordinal, production.runs))
    clock = system_clock()
    hands = open_hands(settings.work / "marks", f"{stage}-{ordinal}")
    tables = Tables(app, settings, stage, ordinal, lambda: clock.now().timestamp())
    patience = min(settings.guard.child_timeout_seconds, settings.run.stall_seconds / 2)
    child = trial.ChildTrial([*command, stage, "--alone"], patience)
    bounds = PolledBounds() if job is None or job.follows else FrozenBounds(job)
    followed = Followed(codec.limits_of(settings))
    bus = AgentBus(
        settings, stage, transport.sender(app), tables, transport.channels(app), clock, fatal.die, hands,
        child, bounds, followed, production)
    for agent in agents.values():
        agent.register(app, bus)
    return Works(app, bus, tables, hands, bounds, followed)


def fitted(stage: str, settings: Settings) -> Settings:
    """Return the settings as they fit a stage: tag takes chunks no larger than its model likes."""
    if stage != "tag":
        return settings
    chunk = min(settings.stream.chunk_records, settings.tagging.batch_size)
    return settings.model_copy(update={"stream": settings.stream.model_copy(update={"chunk_records": chunk})})


def prepare(settings: Settings, agents: Mapping[str, Any]) -> None:
    """Load what the agents need before they take records: models, gazetteers, the registry of offices."""
    for agent in agents.values():
        if use_offices := getattr(agent, "use_offices", None):
            use_offices(load_offices(settings.offices_folder))
        if load := getattr(agent, "prepare", None):
            load(settings)


@dataclass(slots=True)
class Ending:
    """How a worker ends in order: because it is told to, or because production has moved."""

    told: asyncio.Event = field(default_factory=asyncio.Event)
    code: int = 0

    def move_on(self, why: str) -> None:
        """End, to be started again: who leaves its group in order holds no partitions in it meanwhile."""
        if not self.told.is_set():
            fatal.last_words(why)
            self.code = fatal.EX_TEMPFAIL
            self.told.set()


async def run(
    stage: str, ordinal: int, settings: Settings, agents: Mapping[str, Any], command: Sequence[str]
) -> int:
    """Run a worker until it is told to stop; return its exit code."""
    started = time.monotonic()
    prepare(settings, agents)
    job = settings.run.job and await jobs.read(connect(settings), settings.run.job)
    ending = Ending()
    produced = await Produced.open(connect(settings), ending.move_on) if stage in FOLLOWING else None
    works = build(stage, settings, ordinal, agents, command, job or None, produced)
    _on_signals(works, ending.told)
    metrics.serve(settings.observe.metrics_host, settings.observe.metrics_port)
    fatal.LAST_WORDS.append(works.hands.excuse)
    works.app.on_startup_finished = lambda: _say_ready(stage, ordinal, started)
    await works.followed.catch_up(connect(settings))
    looking = asyncio.create_task(produced.keep_looking()) if produced else None
    watch_loop(asyncio.get_running_loop(), settings.run.stall_seconds, fatal.die)
    await _until_told(works, ending.told, settings)
    if looking:
        looking.cancel()
    await _stop(works, settings)
    return ending.code


async def _say_ready(stage: str, ordinal: int, started: float) -> None:
    metrics.READY.labels(stage, str(ordinal)).set(1)
    seconds = time.monotonic() - started
    print(f"ready stage={stage} ordinal={ordinal} pid={os.getpid()} seconds={seconds:.1f}", flush=True)  # noqa: T201


def _on_signals(works: Works, stopping: asyncio.Event) -> None:
    """SIGTERM and SIGINT: no record is to blame, stop in order."""
    def stop() -> None:
        works.hands.excuse()
        stopping.set()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)


async def _until_told(works: Works, stopping: asyncio.Event, settings: Settings) -> None:
    """Run the app until a signal comes; a crash or a stall ends the process with 75."""
    told = asyncio.create_task(stopping.wait())
    others = [asyncio.create_task(_life(works)), asyncio.create_task(_watch(works, settings))]
    done, _ = await asyncio.wait({told, *others}, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        if task in done and not stopping.is_set():
            _give_up(works, task.exception())
    others[1].cancel()


async def _life(works: Works) -> None:
    await works.app.start()
    await works.app.wait_until_stopped()


async def _watch(works: Works, settings: Settings) -> None:
    place = connect(settings)
    async with place.admin() as admin:
        progress = watch_progress(
            works.app, admin, settings.run.stall_seconds, lambda: works.bus.settled, fatal.die)
        await asyncio.gather(
            progress, works.bounds.keep_fresh(admin), works.followed.keep_up(place))


def _give_up(works: Works, error: BaseException | None) -> None:
    reason = error or works.app.crash_reason
    if isinstance(reason, ConsistencyError):
        works.tables.wipe()
    fatal.die(f"the app crashed: {type(reason).__name__} {reason}")


async def _stop(works: Works, settings: Settings) -> None:
    """Drain, commit, leave; longer than nine tenths of what the supervisor waits: 75."""
    try:
        await asyncio.wait_for(works.app.stop(), settings.run.stop_seconds * 0.9)
    except TimeoutError:
        fatal.die("it did not stop in time")
    works.tables.close()


async def try_alone(stage: str, agent: str, settings: Settings, agents: Mapping[str, Any]) -> None:
    """Be the child of a trial: run one agent on the record that standard input holds.

    An alarm ends it when its parent cannot, because that was killed meanwhile.
    """
    signal.alarm(int(settings.guard.child_timeout_seconds) + 1)
    record = trial.unpack(sys.stdin.buffer.read())
    prepare(settings, {agent: agents[agent]})
    await trial.run_alone(agents[agent].register, stage, settings, record)


def main(
    arguments: Sequence[str] | None = None, agents: Mapping[str, Any] | None = None,
    command: Sequence[str] = COMMAND,
) -> int:
    """Run the command line.

    Return the exit code. `agents` and `command` are for programs that bring their own agents.
    """
    parser = argparse.ArgumentParser("python -m streams.worker", description="Run one worker of a stage.")
    parser.add_argument("stage")
    parser.add_argument("--ordinal", type=int, default=0, help="which worker of its stage this is, from 0")
    parser.add_argument("--alone", metavar="AGENT", help="try the record on standard input, then end")
    called = parser.parse_args(arguments)
    if agents is None and called.stage not in STAGES:
        parser.error(f"no stage {called.stage!r}; there are {', '.join(STAGES)}")
    try:
        settings = load_settings()
    except SettingsError as error:
        parser.error(str(error))
    logging.configure(settings.observe, stage=called.stage, ordinal=called.ordinal)
    chosen = agents_of(called.stage) if agents is None else agents
    if called.alone:
        asyncio.run(try_alone(called.stage, called.alone, settings, chosen))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # while models load nothing is in hand
    return asyncio.run(run(called.stage, called.ordinal, settings, chosen, command))


if __name__ == "__main__":
    sys.exit(main())
