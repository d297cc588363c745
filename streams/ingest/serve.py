"""serve: articles over HTTP, answered 202 once the bus has them and not before.

`POST /articles`, in this order: who is it (401), is there room (503), may it send now (429), is it of a size
and kind that is taken (411, 413, 415), the body within its time (408), has this key an answer (the same
again; 422 for another body, 409 while it is in hand), is each article one (400), send all, wait for the
acknowledgements (503 when they do not come in time: the client repeats, the ids are the same), remember the
answer, answer. `GET /healthz` says that the process lives, `GET /readyz` that the bus answers.

An answer is never a promise: what it names lies on the topic, at the place that it names. Errors are
problem+json.

Source: RFC 9457 (problem+json), RFC 6585 (429), draft-ietf-httpapi-idempotency-key-header-06.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import orjson
from aiohttp import web

from schemas.envelope import DeliveryMode
from streams import topics
from streams.bus.errors import BusError, TooLarge
from streams.core.outcome import Usage
from streams.ingest.connections import Connections
from streams.ingest.keys import MAX_CHARS, Answered, Key, Keys
from streams.ingest.load import raw_record
from streams.ingest.posted import JSON, NDJSON, articles
from streams.ingest.producers import Poster, who
from streams.observe import logging, metrics

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from streams.bus.interface import Bus, Headers, Producer, RecordMetadata
    from streams.settings import Settings

    Raw = tuple[bytes | None, bytes, Headers]
    """Key, body and headers of a raw record."""

_READY_SECONDS: Final = 2.0
_READY_KEPT_SECONDS: Final = 1.0
"""What /readyz found holds so long: anybody may ask it, and each look connects to the bus."""
_STOP_SECONDS: Final = 20.0
"""What is in hand at SIGTERM has so long, beyond the bus's time to acknowledge."""
_KEEP_ALIVE_SECONDS: Final = 30.0
_RECORD_BYTES: Final = topics.MAX_RECORD_BYTES - 4096
"""Key and body of a raw record; the rest is for its headers. So a batch has none that the bus refuses."""


_OUTCOMES: Final = {
    400: "invalid", 401: "unauthorized", 408: "slow", 409: "in_hand", 411: "no_length", 413: "too_large",
    415: "unsupported", 422: "key_reused", 429: "too_fast", 503: "unacknowledged",
}
"""What an answer is counted as; 202 is `accepted` or `repeated`, 503 when there is no room `full`."""


