"""The language: schemas, golden payloads, compatibility, the AsyncAPI document. Discovered, never listed."""

from __future__ import annotations

import copy
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

import schemas
from schemas.compatibility import changes
from schemas.envelope import DeliveryMode, Envelope
from schemas.json_schema import digest, fields, schema_of, structure
from schemas.registry import MODELS, UPCASTS, newest, type_name, upcast
from streams.bus.burial import dead_letter, death_of
from streams.bus.envelope import to_headers
from streams.bus.interface import Record
from streams.cli.schemas import committed, released
from streams.render import contract
from streams.render.asyncapi import document
from streams.topics import TOPICS

HERE = Path(schemas.__file__).parent
NAMES = {type_name(model): model for model in MODELS.values()}
GOLDEN = sorted((HERE / "golden").glob("*/*.json"))
NODE = Path(__file__).parent / "node"


def golden(name: str, file: str = "full") -> dict:
    return json.loads((HERE / "golden" / name / f"{file}.json").read_text(encoding="utf-8"))


@pytest.fixture(params=GOLDEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def payload(request):
    return request.param.parent.name, json.loads(request.param.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_every_event_has_golden_payloads_a_full_one_among_them(name):
    files = {path.stem for path in GOLDEN if path.parent.name == name}
    assert "full" in files
    assert len(files) >= 2
    assert set(golden(name)) == set(schema_of(NAMES[name])["properties"]), "full.json has every field"


def test_a_golden_payload_decodes_and_what_is_written_decodes_to_the_same(payload):
    name, body = payload
    event = NAMES[name].model_validate(body)
    written = event.model_dump_json(by_alias=True)
    assert NAMES[name].model_validate_json(written) == event
    assert holds(json.loads(written), body, NAMES[name])


def holds(written, body, model):
    """Whether all that a payload says, unknown fields aside, stands in what is written."""
    known = schema_of(model)["properties"]
    return all(within(written[key], value) for key, value in body.items() if key in known)


def within(written, value):
    if isinstance(value, dict):
        return all(within(written[key], each) for key, each in value.items())
    if isinstance(value, list):
        return len(written) == len(value) and all(map(within, written, value))
    return written == value


def test_a_golden_payload_satisfies_the_committed_schema(payload):
    name, body = payload
    schema = json.loads((HERE / contract.file_of(name)).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(body)


def test_what_is_written_satisfies_the_committed_schema(payload):
    name, body = payload
    schema = json.loads((HERE / contract.file_of(name)).read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(json.loads(NAMES[name].model_validate(body).model_dump_json(by_alias=True)))


def test_a_golden_payload_of_an_old_version_becomes_the_newest(payload):
    name, body = payload
    ce_type, _, version = name.rpartition(".v")
    model = newest()[ce_type]
    model.model_validate(upcast(body, ce_type, int(version), model.version_number))


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_described(name):
    undescribed = [path for path, field in fields(schema_of(NAMES[name])) if not field.get("description")]
    assert not undescribed


def spans(value):
    if isinstance(value, dict):
        if {"start", "end", "raw_start", "text", "field"} <= value.keys():
            yield value
        for each in value.values():
            yield from spans(each)
    elif isinstance(value, list):
        for each in value:
            yield from spans(each)


def test_golden_spans_slice_their_field_and_the_raw_content():
    article, raw = golden("news.article.tagged.v1"), golden("news.article.raw.v1")["content"]
    found = list(spans(article))
    assert len(found) >= 5
    for span in found:
        assert article[span["field"]][span["start"] : span["end"]] == span["text"]
        assert raw[span["raw_start"] : span["raw_end"]] == span["text"]


def test_what_is_committed_is_what_the_code_says():
    assert contract.problems(committed(HERE), released(HERE)) == ()


def test_the_golden_folders_are_events():
    assert {path.parent.name for path in GOLDEN} == set(NAMES)


def test_every_version_but_the_newest_has_an_upcast():
    assert set(UPCASTS) == {(name, version) for name, version in MODELS if (name, version + 1) in MODELS}


def test_upcasts_go_one_version_at_a_time():
    steps = {("x", 1): lambda old: {"b": old["a"]}, ("x", 2): lambda old: {"c": [old["b"]]}}
    assert upcast({"a": 1}, "x", 1, 3, steps) == {"c": [1]}
    assert upcast({"b": 1}, "x", 2, 3, steps) == {"c": [1]}
    assert upcast({"c": [1]}, "x", 3, 3, steps) == {"c": [1]}


def drop_field(schema):
    del schema["properties"]["text"]


def drop_part_field(schema):
    del schema["$defs"]["Span"]["properties"]["raw_start"]


def retype(schema):
    schema["properties"]["text"]["type"] = "integer"


def no_longer_promise(schema):
    schema["required"].remove("text")


def demand(schema):
    schema["required"].append("url")


def widen_enum(schema):
    schema["$defs"]["SegmentKind"]["enum"].append("advert")


def new_required(schema):
    schema["properties"]["mood"] = {"type": "string"}
    schema["required"].append("mood")


@pytest.mark.parametrize(
    ("edit", "at"),
    [
        (drop_field, "text"),
        (drop_part_field, "Span.raw_start"),
        (retype, "text"),
        (no_longer_promise, "text"),
        (demand, "url"),
        (widen_enum, "SegmentKind."),
        (new_required, "mood"),
    ],
)
def test_a_breaking_change_is_named_by_its_field(edit, at):
    old = schema_of(NAMES["news.article.tagged.v1"])
    new = copy.deepcopy(old)
    edit(new)
    assert at in {change.at for change in changes(old, new) if change.breaking}
    file = contract.file_of("news.article.tagged.v1")
    found = contract.problems(committed(HERE) | {file: contract.text_of(new)}, {})
    assert [each for each in found if each.file == file and each.field == at]


def test_a_new_optional_field_breaks_no_reader_but_is_seen():
    old = schema_of(NAMES["news.refusal.v1"])
    new = copy.deepcopy(old)
    new["properties"]["mood"] = {"type": "string", "default": "calm"}
    found = changes(old, new)
    assert [(each.at, each.breaking) for each in found] == [("mood", False)]


def test_words_may_be_mended_without_changing_a_digest():
    old = schema_of(NAMES["news.refusal.v1"])
    new = copy.deepcopy(old)
    new["description"] = new["properties"]["stage"]["description"] = "said better"
    assert changes(old, new) == ()
    assert digest(old) == digest(new)


def test_a_field_named_title_or_description_belongs_to_the_structure():
    schema = {"title": "T", "properties": {"title": {"type": "string", "title": "words"}}}
    assert structure(schema) == {"properties": {"title": {"type": "string"}}}


def test_a_released_schema_that_was_edited_by_hand_is_found():
    sha = digest(schema_of(NAMES["news.refusal.v1"]))
    edited = schema_of(NAMES["news.refusal.v1"])
    edited["properties"]["stage"]["type"] = "integer"
    files = committed(HERE) | {contract.file_of("news.refusal.v1"): contract.text_of(edited)}
    whats = [each.what for each in contract.problems(files, {"news.refusal.v1": sha})]
    assert "is not what was released" in whats


def test_an_export_does_not_write_over_a_released_structure(tmp_path):
    older = schema_of(NAMES["news.refusal.v1"])
    del older["properties"]["detail"]
    files = {contract.file_of("news.refusal.v1"): contract.text_of(older)}
    assert contract.forbidden(files, {}) == ()
    assert [each.field for each in contract.forbidden(files, {"news.refusal.v1": digest(older)})] == ["detail"]


def test_a_release_keeps_what_was_released_before():
    text = contract.release(committed(HERE), {"news.refusal.v1": "0" * 64})
    again = contract.read_released(text)
    assert again["news.refusal.v1"] == "0" * 64
    assert set(again) == set(NAMES)


@pytest.fixture(scope="module")
def parsed():
    """What AsyncAPI's own parser (JavaScript) reads in the committed document."""
    if not (NODE / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=NODE, check=True, capture_output=True)
    call = ["node", str(NODE / "asyncapi.mjs"), str(HERE / contract.ASYNCAPI)]
    return json.loads(subprocess.run(call, check=True, capture_output=True, text=True).stdout)


def test_asyncapis_own_parser_finds_no_fault(parsed):
    assert parsed["version"] == "3.0.0"
    assert parsed["errors"] == []
    assert parsed["warnings"] == []


def test_asyncapis_own_parser_sees_every_topic_and_every_field(parsed):
    assert parsed["channels"] == sorted([name for spec in TOPICS for name in (spec.name, spec.dead_letters)])
    for name, model in NAMES.items():
        assert parsed["fields"][name] == len(schema_of(model)["properties"])


def test_every_agent_sends_or_receives_what_the_catalogue_says():
    operations = document()["operations"]
    for spec in TOPICS:
        if spec.read_by:
            assert operations[f"{spec.read_by}.receive.{spec.name}"]["action"] == "receive"


def test_the_document_has_every_header_that_an_event_carries():
    headers = document()["components"]["messageTraits"]["CloudEvent"]["headers"]
    then = datetime(2021, 3, 3, tzinfo=UTC)
    least = Envelope(id="i", type="t", source="/s", time=then, origin="r-0-0", origin_time=then)
    rest = dict.fromkeys(("correlation_id", "causation_id", "replay_job_id", "pipeline_version", "redrive_id"), "x")
    rest |= {"origin_mode": DeliveryMode.LIVE, "cause_mode": DeliveryMode.BACKFILL}
    sent = dict(to_headers(least.model_copy(update=rest), processed_at=then))
    assert set(sent) == set(headers["properties"])
    always = {name: value.decode() for name, value in to_headers(least)}
    assert set(headers["required"]) <= set(always)
    Draft202012Validator(headers).validate(always)


def test_the_document_has_every_header_that_a_dead_letter_carries():
    then = datetime(2021, 3, 3, tzinfo=UTC)
    death = death_of(ValueError("x"), "BUG", attempts=2, first_failure=then)
    record = Record("news.articles.raw.v1", 0, 7, 0, b"k", b"v", (("mine", b"1"),))
    written = dict(dead_letter(record, death, "clean", "news.articles.raw.v1.dlt").headers)
    described = document()["components"]["messages"]["DeadLetter"]["headers"]
    assert set(written) - {"mine"} == set(described["required"])
    assert set(described["properties"]) - set(described["required"]) == {"__streams.errors.cut"}


def test_the_document_is_plain_yaml():
    assert yaml.safe_load((HERE / contract.ASYNCAPI).read_text(encoding="utf-8")) == document()
