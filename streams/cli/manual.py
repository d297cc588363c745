"""manual: what `--help` says, of every command, as one page of Markdown (docs/commands.md)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Final

import typer
from typer.testing import CliRunner

from streams.cli.app import COMMANDS, build

WIDTH: Final = "100"
"""Columns of the help texts: the page is the same on every terminal."""


def manual() -> str:
    """Return the page's body: a section a command, in the order of `COMMANDS`, those of a group below it."""
    os.environ.update(COLUMNS=WIDTH, TERMINAL_WIDTH=WIDTH, NO_COLOR="1")
    every = [path for name in listed() for path in paths(name)]
    return "\n\n".join(f"## {' '.join(path)}\n\n```text\n{help_of(path)}\n```" for path in every)


def listed() -> list[str]:
    """Return the commands whose module is there, as `communique --help` lists them."""
    return [name for name, command in COMMANDS.items() if find_spec(command.module)]


def paths(name: str) -> Iterator[tuple[str, ...]]:
    """Yield the command, then the commands of its group, as the words that call them."""
    yield (name,)
    target = getattr(import_module(COMMANDS[name].module), COMMANDS[name].attribute)
    if isinstance(target, typer.Typer):
        for command in target.registered_commands:
            yield (name, command.name or (command.callback.__name__ if command.callback else ""))


def help_of(path: tuple[str, ...]) -> str:
    """Return what `communique PATH --help` prints, without spaces at line ends."""
    said = CliRunner().invoke(build(path[0]), [*path, "--help"], prog_name="communique").output
    return "\n".join(line.rstrip() for line in said.strip().splitlines())
