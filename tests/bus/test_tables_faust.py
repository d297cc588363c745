"""Tables under Faust, for real: worker processes on the embedded log, killed at any moment, in memory and on disk."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
from collections import Counter
from pathlib import Path

import pytest

from streams import topics
from streams.bus.connect import connect
from streams.bus.interface import Bus, Record, TopicPartition
from streams.settings import Settings
from streams.worker import build
from tests.bus.count_worker import COMMAND, COUNTS

PARTITIONS = 2
CHANGELOG = f"communique-dedup-{COUNTS.name}-changelog"


class Place:
    """A log with its topics, and a worker that counts."""

    def __init__(self, folder: Path, store: str) -> None:
        self.settings = Settings(state=folder, topics={"partitions": PARTITIONS})
        self.bus: Bus = connect(self.settings)
        self.environment = {
            **os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "COMMUNIQUE_STATE": str(folder), "COMMUNIQUE_TOPICS__PARTITIONS": str(PARTITIONS),
            "COMMUNIQUE_TABLES__STORE": store, "COMMUNIQUE_STREAM__CHUNK_RECORDS": "8"}
        self.fed = 0

    async def make(self) -> None:
        async with self.bus.admin() as admin:
            for spec in (topics.RAW, topics.CLEAN, topics.REFUSALS):
                for name in (spec.name, spec.dead_letters):
                    await admin.create_topic(name, PARTITIONS, {"max.message.bytes": str(topics.MAX_DEAD_LETTER_BYTES)})
            await admin.create_topic(CHANGELOG, PARTITIONS, {"cleanup.policy": "compact"})

    async def feed(self, count: int) -> None:
        async with self.bus.producer(client_id="feed") as producer:
            for number in range(self.fed, self.fed + count):
                key = f"k{number % 7}"
                body = json.dumps({"content": str(number), "source_id": key}).encode()
                await producer.send(topics.RAW.name, body, key=key.encode())
        self.fed += count

    async def start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *COMMAND, "dedup", env=self.environment, stdout=asyncio.subprocess.PIPE, start_new_session=True)

    async def drain(self) -> list[int]:
        """Start workers until everything is committed; return their exit codes."""
        codes: list[int] = []
        async with asyncio.timeout(60):
            while not codes or codes[-1] != 0:
                process = await self.start()
                ended = asyncio.create_task(process.wait())
                while not ended.done() and not await self.drained():
                    await asyncio.wait({ended}, timeout=0.1)
                if not ended.done():
                    process.send_signal(signal.SIGTERM)
                codes.append(await ended)
        return codes

    async def drained(self) -> bool:
        async with self.bus.admin() as admin:
            ends = await admin.end_offsets([topics.RAW.name])
            committed = await admin.committed_offsets("communique-dedup")
        return all(committed.get(place, 0) == end for place, end in ends.items())

    async def records(self, topic: str) -> list[Record]:
        places = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
        async with self.bus.consumer(client_id="test") as consumer:
            ends, starts = await consumer.end_offsets(places), await consumer.beginning_offsets(places)
            consumer.assign([place for place in places if ends[place] > starts[place]])
            found: list[Record] = []
            for place in consumer.assignment():
                while await consumer.position(place) < ends[place]:
                    found += [r for records in (await consumer.getmany(timeout_ms=1000)).values() for r in records]
        return found

    async def counts(self) -> dict[str, int]:
        """Return what the changelog holds at rest."""
        return {(record.key or b"").decode(): json.loads((record.value or b"").split(b" ", 1)[1])["count"]
                for record in await self.records(CHANGELOG)}


@pytest.fixture(params=["memory", "rocksdict"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    made = Place(tmp_path, request.param)
    await made.make()
    return made


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_counts_outlive_an_end_at_any_moment_and_no_record_counts_twice(place: Place, number: signal.Signals) -> None:
    rng = random.Random(7)
    await place.feed(5000)
    for _ in range(2):
        process = await place.start()
        assert process.stdout is not None
        assert (await process.stdout.readline()).startswith(b"ready")
        await asyncio.sleep(rng.uniform(0, 0.2))
        process.send_signal(number)
        assert await process.wait() == (0 if number is signal.SIGTERM else -number)
        assert not await place.drained()
        await place.feed(200)
    assert await place.drain() == [0]
    truth = Counter(f"k{number % 7}" for number in range(place.fed))
    assert await place.counts() == truth
    answers = Counter(json.loads(record.value or b"")["article_id"] for record in await place.records(topics.CLEAN.name))
    assert answers == truth
    assert await place.records(topics.RAW.dead_letters) == []


async def test_a_store_that_is_ahead_of_its_changelog_is_rebuilt(tmp_path: Path) -> None:
    place = Place(tmp_path, "rocksdict")
    await place.make()
    await place.feed(500)
    assert await place.drain() == [0]
    async with place.bus.admin() as admin:
        await admin.delete_topic(CHANGELOG)
        await admin.create_topic(CHANGELOG, PARTITIONS, {"cleanup.policy": "compact"})
    await place.feed(10)
    assert await place.drain() == [75, 0]
    assert sum((await place.counts()).values()) == 10


async def test_a_store_that_is_lost_is_rebuilt_from_the_changelog(tmp_path: Path) -> None:
    place = Place(tmp_path, "rocksdict")
    await place.make()
    await place.feed(500)
    assert await place.drain() == [0]
    shutil.rmtree(tmp_path / "stores")
    await place.feed(10)
    assert await place.drain() == [0]
    assert sum((await place.counts()).values()) == 510


def test_a_replay_keeps_its_stores_apart_from_those_of_the_live_flow(tmp_path):
    live = build("clean", Settings(state=tmp_path), 0, {}).tables.folder
    replay = build("clean", Settings(state=tmp_path, run={"job": "raw-1"}), 0, {}).tables.folder
    assert live == tmp_path / "stores" / "clean-0"
    assert replay == tmp_path / "replays" / "raw-1" / "stores" / "clean-0"
