"""Programs that the tests of the embedded log start as processes of their own, to kill them.

    python sqlite_programs.py stage double|count LOG      a Faust worker: lines → doubled → counted, with a table
    python sqlite_programs.py write LOG NAME COUNT        append COUNT records of NAME, print each acknowledged batch's end
    python sqlite_programs.py read LOG GROUP              read in a group, commit, print what was read
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from streams.bus.errors import Fenced
from streams.bus.sqlite import SqliteBus
from streams.settings import Settings

SESSION_SECONDS = 3.0


def settings_of(log: str) -> Settings:
    """Return the settings that all programs of a test share."""
    return Settings(bus=f"sqlite://{log}", state=Path(log).parent, log={"session_timeout_seconds": SESSION_SECONDS})


def bus_of(log: str) -> SqliteBus:
    """Return the bus that all programs of a test share."""
    settings = settings_of(log)
    return SqliteBus(settings.bus_url, settings)


def stage(name: str, log: str) -> None:
    """Run a Faust worker: `double` sends each line twice, `count` numbers the lines of each key by a table."""
    import faust

    from streams.bus.transport import app_options, channels, sender

    app = faust.App(**app_options(name, settings_of(log), 0))
    send, channel = sender(app).send, channels(app)
    if name == "count":
        table = app.Table("totals", key_type=bytes, value_type=bytes, partitions=2)

        async def count(events):
            async for event in events.events():
                for record in event.value:
                    table[record.key] = str(int(table.get(record.key) or 0) + 1).encode()
                    await send("counted", record.value + b"=" + table[record.key], key=record.key)

        app.agent(channel("doubled"), name=name)(count)
    else:

        async def double(events):
            async for event in events.events():
                for record in event.value:
                    for twin in (b"a", b"b"):
                        await send("doubled", record.value + twin, key=record.key)

        app.agent(channel("lines"), name=name)(double)

    @app.on_rebalance_complete.connect
    async def ready(app, **_):
        print("ready", name, flush=True)

    faust.Worker(app, loglevel="ERROR", redirect_stdouts=False, quiet=True).execute_from_commandline()


async def write(log: str, name: str, count: int) -> None:
    """Append records in batches of ten; print the number of each that is acknowledged."""
    async with bus_of(log).producer(client_id=name) as producer:
        for start in range(0, count, 10):
            for number in range(start, min(start + 10, count)):
                await producer.send("lines", f"{name} {number}".encode(), key=name.encode())
            await producer.flush()
            print(start + 10, flush=True)


async def read(log: str, group: str) -> None:
    """Read, print, commit, until fenced."""
    async with bus_of(log).consumer(client_id="reader", group=group) as consumer:
        consumer.subscribe(["lines"])
        while True:
            try:
                for place, records in (await consumer.getmany(timeout_ms=500, max_records=50)).items():
                    for record in records:
                        print(record.at, flush=True)
                    await consumer.commit({place: records[-1].offset + 1})
            except Fenced:
                print("fenced", flush=True)
                return


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["stage", name, log]:
            stage(name, log)
        case ["write", log, name, count]:
            asyncio.run(write(log, name, int(count)))
        case ["read", log, group]:
            asyncio.run(read(log, group))
