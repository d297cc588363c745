"""The flags of commands: none has the name of a setting's flag, which is moved to the front from anywhere."""

from __future__ import annotations

import pytest
import typer

from streams.cli.app import COMMANDS, SETTING_FLAGS, build


def flags_of(command) -> set[str]:
    found = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}
    return found.union(*(flags_of(each) for each in getattr(command, "commands", {}).values()))


@pytest.mark.parametrize("name", COMMANDS)
def test_no_flag_of_a_command_is_taken_for_a_setting(name):
    assert not flags_of(typer.main.get_command(build(name)).commands[name]) & set(SETTING_FLAGS)


def test_dead_letters_are_chosen_by_a_flag_that_reaches_their_command():
    assert "--in-state" in flags_of(typer.main.get_command(build("dlt")).commands["dlt"])
