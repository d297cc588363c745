"""serve on Apache Kafka: a broker that stands still, dies and comes back."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time

import aiohttp
import orjson

from streams import topics
from streams.bus import admin as catalogue
from streams.bus.connect import connect
from streams.bus.scan import header, scan
from streams.ingest import keys, producers
from streams.ingest.serve import Serve, listen
from streams.settings import Settings
from streams.testing.kafka_server import KafkaServer

TOKEN = "a-token-of-the-wire"  # noqa: S105  # of this test


async def posted(session, url: str, number: int):
    heads = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    async with session.post(f"{url}/articles", data=orjson.dumps({"content": f"number {number}"}), headers=heads) as answer:
        return answer.status, orjson.loads(await answer.read())


async def until(say, status: int):
    async with asyncio.timeout(60):
        while (got := await say())[0] != status:
            await asyncio.sleep(0.2)
    return got


async def test_without_a_broker_nothing_is_promised_and_what_was_promised_is_there(tmp_path):
    (tmp_path / "producers.toml").write_text(f'[wire]\ntoken = "{TOKEN}"\n')
    with KafkaServer(tmp_path / "kafka") as server:
        how = {"port": 0, "ack_seconds": 1.5}
        settings = Settings(bus=server.url, state=tmp_path, serve=how, kafka={"request_timeout_seconds": 5})
        bus = connect(settings)
        async with bus.admin() as admin:
            await catalogue.ensure(admin, settings.topics)
        stopping, url = asyncio.Event(), asyncio.get_running_loop().create_future()
        posters = producers.load(tmp_path / "producers.toml", 50, time.monotonic())
        known = keys.Keys(tmp_path / "serve", 100_000)
        promised = []
        async with bus.producer(client_id="test") as producer, aiohttp.ClientSession() as session:
            serving = asyncio.create_task(listen(Serve(settings, bus, producer, posters, known), stopping, url.set_result))
            at = await url
            promised.append((await until(lambda: posted(session, at, 1), 202))[1])
            server.process.send_signal(signal.SIGSTOP)
            assert (await posted(session, at, 2))[0] == 503, "it stands still"
            server.process.send_signal(signal.SIGCONT)
            promised.append((await until(lambda: posted(session, at, 2), 202))[1])
            server.kill()
            assert [(await posted(session, at, number))[0] for number in (3, 4)] == [503, 503]
            async with session.get(f"{at}/readyz") as ready, session.get(f"{at}/healthz") as alive:
                assert (ready.status, alive.status) == (503, 200)
            server.restart()
            promised += [(await until(lambda number=number: posted(session, at, number), 202))[1] for number in (3, 4)]
            stopping.set()
            await serving
            with contextlib.suppress(Exception):
                await producer.flush()
        known.close()
        there = {record.at: header(record, "ce_id") async for records in scan(bus, [topics.RAW.name]) for record in records}
    assert {each["origin"]: each["id"] for each in promised}.items() <= there.items()
    assert set(there.values()) == {each["id"] for each in promised}, "what was sent again has the same id"
