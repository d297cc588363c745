"""Lets the command line parse words without running anything: for pages and services that call it."""

from __future__ import annotations

from typer.main import get_command

from streams.cli.app import build


def parse(given):
    """Return the context of the command that would run; what is wrong with the words is raised."""
    command, name, rest, context = get_command(build(given[0])), "communique", list(given), None
    while True:
        context = command.make_context(name, rest, parent=context)
        if not hasattr(command, "get_command"):
            return context
        name, *rest = [*context._protected_args, *context.args]
        command = command.get_command(context, name)
        assert command is not None, f"no command {name}"
