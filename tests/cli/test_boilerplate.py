"""communique boilerplate learn: a table from what process printed, and the setting that uses it."""

from __future__ import annotations

import orjson
import pytest

from streams.agents.sketch import options_of
from streams.core.dedup.boilerplate import BadBoilerplate
from streams.core.dedup.match import MatchOptions
from streams.core.dedup.offline import enrich_all
from streams.core.dedup.sketch import SketchOptions
from streams.settings import DedupSettings, Settings
from streams.testing.builders import tagged
from tests.core.test_dedup_boilerplate import printed


@pytest.fixture
def events(line):
    outlet = {"domain": "gazette.example"}
    articles = [tagged(f"a{n}", one.text, outlet=outlet) for n, one in enumerate(printed(20))]
    found = enrich_all(articles, SketchOptions(1), MatchOptions())
    lines = [event.model_dump_json(by_alias=True) for event in found]
    return line.write("enriched.jsonl", "\n".join([*lines, '{"reason": "TOO_SHORT"}', ""]))


def test_a_table_is_learned_written_and_used_by_the_setting(line, events, tmp_path):
    table = tmp_path / "table.json"
    answer = line("boilerplate", "learn", events, str(table))
    assert answer.code == 0
    assert "gazette.example" in answer.err
    stored = orjson.loads(table.read_bytes())
    options = options_of(Settings(dedup=DedupSettings(boilerplate=table)))
    assert options.boilerplate.version == stored["version"]
    assert line("boilerplate", "learn", events).objects == [stored]


def test_without_the_setting_nothing_is_left_out():
    assert options_of(Settings()).boilerplate.version is None


@pytest.mark.parametrize("content", [None, b"{", b'{"outlets": 1}'])
def test_a_table_that_cannot_be_used_is_said_with_its_name(tmp_path, content):
    file = tmp_path / "table.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadBoilerplate):
        options_of(Settings(dedup=DedupSettings(boilerplate=file)))
