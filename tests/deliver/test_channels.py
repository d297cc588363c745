"""The other channels, the file that sets them up, and secrets, which appear nowhere."""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import time
from pathlib import Path

import pytest

from streams.core.delivering.wording import body_of
from streams.core.outcome import Usage
from streams.deliver import apprise_child
from streams.deliver.channels import KINDS
from streams.deliver.config import Pace, load
from streams.deliver.notification import Failed, Notification, Opening, Sent
from streams.deliver.process import open_channels
from streams.testing.builders import alert
from streams.testing.receiver import Answer, Receiver

CANARY = "whsec_" + "Q0FOQVJZ" * 5
ROOT = Path(__file__).parents[2]


def notification(name="a"):
    found = alert(name)
    body = body_of("key-1", "desk", "rule", 0, [found.model_dump_json()], [found])
    return Notification("key-1", "desk", "rule", 0, (found,), body)


def opened(kind, seconds=5.0, environment=None, **options):
    of = KINDS[kind]
    return of.open(of.options.model_validate(options), Opening("desk", seconds, time.time, environment or dict(os.environ)))


def test_every_file_of_a_kind_is_in_the_registry():
    files = {path.stem for path in (ROOT / "streams/deliver").glob("*.py") if "\nKIND = " in path.read_text(encoding="utf-8")}
    assert files == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_and_each_of_its_options_is_documented(kind):
    page = (ROOT / "docs/alerts.md").read_text(encoding="utf-8")
    assert f"`{kind}`" in page
    for name in [*KINDS[kind].options.model_fields, *Pace.model_fields]:
        assert f"`{name}`" in page


async def test_a_file_gets_a_line_and_a_cut_line_before_it_is_ended(tmp_path):
    path = tmp_path / "new" / "alerts.jsonl"
    channel = opened("file", path=str(path))
    assert await channel.send(notification()) == Sent()
    path.write_bytes(path.read_bytes() + b'{"cut":')
    assert await channel.send(notification("b")) == Sent()
    lines = path.read_bytes().split(b"\n")
    assert [json.loads(lines[place])["data"]["alerts"][0]["line"] for place in (0, 2)] == [alert("a").line, alert("b").line]
    assert lines[1] == b'{"cut":'


async def test_a_file_that_cannot_be_written_is_a_failure_without_its_path(tmp_path):
    found = await opened("file", path=str(tmp_path)).send(notification())
    assert found == Failed("file: Is a directory")


async def test_a_command_gets_json_and_no_shell_and_not_our_environment(tmp_path):
    out = tmp_path / "out"
    code = f"import os,sys; open({str(out)!r},'w').write(sys.stdin.read() + os.environ.get('SECRET','-') + os.environ.get('NAMED','-') + sys.argv[1])"
    environment = {**os.environ, "SECRET": CANARY, "NAMED": "named"}
    channel = opened("command", environment=environment, argv=[sys.executable, "-c", code, "$(id); *"], env=["NAMED"])
    assert await channel.send(notification()) == Sent()
    body, _, rest = out.read_text(encoding="utf-8").partition("\n")
    assert json.loads(body)["data"]["id"] == "key-1"
    assert rest == "-named$(id); *"


@pytest.mark.parametrize(("code", "reason"), [
    ("raise SystemExit(75)", "command: exit 75"),
    ("import time; time.sleep(60)", "command: timeout"),
    ("import sys\nwhile True: sys.stdout.write('x' * 9999)", "command: talks too much"),
    ("import os, time\nif os.fork() == 0: time.sleep(60)\nelse: time.sleep(60)", "command: timeout"),
])
async def test_a_command_is_bounded(code, reason):
    began = time.monotonic()
    assert await opened("command", seconds=1.0, argv=[sys.executable, "-c", code]).send(notification()) == Failed(reason)
    assert time.monotonic() - began < 4


async def test_a_command_that_reads_nothing_is_delivered_when_it_says_so():
    assert await opened("command", argv=["true"]).send(notification("x" * 100_000)) == Sent()


async def test_a_command_that_is_not_there_is_a_failure():
    assert await opened("command", argv=["/no/such/program"]).send(notification()) == Failed("command: FileNotFoundError")


async def test_the_log_channel_says_the_line_and_never_fails():
    assert await opened("log").send(notification()) == Sent()


async def test_apprise_sends_title_and_text_to_what_the_operator_opened_and_to_nothing_inside_else():
    async with Receiver() as receiver:
        environment = {**os.environ, "CHAT": f"json://127.0.0.1:{receiver.port}/", "PYTHONPATH": str(ROOT)}
        closed = opened("apprise", seconds=20, environment=environment, urls_env="CHAT")
        assert await closed.send(notification()) == Failed("command: exit 75")
        assert receiver.connections == 0
        channel = opened("apprise", seconds=20, environment=environment, urls_env="CHAT", allow_networks=["127.0.0.0/8"])
        assert await channel.send(notification()) == Sent()
    body = json.loads(receiver.taken[0].body)
    assert body["title"] == alert("a").line
    assert "Harbour Gazette" in body["message"]


