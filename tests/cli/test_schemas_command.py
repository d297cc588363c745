"""communique schemas: show, export, check, release, on a folder of its own."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from streams.cli import exits
from streams.cli.app import build
from streams.core.outcome import Usage
from streams.topics import SHORT_NAMES


def call(*words):
    return CliRunner().invoke(build("schemas"), ["schemas", *map(str, words)])


@pytest.fixture
def folder(tmp_path):
    assert call("export", "--folder", tmp_path).exit_code == exits.DONE
    return tmp_path


def edit(folder, name, change):
    path = folder / "jsonschema" / name
    schema = json.loads(path.read_text(encoding="utf-8"))
    change(schema)
    path.write_text(json.dumps(schema), encoding="utf-8")


@pytest.mark.parametrize("name", SHORT_NAMES)
def test_show_prints_a_schema_that_is_one(name):
    done = call("show", name)
    assert done.exit_code == exits.DONE
    Draft202012Validator.check_schema(json.loads(done.stdout))


def test_show_takes_a_topics_name_and_says_what_it_knows_when_it_does_not():
    assert call("show", "news.refusals.v1").stdout == call("show", "refusals").stdout
    wrong = call("show", "enrichd")
    assert isinstance(wrong.exception, Usage)
    assert "enriched" in str(wrong.exception)


def test_what_was_exported_holds(folder):
    done = call("check", "--folder", folder, "--json")
    assert done.exit_code == exits.DONE
    assert json.loads(done.stdout)["holds"] is True


def test_check_ends_with_1_and_names_the_field(folder):
    edit(folder, "news.refusal.v1.json", lambda schema: schema["properties"].pop("detail"))
    done = call("check", "--folder", folder, "--json")
    assert done.exit_code == exits.DOES_NOT_HOLD
    found = json.loads(done.stdout.splitlines()[0])
    assert (found["file"], found["field"]) == ("jsonschema/news.refusal.v1.json", "detail")
    assert "detail" in call("check", "--folder", folder).output


def test_check_finds_a_file_that_is_missing_and_one_that_is_too_many(folder):
    (folder / "jsonschema/news.refusal.v1.json").rename(folder / "jsonschema/news.refusal.v0.json")
    said = call("check", "--folder", folder).output
    assert "news.refusal.v1.json: is missing" in said
    assert "news.refusal.v0.json: is made by no model" in said


def test_an_export_mends_what_is_not_released(folder):
    edit(folder, "news.refusal.v1.json", lambda schema: schema["properties"].pop("detail"))
    assert call("export", "--folder", folder).exit_code == exits.DONE
    assert call("check", "--folder", folder).exit_code == exits.DONE


def test_a_released_schema_is_never_written_over(folder):
    edit(folder, "news.refusal.v1.json", lambda schema: schema["properties"].pop("detail"))
    before = (folder / "jsonschema/news.refusal.v1.json").read_text(encoding="utf-8")
    assert call("release", "--folder", folder).exit_code == exits.DOES_NOT_HOLD, "what does not hold is not released"
    call("export", "--folder", folder)
    assert call("release", "--folder", folder).exit_code == exits.DONE
    (folder / "jsonschema/news.refusal.v1.json").write_text(before, encoding="utf-8")
    done = call("export", "--folder", folder)
    assert done.exit_code == exits.DOES_NOT_HOLD
    assert "detail" in done.output
    assert (folder / "jsonschema/news.refusal.v1.json").read_text(encoding="utf-8") == before
    assert "is not what was released" in call("check", "--folder", folder).output
