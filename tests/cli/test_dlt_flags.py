"""The flags that choose dead letters: none has the name of a setting, which may stand anywhere."""

from __future__ import annotations

import inspect
from typing import get_args

import pytest

from streams.cli import dlt_options
from streams.cli.app import SETTING_FLAGS, settings_first

FLAGS = [
    flag
    for _, option in inspect.getmembers(dlt_options)
    for each in get_args(option)
    for flag in getattr(each, "param_decls", None) or ()
]


def test_no_flag_of_a_choice_is_taken_for_a_setting():
    assert "--in-state" in FLAGS
    assert not set(FLAGS) & set(SETTING_FLAGS)


@pytest.mark.parametrize("flag", FLAGS)
def test_a_flag_of_a_choice_stays_behind_its_command(flag):
    assert settings_first(["dlt", "list", flag, "open"]) == ["dlt", "list", flag, "open"]
