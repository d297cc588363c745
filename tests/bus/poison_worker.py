"""A worker with an agent of its own, that dies or hangs on certain words: a program for tests, started as a process.

    python poison_worker.py clean [--alone clean]        settings from the environment, as `python -m streams.worker`

The agent reads raw and answers a clean article. `kill` in the content kills the process, `hang` never returns, `kill-once-<n>`
kills it the first n times (it counts in a file), `kill-parent` kills it only outside of a trial.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from streams import topics, worker
from streams.settings import load_settings

COMMAND = (sys.executable, __file__)


def poison(words: str) -> None:
    if "hang" in words:
        while True:
            time.sleep(1)
    if "kill-parent" in words and "--alone" in sys.argv:
        return
    if "kill-once" in words:
        count = load_settings().state / "killed"
        killed = len(count.read_bytes()) if count.exists() else 0
        if killed >= int(words.split("kill-once-")[1].split(maxsplit=1)[0]):
            return
        with count.open("ab") as file:
            file.write(b"x")
    if "kill" in words:
        os.kill(os.getpid(), signal.SIGKILL)


def register(app: Any, bus: Any) -> None:
    from tests.bus.test_guard import article

    def step(model: Any, _: Any) -> Any:
        poison(model.content)
        return article(model.content, article_id=model.source_id)

    async def clean(events: Any) -> None:
        async for event in events.events():
            await bus.handle(event, step)

    app.agent(bus.topic(topics.RAW), name="clean")(clean)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    sys.exit(worker.main(agents={"clean": SimpleNamespace(register=register)}, command=COMMAND))
