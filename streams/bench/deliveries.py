"""deliveries: alerts through deliver that is killed again and again, to a receiver that cuts its connections.

    python -m streams.bench.deliveries --alerts 1000 --kills 20

Alerts are written onto an embedded log while `python -m streams.deliver` runs, is killed with -9 at random
moments, and is started again. The receiver on loopback takes a share of the calls and cuts the connection,
before, between, or after. At the end what it took is compared with what was written: `missing` alerts never
came; `doubled` came under two ids; `disordered` came before one that is older in their group. `repeated`
counts calls that came again under one id, with the same bytes: at-least-once cannot avoid those, a receiver
knows them by the id. Exit code 1 unless nothing is missing, doubled, disordered, or different under one id.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from schemas.alert import AlertRule
from streams.bus.admin import ensure
from streams.bus.connect import connect
from streams.bus.scan import header, scan
from streams.deliver.store import open_store, path_of
from streams.settings import Settings
from streams.testing.builders import alert, alert_record
from streams.testing.kafka_server import KafkaServer
from streams.testing.receiver import Answer, Call, How, Receiver
from streams.topics import ALERTS, DELIVERIES

if TYPE_CHECKING:
    from asyncio.subprocess import Process

SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105  # the example of the specification
NOW: Final = "2018-02-14T08:00:00Z"
"""Alerts of the builder are fresh then."""
CHANNELS: Final = """
[channels.desk]
kind = "webhook"
url = "{url}"
secret_envs = ["DESK_SECRET"]
allow_http = true
allow_networks = ["127.0.0.0/8"]
allow_ports = [{port}]
group_wait_seconds = 0.2
group_interval_seconds = 0
max_alerts = {most}
timeout_seconds = 5
retry_base_seconds = 0.1
breaker_failures = 20
breaker_seconds = 0.2
"""
_SOON: Final = {
    "COMMUNIQUE_KAFKA__SESSION_TIMEOUT_SECONDS": "6", "COMMUNIQUE_KAFKA__HEARTBEAT_INTERVAL_SECONDS": "1",
    "COMMUNIQUE_KAFKA__REQUEST_TIMEOUT_SECONDS": "10",
}
"""On Kafka a killed member's partitions are given to the next one after its session."""


