"""deliver as a process: killed again and again, beside channels that misbehave, with secrets that must not show."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import sys
import urllib.request
from pathlib import Path

import pytest

from streams.bench import deliveries
from streams.bench.deliveries import NOW, Options
from streams.bus.admin import ensure
from streams.bus.connect import connect
from streams.bus.scan import scan
from streams.settings import Settings
from streams.testing.builders import alert, alert_record
from streams.testing.receiver import Answer, How, Receiver
from streams.topics import ALERTS, DELIVERIES

CANARY = "whsec_" + "Q0FOQVJZ" * 5


@pytest.fixture
async def bus(tmp_path):
    settings = Settings(bus=f"sqlite://{tmp_path}/log.db", state=tmp_path / "state", topics={"partitions": 1, "statements": 2})
    async with connect(settings).admin() as admin:
        await ensure(admin, settings.topics)
    return settings


def write_channels(folder, *channels):
    text = "".join(
        f'[channels.{name}]\nkind = "webhook"\n{where}\nallow_http = true\nallow_networks = ["127.0.0.0/8"]\n'
        f"allow_ports = [{port}]\ngroup_wait_seconds = 0\ngroup_interval_seconds = 0\ntimeout_seconds = 1\n"
        for name, where, port in channels)
    (folder / "channels.toml").write_text(text, encoding="utf-8")


async def put(settings, *records):
    async with connect(settings).producer(client_id="test") as producer:
        for key, body, headers in records:
            await producer.send(ALERTS.name, body, key=key, headers=headers)


class Deliver:
    """A deliver process on the folder's bus."""

    def __init__(self, settings, folder, **extra):
        self.environment = {
            **deliveries.environment(settings, folder), "COMMUNIQUE_TOPICS__PARTITIONS": "1",
            "COMMUNIQUE_TOPICS__STATEMENTS": "2", **extra}
        self.log = Path(folder / "deliver.log")

    async def __aenter__(self):
        with self.log.open("ab") as errors:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "streams.deliver", env=self.environment, stdout=asyncio.subprocess.PIPE, stderr=errors)
        self.line = (await self.process.stdout.readline()).decode()
        return self

    async def __aexit__(self, *exc):
        if self.line:  # without a line it ends by itself; asyncio's terminate() may take the exit code of one that just did
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGTERM)
        self.code = await self.process.wait()


async def until(true, seconds=20.0):
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.05)


async def bodies(settings, topic):
    return [json.loads(record.value) async for records in scan(connect(settings), [topic]) for record in records]


async def test_killed_again_and_again_it_loses_nothing_doubles_nothing_and_keeps_the_order(tmp_path):
    report = await deliveries.measure(Options(alerts=120, kills=4, groups=12, seed=3), tmp_path)
    assert (report.missing, report.doubled, report.disordered, report.differing) == (0, 0, 0, 0)
    assert report.told_delivered == 120
    assert report.holds


async def test_a_channel_that_misbehaves_holds_up_nobody(bus, tmp_path):
    bad = {
        "hangs": Answer(how=How.HANG), "drips": Answer(how=How.DRIP), "pours": Answer(how=How.POUR),
        "busy": Answer(429, after="3600"), "gone": Answer(410), "inside": Answer(302, location="http://10.0.0.1/"),
    }
    async with asyncio.TaskGroup() as _group, Receiver() as good:
        receivers = {name: Receiver(lambda _call, answer=answer: answer) for name, answer in bad.items()}
        for each in receivers.values():
            await each.__aenter__()
        channels = [(name, f'url = "{each.url}"', each.port) for name, each in [*receivers.items(), ("good", good)]]
        write_channels(tmp_path, *channels, ("shut", 'url = "http://127.0.0.1:9/"', 9))
        names = ("good", "shut", *bad)
        async with Deliver(bus, tmp_path) as process:
            await put(bus, *(alert_record(alert(f"a{number}", channels=names)) for number in range(30)))
            await until(lambda: sum(len(json.loads(call.body)["data"]["alerts"]) for call in good.taken) == 30, 8)
            await until(lambda: receivers["gone"].calls and receivers["busy"].calls and receivers["pours"].taken)
        assert process.code == 0
        assert receivers["pours"].poured < 12_000_000 * len(receivers["pours"].taken)
        assert len(receivers["busy"].calls) == 1
        for each in receivers.values():
            await each.__aexit__()
    told = {(each["channel"], each["outcome"], each["reason"]) for each in await bodies(bus, DELIVERIES.name)}
    assert {("good", "delivered", None), ("gone", "dead", "http 410"), ("busy", "failed", "http 429"),
            ("inside", "failed", "http 302"), ("shut", "failed", "connection: ConnectionRefusedError")} <= told


