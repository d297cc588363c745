"""Articles over HTTP, over loopback on the embedded log."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import aiohttp
import orjson
import pytest

from streams import topics
from streams.bus.admin import at_start
from streams.bus.connect import connect
from streams.bus.errors import BusError
from streams.bus.scan import header, scan
from streams.ingest import keys, producers
from streams.ingest.serve import Serve, listen
from streams.observe import metrics
from streams.settings import Settings

TOKEN, OTHER = "a-token-of-the-wire", "another-token-altogether"
JSON, NDJSON = "application/json", "application/x-ndjson"
FULL, GAVE_UP = "too much is in hand: try again", "the bus did not acknowledge in time: send the same again"
ONE = b'{"content": "It rained.", "url": "https://daily.example/1"}'


def written(folder: Path, text: str = "") -> Path:
    path = folder / "producers.toml"
    path.write_text(text or f'[wire]\ntoken = "{TOKEN}"\n[slow]\ntoken = "{OTHER}"\narticles_per_second = 0.5\n')
    return path


class Post:
    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session, self.url = session, url

    async def __call__(self, body: bytes = ONE, kind: str = JSON, token: str = TOKEN, **heads: str):
        given = {"Content-Type": kind, "Authorization": f"Bearer {token}"} | {name.replace("_", "-"): value for name, value in heads.items()}
        async with self.session.post(f"{self.url}/articles", data=io.BytesIO(body), headers=given) as answer:
            return answer.status, orjson.loads(await answer.read()), answer.headers

    async def get(self, path: str) -> int:
        async with self.session.get(self.url + path) as answer:
            return answer.status


class Sick:
    """A producer whose broker says nothing, until it is told to say no."""

    def __init__(self):
        self.asked = []

    async def send(self, *_, **__):
        self.asked.append(asyncio.get_running_loop().create_future())
        return self.asked[-1]

    def refuse(self):
        for each in self.asked:
            each.set_exception(BusError("the broker is gone"))


@asynccontextmanager
async def served(folder: Path, producer=None, bus=None, **how):
    settings = Settings(state=folder, serve={"port": 0, **how})
    bus = bus or connect(settings)
    await at_start(bus, settings.topics)
    stopping, url = asyncio.Event(), asyncio.get_running_loop().create_future()
    known = keys.Keys(folder / "serve", settings.serve.keys_bytes)
    async with bus.producer(client_id="test") as own, aiohttp.ClientSession() as session:
        posters = producers.load(written(folder), settings.serve.articles_per_second, time.monotonic())
        serving = asyncio.create_task(listen(Serve(settings, bus, producer or own, posters, known), stopping, url.set_result))
        await asyncio.wait({serving, url}, return_when=asyncio.FIRST_COMPLETED)
        post = Post(session, url.result() if url.done() else serving.result())
        try:
            yield post, bus
        finally:
            stopping.set()
            await serving
            known.close()


async def held(bus) -> list:
    return [record async for records in scan(bus, [topics.RAW.name]) for record in records]


async def test_an_article_is_answered_with_its_id_and_its_place(tmp_path: Path) -> None:
    async with served(tmp_path) as (post, bus):
        status, answer, _ = await post()
        (record,) = await held(bus)
        assert (status, answer) == (202, {"id": header(record, "ce_id"), "origin": record.at})
        assert orjson.loads(record.value) == {"content": "It rained.", "content_type": "text/plain", "url": "https://daily.example/1", "authors": [], "via": "http"}
        assert (await post.get("/healthz"), await post.get("/readyz"), await post.get("/else")) == (200, 200, 404)


async def test_a_batch_is_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    async with served(tmp_path, batch_articles=3) as (post, bus):
        status, answer, _ = await post(b'{"content": "a"}\n\n{"content": "b"}\n', NDJSON)
        assert (status, len(answer["articles"])) == (202, 2)
        status, answer, headers = await post(b'{"content": "c"}\n{"content": 5}\nbroken\n{"authors": [7]}', NDJSON)
        assert (status, headers["Content-Type"]) == (400, "application/problem+json")
        assert [(each["line"], each["field"]) for each in answer["errors"]] == [(2, "content"), (3, None), (4, "content"), (4, "authors.0")]
        assert (await post(b'{"content": "x"}\n' * 4, NDJSON))[0] == 413
        assert len(await held(bus)) == 2


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"token": "wrong-token-of-nobody"}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({"kind": "text/plain"}, 415),
        ({"Content_Encoding": "gzip"}, 415),
        ({"body": b'{"content": "' + b"x" * 5000 + b'"}'}, 413),
        ({"body": b""}, 400),
        ({"body": b'{"content": "\\ud800"}'}, 400),
        ({"body": b'{"content": null}'}, 400),
        ({"body": b"[" * 2000}, 400),
        ({"Idempotency_Key": "x" * 256}, 400),
    ],
)
async def test_what_cannot_be_taken_is_refused_and_nothing_is_sent(tmp_path: Path, how: dict, status: int) -> None:
    async with served(tmp_path, batch_bytes=4096) as (post, bus):
        assert (await post(**how))[0] == status
        assert await held(bus) == []


async def test_a_batch_with_an_article_that_the_bus_would_refuse_is_not_taken_in_part(tmp_path: Path) -> None:
    async with served(tmp_path) as (post, bus):
        wide = orjson.dumps({"content": "b", "headline": "x" * (topics.MAX_RECORD_BYTES - 4096)})
        assert (await post(b'{"content": "a"}\n' + wide, NDJSON))[0] == 413
        assert await held(bus) == []
        fits = orjson.dumps({"content": "b", "headline": "x" * (topics.MAX_RECORD_BYTES - 8192)})
        assert (await post(b'{"content": "a"}\n' + fits, NDJSON))[0] == 202


async def raw(post, request: bytes) -> bytes:
    """Send bytes as they are; return the first line of the answer."""
    host, _, port = post.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    async with asyncio.timeout(5):
        line = await reader.readline()
    writer.close()
    return line


HEAD = f"POST /articles HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: {JSON}\r\n".encode()


@pytest.mark.parametrize("request_", [
    HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n\r\n",
    HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}   ",
    HEAD + b"Content-Length: -5\r\n\r\n{}",
    HEAD + b"Content-Length: 1_0\r\n\r\n{}",
    HEAD + b"X: " + b"x" * 20_000 + b"\r\n\r\n",
    HEAD + b"X\xff: \x00\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
], ids=["two ways to end", "two lengths", "less than nothing", "no number", "a long header", "no header", "no length", "TLS"])
async def test_a_request_whose_end_is_in_doubt_is_refused_and_the_next_is_taken(tmp_path: Path, request_: bytes) -> None:
    async with served(tmp_path) as (post, bus):
        assert (await raw(post, request_)).split(b" ")[1:2] in ([b"400"], [b"411"])
        assert (await post())[0] == 202
        assert len(await held(bus)) == 1


async def test_a_body_of_nothing_but_line_ends_is_refused_at_once(tmp_path: Path) -> None:
    async with served(tmp_path) as (post, _):
        began = time.process_time()
        assert (await post(b"\n" * (16 * 1024 * 1024), NDJSON))[0] == 400
        assert time.process_time() - began < 1


async def test_a_client_that_goes_in_the_middle_of_its_body_is_counted_and_leaves_no_traceback(tmp_path: Path, caplog) -> None:
    before = counted("requests_total", outcome="failed")
    async with served(tmp_path) as (post, _):
        host, _, port = post.url.removeprefix("http://").partition(":")
        for end in ("abort", "close"):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(HEAD + b"Content-Length: 100\r\n\r\n{")
            await writer.drain()
            getattr(writer.transport, end)()
        async with asyncio.timeout(5):
            while counted("requests_total", outcome="failed") < before + 2:
                await asyncio.sleep(0.02)
        assert (await post())[0] == 202
    assert [each for each in caplog.records if each.exc_info] == []


async def test_with_the_disk_full_the_answer_is_true_and_remembered_while_serve_lives(tmp_path: Path, monkeypatch) -> None:
    def full(file, data):
        return os.pwrite(file, data[:5], os.fstat(file).st_size)

    async with served(tmp_path) as (post, bus):
        with monkeypatch.context() as patch:
            patch.setattr("streams.ingest.keys.os.write", full)
            first = await post(Idempotency_Key="k")
            assert (first[0], (await post(Idempotency_Key="k"))[1]) == (202, first[1])
        second = await post(b'{"content": "b"}', Idempotency_Key="l")
        assert len(await held(bus)) == 2
    async with served(tmp_path) as (post, bus):
        assert (await post(b'{"content": "b"}', Idempotency_Key="l"))[1] == second[1], "a line that was cut spoils no other"
        assert (await post(Idempotency_Key="k"))[1]["id"] == first[1]["id"]


class Asked:
    """A bus that counts who asks it, and answers only while it is well."""

    def __init__(self, bus) -> None:
        self.bus, self.times, self.well = bus, 0, True
        self.url, self.producer = bus.url, bus.producer

    def admin(self):
        self.times += 1
        if not self.well:
            raise BusError("away")
        return self.bus.admin()


async def test_readyz_asks_the_bus_once_a_second_however_many_ask(tmp_path: Path, monkeypatch) -> None:
    bus = Asked(connect(Settings(state=tmp_path)))
    async with served(tmp_path, bus=bus) as (post, _):
        before = bus.times
        assert set(await asyncio.gather(*(post.get("/readyz") for _ in range(50)))) == {200}
        assert bus.times == before + 1
        monkeypatch.setattr("streams.ingest.serve._READY_KEPT_SECONDS", 0.0)
        bus.well = False
        assert (await post.get("/readyz"), bus.times) == (503, before + 2)


async def test_content_over_the_limit_names_its_field(tmp_path: Path) -> None:
    async with served(tmp_path) as (post, _):
        status, answer, _ = await post(orjson.dumps({"content": "x" * 900_001}))
        assert (status, answer["errors"][0]["field"]) == (400, "content")


async def test_a_producer_over_its_rate_is_told_when_to_come_back_and_others_are_not_held_up(tmp_path: Path) -> None:
    async with served(tmp_path) as (post, _):
        assert (await post(token=OTHER))[0] == 202
        status, _, headers = await post(token=OTHER)
        assert (status, headers["Retry-After"]) == (429, "2")
        assert (await post())[0] == 202


async def test_a_key_gives_the_same_answer_and_no_second_record_also_after_a_restart(tmp_path: Path) -> None:
    async with served(tmp_path) as (post, _):
        first = await post(Idempotency_Key="k1")
        assert (await post(Idempotency_Key="k1"))[:2] == first[:2]
        assert (await post(b'{"content": "other"}', Idempotency_Key="k1"))[0] == 422
        assert (await post(b'{"content": "other"}', token=OTHER, Idempotency_Key="k1"))[0] == 202, "keys are a producer's own"
    async with served(tmp_path) as (post, bus):
        assert (await post(Idempotency_Key="k1"))[:2] == first[:2]
        assert len(await held(bus)) == 2


async def test_without_a_key_the_same_article_has_the_same_id(tmp_path: Path) -> None:
    async with served(tmp_path) as (post, _):
        one, two = (await post())[1], (await post())[1]
        assert (one["id"] == two["id"], one["origin"] == two["origin"]) == (True, False)


async def test_a_bus_that_does_not_acknowledge_is_503_and_the_key_is_free_again(tmp_path: Path) -> None:
    async with served(tmp_path, producer=Sick(), ack_seconds=0.2) as (post, _):
        slow = asyncio.create_task(post(Idempotency_Key="k"))
        await asyncio.sleep(0.1)
        assert (await post(Idempotency_Key="k"))[0] == 409
        status, _, headers = await slow
        assert (status, "Retry-After" in headers) == (503, True)
        assert (await post(Idempotency_Key="k"))[0] == 503


def counted(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"communique_serve_{name}", labels) or 0.0


REFUSED = {
    "unauthorized": {"token": "wrong-token-of-nobody"}, "unsupported": {"kind": "text/plain"}, "invalid": {"body": b'{"content": null}'},
    "too_large": {"body": b'{"content": "' + b"x" * 5000 + b'"}'}, "key_reused": {"body": b'{"content": "b"}', "Idempotency_Key": "k"},
    "too_fast": {"token": OTHER},
}


async def test_what_is_accepted_refused_and_how_long_the_bus_took_is_counted(tmp_path: Path) -> None:
    outcomes = ("accepted", "repeated", *REFUSED)
    before = {each: counted("requests_total", outcome=each) for each in outcomes}
    articles, acks = counted("articles_total", producer="wire"), counted("ack_seconds_count")
    async with served(tmp_path, batch_bytes=4096) as (post, _):
        await post(b'{"content": "a"}\n{"content": "b"}\n', NDJSON)
        for _ in range(2):
            await post(Idempotency_Key="k")
        await post(token=OTHER)
        for how in REFUSED.values():
            await post(**how)
    after = {each: counted("requests_total", outcome=each) for each in outcomes}
    assert {each: after[each] - before[each] for each in outcomes} == {"accepted": 3, "repeated": 1} | dict.fromkeys(REFUSED, 1)
    assert counted("articles_total", producer="wire") - articles == 3
    assert counted("ack_seconds_count") - acks == 3


async def test_what_the_bus_does_not_acknowledge_and_what_finds_no_room_are_told_apart(tmp_path: Path) -> None:
    names = ("unacknowledged", "full", "accepted")
    before = [counted("requests_total", outcome=each) for each in names]
    async with served(tmp_path, producer=Sick(), ack_seconds=0.2) as (post, _):
        assert (await post())[0] == 503
    async with served(tmp_path, in_hand_bytes=1024) as (post, _):
        assert (await post(b'{"content": "' + b"x" * 2000 + b'"}'))[0] == 503
    after = [counted("requests_total", outcome=each) for each in names]
    assert [one - other for one, other in zip(after, before, strict=True)] == [1, 1, 0]


async def test_bytes_in_hand_are_bounded(tmp_path: Path) -> None:
    async with served(tmp_path, producer=Sick(), ack_seconds=0.3, in_hand_bytes=1024) as (post, _):
        body = orjson.dumps({"content": "x" * 700})
        statuses = await asyncio.gather(*(post(body) for _ in range(2)))
        assert [(status, answer["detail"]) for status, answer, _ in statuses if "in hand" in answer["detail"]] == [(503, FULL)]


async def test_what_was_given_up_on_keeps_its_room_until_the_bus_lets_go_of_it(tmp_path: Path) -> None:
    sick, body = Sick(), orjson.dumps({"content": "x" * 700})
    async with served(tmp_path, producer=sick, ack_seconds=0.1, in_hand_bytes=1024) as (post, _):
        told = [(await post(body))[1]["detail"] for _ in range(3)]
        assert [len(sick.asked), *told] == [1, GAVE_UP, FULL, FULL]
        sick.refuse()
        assert (await post(body))[1]["detail"] == GAVE_UP


async def test_slow_connections_are_closed_and_more_than_allowed_too(tmp_path: Path) -> None:
    async with served(tmp_path, header_seconds=0.3, body_seconds=0.3, max_connections=3) as (post, _):
        host, _, port = post.url.removeprefix("http://").partition(":")
        opened = [await asyncio.open_connection(host, int(port)) for _ in range(4)]
        opened[1][1].write(b"POST /articles HTTP/1.1\r\nHost: a\r\nX-Slow: ")
        head = f"POST /articles HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: {JSON}\r\nContent-Length: 100\r\n\r\n{{"
        opened[2][1].write(head.encode())
        async with asyncio.timeout(5):
            answers = []
            for reader, writer in opened:
                with suppress(ConnectionError):
                    answers.append((await reader.read(12))[9:])
                writer.close()
            assert b"408" in answers
            assert len([each for each in answers if each]) == 1
        assert (await post())[0] == 202


@contextmanager
def command(folder: Path, **environment: str):
    names = os.environ | {"COMMUNIQUE_STATE": str(folder / "state"), **environment}
    words = [sys.executable, "-m", "streams.cli.app", "serve", "--port", "0", "--tokens", str(written(folder)), "--json"]
    process = subprocess.Popen(words, env=names, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        yield process, orjson.loads(process.stdout.readline())["url"]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def test_after_kill_9_the_article_has_the_same_id_and_sigterm_ends_with_0(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as session:
        with command(tmp_path) as (process, url):
            answer = await Post(session, url)(Idempotency_Key="k")
            process.kill()
        with command(tmp_path) as (process, url):
            post = Post(session, url)
            assert (await post(Idempotency_Key="k"))[1] == answer[1], "the answer outlives the process"
            assert (await post())[1]["id"] == answer[1]["id"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0


def test_serve_without_tokens_or_with_bad_ones_is_wrong_usage(tmp_path: Path) -> None:
    names = os.environ | {"COMMUNIQUE_STATE": str(tmp_path)}
    for words, told in (([], "say who may post"), (["--tokens", str(written(tmp_path, '[a]\ntoken = "short-secret"'))], "a.token")):
        done = subprocess.run([sys.executable, "-m", "streams.cli.app", "serve", *words], env=names, capture_output=True, text=True, check=False)
        assert (done.returncode, told in done.stderr, "short-secret" in done.stderr) == (2, True, False)


def test_a_port_that_is_taken_is_named_with_what_to_do(tmp_path: Path) -> None:
    environment = {**os.environ, "COMMUNIQUE_STATE": str(tmp_path)}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for words, told in [(["--port", str(port)], f"serve.port {port}"), (["--port", "0", "--set", f"serve.metrics_port={port}"], "no metrics on")]:
            command = [sys.executable, "-m", "streams.cli.app", "serve", "--tokens", str(written(tmp_path)), *words]
            done = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False, text=True)
            assert (done.returncode, told in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr


def test_answers_that_are_remembered_are_bounded_and_survive_a_line_cut_short(tmp_path: Path) -> None:
    known = keys.Keys(tmp_path, 4096)
    for number in range(200):
        known.put(("wire", str(number)), keys.Answered("d", b'{"id": "%d"}' % number))
    known.close()
    assert sum(path.stat().st_size for path in tmp_path.glob("keys.*")) < 4096 + 200
    newest = max(tmp_path.glob("keys.*"), key=lambda path: (path.stat().st_mtime_ns, -path.stat().st_size))
    newest.write_bytes(newest.read_bytes() + b'["wire", "cut')
    known = keys.Keys(tmp_path, 4096)
    known.put(("wire", "next"), keys.Answered("d", b"{}"))
    assert [known.get(("wire", each)) is not None for each in ("0", "199", "cut", "next")] == [False, True, False, True]
    known.close()


def test_lines_of_the_keys_that_a_death_tore_or_somebody_wrote_are_passed_over(tmp_path):
    known = keys.Keys(tmp_path, 4096)
    known.put(("wire", "k"), keys.Answered("d", b"{}"))
    known.close()
    with next(tmp_path.glob("keys.*")).open("ab") as stream:
        stream.write(b'{"a": 1}\n7\n["a", "b", "c", 4]\n["wire", "half')
    assert keys.Keys(tmp_path, 4096).get(("wire", "k")) == keys.Answered("d", b"{}")
