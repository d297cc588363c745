"""dlt_redrive: put dead letters back, discard them, note how redrives ended."""

from __future__ import annotations

import asyncio
import getpass
import platform
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from streams.cli import dlt_options as options
from streams.cli import output, start
from streams.render.lines import plain

if TYPE_CHECKING:
    from streams.redrive.choose import Selection
    from streams.redrive.plan import Plan
    from streams.redrive.rows import Seen
    from streams.redrive.send import Desk

_LOOK_SECONDS: Final = 1.0
_SHOWN: Final = 20

Yes = Annotated[bool, typer.Option("--yes", help="Do it. Without this it is only told what would be done.")]
Force = Annotated[
    bool,
    typer.Option("--force", help="Also what was redriven three times; with --id what was settled, too."),
]
Why = Annotated[str | None, typer.Option(help="Why, for those who look later.", metavar="TEXT")]
By = Annotated[str | None, typer.Option(help="Who you are; else your name and machine.", metavar="NAME")]
Json = Annotated[bool, typer.Option("--json", help="One object: what was done, and what was left alone.")]


def redrive(  # flags
    topic: options.Topics = None, code: options.Codes = None, fingerprint: options.Prints = None,
    stage: options.Stages = None, ids: options.Ids = None, since: options.Since = None,
    until: options.Until = None, limit: options.Limit = None, yes: Yes = False, force: Force = False,
    wait: Annotated[
        float, typer.Option(help="Wait for so many seconds at most until it is known how they end.")
    ] = 0,
    why: Why = None, by: By = None, as_json: Json = False,
) -> None:
    """Put dead letters back on the topics they died on: copies; the letters stay where they are.

    \b
    communique dlt redrive --code BUG --fingerprint 2f1d8c0a9be4477c
    communique dlt redrive --code BUG --fingerprint 2f1d8c0a9be4477c --yes --wait 60
    communique dlt redrive --id news.articles.raw.v1-0-17 --yes

    Without --yes it tells what it would do, by code and fingerprint. Only open letters are put back, so the
    same call again changes nothing; killed or stopped halfway, the same call goes on. What comes of a
    redrive never pages anybody. `communique dlt list` tells how each ended.
    """
    wanted = options.selection(
        ids=ids, codes=code, fingerprints=fingerprint, stages=stage, topics=topic, since=since, until=until,
        limit=limit)
    start.run(_redrive(wanted, yes=yes, force=force, wait=wait, why=why, by=by, as_json=as_json))


def discard(  # flags
    topic: options.Topics = None, code: options.Codes = None, fingerprint: options.Prints = None,
    stage: options.Stages = None, ids: options.Ids = None, since: options.Since = None,
    until: options.Until = None, limit: options.Limit = None, yes: Yes = False, force: Force = False,
    why: Why = None, by: By = None, as_json: Json = False,
) -> None:
    """Note that nothing will be done about dead letters. They stay where they are, and in the audit.

    \b
    communique dlt discard --code SCHEMA --until 2018-02-14
    communique dlt discard --id news.articles.raw.v1-0-17 --why "its producer sends it again" --yes
    """
    wanted = options.selection(
        ids=ids, codes=code, fingerprints=fingerprint, stages=stage, topics=topic, since=since, until=until,
        limit=limit)
    start.run(_discard(wanted, yes=yes, force=force, why=why, by=by, as_json=as_json))


def settle(as_json: Json = False) -> None:
    """Note on `news.redrives.v1` how redrives ended that have ended since; `redrive --yes` does it, too.

    \b
    communique dlt settle
    """
    start.run(_settle(as_json=as_json))


async def _redrive(  # what the flags say
    wanted: Selection, *, yes: bool, force: bool, wait: float, why: str | None, by: str | None, as_json: bool
) -> None:
    from streams.bus.connect import connect
    from streams.redrive import send
    from streams.redrive.rows import look

    bus = connect(start.durable(start.settings()))
    seen = await look(bus)
    plan = _plan(seen, wanted, force=force)
    if not yes:
        _tell_plan(plan, "put back", as_json=as_json)
        return
    await start.ensure_topics(bus, start.settings())
    with output.progress(quiet=as_json) as bar:
        task = bar.add_task("putting back", total=len(plan.chosen))
        async with bus.producer(client_id="communique-redrive") as producer:
            desk = send.Desk(bus, producer, _who(by), why, _now, lambda many: bar.advance(task, many))
            await send.settle(desk, seen)
            sent = await send.redrive(desk, seen, plan.chosen)
            bar.update(task, description="looking for their ends")
            ends = await _ends(desk, {row.id for row in plan.chosen}, wait) if plan.chosen else Counter()
    _tell_done(plan, {"sent": sent, "superseded": desk.superseded}, ends, as_json=as_json)


