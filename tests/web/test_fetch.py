"""The door to the web: what leads inside is never connected to, redirects included, and every answer has an end."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network

import pytest

from streams.core.web.links import joined, written
from streams.core.web.target import Allowed, TargetRefused
from streams.core.web.unpacked import Unreadable, unpacked
from streams.testing.receiver import Answer, How, Receiver
from streams.web.fetch import FetchFailed, Limits, Web
from streams.web.resolver import look_up_by

HERE = (ip_network("127.0.0.0/8"),)
LIMITS = Limits(max_bytes=100_000, total_seconds=2.0, read_seconds=1.0, max_redirects=3)


def door(*, networks=HERE, http=True, ports=None, ask=None):
    allowed = Allowed(http, networks, frozenset(range(1, 65536)) if ports is None else ports)
    return Web(allowed, "communique/test", ssl.create_default_context(), ask or look_up_by(ThreadPoolExecutor(2)))


async def got(url, web=None, limits=LIMITS, **named):
    async with web or door() as opened:
        return await opened.get(url, limits, **named)


async def why(url, web=None, limits=LIMITS, **named):
    with pytest.raises(FetchFailed) as failed:
        await got(url, web, limits, **named)
    return str(failed.value)


async def test_an_answer_comes_with_its_headers_and_names_us():
    async with Receiver(lambda _: Answer(200)) as there:
        answer = await got(there.url, headers={"If-None-Match": '"a"'})
    assert (answer.status, answer.body, answer.moved_to) == (200, b"ok", None)
    assert there.calls[0].headers["user-agent"] == "communique/test"
    assert there.calls[0].headers["if-none-match"] == '"a"'


@pytest.mark.parametrize(("first", "second", "for_good"), [
    (301, 301, "end"), (308, 301, "end"), (301, 302, "middle"), (302, 301, None), (307, 308, None), (303, 303, None),
])
async def test_redirects_are_followed_and_what_moved_for_good_is_told_up_to_the_first_that_did_not(first, second, for_good):
    async with Receiver() as end, Receiver(lambda _: Answer(second, location=end.url)) as middle, \
            Receiver(lambda _: Answer(first, location=middle.url)) as start:
        answer = await got(start.url)
        assert (answer.status, answer.url) == (200, end.url)
        assert answer.moved_to == {"end": end.url, "middle": middle.url, None: None}[for_good]


def inside(port):
    """Return places that a redirect may not lead to."""
    return [f"http://127.0.0.1:{port}/", f"//127.0.0.1:{port}/", f"http://[::1]:{port}/", f"http://localhost:{port}/",
            f"http://2130706433:{port}/", f"http://0x7f.1:{port}/", f"http://user@127.0.0.1:{port}/",
            f"http://[::ffff:127.0.0.1]:{port}/", "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/",
            "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "javascript:alert(1)", "data:text/xml,x"]


async def test_a_redirect_to_the_inside_is_never_connected_to():
    only = (ip_network("127.0.0.2/32"),)
    async with Receiver() as trap:
        for place in inside(trap.port):
            async with Receiver(lambda _, to=place: Answer(301, location=to), host="127.0.0.2") as start:
                assert (await why(start.url, door(networks=only))).startswith(("refused, ", "connection: ")), place
    assert trap.connections == 0


async def test_a_redirect_without_end_ends():
    async with Receiver(lambda _: Answer(302, location="/hook")) as there:
        assert await why(there.url) == "redirect: more than 3 of them"
    assert there.connections == 4


async def test_every_hop_is_asked_for_and_one_that_is_not_admitted_is_not_connected_to():
    asked = []

    async def admit(url):
        asked.append(url)
        if len(asked) == 2:
            raise TargetRefused("host: not one of the feed's")

    async with Receiver() as end, Receiver(lambda _: Answer(302, location=end.url)) as start:
        assert await why(start.url, admit=admit) == "refused, host: not one of the feed's"
        assert (asked, end.connections) == ([start.url, end.url], 0)


async def test_a_name_that_moves_inside_between_two_hops_is_not_connected_to():
    async def ask(host, port):
        return [(socket.AF_INET, "127.0.0.2" if host == "news.example.org" else "127.0.0.1")]

    only = (ip_network("127.0.0.2/32"),)
    async with Receiver() as trap, Receiver(
        lambda _: Answer(302, location=f"http://rebind.example.org:{trap.port}/"), host="127.0.0.2"
    ) as start:
        assert await why(f"http://news.example.org:{start.port}/", door(networks=only, ask=ask)) == "refused, address: loopback"
    assert (start.connections, trap.connections) == (1, 0)


async def test_https_only_unless_allowed():
    async with Receiver() as there:
        assert await why(there.url, door(http=False)) == "refused, url: http is not allowed here"
    assert there.connections == 0


@pytest.mark.parametrize(("how", "told"), [
    (How.HANG, "timeout"), (How.DRIP, "timeout"), (How.CUT_AT_ONCE, "connection: "),
    (How.POUR, "too large: more than 100,000 bytes"), (How.POUR_HEADERS, None),
])
async def test_an_answer_has_an_end_whatever_the_other_side_does(how, told):
    async with Receiver(lambda _: Answer(how=how)) as there:
        began = time.monotonic()
        found = await why(there.url)
        assert time.monotonic() - began < 3
        assert told is None or found.startswith(told)
        await asyncio.sleep(0.05)
    assert there.poured < 12_000_000


async def test_no_proxy_of_the_environment_is_used(monkeypatch):
    async with Receiver() as proxy, Receiver() as there:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert (await got(there.url)).status == 200
    assert (proxy.connections, there.connections) == (0, 1)


BOMB = gzip.compress(b"x" * 5_000_000)


@pytest.mark.parametrize(("body", "encoding", "found"), [
    (b"plain", None, b"plain"), (b"plain", "identity", b"plain"), (gzip.compress(b"a"), "gzip", b"a"),
    (zlib.compress(b"a"), "deflate", b"a"), (zlib.compress(b"abc")[2:-4], "deflate", b"abc"),
    (gzip.compress(b"a"), None, b"a"), (gzip.compress(gzip.compress(b"a")), "gzip, gzip", b"a"), (b"", "gzip", b""),
    (gzip.compress(gzip.compress(b"a")), "gzip", b"a"),
])
def test_what_is_packed_is_unpacked(body, encoding, found):
    assert unpacked(body, encoding, 1000) == found


@pytest.mark.parametrize(("body", "encoding"), [
    (BOMB, "gzip"), (BOMB, None), (gzip.compress(BOMB), "gzip"), (gzip.compress(BOMB), "gzip, gzip"),
    (gzip.compress(b"a" * 99)[:-9], "gzip"), (b"no gzip", "gzip"), (b"a", "br"), (b"a", "gzip, gzip, gzip"), (b"x" * 2000, None),
])
def test_what_is_too_large_or_broken_once_unpacked_is_refused(body, encoding):
    with pytest.raises(Unreadable):
        unpacked(body, encoding, 1000)


@pytest.mark.parametrize(("url", "plain"), [
    ("HTTPS://Example.org", "https://example.org/"), ("https://example.org/a b", "https://example.org/a%20b"),
    ("https://example.org/%C3%BC", "https://example.org/%C3%BC"), ("https://example.org/?a=ü#x", "https://example.org/?a=%C3%BC"),
    ("https://пример.рф/", "https://xn--e1afmkfd.xn--p1ai/"), ("  https://example.org/x\n", "https://example.org/x"),
    ("https://example.org:8443/x", "https://example.org:8443/x"), ("file:///etc/passwd", "file:///etc/passwd"),
    ("no url", "no url"),
])
def test_a_url_is_written_plainly(url, plain):
    assert written(url) == plain
    assert written(plain) == plain


@pytest.mark.parametrize(("link", "to"), [
    ("/b", "https://a.example/b"), ("b?c", "https://a.example/feed/b?c"), ("//b.example/x", "https://b.example/x"),
    ("", None), (" ", None), ("x" * 9000, None), ("http://[::1", None), ("#top", "https://a.example/feed/"),
])
def test_a_link_leads_somewhere_or_nowhere(link, to):
    assert joined("https://a.example/feed/", link) == to
