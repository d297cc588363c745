"""The embedded log in one process: what goes in comes out, what cannot go in says why, who comes late finds it."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka.partitioner import murmur2 as reference_murmur2

from streams.bus.errors import BusError, TooLarge, UnknownTopic
from streams.bus.interface import TopicPartition
from streams.bus.sqlite import SqliteBus
from streams.bus.sqlite_append import pack_headers, unpack_headers
from streams.bus.sqlite_file import path_of
from streams.bus.sqlite_partition import murmur2
from streams.bus.sqlite_writer import Job
from streams.core.outcome import Usage
from streams.settings import Settings

ONE = TopicPartition("things", 0)


def new_bus(folder: Path) -> SqliteBus:
    return SqliteBus(f"sqlite://{folder}/log.db", Settings())


async def read_all(bus: SqliteBus, *places: TopicPartition) -> list:
    async with bus.consumer(client_id="test") as consumer:
        consumer.assign(places)
        records = []
        while found := await consumer.getmany(max_records=7):
            records += [record for batch in found.values() for record in batch]
        return records


async def test_a_record_comes_back_byte_for_byte(tmp_path):
    bus = new_bus(tmp_path)
    headers = (("ce_id", bytes(range(256))), ("", b""), ("ce_id", "ё".encode()))
    async with bus.admin() as admin, bus.producer(client_id="test") as producer:
        await admin.create_topic("things", 1, {})
        for key, value in ((b"\x00k", b"\xff\x00v"), (None, b""), (b"", None)):
            await producer.send("things", value, key=key, headers=headers, timestamp_ms=77)
        await producer.flush()
    records = await read_all(bus, ONE)
    assert [(r.offset, r.key, r.value) for r in records] == [(0, b"\x00k", b"\xff\x00v"), (1, None, b""), (2, b"", None)]
    assert {(r.timestamp_ms, r.headers) for r in records} == {(77, headers)}


def test_headers_are_text_that_a_person_can_read():
    assert pack_headers((("ce_type", b"news"),)) == '[["ce_type","news"]]'
    assert unpack_headers(pack_headers(())) == ()


def test_a_key_goes_where_java_clients_put_it():
    draw = random.Random(1)
    keys = [draw.randbytes(size % 70) for size in range(500)]
    assert [murmur2(key) for key in keys] == [reference_murmur2(key) for key in keys]


async def test_one_bad_record_fails_alone(tmp_path):
    bus = new_bus(tmp_path)
    async with bus.admin() as admin, bus.producer(client_id="test") as producer:
        await admin.create_topic("things", 1, {"max.message.bytes": "100"})
        await admin.create_topic("latest", 1, {"cleanup.policy": "compact"})
        answers = [
            await producer.send("things", b"before"),
            await producer.send("things", b"x" * 101),
            await producer.send("nowhere", b"x"),
            await producer.send("things", b"x", partition=7),
            await producer.send("latest", b"without a key"),
            await producer.send("things", b"after"),
        ]
        results = await asyncio.gather(*answers, return_exceptions=True)
        kinds = [type(result).__name__ for result in results]
        assert kinds == ["RecordMetadata", "TooLarge", "UnknownTopic", "UnknownTopic", "BusError", "RecordMetadata"]
        with pytest.raises(TooLarge, match=r"max\.message\.bytes=100"):
            await producer.flush()
    assert [record.value for record in await read_all(bus, ONE)] == [b"before", b"after"]


async def test_a_failing_job_does_not_take_its_neighbours_with_it(tmp_path):
    bus = new_bus(tmp_path)
    async with bus.admin() as admin:
        await admin.create_topic("things", 1, {})
        results = await asyncio.gather(
            admin.create_topic("more", 1, {}), admin.delete_topic("nowhere"), admin.create_topic("most", 1, {}),
            return_exceptions=True)
        assert results[0] is results[2] is True
        assert isinstance(results[1], UnknownTopic)
        assert sorted(await admin.describe_topics()) == ["more", "most", "things"]


@pytest.mark.parametrize(("setting", "durable", "level"), [("NORMAL", False, 1), ("NORMAL", True, 2), ("FULL", False, 2)])
async def test_durable_and_full_are_synced_to_the_disk(tmp_path, setting, durable, level):
    bus = SqliteBus(f"sqlite://{tmp_path}/log.db", Settings(log={"synchronous": setting}))
    async with bus.admin():
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        loop = asyncio.get_running_loop()
        bus.writer.put(Job(
            lambda pen: pen.connection.execute("PRAGMA synchronous").fetchone()[0],
            lambda found: loop.call_soon_threadsafe(answer.set_result, found), durable=durable))
        assert await answer == level


async def test_a_time_is_found_among_times_out_of_order(tmp_path):
    bus = new_bus(tmp_path)
    draw = random.Random(3)
    times = [draw.randrange(10_000) for _ in range(3000)]
    async with bus.admin() as admin, bus.producer(client_id="test") as producer:
        await admin.create_topic("things", 1, {})
        for at in times:
            await producer.send("things", b"x", timestamp_ms=at)
        await producer.flush()
        async with bus.consumer(client_id="test") as consumer:
            for at in (0, 500, 9_990, max(times), max(times) + 1):
                expected = next((offset for offset, stamp in enumerate(times) if stamp >= at), None)
                assert await consumer.offsets_for_times({ONE: at}) == {ONE: expected}


async def test_a_consumer_is_woken_by_another_connection_long_before_the_poll(tmp_path):
    reader, writer = new_bus(tmp_path), new_bus(tmp_path)
    async with writer.admin() as admin, writer.producer(client_id="w") as producer, reader.consumer(client_id="r") as consumer:
        await admin.create_topic("things", 1, {})
        consumer.assign([ONE])
        loop = asyncio.get_running_loop()
        waits = []
        for _ in range(5):
            waiting = asyncio.ensure_future(consumer.getmany(timeout_ms=5000))
            await asyncio.sleep(0.05)
            sent = loop.time()
            await producer.send("things", b"x")
            assert await waiting
            waits.append(loop.time() - sent)
    assert sorted(waits)[2] < 0.25      # the poll alone would take 0.45 s


async def test_what_another_process_changes_is_seen_at_once(tmp_path):
    here, there = new_bus(tmp_path), new_bus(tmp_path)
    async with here.admin() as admin, there.admin() as other, here.producer(client_id="p") as producer:
        await admin.create_topic("things", 1, {"retention.ms": "5"})
        await other.add_partitions("things", 3)
        await other.alter_topic("things", {"max.message.bytes": "9"})
        found = (await admin.describe_topics())["things"]
        assert (found.partitions, found.config) == (3, {"retention.ms": "5", "max.message.bytes": "9"})
        assert (await (await producer.send("things", b"x", partition=2))).partition == 2
        await other.delete_topic("things")
        with pytest.raises(UnknownTopic):
            await (await producer.send("things", b"x"))
        assert await admin.create_topic("things", 1, {}) is True
        assert (await (await producer.send("things", b"x"))).offset == 0


async def test_a_file_that_is_no_log_is_left_alone(tmp_path):
    path = tmp_path / "log.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE mine(x)")
    other.close()
    with pytest.raises(BusError, match="not an embedded log"):
        async with new_bus(tmp_path).admin():
            pass
    with pytest.raises(Usage, match="absolute"):
        path_of("sqlite://relative/log.db")


def test_eight_processes_create_one_log_at_once(tmp_path):
    program = (
        "import asyncio, sys; from streams.bus.sqlite import SqliteBus; from streams.settings import Settings\n"
        "async def main():\n"
        "    async with SqliteBus('sqlite://' + sys.argv[1], Settings()).admin() as admin:\n"
        "        print(await admin.create_topic('things', 4, {}))\n"
        "asyncio.run(main())\n")
    command = [sys.executable, "-c", program, str(tmp_path / "deep" / "log.db")]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(8)]
    answers = [process.communicate(timeout=60) for process in started]
    assert [error for _, error in answers if error] == []
    assert sorted(out.strip() for out, _ in answers) == [b"False"] * 7 + [b"True"]


async def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BusError, match=r"file/log\.db cannot be opened"):
        async with SqliteBus(f"sqlite://{tmp_path}/file/log.db", Settings()).admin():
            pass


async def test_a_client_that_opens_while_the_last_one_closes_finds_the_writer_alive(tmp_path) -> None:
    """Opening and closing run in threads of their own: the writer once ended under one that had just opened."""
    bus = new_bus(tmp_path)

    async def use() -> None:
        async with bus.consumer(client_id="test") as consumer:
            consumer.assign([])

    async with asyncio.timeout(20):
        for _ in range(15):
            await asyncio.gather(use(), use(), use())
