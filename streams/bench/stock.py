"""stock: a worker of faust-streaming as it is published, to be measured beside ours.

    python -m streams.bench.stock STAGE --broker HOST:PORT --folder DIR [--partitions N]

Two stages, a table: `relay` passes numbered events on, `tally` counts them by key in a table and sends them
out. Every send is awaited to its acknowledgement; everything else is Faust's default (it commits every 2.8 s:
every 0.5 s it loses less often), but for sessions as short as ours in `ground`. Nothing of ours runs here.
"""

from __future__ import annotations

import argparse
import logging
import os
from typing import TYPE_CHECKING, Final

import faust

if TYPE_CHECKING:
    from collections.abc import Sequence

IN: Final = "stock-in"
MID: Final = "stock-mid"
OUT: Final = "stock-out"
STAGES: Final = ("tally", "relay")


def build(stage: str, broker: str, partitions: int, folder: str) -> faust.App:
    """Return the app of a stage."""
    app = faust.App(
        f"stock-{stage}",
        broker=f"kafka://{broker}",
        datadir=folder,
        topic_partitions=partitions,
        topic_replication_factor=1,
        broker_session_timeout=6.0,
        broker_heartbeat_interval=1.0,
        broker_rebalance_timeout=10.0,
        broker_request_timeout=15.0,
        consumer_auto_offset_reset="earliest",
        producer_acks=-1,
        web_enabled=False,
        worker_redirect_stdouts=False,
        topic_disable_leader=True,
    )
    (relay if stage == "relay" else tally)(app)
    app.on_rebalance_complete.connect(_say_ready, weak=False)
    return app


def relay(app: faust.App) -> None:
    """Pass events on."""
    into, out = _topic(app, IN), _topic(app, MID)

    async def pass_on(events: faust.StreamT[bytes]) -> None:
        """Do it."""
        async for event in events.events():
            await (await out.send(key=event.key, value=event.value))

    app.agent(into, name="relay")(pass_on)


def tally(app: faust.App) -> None:
    """Count events by key, and send them out."""
    into, out = _topic(app, MID), _topic(app, OUT)
    table = app.Table("tally", default=int)

    async def count(events: faust.StreamT[bytes]) -> None:
        """Do it."""
        async for event in events.events():
            key = event.key.decode()
            table[key] += 1
            await (await out.send(key=event.key, value=event.value))

    app.agent(into, name="tally")(count)


def _topic(app: faust.App, name: str) -> faust.TopicT:
    return app.topic(name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")


def _say_ready(*_: object, **__: object) -> None:
    print(f"ready pid={os.getpid()} ", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a worker until it is told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--broker", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--partitions", type=int, default=4)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.ERROR)
    worker = faust.Worker(build(given.stage, given.broker, given.partitions, given.folder), loglevel="ERROR")
    worker.execute_from_commandline()


if __name__ == "__main__":
    main()
