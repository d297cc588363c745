"""Two stages for the transport's tests, run as processes: relay (in → mid) and tally (mid → table, out).

Events of a key carry 1, 2, 3 …; tally keeps the last number and the sum of each key in a plain Faust table. A number that
comes again changes nothing; a number that does not follow the last one is a loss, and is written down as one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import time

import faust

from streams.bus.transport import app_options, channels, sender
from streams.settings import Settings


def build(args: argparse.Namespace) -> faust.App:
    settings = Settings.model_validate(json.loads(args.settings))
    options = app_options("dedup" if args.stage == "tally" else "clean", settings, args.ordinal)
    app = faust.App(**{**options, "id": f"{args.name}-{args.stage}"})
    send, channel = sender(app), channels(app)
    if args.stage == "relay":
        relay(app, args, send, channel)
    else:
        tally(app, args, send, channel)
    return app


async def run(args):
    app = build(args)
    app.on_startup_finished = assigned
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    await app.start()
    await asyncio.wait({asyncio.create_task(told.wait()), asyncio.create_task(app.wait_until_stopped())},
                       return_when=asyncio.FIRST_COMPLETED)
    if not told.is_set():
        sys.stderr.write(f"the app ended by itself: {app.crash_reason!r}\n")
        return 1
    await app.stop()
    return 0


async def assigned():
    print("assigned", flush=True)


def relay(app, args, send, channel):
    async def relay_all(events):
        async for event in events.events():
            for record in event.value:
                if args.fail_at and record.value == args.fail_at.encode():
                    raise ValueError("told to fail")
                await send.send(f"{args.name}-mid", record.value, key=record.key)
            await pause(args)

    app.agent(channel(f"{args.name}-in"), name="relay")(relay_all)


def tally(app, args, send, channel):
    table = app.Table("tally", partitions=args.partitions,
                      schema=faust.Schema(key_serializer="json", value_serializer="json"))

    async def tally_all(events):
        async for event in events.events():
            for record in event.value:
                key, number = record.key.decode(), json.loads(record.value)["n"]
                known = table.get(key) or {"last": 0, "sum": 0, "gaps": []}
                if number > known["last"]:
                    gaps = known["gaps"] + ([[known["last"], number]] if number != known["last"] + 1 else [])
                    table[key] = {"last": number, "sum": known["sum"] + number, "gaps": gaps}
                await send.send(f"{args.name}-out", record.value, key=record.key)
            await pause(args)

    app.agent(channel(f"{args.name}-mid"), name="tally")(tally_all)


async def pause(args):
    if args.block:
        time.sleep(args.block)   # noqa: ASYNC251  # a step that keeps the loop busy
    if args.pause:
        await asyncio.sleep(args.pause)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("stage")
    parser.add_argument("--name", required=True)
    parser.add_argument("--settings", required=True)
    parser.add_argument("--ordinal", type=int)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--pause", type=float, default=0)
    parser.add_argument("--block", type=float, default=0)
    parser.add_argument("--fail-at", default="")
    args = parser.parse_args()
    return asyncio.run(run(args))


if __name__ == "__main__":
    sys.exit(main())
