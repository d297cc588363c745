"""The supervisor against tiny real processes."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from streams.cli.children import Worker
from streams.cli.supervisor import Happening, Plan, Supervisor
from streams.settings import RunSettings

QUICK = RunSettings(restart_seconds=0.05, restart_max_seconds=0.2, stop_seconds=2)

STEADY = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("committed", flush=True), sys.exit(0)))
print("ready stage=clean ordinal=0 pid=1 seconds=0", flush=True)
while True: time.sleep(1)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready stage=clean ordinal=0 pid=1 seconds=0", flush=True)
while True: time.sleep(1)
"""


def dies_until_third_time(code: int, counter: Path) -> str:
    return f"""
import sys, pathlib
p = pathlib.Path({str(counter)!r}); n = int(p.read_text()) + 1 if p.exists() else 1
p.write_text(str(n))
if n < 3: sys.exit({code})
{STEADY}
"""


class Stage:
    """A supervisor of one program for each worker, which is stopped when something has happened so often."""

    def __init__(
        self,
        *programs: str,
        until: str = "ready",
        times: int = 1,
        options: RunSettings = QUICK,
        deaths: int | None = None,
    ) -> None:
        self.told: list[Happening] = []
        self.until, self.times = until, times
        workers = [Worker("clean", ordinal) for ordinal in range(len(programs))]
        self.supervisor = Supervisor(
            Plan(
                workers,
                lambda w: [sys.executable, "-c", programs[w.ordinal]],
                lambda _: dict(os.environ),
                options,
                deaths,
            ),
            self.tell,
        )

    def tell(self, happening: Happening) -> None:
        self.told.append(happening)
        if [each.what for each in self.told].count(self.until) == self.times:
            self.supervisor.stopping.set()

    def what(self, worker: int = 0) -> list[str]:
        return [each.what for each in self.told if each.worker.ordinal == worker]

    async def run(self) -> int:
        return await asyncio.wait_for(self.supervisor.run(), 20)


async def test_a_stopped_worker_commits_and_the_run_ends_well() -> None:
    stage = Stage(STEADY)
    assert await stage.run() == 0
    assert stage.what() == ["started", "ready", "line"]
    assert stage.told[-1].text == "committed"


async def test_a_worker_that_exits_75_is_started_again_until_it_is_ready(tmp_path: Path) -> None:
    stage = Stage(dies_until_third_time(75, tmp_path / "n"))
    assert await stage.run() == 0
    assert stage.what()[:5] == ["started", "ended", "started", "ended", "started"]
    assert [each.code for each in stage.told if each.what == "ended"] == [75, 75]


async def test_the_pause_doubles_with_each_death_up_to_its_greatest() -> None:
    stage = Stage("import sys; sys.exit(1)", until="ended", times=5)
    assert await stage.run() == 0
    assert [each.pause_seconds for each in stage.told if each.what == "ended"] == [0.05, 0.1, 0.2, 0.2, 0.2]


async def test_a_worker_that_ends_with_0_unasked_is_started_again() -> None:
    stage = Stage("print('ready stage=clean')", until="started", times=3)
    assert await stage.run() == 0
    assert stage.what().count("ended") >= 2


async def test_a_killed_worker_does_not_stop_the_others() -> None:
    stage = Stage("import os; os.kill(os.getpid(), 9)", STEADY, until="ended", times=3)
    assert await stage.run() == 0
    assert {each.code for each in stage.told if each.what == "ended"} == {-9}
    assert "ended" not in stage.what(worker=1)


async def test_wrong_usage_stops_everything_at_once() -> None:
    stage = Stage("import sys; sys.exit(2)", STEADY, until="never")
    assert await stage.run() == 2
    assert stage.what()[-1] == "hopeless"


async def test_a_worker_that_never_gets_ready_ends_a_run_that_has_an_end() -> None:
    stage = Stage("import sys; sys.exit(75)", until="never", deaths=3)
    assert await stage.run() == 75
    assert stage.what() == ["started", "ended", "started", "ended", "started", "hopeless"]


async def test_a_worker_that_does_not_stop_in_time_is_killed() -> None:
    stage = Stage(STUBBORN, options=RunSettings(stop_seconds=0.3))
    assert await stage.run() == 75
    assert stage.what()[-1] == "killed"


async def test_a_line_without_end_does_not_stop_the_others() -> None:
    stage = Stage("import sys; sys.stdout.write('x' * 3_000_000); print(); print('ready')\n" + STEADY)
    assert await stage.run() == 0
    assert (
        sum(len(each.text) for each in stage.told if each.what == "line" and each.text.startswith("x"))
        == 3_000_000
    )


async def test_lines_of_both_streams_are_heard_with_their_worker() -> None:
    stage = Stage("import sys; print('out'); print('err', file=sys.stderr)\n" + STEADY)
    await stage.run()
    assert {"out", "err"} <= {each.text for each in stage.told if each.what == "line"}


async def test_workers_go_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    worker = (
        f"import signal, sys, pathlib, time\nsignal.signal(15, lambda *_: (pathlib.Path({str(gone)!r}).touch(), sys.exit(0)))\n"
        "print('ready', flush=True)\nwhile True: time.sleep(1)"
    )
    parent = f"""
import asyncio, os, sys
from streams.cli.children import Worker, start
async def main():
    child = await start(Worker("clean", 0), [sys.executable, "-c", {worker!r}], os.environ)
    await child.process.stdout.readline()
    print("up", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", parent, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    assert await process.stdout.readline() == b"up\n"
    process.kill()
    await process.wait()
    async with asyncio.timeout(5):
        while not gone.exists():  # another process makes the file
            await asyncio.sleep(0.02)
