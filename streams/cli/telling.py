"""telling: one log stream of all workers, each line with its name, and what the supervisor says between.

Logs go to stderr; lines `ready …` and the last word go to stdout, with `--json` as objects. On a terminal a
last line shows what is still unread.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from streams.cli import output
from streams.cli.supervisor import Happening, What
from streams.observe import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.progress import Progress

    from streams.audit.lag import Lag


@dataclass(slots=True)
class Teller:
    """Says what happens, and counts it. `plain`: workers' log lines get their worker's name in front."""

    bar: Progress
    as_json: bool
    plain: bool

    @classmethod
    @contextmanager
    def open(cls, *, as_json: bool, plain: bool) -> Iterator[Teller]:
        """Yield a teller whose last line on a terminal goes away at the end."""
        with output.progress(quiet=as_json, counted=False) as bar:
            yield cls(bar, as_json, plain)

    def say(self, text: str) -> None:
        """Say a line on stderr, above the last line."""
        self.bar.console.print(text) if not self.bar.disable else output.say(text)

    def tell(self, happening: Happening) -> None:
        """Say and count one thing that happened to a worker."""
        worker = happening.worker
        if happening.what is What.LINE:
            self.say(f"{worker.name} | {happening.text}" if self.plain else happening.text)
            return
        _count(happening)
        if self.as_json:
            output.json_line(_as_dict(happening))
        elif happening.what is What.READY:
            output.out().print(happening.text)
        elif happening.what is not What.STARTED:
            self.say(f"{worker.name} | {_sentence(happening)}")

    def lag(self, lags: Sequence[Lag]) -> None:
        """Show what is unread, on a terminal."""
        if self.bar.disable:
            return
        text = "  ".join(f"{lag.topic.split('.')[-2]} {lag.records:,}" for lag in lags if lag.records)
        if not self.bar.tasks:
            self.bar.add_task("", total=None)
        self.bar.update(self.bar.tasks[0].id, description=f"unread: {text or 'nothing'}")

    def drained(self) -> None:
        """Say that nothing is left to do."""
        if self.as_json:
            output.json_line({"event": "drained"})
        else:
            output.out().print("drained: every stage has read everything")


def _as_dict(happening: Happening) -> dict[str, object]:
    found: dict[str, object] = {
        "event": happening.what,
        "stage": happening.worker.stage,
        "ordinal": happening.worker.ordinal,
        "text": happening.text or None,
        "code": happening.code,
        "pause_seconds": happening.pause_seconds,
    }
    return {name: value for name, value in found.items() if value is not None}


def _count(happening: Happening) -> None:
    worker = happening.worker
    if happening.what is What.READY:
        metrics.READY.labels(worker.stage, worker.ordinal).set(1)
    elif happening.code is not None:
        metrics.READY.labels(worker.stage, worker.ordinal).set(0)
        metrics.RESTARTS.labels(worker.stage, happening.code).inc()


def _sentence(happening: Happening) -> str:
    if happening.what is What.ENDED:
        return f"ended with {happening.code}; started again in {happening.pause_seconds:.1f} s"
    if happening.what is What.HOPELESS:
        return f"ended with {happening.code}, cannot get ready: everything stops; its lines above say why"
    return "did not stop in run.stop_seconds and is killed; its records come again"
