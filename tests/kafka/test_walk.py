"""The whole walk on Apache Kafka, by the commands a user types; and what a consumer in another language sees of it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from streams import topics
from streams.bus import jobs
from streams.bus.connect import connect
from streams.bus.scan import header, scan
from streams.cli.demo_alerts import ON_ITS_DAY
from streams.core.replay.lasting import AS_OF, AT_REST, lasting
from streams.replay.digest import digest_of
from streams.settings import load_settings
from streams.stages import STAGES
from streams.testing.kafka_server import KafkaServer

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ARTICLES = ROOT / "streams" / "cli" / "demo_articles"
PATIENCE_SECONDS = 240


@dataclass(frozen=True)
class Shell:
    """A user's shell with the bus in its environment."""

    bus: str
    state: Path

    def run(self, *words: str, code: int = 0) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COMMUNIQUE_")}
        settings = {"COMMUNIQUE_BUS": self.bus, "COMMUNIQUE_STATE": str(self.state), "COMMUNIQUE_TOPICS__PARTITIONS": "3"}
        done = subprocess.run([sys.executable, "-m", "streams.cli.app", *words], capture_output=True, text=True, cwd=ROOT,
                              env=environment | settings, timeout=PATIENCE_SECONDS, check=False)
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def lines(self, *words: str) -> list[dict]:
        return [json.loads(line) for line in self.run(*words).splitlines()]


def walk(shell: Shell) -> Shell:
    shell.run("topics", "apply")
    shell.run("ingest", str(ARTICLES))
    shell.run("run", "--until-drained", "--now", ON_ITS_DAY)
    return shell


@pytest.fixture(scope="module")
def on_kafka(tmp_path_factory):
    """The demo's articles, taken through all stages on a broker of their own."""
    folder = tmp_path_factory.mktemp("walk")
    with KafkaServer(folder / "kafka") as server:
        shell = Shell(server.url, folder / "state")
        refused = shell.run("ingest", str(ARTICLES), code=2)  # nothing is created on Kafka by the way
        assert not refused
        yield walk(shell)


@pytest.mark.kafka
def test_every_article_has_one_fate(on_kafka):
    [found] = on_kafka.lines("audit", "--json")
    assert found["holds"]
    assert found["raw"] == found["enriched"] + found["refused"] + found["dead_lettered"] == 12
    assert (found["lost"], found["doubled"], found["pending"]) == ([], [], 0)


@pytest.mark.kafka
def test_both_buses_give_the_same_enriched_bodies(on_kafka, tmp_path):
    on_log = walk(Shell(f"sqlite://{tmp_path}/log.db", tmp_path))
    bodies = [{json.dumps({**body, "dedup": None}, sort_keys=True)
               for body in shell.lines("consume", "enriched", "--from-beginning", "--exit-at-end", "--json")}
              for shell in (on_kafka, on_log)]
    assert bodies[0] == bodies[1]
    assert len(bodies[0]) >= 10


def statements(shell):
    """What stands at rest: the last event of each statement, as-of fields aside."""
    as_of = {"revision": 0, "former_proposition_ids": [], "cluster_id": None}
    lines = shell.lines("consume", "statements", "--from-beginning", "--exit-at-end", "--json")
    return {body["statement_id"]: body | as_of for body in lines}, as_of


@pytest.mark.kafka
def test_statements_at_rest_are_the_same_on_kafka_and_without_a_bus(on_kafka):
    at_rest, as_of = statements(on_kafka)
    offline = on_kafka.lines("process", "--until", "statements", str(ARTICLES))
    assert at_rest == {body["statement_id"]: body | as_of for body in offline if "statement_id" in body}
    assert len(at_rest) >= 10


@pytest.mark.kafka
def test_on_its_day_the_starter_rules_alert_once_for_each_thing_said_and_deliver_sends_them(on_kafka):
    alerts = on_kafka.lines("consume", "alerts", "--from-beginning", "--exit-at-end", "--json")
    assert len({alert["alert_id"] for alert in alerts}) == len(alerts) >= 4
    spoken = [alert for alert in alerts if alert["line"].startswith("OSTROVAN: ") and alert["corrects"] is None]
    assert len(spoken) == 4
    told = on_kafka.lines("consume", "deliveries", "--from-beginning", "--exit-at-end", "--json")
    assert {alert for each in told if each["outcome"] == "delivered" for alert in each["alert_ids"]} == {alert["alert_id"] for alert in alerts}


async def bodies_of(bus, run):
    """The bodies of a run, as of fields aside: of what is at rest the last of each key, else each event's.

    A tombstone has none: whether a cluster that two others became stood for a moment is as of.
    """
    found = {}
    for topic in AS_OF:
        async for records in scan(bus, [topics.shadow(topic, run)]):
            for record in records:
                event = record.key if topic in AT_REST else header(record, "ce_id")
                found[topic, event] = record.value and lasting(topic, record.value)
    return {key: body for key, body in found.items() if body is not None}


@pytest.mark.kafka
def test_a_replay_with_the_same_version_gives_byte_equal_bodies_and_prints_the_live_flows_digest(on_kafka, tmp_path):
    [job] = on_kafka.lines("replay", "plan", "--name", "again", "--json")
    done = on_kafka.lines("replay", "run", job["job_id"], "--json")[-1]
    assert (done["event"], done["records"]) == ("done", 12)

    async def both():
        bus = connect(load_settings(bus=on_kafka.bus, state=on_kafka.state))
        again = await jobs.read(bus, job["job_id"])
        return (await digest_of(bus, again, tmp_path, live=True))[0], await bodies_of(bus, None), await bodies_of(bus, job["job_id"])

    digest, live, again = asyncio.run(both())
    assert done["digest"] == digest
    assert again == live
    assert {topic for topic, _ in live} == {*AS_OF}


@pytest.mark.kafka
def test_a_consumer_in_another_language_finds_every_event_as_its_schema_says(on_kafka):
    agents = {agent for names in STAGES.values() for agent in names} | {"every stage"}
    names = [spec.name for spec in topics.TOPICS if agents & {*spec.written_by.split(", ")}]
    command = ["node", str(HERE / "consumer.mjs"), on_kafka.bus.removeprefix("kafka://"), str(ROOT / "schemas" / "jsonschema"), *names]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    assert done.returncode == 0, f"{done.stderr}\nmake test installs what it needs: npm ci in {HERE}"
    found = json.loads(done.stdout)
    assert found["invalid"] == []
    assert found["headers"] == []
    assert found["read"][topics.ENRICHED.name] == found["types"]["news.article.enriched.v1"]
    assert set(found["read"]) == {*names}
    assert set(found["tombstones"]) <= {spec.name for spec in topics.TOPICS if spec.compacted}
