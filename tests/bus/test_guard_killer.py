"""The killer, for real: a worker process on the embedded log whose step kills it, or never returns."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from streams import topics
from streams.bus.connect import connect
from streams.bus.interface import Bus, Record, TopicPartition
from streams.settings import Settings
from tests.bus.poison_worker import COMMAND

PARTITIONS = 1


@dataclass
class Place:
    settings: Settings
    bus: Bus
    environment: dict[str, str]

    async def feed(self, *contents: str) -> None:
        async with self.bus.producer(client_id="feed") as producer:
            for number, content in enumerate(contents):
                body = json.dumps({"content": content, "source_id": f"s{number}"}).encode()
                await producer.send(topics.RAW.name, body, key=b"k")

    async def run(self, *, seconds: float = 60) -> int:
        """Run the worker until it has committed everything (then SIGTERM) or died; return its exit code."""
        process = await asyncio.create_subprocess_exec(
            *COMMAND, "clean", env=self.environment, stdout=asyncio.subprocess.DEVNULL, start_new_session=True)
        ended = asyncio.create_task(process.wait())
        try:
            async with asyncio.timeout(seconds):
                while not ended.done() and not await self.drained():
                    await asyncio.wait({ended}, timeout=0.1)
            if not ended.done():
                process.send_signal(signal.SIGTERM)
            return await ended
        finally:
            if not ended.done():
                os.killpg(process.pid, signal.SIGKILL)
                await ended

    async def run_until_drained(self) -> list[int]:
        codes = [await self.run()]
        while codes[-1] != 0 and len(codes) < 10:
            codes.append(await self.run())
        return codes

    async def drained(self) -> bool:
        async with self.bus.admin() as admin:
            ends = await admin.end_offsets([topics.RAW.name])
            committed = await admin.committed_offsets("communique-clean")
        return all(committed.get(place, 0) == end for place, end in ends.items())

    async def records(self, topic: str) -> list[Record]:
        place = TopicPartition(topic, 0)
        async with self.bus.consumer(client_id="test") as consumer:
            end = (await consumer.end_offsets([place]))[place]
            consumer.assign([place])
            found: list[Record] = []
            while len(found) < end:
                found += [r for records in (await consumer.getmany(timeout_ms=1000)).values() for r in records]
        return found


@asynccontextmanager
async def place(folder: Path, **more: str) -> AsyncIterator[Place]:
    given = {"COMMUNIQUE_STATE": str(folder), "COMMUNIQUE_TOPICS__PARTITIONS": str(PARTITIONS), **more}
    settings = Settings(state=folder, topics={"partitions": PARTITIONS})
    bus = connect(settings)
    async with bus.admin() as admin:
        for spec in (topics.RAW, topics.CLEAN, topics.REFUSALS):
            for name in (spec.name, spec.dead_letters):
                await admin.create_topic(name, PARTITIONS, {"max.message.bytes": str(topics.MAX_DEAD_LETTER_BYTES)})
    path = f"{Path(__file__).parents[2]}"
    yield Place(settings, bus, {**os.environ, "PYTHONPATH": path, **given})


def told(letter: Record, name: str) -> str:
    return dict(letter.headers)[f"__streams.errors.{name}"].decode()


def texts(records: list[Record]) -> list[str]:
    return [json.loads(record.value or b"")["text"] for record in records]


async def test_a_record_that_kills_its_worker_is_buried_and_its_chunk_is_processed(tmp_path: Path) -> None:
    async with place(tmp_path) as it:
        await it.feed("first", "kill", "second", "third")
        assert await it.run_until_drained() == [-signal.SIGKILL, -signal.SIGKILL, 0]
        assert sorted(texts(await it.records(topics.CLEAN.name))) == ["first", "second", "third"]
        (letter,) = await it.records(topics.RAW.dead_letters)
        assert (told(letter, "code"), told(letter, "offset"), told(letter, "attempts")) == ("KILLED", "1", "3")
        assert json.loads(letter.value or b"")["content"] == "kill"


async def test_a_record_that_was_only_there_when_the_worker_died_is_processed(tmp_path: Path) -> None:
    async with place(tmp_path) as it:
        await it.feed("first", "kill-once-2 now", "second")
        assert await it.run_until_drained() == [-signal.SIGKILL, -signal.SIGKILL, 0]
        assert len(await it.records(topics.CLEAN.name)) == 3
        assert await it.records(topics.RAW.dead_letters) == []


async def test_a_record_that_kills_only_its_worker_and_not_its_child_is_buried_at_last(tmp_path: Path) -> None:
    async with place(tmp_path, COMMUNIQUE_GUARD__KILLER_DEATHS="1") as it:
        await it.feed("kill-parent", "second")
        assert await it.run_until_drained() == [-signal.SIGKILL, -signal.SIGKILL, 0]
        assert texts(await it.records(topics.CLEAN.name)) == ["second"]
        (letter,) = await it.records(topics.RAW.dead_letters)
        assert told(letter, "code") == "KILLED"


async def test_a_step_that_never_returns_is_a_killer(tmp_path: Path) -> None:
    async with place(tmp_path, COMMUNIQUE_RUN__STALL_SECONDS="2", COMMUNIQUE_GUARD__KILLER_DEATHS="1") as it:
        await it.feed("hang", "second")
        assert await it.run_until_drained() == [75, 0]
        assert texts(await it.records(topics.CLEAN.name)) == ["second"]
        (letter,) = await it.records(topics.RAW.dead_letters)
        assert told(letter, "code") == "KILLED"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_worker_that_is_asked_to_stop_ends_with_0(tmp_path: Path, number: signal.Signals) -> None:
    async with place(tmp_path) as it:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, "clean", env=it.environment, stdout=asyncio.subprocess.PIPE, start_new_session=True)
        assert process.stdout is not None
        ready = (await process.stdout.readline()).decode()
        assert ready.startswith(f"ready stage=clean ordinal=0 pid={process.pid} seconds=")
        process.send_signal(number)
        assert await process.wait() == 0


async def test_a_stage_that_does_not_exist_is_wrong_usage() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "streams.worker", "sweep", stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    assert process.returncode == 2
    assert b"there are clean, tag, dedup" in said