async def _discard(
    wanted: Selection, *, yes: bool, force: bool, why: str | None, by: str | None, as_json: bool
) -> None:
    from streams.bus.connect import connect
    from streams.redrive import send
    from streams.redrive.rows import look

    bus = connect(start.durable(start.settings()))
    plan = _plan(await look(bus), wanted, force=force, unsound=True)
    if not yes:
        _tell_plan(plan, "discard", as_json=as_json)
        return
    await start.ensure_topics(bus, start.settings())
    async with bus.producer(client_id="communique-redrive") as producer:
        done = await send.discard(send.Desk(bus, producer, _who(by), why, _now), plan.chosen)
    _tell_done(plan, {"discarded": done}, Counter(), as_json=as_json)


async def _settle(*, as_json: bool) -> None:
    from streams.bus.connect import connect
    from streams.redrive import send
    from streams.redrive.rows import look

    bus = connect(start.durable(start.settings()))
    seen = await look(bus)
    async with bus.producer(client_id="communique-redrive") as producer:
        done = await send.settle(send.Desk(bus, producer, _who(None), None, _now), seen)
    if as_json:
        output.json_line({"noted": done})
    else:
        output.say(f"{done:,} ends noted")


def _plan(seen: Seen, wanted: Selection, *, force: bool, unsound: bool = False) -> Plan:
    """Return what is to be done; `limit` counts the letters that something is done with."""
    from streams.redrive.plan import plan

    rows = replace(wanted, limit=None).of(seen.rows.values())
    found = plan(rows, forced=force, named=wanted.ids, unsound=unsound)
    return replace(found, chosen=found.chosen[: wanted.limit])


async def _ends(desk: Desk, letters: set[str], wait: float) -> Counter[str]:
    """Note the ends of redrives; return how many of these letters stand how, once all have or time is up."""
    from streams.redrive import send
    from streams.redrive.rows import look

    until = time.monotonic() + wait
    while True:
        seen = await look(desk.bus)
        await send.settle(desk, seen)
        states = Counter(seen.rows[letter].state for letter in letters if letter in seen.rows)
        if not states["pending"] or time.monotonic() >= until:
            return states
        await asyncio.sleep(_LOOK_SECONDS)


def _who(by: str | None) -> str:
    if by is not None:
        return by
    try:
        return f"{getpass.getuser()}@{platform.node()}"
    except (KeyError, OSError):
        return platform.node() or "somebody"


def _now() -> datetime:
    return datetime.now(UTC)


def _tell_plan(plan: Plan, verb: str, *, as_json: bool) -> None:
    groups = plan.groups()
    if as_json:
        names = ("code", "fingerprint", "topic", "what", "letters")
        told = [dict(zip(names, group, strict=True)) for group in groups]
        output.json_line({"would": len(plan.chosen), "groups": told, "left": dict(plan.left)})
        return
    for code, fingerprint, topic, what, many in groups[:_SHOWN]:
        output.out().print(f"{many:>9,}  {code:9}  {fingerprint}  {topic}  {plain(what)}")
    if len(groups) > _SHOWN:
        output.out().print(f"           … and {len(groups) - _SHOWN:,} more kinds (--json lists all)")
    _tell_left(plan)
    more = ": --yes does it" if plan.chosen else ""
    output.say(f"would {verb} {len(plan.chosen):,} dead letters{more}")


def _tell_done(plan: Plan, done: dict[str, int], ends: Counter[str], *, as_json: bool) -> None:
    if as_json:
        output.json_line({"chosen": len(plan.chosen), **done, "ends": dict(ends), "left": dict(plan.left)})
        return
    for name, many in (*done.items(), *sorted(ends.items())):
        output.out().print(f"{many:>9,}  {name}")
    _tell_left(plan)
    if ends["pending"]:
        output.say("`communique dlt list` tells how the pending ones end")


def _tell_left(plan: Plan) -> None:
    for why, many in plan.left.most_common():
        output.out().print(f"{many:>9,}  left alone: {why}")
