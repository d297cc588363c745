"""communique rules backtest: what a rule would have raised over the statements on the bus."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from schemas.base import rfc3339
from streams.cli import exits, output, rules_try, start

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.envelope import Envelope
    from schemas.rule import Rule
    from schemas.statement_event import StatementEvent
    from streams.core.alerting.backtest import Result, Told

SHOWN: Final = 20
"""Lines that are shown of each kind, unless all are asked for."""
_BARS: Final = " ▁▂▃▄▅▆▇█"
MOST_KEPT: Final = 1_000_000
"""Statements that are looked at in one run; more take more memory than a desk has."""


def backtest(
    rule: Annotated[str, typer.Argument(help="A rule's name, or a file with one rule.", metavar="RULE")],
    against: Annotated[
        str | None,
        typer.Option(help="Compare with this: a rule's name, or a file with one rule.", metavar="OTHER"),
    ] = None,
    since: Annotated[str | None, typer.Option(help="Statements from then on: 30d, 2018-02-14.")] = None,
    until: Annotated[str | None, typer.Option(help="Statements before then.")] = None,
    on_its_day: Annotated[
        bool, typer.Option("--on-its-day", help="Look at each on its own day, however late it came in.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Show every alert, not the first 20.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One object a rule, then the comparison.")] = False,
) -> None:
    """Run a rule over the statements on the bus, by the alert agent's own step.

    It says how many alerts it would have raised, which, at which hours, and what it would have kept back. A
    statement is looked at when it came in, or, when it was loaded later, on its own day. Nothing is written,
    nobody is told.

    \b
    communique rules backtest spokespeople --since 30d
    communique rules backtest spokespeople --against new.toml --on-its-day
    communique rules backtest new.toml --json | jq .alerts
    """
    from streams.core.alerting.backtest import backtest as run
    from streams.core.alerting.backtest import compared

    rules = start.run(_rules([rule, *([against] if against else [])]))
    statements = start.run(_statements(rules, since, until, on_its_day=on_its_day))
    results = [run(each, statements, on_its_day=on_its_day) for each in rules]
    for result in results:
        if as_json:
            output.json_line(_as_dict(result))
        else:
            output.out().print("\n".join(_page(result, every=every)))
    if len(results) > 1:
        _compare(compared(*results), every=every, as_json=as_json)


async def _rules(names: Sequence[str]) -> list[Rule]:
    return [_of_file(name) or await rules_try.one_rule(name, None) for name in names]


def _of_file(name: str) -> Rule | None:
    """Return the one rule of a file, None for a name that is no file."""
    from streams.cli import rule_files

    if not Path(name).is_file():
        return None
    found = rule_files.checked([Path(name)])
    if len(found) != 1:
        raise exits.Usage(f"{name} has {len(found)} rules: name a file with one, or apply them and name one")
    return found[0]


async def _statements(
    rules: Sequence[Rule], since: str | None, until: str | None, *, on_its_day: bool
) -> list[tuple[StatementEvent, Envelope]]:
    """Return the statements that matter to the rules, in the order in which they are looked at."""
    from streams.cli.when import moment
    from streams.core.alerting.backtest import seen_then
    from streams.core.alerting.matching import RuleIndex

    now = datetime.now(UTC)
    first = moment(since, now) if since else None
    last = moment(until, now) if until else None
    index = RuleIndex.over(rule.model_copy(update={"enabled": True}) for rule in rules)
    found: list[tuple[datetime, int, StatementEvent, Envelope]] = []
    async for event, envelope in rules_try.statements(start.settings()):
        at = seen_then(event, envelope, on_its_day=on_its_day).now
        if (first and at < first) or (last and at >= last):
            continue
        if index.matches(event) or event.corrects or event.state in _GONE:
            found.append((at, len(found), event, envelope))
        if len(found) > MOST_KEPT:
            raise exits.Usage(f"more than {MOST_KEPT:,} statements: give --since and --until")
    found.sort(key=lambda each: each[:2])
    return [(event, envelope) for _, _, event, envelope in found]


_GONE: Final = ("corrected", "withdrawn")


def _page(result: Result, *, every: bool) -> list[str]:
    rule = result.rule
    shown = result.alerts if every else result.alerts[:SHOWN]
    more = len(result.alerts) - len(shown)
    kept = f"{result.repeats} repeats, {result.stale} said too long before, {result.unsure} not sure enough"
    counts = f"{len(result.alerts)} alerts, {len(result.follow_ups)} corrections"
    return [
        f"{rule.name} (version {rule.version}): {counts}",
        f"  of {result.fulfilled} statements that fulfil it: {kept}",
        *_histogram(result.by_hour),
        *(f"  {_line(each)}" for each in shown),
        *([f"  and {more} more: --all shows them"] if more else []),
    ]


def _histogram(counts: Sequence[int]) -> list[str]:
    """Return alerts by hour of the day as one line of bars and one of hours."""
    most = max(counts)
    if not most:
        return []
    bars = "".join(_BARS[-(-count * (len(_BARS) - 1) // most)] * 2 for count in counts)
    hours = "".join(f"{hour:<6}" for hour in range(0, len(counts), 3))
    return [f"  {bars}  most in an hour: {most}", f"  {hours}UTC"]


def _line(told: Told) -> str:
    return f"{told.at:%Y-%m-%d %H:%M}  {told.alert.line}"


def _compare(found: Sequence[Sequence[Told]], *, every: bool, as_json: bool) -> None:
    names = ("both", "first_only", "second_only")
    if as_json:
        parts = zip(names, found, strict=True)
        output.json_line({name: [_told(each) for each in part] for name, part in parts})
        return
    for name, part in zip(("of both", "only of the first", "only of the second"), found, strict=True):
        output.out().print(f"{name}: {len(part)}")
        if name != "of both":
            for each in part if every else part[:SHOWN]:
                output.out().print(f"  {_line(each)}")


def _as_dict(result: Result) -> dict[str, object]:
    return {
        "rule": result.rule.name, "version": result.rule.version, "fulfilled": result.fulfilled,
        "repeats": result.repeats, "stale": result.stale, "unsure": result.unsure,
        "by_hour": list(result.by_hour), "alerts": [_told(each) for each in result.alerts],
        "follow_ups": [_told(each) for each in result.follow_ups],
    }


def _told(told: Told) -> dict[str, object]:
    alert = told.alert
    return {
        "at": rfc3339(told.at), "alert_id": alert.alert_id, "kind": alert.kind.value, "line": alert.line,
        "proposition_id": alert.evidence[0].proposition_id,
    }
