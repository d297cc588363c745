"""communique run: start the stages, keep them running, stop them cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from streams.cli import exits, output, start
from streams.cli import run_replays as replays
from streams.stages import DELIVER, PROCESSES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streams.cli.children import Worker
    from streams.cli.supervisor import Plan, Supervisor
    from streams.settings import Settings

HOPELESS_DEATHS: Final = 8
"""With --until-drained a worker that dies so often in a row and never gets ready ends the run.

About 30 s of back-off.
"""

CLOSING_SECONDS: Final = 2.0
"""For a look at the lag to end once all stages have; a broker that is gone would hold it for 85 s."""


def run(
    stages: Annotated[
        list[str] | None,
        typer.Argument(help=f"Stages to run: {', '.join(PROCESSES)}. Default: all.", metavar="[STAGE…]"),
    ] = None,
    workers: Annotated[
        list[str] | None, typer.Option("--workers", help="Workers of a stage.", metavar="STAGE=N")
    ] = None,
    until_drained: Annotated[
        bool, typer.Option("--until-drained", help="End when nothing is left to do.")
    ] = False,
    now: Annotated[
        str | None, typer.Option(help="Judge freshness by this moment, not by the clock.", metavar="TIME")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what happens as JSON, one object a line.")
    ] = False,
) -> None:
    """Run all stages and deliver, each a process of its own; start again what dies; stop cleanly.

    \b
    communique run                                until Ctrl-C
    communique run --until-drained                take what is there through all stages, then end
    communique run --workers tag=3                three workers for the slowest stage
    communique run clean tag                      only these stages; others run elsewhere
    communique --set observe.metrics_port=9400 run

    Deliver sends alerts to channels (deliver.channels_file; without one, to the log). Drained: groups that
    wait for company leave at once; what a channel refused stays in the outbox for the next run.

    A line `ready stage=…` tells that a worker is assigned, has its state and its models. A worker that dies
    is started again after a pause that doubles with each death. To stop, each stage finishes what it has in
    hand, commits and goes; one that takes longer than run.stop_seconds is killed, and loses nothing: its
    records come again.

    Exit codes: 0 stopped or drained, 2 a stage can never start as it is set up, 75 a stage did not get
    ready or had to be killed.
    """
    plan_workers = spread(stages or list(PROCESSES), workers or [])
    if now is not None:
        os.environ["COMMUNIQUE_RUN__NOW"] = now
    settings = start.settings()
    plan = _plan(settings, plan_workers, until_drained=until_drained)
    raise typer.Exit(start.run(_supervise(settings, plan, until_drained=until_drained, as_json=as_json)))


def spread(stages: Sequence[str], counts: Sequence[str]) -> list[Worker]:
    """Return the workers to start, in the order of the walk. Raises `Usage` for a stage that does not exist.

    >>> [worker.name for worker in spread(["tag"], ["tag=2"])]
    ['tag-0', 'tag-1']
    """
    from streams.cli.children import Worker

    many = dict.fromkeys(stages, 1)
    for pair in [each for item in counts for each in item.split(",")]:
        stage, _, count = pair.partition("=")
        if stage in PROCESSES and stage not in many:
            raise exits.Usage(f"--workers {pair}: {stage} is not among the stages to run")
        if not (count.isascii() and count.isdigit() and int(count)):
            raise exits.Usage(f"--workers {pair}: write it as STAGE=N, e.g. --workers tag=2")
        if stage == DELIVER and int(count) > 1:
            raise exits.Usage(f"--workers {pair}: one process sends alerts, it has the outbox to itself")
        many[stage] = int(count)
    for stage in many:
        if stage not in PROCESSES:
            raise exits.Usage(f"there is no stage {stage}: the stages are {', '.join(PROCESSES)}")
    return [Worker(stage, ordinal) for stage in PROCESSES if stage in many for ordinal in range(many[stage])]


def _plan(settings: Settings, workers: Sequence[Worker], *, until_drained: bool) -> Plan:
    from streams.cli.supervisor import Plan

    return Plan(
        workers,
        lambda worker: [
            sys.executable,
            "-m",
            *program(worker),
        ],
        lambda worker: environment(settings, workers.index(worker) if worker in workers else len(workers)),
        settings.run,
        HOPELESS_DEATHS if until_drained else None,
        replays.is_replay,
    )


def program(worker: Worker) -> Sequence[str]:
    """Return the module that a worker is, with its arguments."""
    if replays.is_replay(worker):
        return replays.program(worker)
    module = ["streams.deliver"] if worker.stage == DELIVER else ["streams.worker", worker.stage]
    return [*module, "--ordinal", str(worker.ordinal)]


def environment(settings: Settings, place: int) -> Mapping[str, str]:
    """Return a child's environment: ours, with its own metrics port, `place` + 1 after the supervisor's."""
    found = {**os.environ, "PYTHONUNBUFFERED": "1"}
    if settings.observe.metrics_port:
        found["COMMUNIQUE_OBSERVE__METRICS_PORT"] = str(settings.observe.metrics_port + 1 + place)
    return found


async def _supervise(settings: Settings, plan: Plan, *, until_drained: bool, as_json: bool) -> int:
    from streams.bus.connect import connect
    from streams.cli.supervisor import Supervisor
    from streams.cli.telling import Teller
    from streams.cli.watch import drained, watch
    from streams.deliver.store import path_of
    from streams.observe import logging, metrics

    logging.configure(settings.observe)
    bus = connect(settings)
    await start.ensure_topics(bus, settings)
    await start.ensure_rules(bus, settings)
    stages = list(dict.fromkeys(worker.stage for worker in plan.workers))
    outbox = path_of(settings) if DELIVER in stages else None
    if until_drained and await drained(bus, stages, outbox) and not await replays.unread(bus, stages):
        output.say("nothing to do: every stage has read everything")
        return exits.DONE
    metrics.serve(settings.observe.metrics_host, settings.observe.metrics_port)
    with Teller.open(as_json=as_json, plain=not settings.observe.log_json) as teller:
        supervisor = Supervisor(plan, teller.tell)
        _stop_on_signals(supervisor)
        watcher = asyncio.create_task(
            watch(supervisor, bus, stages, teller, until_drained=until_drained, outbox=outbox,
                  beside=partial(replays.unread, bus, stages)))
        follower = asyncio.create_task(replays.keep(supervisor, bus, stages, settings))
        code = await supervisor.run()
        await _end(watcher)
        await _end(follower)
    return code


async def _end(watcher: asyncio.Task[None]) -> None:
    """Let the watcher close what it has open; one that still waits for a bus that is gone is cancelled."""
    await asyncio.wait([watcher], timeout=CLOSING_SECONDS)
    watcher.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watcher


def _stop_on_signals(supervisor: Supervisor) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        """The first signal drains and commits, the second kills."""
        if supervisor.stopping.is_set():
            supervisor.stop_now()
        else:
            output.say("stopping: stages finish what they have in hand (once more to kill them)")
            supervisor.stopping.set()

    for which in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(which, stop)
