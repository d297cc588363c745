"""app: the `communique` command. One command per file.

Each is imported only when it is asked for, so that `--help` is quick.

`COMMANDS` is the registry: name → module, attribute, one line of help. `main` loads the module of the
command that is called and gives the others a stand-in that only shows their line of help. Settings given as
flags (`--bus`, `--state`, `--config`, `--set`) may stand before or after the command's name; they become
the environment of this process, so the children of `run` have them too. Errors of ours end as one message
on stderr and the exit code of `streams.cli.exits`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from streams import __version__
from streams.cli import exits
from streams.core.outcome import CommuniqueError

if TYPE_CHECKING:
    from collections.abc import Sequence


class Command(NamedTuple):
    """Where a command lives: `attribute` of `module` is a function, or a typer app for a group."""

    module: str
    attribute: str
    about: str


COMMANDS: Final[dict[str, Command]] = {
    "demo": Command(
        "streams.cli.demo", "demo", "Take a dozen articles through the whole walk: see it work."
    ),
    "run": Command(
        "streams.cli.run", "run", "Run the stages, restart what dies, stop cleanly."
    ),
    "ingest": Command("streams.cli.ingest", "ingest", "Put files, folders or stdin on the raw topic."),
    "feeds": Command("streams.cli.feeds", "app", "Follow feeds and sitemaps; put what is new on the bus."),
    "serve": Command("streams.cli.serve", "serve", "Take articles over HTTP."),
    "process": Command(
        "streams.cli.process", "process", "Run the same functions over files, without any bus."
    ),
    "consume": Command("streams.cli.consume", "consume", "Read the events of any topic, one a line."),
    "explain": Command("streams.cli.explain", "explain", "Show what an article says, and why we think so."),
    "clusters": Command("streams.cli.clusters", "app", "Show a cluster; compare two near-duplicates."),
    "boilerplate": Command("streams.cli.boilerplate", "app", "Learn what outlets print under everything."),
    "rules": Command("streams.cli.rules", "app", "Check, explain, try and back-test alert rules."),
    "alerts": Command("streams.cli.alerts", "app", "List, acknowledge and silence alerts."),
    "audit": Command("streams.cli.audit", "audit", "Prove from the topics alone that nothing was lost."),
    "dlt": Command("streams.cli.dlt", "app", "List, show, redrive and discard dead letters."),
    "replay": Command("streams.cli.replay", "app", "Run the log again beside the old, compare, switch over."),
    "archive": Command("streams.cli.archive", "app", "Keep raw articles for good; prove that it has them."),
    "export": Command("streams.cli.export", "app", "Write JSON-LD, GQG lines, Parquet."),
    "forget": Command("streams.cli.forget", "forget", "Take an article's text and statements back."),
    "topics": Command("streams.cli.topics", "app", "Plan, create and list topics."),
    "offices": Command("streams.cli.offices", "app", "Look up, list and import people's offices."),
    "schemas": Command("streams.cli.schemas", "app", "Export and check the events' JSON Schemas."),
    "bench": Command("streams.cli.bench", "app", "Measure speed, quality and losses."),
    "doctor": Command(
        "streams.cli.doctor", "doctor", "Check what a run needs, and say what to do."
    ),
}
"""In the order of a user's first day. A command whose module is not there is not listed."""

SETTING_FLAGS: Final = ("--bus", "--state", "--config", "--set")
"""Flags of every command, each with one value."""

ABOUT: Final = """News articles in, enriched events out, nothing lost on the way.

    communique demo                          see it work, nothing to set up
    communique ingest articles/*.txt         put articles on the bus
    communique run --until-drained           take them through all stages
    communique consume enriched --from-beginning --exit-at-end
    communique audit                         prove that what went in came out

Exit codes: 0 done, 1 what was checked does not hold, 2 wrong usage, 75 try again.
"""


def settings_first(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with the flags of `SETTING_FLAGS` moved to the front.

    What follows `--` stays as it is.

    >>> settings_first(["consume", "raw", "--bus", "sqlite:///a", "--json"])
    ['--bus', 'sqlite:///a', 'consume', 'raw', '--json']
    """
    front: list[str] = []
    rest: list[str] = []
    left = list(arguments)
    while left and left[0] != "--":
        word = left.pop(0)
        if word in SETTING_FLAGS:
            front += [word, *left[:1]]
            left = left[1:]
        elif word.startswith(tuple(f"{flag}=" for flag in SETTING_FLAGS)):
            front.append(word)
        else:
            rest.append(word)
    return [*front, *rest, *left]


def called(arguments: Sequence[str]) -> str | None:
    """Return the name of the command that is called, None for `--help` and the like.

    Expects `settings_first`'s order.
    """
    return next((word for word in arguments if word in COMMANDS), None)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"communique {__version__}")
        raise typer.Exit


def _settings(
    bus: Annotated[
        str, typer.Option(help="kafka://host[:9092][,…] or sqlite:///absolute/path.", metavar="URL")
    ] = "",
    state: Annotated[
        Path | None, typer.Option(help="Folder of the embedded log, stores and marks.", metavar="DIR")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="TOML file of settings.", metavar="FILE", exists=True)
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any setting, e.g. --set cleaning.min_chars=0.", metavar="NAME=VALUE"),
    ] = None,
    version: Annotated[  # noqa: ARG001  # its callback does it
        bool, typer.Option("--version", help="Print the version and end.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    given = {
        "COMMUNIQUE_BUS": bus,
        "COMMUNIQUE_STATE": str(state or ""),
        "COMMUNIQUE_CONFIG": str(config or ""),
    }
    os.environ.update({name: value for name, value in given.items() if value})
    for pair in setting or ():
        name, equals, value = pair.partition("=")
        if not equals:
            raise exits.Usage(f"--set {pair}: write it as NAME=VALUE, e.g. --set cleaning.min_chars=0")
        _check_name(name.strip().lower())
        os.environ["COMMUNIQUE_" + name.strip().upper().replace(".", "__")] = value


def _check_name(name: str) -> None:
    """Raise `Usage` for a name that is no setting, as the caller wrote it: not as the variable it becomes."""
    from streams.settings import Settings
    from streams.settings_sources import known_names, nearest

    known = known_names(Settings)
    if name not in {*known, *Settings.model_fields, "config"}:
        raise exits.Usage(f"--set {name} is no setting{nearest(name, known)}")


def build(name: str | None = None) -> typer.Typer:
    """Return the application with the command `name` loaded and a stand-in for each of the others."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(help="\b\n" + ABOUT.replace("\n\n", "\n\n\b\n"))(_settings)
    for each, command in COMMANDS.items():
        if find_spec(command.module) is None:
            continue
        if each == name:
            _mount(app, each, command)
        else:
            app.command(each, help=command.about)(_stand_in)
    return app


def _stand_in() -> None:
    """Never run: `main` loads the command that is called."""


def _mount(app: typer.Typer, name: str, command: Command) -> None:
    target: typer.Typer | Callable[..., None] = getattr(import_module(command.module), command.attribute)
    if isinstance(target, typer.Typer):
        app.add_typer(target, name=name, short_help=command.about)
    else:
        app.command(name, short_help=command.about)(target)


def main() -> None:
    """Run the command line; ends the process with the exit code."""
    arguments = settings_first(sys.argv[1:])
    try:
        build(called(arguments))(arguments, prog_name="communique")
    except CommuniqueError as error:
        sys.stderr.write(f"communique: {error}\n")
        sys.exit(exits.code_of(error))


if __name__ == "__main__":
    main()
