"""Agents do not know the room of offices: the worker hands the registry to those that take one."""

from types import SimpleNamespace

from streams import worker
from streams.agents import tag
from streams.core.offices.registry import Registry
from streams.settings import load_settings


def test_the_worker_hands_the_registry_of_the_state_folder_to_an_agent_before_it_loads(tmp_path):
    told = []
    agent = SimpleNamespace(
        use_offices=lambda registry: told.append(len(registry.people("Angela Merkel"))),
        prepare=lambda _: told.append("prepared"),
    )
    worker.prepare(load_settings(state=tmp_path), {"one": agent, "another": SimpleNamespace()})
    assert told == [1, "prepared"]


def test_tag_checks_roles_by_the_registry_it_was_given_and_by_none_before():
    given = Registry.empty()
    try:
        tag.use_offices(given)
        assert tag.tagger(16).registry is given
    finally:
        tag.use_offices(Registry.empty())