async def test_secrets_are_in_no_log_no_topic_no_metric_no_outbox(bus, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with Receiver(lambda call: Answer(how=How.CUT_ANSWER) if call.number % 2 else Answer()) as receiver:
        write_channels(tmp_path, ("desk", 'url_env = "DESK_URL"\nsecret_envs = ["DESK_SECRET"]\nretry_base_seconds = 0.1', receiver.port),
                       ("lost", 'url_env = "LOST_URL"\nsecret_envs = ["DESK_SECRET"]', 1))
        extra = {"DESK_SECRET": CANARY, "DESK_URL": f"{receiver.url}?token=CANARYTOKEN", "LOST_URL": "http://127.0.0.1:1/CANARYTOKEN",
                 "COMMUNIQUE_OBSERVE__LOG_LEVEL": "DEBUG", "COMMUNIQUE_OBSERVE__METRICS_PORT": str(port)}
        async with Deliver(bus, tmp_path, **extra):
            await put(bus, *(alert_record(alert(f"a{number}", channels=("desk", "lost"))) for number in range(3)))
            await until(lambda: any(call.number % 2 == 0 for call in receiver.taken))
            page = await asyncio.to_thread(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode())
    assert 'communique_deliveries_total{channel="lost",outcome="failed"}' in page
    everything = [page.encode(), (tmp_path / "deliver.log").read_bytes()]
    for path in (tmp_path / "log.db", tmp_path / "state/outbox.db"):
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        everything.append(path.read_bytes())
    assert receiver.calls[0].headers["webhook-signature"]
    for each in everything:
        assert len(each) > 100
        assert not re.search(rb"CANARYTOKEN|Q0FOQVJZ", each)


async def test_what_is_no_alert_is_a_dead_letter_and_the_next_one_leaves(bus, tmp_path):
    async with Receiver() as receiver:
        write_channels(tmp_path, ("desk", f'url = "{receiver.url}"', receiver.port))
        key, body, headers = alert_record(alert("a", channels=("desk",)))
        await put(bus, (key, b"{", headers), (key, body, ()), (key, body, headers))
        async with Deliver(bus, tmp_path):
            await until(lambda: receiver.taken)
    letters = [record async for records in scan(connect(bus), [ALERTS.dead_letters]) for record in records]
    assert [dict(each.headers)["__streams.errors.code"] for each in letters] == [b"SCHEMA", b"SCHEMA"]
    assert len(receiver.taken) == 1


async def test_a_channels_file_that_is_wrong_ends_it_with_two_and_says_where(bus, tmp_path):
    (tmp_path / "channels.toml").write_text('[channels.desk]\nkind = "webhok"\n', encoding="utf-8")
    async with Deliver(bus, tmp_path) as process:
        assert not process.line
    assert process.code == 2
    assert "channels.toml:2: [channels.desk] kind is one of" in process.log.read_text(encoding="utf-8")


async def test_a_second_one_waits_until_the_first_has_ended(bus, tmp_path):
    write_channels(tmp_path)
    async with Deliver(bus, tmp_path) as first:
        second = asyncio.create_task(Deliver(bus, tmp_path).__aenter__())
        await asyncio.sleep(1.5)
        assert not second.done()
        first.process.kill()
        taken = await asyncio.wait_for(second, 20)
        assert taken.line.startswith("ready stage=deliver ordinal=0")
        await taken.__aexit__()
    assert taken.code == 0


def test_the_moment_that_tests_judge_freshness_by_is_fresh_for_the_builders_alert():
    assert alert("a").fresh_until.isoformat() > NOW.replace("Z", "+00:00")
