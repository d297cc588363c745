"""communique feeds run: the process that visits feeds."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli import exits, output, start

if TYPE_CHECKING:
    from streams.bus.durable import Store
    from streams.ingest.feeds.listing import Feed
    from streams.ingest.feeds.run import Done
    from streams.settings import Settings


def line(feed: Feed) -> str:
    """Return a feed on one line."""
    from streams.ingest.feeds.listing import moment

    parts = [
        f"{feed.name}  {feed.state}", f"visited {moment(feed.visited) or 'never'}",
        f"next {moment(feed.due)}" if feed.state == "active" else feed.why or "",
        f"{feed.entries:,} entries, {feed.sent:,} sent", f"{feed.waiting:,} waiting" if feed.waiting else "",
        f"{feed.lost:,} left out" if feed.lost else "",
        f"{feed.failures} failures in a row: {feed.error}" if feed.failures else feed.error or ""]
    return "  ".join(part for part in parts if part)


def run(
    once: Annotated[bool, typer.Option("--once", help="Visit what is due, then end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One object for each visit.")] = False,
) -> None:
    """Visit feeds as they are due, until Ctrl-C; entries are on the bus before they count as known.

    \b
    communique feeds run
    communique feeds run --once      for a timer; exit code 1 when a visit failed

    With --once the last line, on stderr, says how many feeds were visited, how many entries were new, and how
    many visits failed. One process for a file of feeds: a second one ends with exit code 75.
    """
    from streams.ingest.feeds.store import claim, open_store, path_of
    from streams.observe import metrics

    settings = start.settings()
    path = path_of(settings)
    lock = claim(path)
    if lock is None:
        output.say(f"another process visits the feeds of {path}")
        raise typer.Exit(exits.TRY_AGAIN)
    store = open_store(path)
    metrics.serve(settings.observe.metrics_host, 0 if once else settings.feeds.metrics_port)
    try:
        done = start.run(_run(settings, store, once=once, as_json=as_json))
    finally:
        store.close()
        os.close(lock)
    if once:
        output.say(f"visited {done.visited:,}, {done.new:,} new, {done.failed:,} failed")
    raise typer.Exit(exits.DOES_NOT_HOLD if once and done.failed else exits.DONE)


async def _run(settings: Settings, store: Store, *, once: bool, as_json: bool) -> Done:
    from streams.bus.connect import connect
    from streams.ingest.feeds.run import web_of, works

    def tell(feed: Feed, well: bool) -> None:
        """Say how a visit went."""
        if as_json:
            output.json_line({**feed.as_dict(), "well": well})
        else:
            output.say(line(feed))

    bus = connect(start.durable(settings))
    await start.ensure_topics(bus, settings)
    async with bus.producer(client_id="communique-feeds") as producer, web_of(settings.feeds) as web:
        made = works(store, settings, web, bus, producer, time.time, tell)
        working = asyncio.ensure_future(made.once() if once else made.on_and_on())
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, working.cancel)
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await working
        finally:
            working.cancel()
            made.visits.reader.close()
    return made.done