async def test_apprise_says_when_a_service_says_no():
    async with Receiver(lambda _: Answer(500)) as receiver:
        environment = {**os.environ, "CHAT": f"json://127.0.0.1:{receiver.port}/", "PYTHONPATH": str(ROOT)}
        channel = opened("apprise", seconds=20, environment=environment, urls_env="CHAT", allow_networks=["127.0.0.0/8"])
        assert await channel.send(notification()) == Failed("command: exit 75")


def test_the_guard_of_apprise_answers_open_addresses_or_nothing():
    def ask(host, port):
        return [(socket.AF_INET, 1, 6, "", (host, port))]
    assert apprise_child.guarded(ask, ())("1.1.1.1", 1)
    with pytest.raises(socket.gaierror):
        apprise_child.guarded(ask, ())("10.0.0.1", 1)


GOOD = """
[channels.desk]
kind = "webhook"
url = "https://hooks.example.org/x"
secret_envs = ["DESK"]
group_wait_seconds = 5

[channels.night-desk]
kind = "log"

[[inhibit]]
source = ["severity=critical"]
target = ["severity=info"]
equal = ["speaker"]
"""


def write(tmp_path, text):
    path = tmp_path / "channels.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_there_is_one_channel_and_with_one_it_is_there_too(tmp_path):
    assert list(load(None).channels) == ["log"]
    config = load(write(tmp_path, GOOD))
    assert list(config.channels) == ["desk", "night-desk", "log"]
    assert config.channels["desk"].pace.group_wait_seconds == 5
    assert config.inhibitions[0].equal == ("speaker",)


@pytest.mark.parametrize(("before", "after", "told"), [
    ('kind = "webhook"', 'kind = "webhok"', r"channels.toml:3: \[channels.desk\] kind is one of .*did you mean webhook"),
    ('kind = "log"', "", r":8: \[channels.night-desk\] kind is one of"),
    ("secret_envs", "secret_env", r":5: \[channels.desk\] secret_env is nothing known here: did you mean secret_envs"),
    ("group_wait_seconds = 5", "group_wait_secs = 5", r":6: .*did you mean group_wait_seconds"),
    ("group_wait_seconds = 5", "group_wait_seconds = -5", r":6: .*group_wait_seconds: input should be greater"),
    ("[channels.desk]", "[channel.desk]", r":2: channel is nothing known here: did you mean channels"),
    ("night-desk", "Night", r":8: .*a channel's name has"),
    ("equal =", "equals =", r":14: \[inhibit\] equals: extra"),
    ('"severity=critical"', '"severity"', "no matcher"),
    ('"DESK"]', '"DESK"', "cannot be read"),
])
def test_a_mistake_is_told_with_its_line_and_the_nearest_name(tmp_path, before, after, told):
    with pytest.raises(Usage, match=told):
        load(write(tmp_path, GOOD.replace(before, after, 1)))


@pytest.mark.parametrize(("options", "told"), [
    ('url = "http://hooks.example.org/"', "http is not allowed"),
    ('url = "https://10.0.0.1/"', "address: private"),
    ("", "name either url_env or url_file"),
    ('url_env = "NOT_SET"', "NOT_SET is not set"),
    ('url_file = "/no/such/file"', "cannot be read"),
    ('url = "https://a.example/"\nsecret_envs = ["BAD"]', "BAD: a webhook secret"),
])
def test_what_cannot_work_is_told_before_anything_runs(tmp_path, options, told):
    config = load(write(tmp_path, f'[channels.desk]\nkind = "webhook"\n{options}\n'))
    with pytest.raises(Usage, match=f"channel desk: .*{told}"):
        open_channels(config, time.time, {"BAD": "whsec_short"})


async def test_a_secret_is_in_no_repr_no_error_and_no_reason(tmp_path):
    secret_file = tmp_path / "secret"
    secret_file.write_text(CANARY, encoding="utf-8")
    path = write(tmp_path, f'[channels.desk]\nkind="webhook"\nurl_env="URL"\nsecret_files=["{secret_file}"]\nsecret_envs=["KEY"]\n'
                 '[channels.chat]\nkind="apprise"\nurls_env="URL"\n[channels.run]\nkind="command"\nargv=["false"]\n')
    environment = {**os.environ, "URL": "https://hooks.example.invalid/CANARYTOKEN", "KEY": CANARY}
    config = load(path)
    channels = open_channels(config, time.time, environment)
    told = [repr(config), repr(channels), *(f"{each!r}{each!s}" for each in channels.values())]
    for each in channels.values():
        told.append(repr(await each.send(notification())))
        await each.close()
    for bad in ("whsec_" + "CANARYTOKEN", "https://u:CANARYTOKEN@h/"):
        with pytest.raises(Usage) as found:
            open_channels(config, time.time, environment | {"KEY": bad, "URL": bad})
        told.append(f"{found.value}{found.value!r}")
    for each in told:
        assert not re.search("CANARYTOKEN|Q0FOQVJZ", each)
