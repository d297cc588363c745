"""communique rules: check, apply, list, explain, try and back-test what alerts are raised for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli import exits, output, rules_backtest, rules_try, start

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.rule import Rule
    from streams.bus.ruleset import Applied
    from streams.core.alerting.rules import Mistake

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Rules: what alerts are raised for. docs/rules.md teaches to write them.

\b
communique rules check rules.toml
communique rules apply rules.toml
communique rules list
communique rules explain spokespeople
communique rules test spokespeople statement.json
communique rules backtest rules.toml --since 30d
communique run

Rules stand on a topic of the bus: what is applied counts within seconds, for all workers. A new bus starts
with rules for heads of state, foreign ministries, central banks, spokespeople (alerting.starter_rules).""",
)

PathsArgument = Annotated[
    list[Path], typer.Argument(help="TOML files, or folders of them.", metavar="PATH…")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One object a line.")]

app.command("test")(rules_try.try_rule)
app.command("backtest")(rules_backtest.backtest)


@app.command("check")
def check(paths: PathsArgument, as_json: JsonOption = False) -> None:
    """Read rules and tell every mistake, with its line and the nearest name that is known.

    \b
    communique rules check rules.toml
    communique rules check rules/ --json

    Exit codes: 0 all are right, 1 mistakes were told, 2 nothing to read.
    """
    from streams.cli import rule_files

    found = rule_files.read(paths)
    for mistake in found.mistakes:
        if as_json:
            output.json_line(_mistake(mistake))
        else:
            output.out().print(str(mistake))
    if as_json and not found.mistakes:
        output.json_line({"rules": len(found.rules), "mistakes": 0})
    elif not as_json:
        output.say(f"{len(found.rules)} right, {len(found.mistakes)} mistakes")
    raise typer.Exit(exits.DOES_NOT_HOLD if found.mistakes else exits.DONE)


@app.command("apply")
def apply(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="TOML files, or folders of them.", metavar="[PATH…]")
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Take away the rules on the bus that the files do not have.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Put rules on the bus: what is new or has changed. Running workers take them within seconds.

    Without PATH the starter rules. With one mistake in the files nothing is done.

    \b
    communique rules apply rules.toml
    communique rules apply rules/ --prune
    communique rules apply rules.toml --prune --dry-run
    """
    from streams.cli import rule_files
    from streams.core.alerting.starter import starter_rules

    given = rule_files.checked(paths) if paths else starter_rules()
    found = start.run(_apply(given, prune=prune, dry_run=dry_run))
    if as_json:
        output.json_line(found._asdict())
        return
    for what, names in found._asdict().items():
        if names and what != "same":
            output.out().print(f"{what:8} {', '.join(names)}")
    output.say(f"{'would be: ' if dry_run else ''}{_counted(found)}")


def _counted(found: Applied) -> str:
    told = ", ".join(f"{len(names)} {what}" for what, names in found._asdict().items() if names)
    left = "; those left stay: --prune takes them away" if found.left else ""
    return f"{told or 'no rules'}{left}"


async def _apply(rules: tuple[Rule, ...], *, prune: bool, dry_run: bool) -> Applied:
    from streams.bus import ruleset
    from streams.bus.connect import connect

    settings = start.durable(start.settings())
    bus = connect(settings)
    if dry_run:
        return ruleset.compared(await ruleset.rules_on(bus, settings), rules, prune=prune)
    await start.ensure_topics(bus, settings)
    return await ruleset.apply(bus, settings, rules, datetime.now(UTC), prune=prune)


@app.command("list")
def list_rules(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files instead of the bus.", metavar="[PATH…]")
    ] = None,
    starter: Annotated[bool, typer.Option("--starter", help="The rules that a new bus starts with.")] = False,
    as_toml: Annotated[bool, typer.Option("--toml", help="As a file that `apply` takes.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the rules on the bus: name, version, severity, how often raised as far as alerts are kept.

    \b
    communique rules list
    communique rules list rules/
    communique rules list --starter --toml > rules.toml
    """
    from streams.core.alerting.starter import starter_rules, text

    if starter and as_toml:
        output.out().print(text(), end="")
        return
    if starter or paths:
        given = starter_rules() if starter else _of_files(paths or [])
        rules: Mapping[str, Rule] = {rule.name: rule for rule in given}
        counts: Mapping[str, int] = {}
    else:
        rules, counts = start.run(rules_try.standing())
    for rule in rules.values():
        _show(rule, counts, as_toml=as_toml, as_json=as_json)
    if not rules and not as_json:
        output.say("no rules: `communique rules apply` puts the starter rules on the bus")


def _show(rule: Rule, counts: Mapping[str, int], *, as_toml: bool, as_json: bool) -> None:
    from streams.core.alerting.toml_text import toml_of

    if as_toml:
        output.out().print(toml_of(rule))
    elif as_json:
        output.json_line({**rule.model_dump(mode="json"), "raised": counts.get(rule.name, 0)})
    else:
        off = "" if rule.enabled else "  off"
        times = f"{counts.get(rule.name, 0):6} raised  " if counts else ""
        about = rule.about or ""
        output.out().print(f"{rule.name:30} {rule.version:12} {rule.severity:8} {times}{about}{off}")


def _of_files(paths: list[Path]) -> tuple[Rule, ...]:
    from streams.cli import rule_files

    return rule_files.checked(paths)


@app.command("explain")
def explain(
    rule: rules_try.RuleArgument, file: rules_try.FileOption = None, as_json: JsonOption = False
) -> None:
    """Say in plain words when a rule raises an alert, and where that goes.

    \b
    communique rules explain spokespeople
    communique rules explain kremlin-syria --file rules.toml
    """
    from streams.core.alerting.plain_words import in_words

    found = start.run(rules_try.one_rule(rule, file))
    told = in_words(found)
    if as_json:
        output.json_line({"name": found.name, "version": found.version, "told": list(told)})
        return
    output.out().print(f"{found.name} (version {found.version})")
    if found.about:
        output.out().print(found.about)
    for line in told:
        output.out().print(f"  {line}")


def _mistake(mistake: Mistake) -> dict[str, object]:
    return {"file": mistake.file, "line": mistake.line, "rule": mistake.rule, "why": mistake.why}
