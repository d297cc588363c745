"""Topics, tables, agents, stages, commands: each has all its parts. Discovered, never listed."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import streams.agents
from schemas.registry import MODELS, type_name
from streams import topics
from streams.cli.app import COMMANDS
from streams.cli.manual import help_of, listed, paths
from streams.core.outcome import RefusalReason
from streams.render.contract import file_of
from streams.stages import DELIVER, STAGES
from streams.topics import BY_MODEL, BY_NAME, RAW, SHORT_NAMES, TABLES, TOPICS, TableSpec, TopicSpec

ROOT = Path(__file__).parents[2]
AGENTS = {agent: stage for stage, agents in STAGES.items() for agent in agents}
CALLS = [path for name in listed() for path in paths(name)]


def page(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def by_name(spec):
    return spec.name


@pytest.mark.parametrize("spec", TOPICS, ids=by_name)
def test_a_topic_has_a_registered_event_a_schema_and_golden_payloads(spec):
    name = type_name(spec.model)
    assert (spec.model.ce_type, spec.model.version_number) in MODELS
    assert (ROOT / "schemas" / file_of(name)).is_file()
    assert any((ROOT / "schemas/golden" / name).glob("*.json"))


@pytest.mark.parametrize("spec", TOPICS, ids=by_name)
def test_a_topic_and_its_event_are_documented(spec):
    assert f"`{spec.name}`" in page("topics.md")
    assert f"`{spec.name}`" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"## {spec.model.__name__}\n" in page("events.md")


@pytest.mark.parametrize("spec", TOPICS, ids=by_name)
def test_a_topic_is_named_by_the_rule_and_its_version_is_its_events(spec):
    assert re.fullmatch(r"news(\.[a-z]+)+\.v\d+", spec.name)
    assert spec.name.endswith(f".v{spec.model.version_number}")
    assert spec.dead_letters == f"{spec.name}.dlt"


@pytest.mark.parametrize("spec", TOPICS, ids=by_name)
def test_the_key_of_a_topic_is_made_of_fields_of_its_event(spec):
    assert spec.key
    assert set(spec.key) <= set(spec.model.model_fields)


@pytest.mark.parametrize("spec", TOPICS, ids=by_name)
def test_who_writes_and_reads_a_topic_is_there(spec):
    readers = [name for name in spec.read_by.split(", ") if name]
    writers = [name for name in spec.written_by.split(", ") if name]
    assert writers
    assert set(readers) <= set(AGENTS) | {DELIVER}
    others = {"rules apply", "dlt", "forget", DELIVER, "replay", "ingest", "any producer", "every stage"}
    assert set(writers) <= set(AGENTS) | others


@pytest.mark.parametrize("spec", TOPICS, ids=by_name)
def test_a_topic_that_is_kept_for_ever_is_compacted_and_the_others_are_not(spec):
    assert spec.compacted == (spec.retention_days is None)


def test_fates_are_kept_longer_than_raw():
    for spec in (topics.ENRICHED, topics.REFUSALS):
        assert spec.retention_days > RAW.retention_days
        assert not spec.compacted


def test_each_event_has_one_topic_and_each_name_is_unique():
    assert len(BY_MODEL) == len(BY_NAME) == len(TOPICS)
    assert set(SHORT_NAMES.values()) <= set(BY_NAME)


def test_every_spec_on_the_page_is_in_its_list():
    assert {spec for spec in vars(topics).values() if isinstance(spec, TopicSpec)} == set(TOPICS)
    assert [spec for spec in vars(topics).values() if isinstance(spec, TableSpec)] == list(TABLES)


@pytest.mark.parametrize("spec", TABLES, ids=by_name)
def test_a_table_belongs_to_a_stage_and_is_documented(spec):
    assert spec.stage in STAGES
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", spec.name)
    assert f"`{spec.name}`" in page("topics.md")


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_is_a_module_that_registers_itself(agent):
    module = importlib.import_module(f"streams.agents.{agent}")
    assert module.__doc__.startswith(f"{agent}: ")
    assert list(inspect.signature(module.register).parameters) == ["app", "bus"]


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_reads_a_topic_of_the_catalogue(agent):
    assert [spec for spec in TOPICS if agent in spec.read_by.split(", ")]


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_is_short(agent):
    source = (ROOT / f"streams/agents/{agent}.py").read_text(encoding="utf-8")
    assert source.count("\n") <= 150, "an agent is a door: the thinking belongs in streams/core"


def test_every_module_among_the_agents_is_an_agent_of_a_stage():
    modules = {found.name for found in pkgutil.iter_modules(streams.agents.__path__)}
    assert {name for name in modules if not name.startswith("_")} == set(AGENTS)


def test_every_refusal_reason_is_used_somewhere_in_the_thinking():
    thinking = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "streams/core").rglob("*.py"))
    for reason in RefusalReason:
        assert f"RefusalReason.{reason.name}" in thinking


def test_importing_any_module_has_no_effects_at_the_top():
    """No module of ours calls something at import that opens, starts, connects or reads the environment."""
    forbidden = {"open", "connect", "run", "start", "environ", "getenv"}
    for path in sorted([*(ROOT / "streams").rglob("*.py"), *(ROOT / "schemas").rglob("*.py")]):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                called = ast.unparse(node.value.func).rpartition(".")[2]
                assert called not in forbidden, f"{path}: {ast.unparse(node)}"


def test_every_command_of_the_registry_is_there():
    assert listed() == list(COMMANDS)


@pytest.mark.parametrize("path", CALLS, ids=" ".join)
def test_the_help_of_a_command_teaches_by_example(path):
    said = help_of(path)
    assert f"communique {' '.join(path)}" in said.partition("Options")[0].partition("\n")[2]


@pytest.mark.parametrize("path", CALLS, ids=" ".join)
def test_a_command_is_documented(path):
    assert f"## {' '.join(path)}\n" in page("commands.md")


@pytest.mark.parametrize("path", CALLS, ids=" ".join)
def test_every_option_of_a_command_says_what_it_does(path):
    for line in help_of(path).partition("Options:")[2].splitlines():
        if re.match(r"\s+-(-\w|\w, --)", line) and "--help" not in line:
            assert re.search(r"\S\s{2,}\S", line.strip()) or len(line) > 28, line
