"""Settings: from flags, environment and TOML; names that nobody knows; secrets; the page that lists them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from streams.cli import exits
from streams.settings import NAMES, Settings, SettingsError, load_settings, read_secret
from streams.settings_sources import variable

ROOT = Path(__file__).parents[2]
UNITS = ("_seconds", "_ms", "_hours", "_days", "_bytes", "_chars", "_share", "_per_second")


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """Run where no communique.toml lies, with no setting in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("COMMUNIQUE_"):
            monkeypatch.delenv(name)
    return tmp_path


def toml(path, text):
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_says_what_it_is_and_stands_in_the_documentation(name):
    assert len(NAMES[name].description) >= 10
    assert f"`{name}` | `{variable(name)}`" in (ROOT / "docs/settings.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name, field in NAMES.items() if field.annotation in (float,)])
def test_a_setting_that_is_measured_has_its_unit_in_its_name(name):
    assert name.endswith(UNITS)


@pytest.mark.parametrize("name", NAMES)
def test_no_setting_holds_a_secret_itself(name):
    if re.search(r"password|secret|token$", name):
        assert name.endswith("_file")


def test_flags_win_over_the_environment_and_the_environment_over_the_file(tmp_path, monkeypatch):
    toml(tmp_path / "communique.toml", "[topics]\npartitions = 2\nshards = 3\nreplication = 4\n")
    monkeypatch.setenv("COMMUNIQUE_TOPICS__PARTITIONS", "12")
    monkeypatch.setenv("COMMUNIQUE_TOPICS__SHARDS", "13")
    topics = load_settings(topics__partitions=22).topics
    assert (topics.partitions, topics.shards, topics.replication, topics.min_insync_replicas) == (22, 13, 4, 1)


def test_the_file_that_is_named_is_read_instead_of_the_one_that_lies_there(tmp_path, monkeypatch):
    toml(tmp_path / "communique.toml", 'bus = "kafka://here:9092"')
    named = toml(tmp_path / "other.toml", 'bus = "kafka://there:9092"')
    assert load_settings().bus == "kafka://here:9092"
    monkeypatch.setenv("COMMUNIQUE_CONFIG", str(named))
    assert load_settings().bus == "kafka://there:9092"


def test_a_flag_that_is_none_was_not_given(monkeypatch):
    monkeypatch.setenv("COMMUNIQUE_BUS", "kafka://a:1")
    assert load_settings(bus=None).bus == "kafka://a:1"


def test_null_in_the_environment_is_none(monkeypatch):
    monkeypatch.setenv("COMMUNIQUE_DEDUP__LATENESS_HOURS", "null")
    assert load_settings().dedup.lateness_hours is None


def test_a_group_may_be_given_whole_as_json(monkeypatch):
    monkeypatch.setenv("COMMUNIQUE_TOPICS", '{"partitions": 9}')
    monkeypatch.setenv("COMMUNIQUE_TOPICS__SHARDS", "4")
    assert (load_settings().topics.partitions, load_settings().topics.shards) == (9, 4)


def test_the_state_folder_may_lie_at_home(monkeypatch):
    monkeypatch.setenv("COMMUNIQUE_STATE", "~/news")
    assert load_settings().state == Path.home() / "news"


def test_without_a_bus_the_embedded_log_in_the_state_folder_is_meant(tmp_path):
    assert load_settings(state=tmp_path / "s").bus_url == f"sqlite://{tmp_path.resolve() / 's' / 'log.db'}"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("COMMUNIQUE_CLEANING__MIN_CHAR", "COMMUNIQUE_CLEANING__MIN_CHARS"),
        ("COMMUNIQUE_CLEANIG__MIN_CHARS", "COMMUNIQUE_CLEANING__MIN_CHARS"),
        ("COMMUNIQUE_BUSS", "COMMUNIQUE_BUS"),
        ("COMMUNIQUE_MIN_CHARS", "COMMUNIQUE_CLEANING__MIN_CHARS"),
    ],
)
def test_an_unknown_variable_is_an_error_that_gives_the_nearest_known_one(monkeypatch, name, near):
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsError, match=f"{name}.*did you mean {near}\\?"):
        load_settings()


def test_a_variable_that_is_like_nothing_is_an_error_too(monkeypatch):
    monkeypatch.setenv("COMMUNIQUE_ZZZ", "1")
    with pytest.raises(SettingsError, match="COMMUNIQUE_ZZZ"):
        load_settings()


def test_an_unknown_key_of_the_file_is_an_error_that_names_the_file_and_the_nearest_known_one(tmp_path):
    toml(tmp_path / "communique.toml", "[cleaning]\nmin_charz = 1\n")
    with pytest.raises(SettingsError, match=r"communique.toml has cleaning.min_charz.*did you mean cleaning.min_chars\?"):
        load_settings()


def test_an_unknown_flag_is_an_error_that_gives_the_nearest_known_one():
    with pytest.raises(SettingsError, match=r"did you mean topics.partitions\?"):
        load_settings(topics__partition=1)


@pytest.mark.parametrize(("name", "given"), [
    ("FEEDS__ALLOW_PORTS", "[8080"), ("FEEDS__ALLOW_NETWORKS", "127.0.0.0/8"),
])
def test_a_list_that_is_no_json_is_an_error_that_shows_how_to_write_one(monkeypatch, name, given):
    monkeypatch.setenv(f"COMMUNIQUE_{name}", given)
    with pytest.raises(SettingsError, match=rf"{name}.*is no JSON.*\[8080\]"):
        load_settings()


def test_a_value_out_of_bounds_names_the_setting_its_variable_and_the_bound(monkeypatch):
    monkeypatch.setenv("COMMUNIQUE_TOPICS__PARTITIONS", "0")
    with pytest.raises(SettingsError, match=r"topics.partitions \(COMMUNIQUE_TOPICS__PARTITIONS\).*greater than or equal to 1"):
        load_settings()


@pytest.mark.parametrize("text", ["bus = ", 'bus = "\udcff"'.encode("utf-8", "surrogateescape"), "bus = 7"])
def test_a_file_that_cannot_be_read_is_an_error_and_no_traceback(tmp_path, text):
    (tmp_path / "communique.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsError, match=r"communique\.toml|bus"):
        load_settings()


def test_a_named_file_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setenv("COMMUNIQUE_CONFIG", "/nowhere/c.toml")
    with pytest.raises(SettingsError, match=r"/nowhere/c\.toml"):
        load_settings()


def test_a_wrong_setting_is_wrong_usage():
    assert exits.code_of(SettingsError("no")) == exits.WRONG_USAGE


def test_settings_cannot_be_changed_once_loaded():
    with pytest.raises(ValueError, match="frozen"):
        load_settings().bus = "x"


def test_a_secret_is_read_without_its_line_end_and_an_empty_one_is_an_error(tmp_path):
    file = toml(tmp_path / "password", "s e c r e t \n")
    assert read_secret(file) == "s e c r e t "
    with pytest.raises(SettingsError, match="is empty"):
        read_secret(toml(tmp_path / "empty", "\n"))
    with pytest.raises(SettingsError, match="cannot be read"):
        read_secret(tmp_path / "none")


def test_the_example_in_the_documentation_is_good(tmp_path):
    text = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    toml(tmp_path / "communique.toml", re.search(r"```toml\n(.*?)```", text, re.DOTALL)[1])
    assert load_settings().kafka.sasl_mechanism == "SCRAM-SHA-512"


def test_settings_made_without_flags_are_the_defaults():
    assert Settings().model_dump() == Settings.model_construct().model_dump()
