"""Webhooks: signed as the official library asks, kept away from inside, bounded whatever the other end does."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from streams.core.delivering.signature import key_of
from streams.core.delivering.wording import body_of
from streams.core.web.target import Allowed
from streams.deliver.notification import Failed, Notification, Sent
from streams.deliver.secret import Secret
from streams.deliver.webhook import WebhookChannel
from streams.testing.builders import alert
from streams.testing.receiver import Answer, How, Receiver
from streams.web.resolver import look_up_by

OLD, NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
HERE = (ip_network("127.0.0.0/8"),)


def notification(name="a"):
    found = alert(name)
    body = body_of("key-1", "desk", "rule", 0, [found.model_dump_json()], [found])
    return Notification("key-1", "desk", "rule", 0, (found,), body)


def channel(url, *, networks=HERE, ports=None, http=True, ask=None, seconds=2.0, secrets=(NEW, OLD), most=16_384):
    allowed = Allowed(http, networks, frozenset(range(1, 65536)) if ports is None else ports)
    return WebhookChannel(
        Secret("url", url), tuple(map(key_of, secrets)), allowed, most, seconds, time.time, ssl.create_default_context(),
        ask or look_up_by(ThreadPoolExecutor(2)))


async def sent(made, what=None):
    try:
        return await made.send(what or notification())
    finally:
        await made.close()


async def test_the_official_library_verifies_with_the_new_and_with_the_old_secret():
    async with Receiver() as receiver:
        assert await sent(channel(receiver.url)) == Sent()
    call = receiver.calls[0]
    for secret in (NEW, OLD):
        assert Webhook(secret).verify(call.body, call.headers)["type"] == "news.alert.notification"
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 32).verify(call.body, call.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(call.body + b" ", call.headers)
    assert call.headers["webhook-id"] == "key-1"


@pytest.mark.parametrize(("answer", "outcome"), [
    (Answer(204), Sent()),
    (Answer(404), Failed("http 404")),
    (Answer(410), Failed("http 410", final=True)),
    (Answer(429, after="120"), Failed("http 429", 120.0)),
    (Answer(503, after="Thu, 01 Jan 1970 00:00:00 GMT"), Failed("http 503", 0.0)),
    (Answer(500, after="120"), Failed("http 500")),
    (Answer(302, location="http://127.0.0.1:1/"), Failed("http 302")),
    (Answer(how=How.CUT_AT_ONCE), Failed("connection: ServerDisconnectedError")),
    (Answer(how=How.CUT_UNANSWERED), Failed("connection: ServerDisconnectedError")),
])
async def test_an_answer_is_an_outcome(answer, outcome):
    async with Receiver(lambda _: answer) as receiver:
        assert await sent(channel(receiver.url)) == outcome


async def test_a_redirect_is_not_followed():
    async with Receiver() as trap, Receiver(lambda _: Answer(307, location=trap.url)) as receiver:
        assert await sent(channel(receiver.url)) == Failed("http 307")
    assert (receiver.connections, trap.connections) == (1, 0)


@pytest.mark.parametrize("how", [How.HANG, How.DRIP])
async def test_an_exchange_has_an_end_whatever_the_other_side_does(how):
    async with Receiver(lambda _: Answer(how=how)) as receiver:
        began = time.monotonic()
        assert await sent(channel(receiver.url, seconds=0.5)) == Failed("timeout")
        assert time.monotonic() - began < 1.5


async def test_ten_gigabytes_are_not_read():
    async with Receiver(lambda _: Answer(how=How.POUR)) as receiver:
        assert await sent(channel(receiver.url)) == Sent()
        await asyncio.sleep(0.1)
    assert receiver.poured < 12_000_000  # what two kernels buffer of it; the channel read 16 kB


async def test_headers_without_end_are_not_read():
    async with Receiver(lambda _: Answer(how=How.POUR_HEADERS)) as receiver:
        found = await sent(channel(receiver.url))
        assert isinstance(found, Failed)
        await asyncio.sleep(0.1)
    assert receiver.poured < 12_000_000


class Endless:
    """An answer whose body has no end."""

    def __init__(self):
        self.content, self.given = self, 0

    async def read(self, most):
        self.given += most
        return b"x" * most


async def test_of_an_answer_no_more_is_read_than_allowed():
    answer = Endless()
    await channel("http://127.0.0.1:1/", most=10_000)._read(answer)
    assert answer.given == 10_000


async def test_a_refused_connection_is_a_failure():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        found = await sent(channel(f"http://127.0.0.1:{port}/"))
    assert found == Failed("connection: ConnectionRefusedError")


def inside(trap):
    """Return URLs that lead to the trap, were they followed; None looks the name up for real."""
    port = trap.port
    literal = ["127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001",
               "127.0.0.1.", "0", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
               "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "user@127.0.0.1", "a:b@127.0.0.1", "①②⑦.0.0.1", "127。0。0。1",
               "%31%32%37.0.0.1", "localhost", "LOCALHOST", "localhost.localdomain", "ip6-localhost"]
    return [f"http://{host}:{port}/hook" for host in literal]


async def test_nothing_that_leads_inside_is_ever_connected_to():
    async with Receiver() as trap:
        for url in inside(trap):
            found = await sent(channel(url, networks=(), ports=frozenset({trap.port})))
            assert isinstance(found, Failed), url
            assert "127" not in found.reason
    assert trap.connections == 0


@pytest.mark.parametrize("answers", [
    ["127.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["127.0.0.1", "1.1.1.1"], ["::1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"],
    ["10.0.0.1"], ["169.254.169.254"], ["fd00:ec2::254"], ["100.64.0.1"], ["0.0.0.0"], ["2002:7f00:1::1"], ["fe80::1%lo"], [],
])
async def test_a_name_with_one_address_inside_is_not_connected_to(answers):
    async def ask(host, port):
        return [(socket.AF_INET6 if ":" in each else socket.AF_INET, each) for each in answers]

    async with Receiver() as trap:
        url = f"http://hooks.example.org:{trap.port}/"
        found = await sent(channel(url, networks=(), ports=frozenset({trap.port}), ask=ask))
    assert found.reason.startswith("refused, address: ")
    assert trap.connections == 0


async def test_the_connection_goes_to_the_address_that_was_checked_and_the_name_is_asked_once():
    asked = []
    async def ask(host, port):
        asked.append(host)
        return [(socket.AF_INET, "127.0.0.2" if len(asked) == 1 else "127.0.0.1")]

    async with Receiver() as trap, Receiver(host="127.0.0.2") as good:
        only = (ip_network("127.0.0.2/32"),)
        url = f"http://rebind.example.org:{good.port}/"
        assert await sent(channel(url, networks=only, ask=ask)) == Sent()
        second = await sent(channel(url, networks=only, ask=ask))
    assert asked == ["rebind.example.org"] * 2
    assert second == Failed("refused, address: loopback")
    assert (good.connections, trap.connections) == (1, 0)
    assert good.calls[0].headers["host"].startswith("rebind.example.org")


async def test_no_proxy_of_the_environment_is_used(monkeypatch):
    async with Receiver() as proxy, Receiver() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert await sent(channel(receiver.url)) == Sent()
    assert (proxy.connections, receiver.connections) == (0, 1)


async def test_a_name_server_that_says_nothing_keeps_only_its_own_channel_waiting(monkeypatch):
    answers, real = threading.Event(), socket.getaddrinfo

    def ask(host, *rest, **named):
        if host == "stuck.example.org":
            answers.wait(10)
        return real("127.0.0.1" if host == "good.example.org" else host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    async with Receiver() as receiver:
        stuck = channel(f"http://stuck.example.org:{receiver.port}/", seconds=0.5)
        trying = [asyncio.create_task(stuck.send(notification())) for _ in range(40)]
        await asyncio.sleep(0.1)
        assert await sent(channel(f"http://good.example.org:{receiver.port}/", seconds=0.4)) == Sent()
        assert await asyncio.to_thread(lambda: "free") == "free"
        assert set(await asyncio.gather(*trying)) == {Failed("timeout")}
    answers.set()
    await stuck.close()