@dataclass(frozen=True, slots=True)
class Options:
    """How much of everything. `bad`: the share of calls that are cut."""

    alerts: int = 1000
    kills: int = 20
    groups: int = 40
    most: int = 5
    bad: float = 0.3
    seed: int = 1
    patience_seconds: float = 240


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it."""

    alerts: int
    kills: int
    calls: int
    notifications: int
    missing: int
    doubled: int
    disordered: int
    differing: int
    repeated: int
    told_delivered: int
    """Alerts that `news.deliveries.v1` says were delivered, by distinct `ce_id`."""
    seconds: float

    @property
    def holds(self) -> bool:
        """Return whether nothing is missing, doubled, out of order, different under one id, or untold."""
        wrong = self.missing or self.doubled or self.disordered or self.differing
        return not wrong and self.told_delivered == self.alerts


def moody(options: Options) -> Receiver:
    """Return a receiver that cuts a share of its calls: the same for the same seed."""
    chance = random.Random(options.seed)
    moods: dict[int, Answer] = {}

    def answer(call: Call) -> Answer:
        """Return the mood of a connection, drawn once."""
        if call.number not in moods:
            bad = chance.random() < options.bad
            how = chance.choice((How.CUT_AT_ONCE, How.CUT_UNANSWERED, How.CUT_ANSWER)) if bad else How.ANSWER
            moods[call.number] = Answer(503) if bad and chance.random() < 0.25 else Answer(how=how)
        return moods[call.number]

    return Receiver(answer)


async def measure(options: Options, folder: Path, url: str | None = None) -> Report:
    """Run it in a folder; `url` is a bus of its own, None: an embedded log."""
    began = time.monotonic()
    settings = Settings(bus=url or f"sqlite://{folder}/log.db", state=folder / "state")
    bus = connect(settings)
    async with bus.admin() as admin:
        await ensure(admin, settings.topics)
    async with moody(options) as receiver:
        text = CHANNELS.format(url=receiver.url, port=receiver.port, most=options.most)
        (folder / "channels.toml").write_text(text, encoding="utf-8")  # before anything runs
        writing = asyncio.create_task(_write(settings, options))
        await _torment(options, settings, folder, writing)
        told = await _told(settings)
        return _report(options, receiver, told, time.monotonic() - began)


async def _write(settings: Settings, options: Options) -> None:
    """Write the alerts, some at a time, over as long as the kills take."""
    pause = options.kills * 0.6 / max(1, options.alerts / 10)
    async with connect(settings).producer(client_id="bench") as producer:
        for number in range(options.alerts):
            rule = AlertRule(name="rule", version="1", group={"place": str(number % options.groups)})
            key, body, headers = alert_record(
                alert(f"alert {number}", rule=rule, channels=("desk",)), f"news.articles.raw.v1-0-{number}")
            # one group, one partition: between partitions there is no order to keep
            partition = number % options.groups % settings.topics.statements
            await producer.send(ALERTS.name, body, key=key, headers=headers, partition=partition)
            if number % 10 == 9:
                await producer.flush()
                await asyncio.sleep(pause)


def environment(settings: Settings, folder: Path) -> Mapping[str, str]:
    """Return the environment of deliver in a folder."""
    return {**os.environ, "COMMUNIQUE_BUS": settings.bus, "COMMUNIQUE_STATE": str(settings.state),
            "COMMUNIQUE_DELIVER__CHANNELS_FILE": str(folder / "channels.toml"), "DESK_SECRET": SECRET,
            "COMMUNIQUE_RUN__NOW": NOW, "PYTHONUNBUFFERED": "1", **_SOON}


async def _torment(
    options: Options, settings: Settings, folder: Path, writing: asyncio.Task[None]
) -> None:
    """Start deliver, kill it, start it, …; the last one may end its work."""
    chance = random.Random(options.seed + 1)
    for _ in range(options.kills):
        process = await _start(settings, folder)
        await asyncio.sleep(chance.uniform(0, 1.0))
        process.kill()
        await process.wait()
    process = await _start(settings, folder)
    try:
        await writing
        await asyncio.wait_for(_done(settings, options.alerts), options.patience_seconds)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _start(settings: Settings, folder: Path) -> Process:
    """Start deliver; return once it says that it is ready."""
    with (folder / "deliver.log").open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "streams.deliver", env=dict(environment(settings, folder)),
            stdout=asyncio.subprocess.PIPE, stderr=errors)
    if process.stdout is None or not (await process.stdout.readline()).startswith(b"ready"):
        raise RuntimeError(f"deliver does not start: {(folder / 'deliver.log').read_text()[-2000:]}")
    return process


async def _done(settings: Settings, alerts: int) -> None:
    """Wait until the outbox has delivered everything, and the bus knows."""
    store = open_store(path_of(settings))
    try:
        while True:
            delivered = store.execute("SELECT count(*) FROM members WHERE state='delivered'").fetchone()[0]
            left = store.execute("SELECT count(*) FROM results").fetchone()[0]
            if delivered >= alerts and not left:
                return
            await asyncio.sleep(0.2)
    finally:
        store.close()


async def _told(settings: Settings) -> int:
    """Return how many alerts the topic of deliveries calls delivered, each `ce_id` once."""
    found: dict[str, int] = {}
    async for records in scan(connect(settings), [DELIVERIES.name]):
        for record in records:
            body = json.loads(record.value or b"{}")
            if body["outcome"] == "delivered":
                found[header(record, "ce_id") or ""] = len(body["alert_ids"])
    return sum(found.values())


def _report(options: Options, receiver: Receiver, told: int, seconds: float) -> Report:
    first: dict[str, bytes] = {}
    differing = repeated = 0
    for call in receiver.taken:
        key = call.headers["webhook-id"]
        repeated += key in first
        differing += first.setdefault(key, call.body) != call.body
    came = [item for body in first.values() for item in json.loads(body)["data"]["alerts"]]
    ids = [item["alert_id"] for item in came]
    wanted = {alert(f"alert {number}").alert_id for number in range(options.alerts)}
    return Report(
        options.alerts, options.kills, receiver.connections, len(first), len(wanted - set(ids)),
        len(ids) - len(set(ids)), _disordered(came), differing, repeated, told, round(seconds, 1))


def _disordered(came: Sequence[Mapping[str, object]]) -> int:
    """Return how many alerts came after a newer one of their group."""
    newest: dict[str, int] = {}
    wrong = 0
    for item in came:
        group = json.dumps(item["rule"])
        number = int(str(item["line"]).split('"')[1].split()[1])
        wrong += number < newest.get(group, -1)
        newest[group] = max(number, newest.get(group, -1))
    return wrong


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser("python -m streams.bench.deliveries", description=__doc__)
    parser.add_argument("--alerts", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--kafka", action="store_true", help="on Apache Kafka instead of an embedded log")
    parser.add_argument("--seed", type=int, default=1)
    called = parser.parse_args(arguments)
    options = Options(alerts=called.alerts, kills=called.kills, seed=called.seed)
    with tempfile.TemporaryDirectory(prefix="communique-deliveries-") as folder, ExitStack() as opened:
        url = opened.enter_context(KafkaServer(Path(folder) / "kafka")).url if called.kafka else None
        report = asyncio.run(measure(options, Path(folder), url))
    print(json.dumps({**asdict(report), "holds": report.holds}))
    return int(not report.holds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
