"""The command itself: help, flags for settings, exit codes."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec

import pytest

from streams.bus.errors import BusError, Fenced, TooLarge, UnknownTopic
from streams.cli import exits
from streams.cli.app import COMMANDS, called, settings_first
from streams.core.outcome import CommuniqueError, Permanent, Usage
from streams.settings import SettingsError
from tests.cli.command_line import Line

WRITTEN = [name for name, command in COMMANDS.items() if find_spec(command.module)]
HEAVY = {"faust", "spacy", "aiokafka", "trafilatura", "pydantic", "numpy", "rich"}


def test_help_lists_every_command_and_imports_nothing_heavy() -> None:
    program = "import sys\nsys.argv[1:] = ['--help']\nfrom streams.cli.app import main\ntry: main()\n" \
        "except SystemExit: pass\nprint('\\n'.join(sys.modules))"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert not HEAVY & set(out.splitlines())
    assert all(f"  {name} " in out for name in WRITTEN)


@pytest.mark.parametrize("name", WRITTEN)
def test_every_command_teaches_by_example(line: Line, name: str) -> None:
    answer = line(name, "--help")
    assert answer.code == 0
    assert f"communique {name}" in answer.out.partition("Options:")[0]


def test_the_version_is_the_packages(line: Line) -> None:
    assert line("--version").out == f"communique {version('communique')}\n"


def test_no_command_at_all_shows_the_help(line: Line) -> None:
    answer = line.process()
    assert answer.code == 2
    assert "communique demo" in answer.out + answer.err


def test_a_mistyped_command_is_wrong_usage_with_a_suggestion(line: Line) -> None:
    answer = line.process("audti")
    assert answer.code == 2
    assert "audit" in answer.err


@pytest.mark.parametrize(("given", "moved"), [
    (["raw", "--bus", "x", "--json"], ["--bus", "x", "raw", "--json"]),
    (["raw", "--bus=x"], ["--bus=x", "raw"]),
    (["raw", "--", "--bus", "x"], ["raw", "--", "--bus", "x"]),
    (["raw", "--set", "a=1", "--set", "b=2"], ["--set", "a=1", "--set", "b=2", "raw"]),
    (["raw", "--bus"], ["--bus", "raw"]),
])
def test_flags_for_settings_may_stand_anywhere(given: list[str], moved: list[str]) -> None:
    assert settings_first(given) == moved


def test_the_command_that_is_called_is_the_first_known_word() -> None:
    assert called(["--state", "s", "ingest", "run"]) == "ingest"
    assert called(["--help"]) is None


def test_a_setting_can_be_given_as_a_flag(line: Line) -> None:
    path = line.write("a.txt", "four")
    assert line("ingest", path, "--set", "cleaning.max_content_bytes=3").code == 1
    assert line("ingest", path, "--set", "cleaning.max_content_bytes=4").code == 0


@pytest.mark.parametrize("pair", ["cleaning.max_content_byte=3", "cleaning.max_content_bytes=x", "nonsense"])
def test_a_setting_that_cannot_be_is_wrong_usage(line: Line, pair: str) -> None:
    answer = line("ingest", line.write("a.txt", "four"), "--set", pair)
    assert answer.code == 2


def test_a_misspelled_flag_is_named_as_it_was_written(line: Line) -> None:
    answer = line("topics", "plan", "--set", "topics.shard=4")
    assert answer.code == 2
    assert "--set topics.shard is no setting: did you mean topics.shards?" in answer.err


def test_a_relative_path_to_the_log_is_wrong_usage(line: Line) -> None:
    assert line("topics", "list", "--bus", "sqlite://log.db").code == 2


def test_a_bus_of_an_unknown_kind_is_wrong_usage(line: Line) -> None:
    answer = line("audit", "--bus", "redis://here")
    assert answer.code == 2
    assert "kafka://" in answer.err


@pytest.mark.parametrize(("error", "code"), [
    (Usage("u"), 2), (SettingsError("s"), 2), (UnknownTopic("t"), 2), (TooLarge("l"), 1), (Permanent("LIMIT", "p"), 1),
    (Fenced("f"), 75), (BusError("b"), 75), (CommuniqueError("c"), 1),
])
def test_each_error_has_its_exit_code(error: CommuniqueError, code: int) -> None:
    assert exits.code_of(error) == code


def test_an_error_is_one_message_on_stderr_and_no_traceback(line: Line) -> None:
    answer = line.process("audit")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("communique: ")
    assert "Traceback" not in answer.err
