"""communique rules test: one rule, one statement, each condition with what matched. What others ask too."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, cast

import orjson
import typer

from streams.cli import exits, output, start

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from schemas.envelope import Envelope
    from schemas.rule import Rule
    from schemas.statement_event import StatementEvent
    from streams.core.alerting.evaluate import Seen
    from streams.settings import Settings

RuleArgument = Annotated[str, typer.Argument(help="A rule's name.", metavar="RULE")]
FileOption = Annotated[
    list[Path] | None,
    typer.Option("--file", "-f", help="Take it from files or folders, not from the bus.", metavar="PATH"),
]
MAX_STATEMENT_BYTES: Final = 8 * 1024 * 1024


def try_rule(
    rule: RuleArgument,
    statement: Annotated[
        str,
        typer.Argument(
            help="How its id on the bus begins, a file with its JSON, or -.", metavar="STATEMENT"),
    ],
    file: FileOption = None,
    now: Annotated[
        str | None,
        typer.Option(help="Judge freshness as of then: a time, or `said`: its own.", metavar="TIME"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object.")] = False,
) -> None:
    """Try a rule on a statement: each condition, whether it holds, and what matched.

    Judged by the alert agent's own step: the conditions, and whether it is new, fresh, explicit, the best
    rendition, and came in live (with --now it is looked at as if it had). Whether the rule raised something
    for the same thing before is not looked at.

    \b
    communique rules test spokespeople 8f14e45fceea167a5a36dedd4bea2543
    communique rules test kremlin-syria statement.json --file rules.toml --now said
    communique consume statements --limit 1 --json --from-beginning | communique rules test spokespeople -

    Exit codes: 0 it would raise an alert, 1 it would not, 2 there is no such rule or statement.
    """
    from streams.core.alerting.verdict import verdict

    found, (event, envelope) = start.run(_both(rule, file, statement))
    told = verdict(found, event, envelope, _seen(event, envelope, now))
    if as_json:
        conditions = [
            {"condition": each.condition, "held": each.matched is not None, "matched": each.matched}
            for each in told.conditions]
        output.json_line({
            "rule": found.name, "version": found.version, "statement": event.statement_id,
            "raises": told.raises, "conditions": conditions})
    else:
        for each in told.conditions:
            mark = "yes" if each.matched is not None else "NO "
            output.out().print(f"{mark}  {each.condition}{f': {each.matched}' if each.matched else ''}")
        output.say(f"{found.name} {'raises an alert' if told.raises else 'raises nothing'} for it")
    raise typer.Exit(exits.DONE if told.raises else exits.DOES_NOT_HOLD)


def _seen(event: StatementEvent, envelope: Envelope, now: str | None) -> Seen:
    """Return how the statement is looked at: as it came, or live as of a time; `said`: on its own day."""
    from schemas.envelope import DeliveryMode
    from streams.cli.when import moment
    from streams.core.alerting.evaluate import Seen

    clock = datetime.now(UTC)
    at = clock if now is None else envelope.origin_time if now == "said" else moment(now, clock)
    live = now is not None or envelope.came_as is DeliveryMode.LIVE
    by_past = now is None and envelope.cause_mode is not None
    return Seen(live, event.novelty.live_kind, at, min(envelope.origin_time, at), by_past=by_past)


async def _both(
    rule: str, file: list[Path] | None, statement: str
) -> tuple[Rule, tuple[StatementEvent, Envelope]]:
    return await one_rule(rule, file), await one_statement(statement)


async def one_rule(name: str, files: list[Path] | None) -> Rule:
    """Return a rule of files, else of the bus, else a starter rule. Raises `Usage` with the nearest name."""
    from streams.bus import ruleset
    from streams.bus.connect import connect
    from streams.cli import rule_files
    from streams.core.alerting.starter import starter_rules
    from streams.core.toml_lines import near

    if files:
        known = {rule.name: rule for rule in rule_files.checked(files)}
    else:
        settings = start.settings()
        known = {rule.name: rule for rule in starter_rules()}
        known |= await ruleset.rules_on(connect(settings), settings)
    if name not in known:
        hint = near(name, known)
        raise exits.Usage(f"there is no rule {name}{hint or ': `communique rules list` shows them'}")
    return known[name]


async def one_statement(name: str) -> tuple[StatementEvent, Envelope]:
    """Return the statement whose id on the bus begins so, of a file, or of standard input, and its envelope.

    A body alone is taken as live, of its event time. Raises `Usage`.
    """
    from schemas.statement_event import StatementEvent

    body = _body(name)
    if body is None:
        return await _on_bus(name)
    try:
        event = StatementEvent.model_validate_json(body)
    except ValueError as error:
        why = str(error).splitlines()[0]
        raise exits.Usage(f"{name} is no statement as `consume statements --json` gives it: {why}") from None
    return event, alone(event)


def _body(name: str) -> bytes | None:
    """Return the JSON that a file or standard input (-) holds, None for a name that is no file."""
    if name == "-":
        return sys.stdin.buffer.readline(MAX_STATEMENT_BYTES)
    if Path(name).is_file():
        with Path(name).open("rb") as opened:
            return opened.read(MAX_STATEMENT_BYTES)
    return None


def alone(event: StatementEvent) -> Envelope:
    """Return an envelope for a body that has none: live, of its event time."""
    from schemas.envelope import Envelope
    from schemas.ids import ce_id
    from schemas.registry import type_name

    kind, origin = type_name(type(event)), "news.articles.raw.v1-0-0"
    return Envelope(
        id=ce_id(kind, origin, event.statement_id), type=kind, source="/communique/judge",
        time=event.event_time, origin=origin, origin_time=event.event_time)


async def _on_bus(statement: str) -> tuple[StatementEvent, Envelope]:
    found: tuple[StatementEvent, Envelope] | None = None
    begins = statement.strip().lower()
    async with aclosing(statements(start.settings())) as reading:
        async for event, envelope in reading:
            if not begins or not event.statement_id.startswith(begins):
                continue
            if found is not None and found[0].statement_id != event.statement_id:
                raise exits.Usage(f"several statements begin with {statement}: give more of the id")
            found = event, envelope
    if found is None:
        raise exits.Usage(f"no statement on the bus begins with {statement}, and no file has that name")
    return found


async def statements(settings: Settings) -> AsyncGenerator[tuple[StatementEvent, Envelope], None]:
    """Yield all statements on the bus, in order of their partitions; what is none is left out."""
    from streams.bus import codec
    from streams.bus.connect import connect
    from streams.bus.envelope import of_event
    from streams.bus.scan import scan
    from streams.core.outcome import Permanent
    from streams.topics import STATEMENTS

    limits = codec.limits_of(settings)
    with output.progress() as shown:
        task = shown.add_task("statements", total=None)
        async with aclosing(scan(connect(settings), [STATEMENTS.name], missing_ok=True)) as reading:
            async for records in reading:
                for record in records:
                    try:
                        event = codec.decode(record.value, STATEMENTS.model, limits)
                        yield cast("StatementEvent", event), of_event(record)
                    except Permanent:
                        continue
                shown.advance(task, len(records))


async def standing() -> tuple[Mapping[str, Rule], Mapping[str, int]]:
    """Return the rules on the bus, and how many alerts each raised, as far as alerts are kept."""
    from streams.bus import ruleset
    from streams.bus.connect import connect
    from streams.bus.scan import scan
    from streams.topics import ALERTS

    settings = start.settings()
    bus = connect(settings)
    counts: Counter[str] = Counter()
    with output.progress() as shown:
        task = shown.add_task("alerts", total=None)
        async for records in scan(bus, [ALERTS.name], missing_ok=True):
            counts.update(_rule_of(each.value) for each in records if each.value)
            shown.advance(task, len(records))
    return await ruleset.rules_on(bus, settings), counts


def _rule_of(body: bytes) -> str:
    """Return the name of an alert's rule, "" when the body is no alert."""
    try:
        return str(orjson.loads(body)["rule"]["name"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
