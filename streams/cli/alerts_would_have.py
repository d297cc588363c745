"""communique alerts would-have: what a backfill, replay or redrive would have raised, had it been live."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from streams.cli import exits, output, start

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from schemas.alert import Alert
    from schemas.envelope import Envelope

PAST: Final = ("backfill", "replay", "redrive")
_FEW: Final = 10


def would_have(
    job: Annotated[str | None, typer.Option(help="Only of this job.", metavar="ID")] = None,
    mode: Annotated[
        str | None, typer.Option(help=f"Only of this delivery mode: {', '.join(PAST)}.", metavar="MODE")
    ] = None,
    rules: Annotated[
        list[Path] | None,
        typer.Option("--rules", help="TOML files, or folders of them, instead of the rules on the bus.",
                     metavar="PATH"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object a line, with the whole alert.")] = False,
) -> None:
    """List what was not raised because it came from the past: as it would have fired on its day.

    \b
    communique alerts would-have --mode backfill
    communique alerts would-have --job 2f1c8a90 --json
    communique alerts would-have --mode backfill --rules rules.toml

    Worked out from the statements as they stand and the rules as they are now, by the code that raises
    alerts: one for each rule and thing said that was new then. Nothing is sent.

    Exit code 1 when no statement of such a job is on the topic.
    """
    from schemas.base import rfc3339

    if mode is not None and mode not in PAST:
        raise exits.Usage(f"--mode {mode}: known are {', '.join(PAST)}")
    count, jobs = 0, set[str]()
    with output.progress(quiet=as_json) as bar:
        task = bar.add_task("reading statements", total=None)

        async def show() -> int:
            """Print each as it is found; return how many."""
            found = 0
            async for alert, its in _found(job, mode, rules or [], jobs):
                found += 1
                bar.update(task, completed=found)
                if as_json:
                    output.json_line(_as_dict(alert, its))
                else:
                    output.out().print(f"{rfc3339(alert.event_time)[:10]}  {alert.line}  [{alert.rule.name}]")
            return found

        count = start.run(show())
    if job is not None and job not in jobs:
        output.say(f"no statement of a job {job} is on the topic{_known(jobs)}")
        raise typer.Exit(exits.DOES_NOT_HOLD)
    if not as_json:
        output.say(f"{count} would have been raised" if count else "nothing would have been raised")


def _known(jobs: set[str]) -> str:
    """Return what jobs there are, when they are few."""
    if not jobs:
        return ": nor of any other"
    return f": there are {', '.join(sorted(jobs))}" if len(jobs) <= _FEW else f", but of {len(jobs)} others"


async def _found(
    job: str | None, mode: str | None, paths: list[Path], jobs: set[str]
) -> AsyncIterator[tuple[Alert, Envelope]]:
    from schemas.envelope import DeliveryMode
    from streams.audit.past_alerts import would_have as listed
    from streams.bus import ruleset
    from streams.bus.connect import connect
    from streams.cli import rule_files

    settings = start.settings()
    bus = connect(settings)
    modes = frozenset(DeliveryMode(each) for each in ([mode] if mode else PAST))
    rules = rule_files.checked(paths) if paths else (await ruleset.rules_on(bus, settings)).values()
    async for each in listed(bus, settings, rules, modes=modes, job=job, jobs=jobs):
        yield each


def _as_dict(alert: Alert, its: Envelope) -> dict[str, object]:
    return {"alert": alert.model_dump(mode="json"), "delivery_mode": its.delivery_mode.value,
            "replay_job_id": its.replay_job_id, "origin": its.origin}
