"""communique serve: take articles over HTTP."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli import exits, output, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.settings import Settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", metavar="HOST")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0: any free one.", min=0, max=65535)] = None,
    tokens: Annotated[
        Path | None, typer.Option(help="TOML file of producers and their tokens.", metavar="FILE")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the address as a JSON object.")] = False,
) -> None:
    """Take articles over HTTP; answer 202 with the id once the bus has them.

    \b
    communique serve --tokens producers.toml
    curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
         -d '{"content": "It rained.", "url": "https://daily.example/1"}' http://127.0.0.1:8600/articles

    producers.toml, readable by you only:

    \b
        [wire]
        token = "a-long-random-text"
        articles_per_second = 100

    One article as application/json, or up to 1,000 as application/x-ndjson, one a line, with the fields of
    RawArticle. A request that got no answer, or 503, is simply sent again: the article has the same id. With
    an Idempotency-Key it gets the same answer and no second record. SIGTERM and Ctrl-C answer what is in
    hand, then end with 0. It listens on loopback; for others, put it behind a proxy that does TLS.
    """
    settings = start.settings()
    given = {"host": host, "port": port, "tokens_file": tokens}
    how = settings.serve.model_copy(update={name: each for name, each in given.items() if each is not None})
    start.run(_serve(settings.model_copy(update={"serve": how}), as_json=as_json))


async def _serve(settings: Settings, *, as_json: bool) -> None:
    from streams.bus.connect import connect
    from streams.ingest import keys, producers
    from streams.ingest.serve import Serve, listen
    from streams.observe import metrics

    if settings.serve.tokens_file is None:
        raise exits.Usage("say who may post: --tokens FILE, or the setting serve.tokens_file (see --help)")
    posters = producers.load(settings.serve.tokens_file, settings.serve.articles_per_second, time.monotonic())
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    bus = connect(start.durable(settings))
    await start.ensure_topics(bus, settings)
    metrics.serve(settings.observe.metrics_host, settings.serve.metrics_port)
    known = keys.Keys(settings.state / "serve", settings.serve.keys_bytes)
    try:
        async with bus.producer(client_id="communique-serve") as producer:
            await listen(Serve(settings, bus, producer, posters, known), stopping, _teller(as_json=as_json))
    finally:
        known.close()


def _teller(*, as_json: bool) -> Callable[[str], None]:
    def tell(url: str) -> None:
        """Say where it listens."""
        if as_json:
            output.json_line({"url": url})
        else:
            output.say(f"listening on {url}; Ctrl-C ends it")

    return tell