class Problem(Exception):
    """It becomes an answer, and is counted as `outcome`; None: as its status says."""

    def __init__(
        self, status: int, detail: str, retry_after: float | None = None, outcome: str | None = None,
        **more: object,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.retry_after, self.more = status, detail, retry_after, more
        self.outcome = outcome or _OUTCOMES.get(status, "failed")

    def answer(self) -> web.Response:
        """Return it as problem+json."""
        body = {"type": "about:blank", "status": self.status, "detail": self.detail, **self.more}
        headers = {"WWW-Authenticate": "Bearer"} if self.status == 401 else {}
        if self.retry_after is not None:
            headers["Retry-After"] = str(max(1, math.ceil(self.retry_after)))
        kind = "application/problem+json"
        return web.Response(status=self.status, body=orjson.dumps(body), headers=headers, content_type=kind)


@dataclass(slots=True)
class Serve:
    """The endpoint. `producer` is started."""

    settings: Settings
    bus: Bus
    producer: Producer
    posters: Sequence[Poster]
    keys: Keys
    in_hand: set[Key] = field(default_factory=set)
    bytes_in_hand: int = 0
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _found: tuple[float, bool] | None = None

    async def post(self, request: web.Request) -> web.Response:
        """Take articles, and count what came of it; what is no answer (a client that went) is `failed`."""
        outcome = "failed"
        try:
            answer, outcome = await self._answer(request)
        except Problem as problem:
            outcome = problem.outcome
            raise
        finally:
            metrics.SERVE_REQUESTS.labels(outcome).inc()
        return web.Response(status=202, body=answer, content_type=JSON)

    async def _answer(self, request: web.Request) -> tuple[bytes, str]:
        """Return the body of a 202 and its outcome. Raises `Problem`."""
        how = self.settings.serve
        poster = who(self.posters, request.headers.get("Authorization"))
        if poster is None:
            raise Problem(401, "give a token of the tokens file: Authorization: Bearer …")
        size = self._size(request)
        if self.bytes_in_hand + size > how.in_hand_bytes:
            raise Problem(503, "too much is in hand: try again", 1, "full")
        if wait := poster.bucket.wait(time.monotonic()):
            raise Problem(429, f"{poster.name} may send {poster.bucket.per_second:g} articles a second", wait)
        self.bytes_in_hand += size
        try:
            return await self._keyed(request, await self._body(request), poster)
        finally:
            self.bytes_in_hand -= size

    def _size(self, request: web.Request) -> int:
        if request.content_type != JSON and request.content_type not in NDJSON:
            raise Problem(415, f"send {JSON}, or {NDJSON[0]} with one article a line")
        if request.headers.get("Content-Encoding"):
            raise Problem(415, "send the body as it is, without Content-Encoding")
        if request.content_length is None:
            raise Problem(411, "say how long the body is: Content-Length")
        if request.content_length > self.settings.serve.batch_bytes:
            raise Problem(413, f"at most {self.settings.serve.batch_bytes:,} bytes: send smaller batches")
        return request.content_length

    async def _body(self, request: web.Request) -> bytes:
        try:
            async with asyncio.timeout(self.settings.serve.body_seconds):
                return await request.read()
        except TimeoutError:
            raise Problem(408, "the body took too long") from None
        except (ConnectionError, web.RequestPayloadError):
            raise Problem(400, "the body broke off", outcome="failed") from None

    async def _keyed(self, request: web.Request, body: bytes, poster: Poster) -> tuple[bytes, str]:
        given = request.headers.get("Idempotency-Key")
        if given is None:
            return await self._take(request, body, poster), "accepted"
        if not 0 < len(given) <= MAX_CHARS or not given.isprintable():
            raise Problem(400, f"Idempotency-Key: 1 to {MAX_CHARS} printable characters")
        key, digest = (poster.name, given), hashlib.sha256(body).hexdigest()
        if (known := self.keys.get(key)) is not None:
            if known.digest != digest:
                raise Problem(422, "this Idempotency-Key was used for another body: take a new one")
            return known.answer, "repeated"
        if key in self.in_hand:
            raise Problem(409, "a request with this Idempotency-Key is in hand: wait for its answer", 1)
        self.in_hand.add(key)
        try:
            answer = await self._take(request, body, poster)
            self.keys.put(key, Answered(digest, answer))
        finally:
            self.in_hand.discard(key)
        return answer, "accepted"

    async def _take(self, request: web.Request, body: bytes, poster: Poster) -> bytes:
        found, wrong = articles(body, request.content_type, self.settings.cleaning.max_content_bytes)
        if wrong:
            raise Problem(400, "nothing was taken", errors=[each.as_dict() for each in wrong])
        if not found:
            raise Problem(400, "the body holds no article")
        if len(found) > self.settings.serve.batch_articles:
            raise Problem(413, f"at most {self.settings.serve.batch_articles:,} articles at once")
        records = [raw_record(article, DeliveryMode.LIVE) for article in found]
        if any(len(key or b"") + len(value) > _RECORD_BYTES for key, value, _ in records):
            raise Problem(413, f"an article may have at most {_RECORD_BYTES:,} bytes, all fields together")
        poster.bucket.take(len(found), time.monotonic())
        began = time.monotonic()
        places = await self._send(records, len(body))
        metrics.SERVE_ACK_SECONDS.observe(time.monotonic() - began)
        metrics.SERVE_ARTICLES.labels(poster.name).inc(len(places))
        if request.content_type == JSON:
            return orjson.dumps(places[0])
        return orjson.dumps({"articles": places})

    async def _send(self, records: Sequence[Raw], size: int) -> list[dict[str, str]]:
        """Send all and wait for their acknowledgements; `size`: the bytes of the request.

        What is given up on is still with the bus's client: its bytes stay in hand until that lets go.
        """
        work = asyncio.ensure_future(self._acknowledged(records))
        try:
            await asyncio.wait({work}, timeout=self.settings.serve.ack_seconds)
        finally:
            if not work.done():
                self.bytes_in_hand += size
                work.add_done_callback(lambda over: self._let_go(over, size))
        if not work.done():
            raise Problem(503, "the bus did not acknowledge in time: send the same again", 5)
        try:
            return work.result()
        except TooLarge as error:
            raise Problem(413, str(error)) from None
        except BusError as error:
            logging.get("serve").warning("not acknowledged", error=str(error))
            raise Problem(503, "the bus did not take it: send the same again", 5) from None

    def _let_go(self, over: asyncio.Future[list[dict[str, str]]], size: int) -> None:
        """Free what a send that was given up on held; what it came to nobody waits for."""
        self.bytes_in_hand -= size
        if not over.cancelled():
            over.exception()

    async def _acknowledged(self, records: Sequence[Raw]) -> list[dict[str, str]]:
        sent: list[tuple[str, Awaitable[RecordMetadata]]] = []
        for key, value, headers in records:
            future = await self.producer.send(topics.RAW.name, value, key=key, headers=headers)
            sent.append((headers[0][1].decode(), future))
        ends = await asyncio.gather(*(future for _, future in sent))
        return [
            {"id": ce_id, "origin": f"{end.topic}-{end.partition}-{end.offset}"}
            for (ce_id, _), end in zip(sent, ends, strict=True)
        ]

    async def ready(self, _request: web.Request) -> web.Response:
        """Say whether the bus answers."""
        async with self._looking:
            if self._found is None or time.monotonic() - self._found[0] > _READY_KEPT_SECONDS:
                answers = await self._answers()
                self._found = time.monotonic(), answers
        if not self._found[1]:
            raise Problem(503, "the bus does not answer", 5)
        return web.json_response({"status": "ready"})

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(_READY_SECONDS), self.bus.admin() as admin:
                await admin.end_offsets([topics.RAW.name])
        except (BusError, TimeoutError, OSError):
            return False
        return True


def application(serve: Serve, gate: Connections) -> web.Application:
    """Return the routes, each within the gate, every failure as problem+json."""

    @web.middleware
    async def guarded(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Stop the connection's timer while a request is in hand."""
        gate.began(request.transport)
        try:
            return await handler(request)
        except Problem as problem:
            return problem.answer()
        except web.HTTPException as error:
            return Problem(error.status, error.reason).answer()
        finally:
            if request.transport is not None:
                gate.wait(request.transport, _KEEP_ALIVE_SECONDS)

    app = web.Application(middlewares=[guarded], client_max_size=serve.settings.serve.batch_bytes)
    app.router.add_post("/articles", serve.post)
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", serve.ready)
    return app


async def _alive(_request: web.Request) -> web.Response:
    return web.json_response({"status": "alive"})


async def listen(serve: Serve, stopping: asyncio.Event, tell: Callable[[str], None]) -> None:
    """Serve until `stopping` is set, then answer what is in hand. `tell` gets the address once it is open."""
    how = serve.settings.serve
    gate = Connections(how.max_connections, how.header_seconds)
    runner = web.AppRunner(
        application(serve, gate), access_log=None, keepalive_timeout=_KEEP_ALIVE_SECONDS,
        shutdown_timeout=how.ack_seconds + _STOP_SECONDS,
    )
    await runner.setup()
    gate.inner = runner.server
    try:
        server = await asyncio.get_running_loop().create_server(gate, how.host, how.port)
    except OSError as error:
        await runner.cleanup()
        told = f"serve.port {how.port} on {how.host}: {error.strerror}"
        raise Usage(f"{told}; give another with --port") from None
    host, port = server.sockets[0].getsockname()[:2]
    tell(f"http://{f'[{host}]' if ':' in host else host}:{port}")
    try:
        await stopping.wait()
    finally:
        server.close()
        await runner.cleanup()
