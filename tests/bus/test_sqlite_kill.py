"""kill -9 of processes that write and read: what was acknowledged is there, and nothing is there in part."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

from streams.bus import sqlite_writer
from streams.bus.interface import TopicPartition
from streams.bus.sqlite_writer import Job
from tests.bus.sqlite_programs import bus_of

ONE = TopicPartition("lines", 0)
PROGRAMS = str(Path(__file__).with_name("sqlite_programs.py"))


def start(*words: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, PROGRAMS, *words], stdout=subprocess.PIPE)


def wal_bytes(log: str) -> int:
    wal = Path(log + "-wal")
    return wal.stat().st_size if wal.exists() else 0


async def test_what_a_killed_writer_had_acknowledged_is_there_in_order_and_whole(tmp_path):
    log = str(tmp_path / "log.db")
    async with bus_of(log).admin() as admin:
        await admin.create_topic("lines", 1, {})
        acknowledged = {}
        for turn in range(2):
            names = [f"{turn}{letter}" for letter in "abc"]
            writers = [start("write", log, name, "1000000") for name in names]
            for writer in writers:
                assert writer.stdout.readline() == b"10\n"
            await asyncio.sleep(0.3)
            for writer in writers:
                writer.kill()
            for name, writer in zip(names, writers, strict=True):
                *_, last = [b"10", *writer.communicate()[0].split()]
                acknowledged[name] = int(last)
        end = (await admin.end_offsets(["lines"]))[ONE]
    records = []
    async with bus_of(log).consumer(client_id="test") as consumer:
        consumer.assign([ONE])
        while found := await consumer.getmany(max_records=5000):
            records += found[ONE]
    assert [record.offset for record in records] == list(range(end))
    for name, count in acknowledged.items():
        numbers = [int(r.value.split()[1]) for r in records if r.key == name.encode()]
        assert numbers == list(range(len(numbers)))
        assert len(numbers) >= count
        assert len(numbers) % 10 == 0           # a batch of one turn of the loop is one transaction


async def test_what_a_killed_reader_had_not_committed_comes_again(tmp_path):
    log = str(tmp_path / "log.db")
    async with bus_of(log).admin() as admin, bus_of(log).producer(client_id="test") as producer:
        await admin.create_topic("lines", 1, {})
        for number in range(3000):
            await producer.send("lines", str(number).encode())
        await producer.flush()
        seen: list[int] = []
        while len(set(seen)) < 3000:
            reader = start("read", log, "g")
            for _ in range(900):
                line = reader.stdout.readline()
                seen.append(int(line.split(b"-")[2]))
                if seen[-1] == 2999:
                    break
            reader.kill()
            reader.communicate()
            committed = (await admin.committed_offsets("g")).get(ONE, 0)
            assert committed <= max(seen) + 1 + 900     # never past what was read
    assert sorted(set(seen)) == list(range(3000))


async def test_six_writers_at_once_meet_no_busy_error_and_none_starves(tmp_path):
    log = str(tmp_path / "log.db")
    async with bus_of(log).admin() as admin:
        await admin.create_topic("lines", 1, {})
        writers = [start("write", log, f"w{number}", "500") for number in range(6)]
        ended = [await asyncio.to_thread(writer.communicate) for writer in writers]
        assert [out.split()[-1] for out, _ in ended] == [b"500"] * 6
        assert await admin.end_offsets(["lines"]) == {ONE: 3000}
    assert wal_bytes(log) < 64 * 1024 * 1024


async def test_a_reader_that_sits_in_the_way_delays_nobody_and_the_wal_is_cut_when_it_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_writer, "WAL_BYTES", 1_000_000)
    log = str(tmp_path / "log.db")
    async with bus_of(log).admin() as admin, bus_of(log).producer(client_id="test") as producer:
        await admin.create_topic("lines", 1, {})
        sitting = sqlite3.connect(log, isolation_level=None)
        sitting.execute("BEGIN")
        sitting.execute("SELECT count(*) FROM parts").fetchall()
        for _ in range(50):
            await (await producer.send("lines", b"x" * 100_000))
        assert wal_bytes(log) > 4_000_000
        sitting.close()
        for _ in range(20):
            await (await producer.send("lines", b"x" * 100_000))
        assert wal_bytes(log) < 3_000_000


async def test_a_checkpoint_that_fails_after_the_commit_does_not_write_twice(tmp_path, monkeypatch):
    def full(_session):
        raise sqlite3.OperationalError("database or disk is full")

    bus = bus_of(f"{tmp_path}/log.db")
    async with bus.admin() as admin, bus.producer(client_id="test") as producer:
        await admin.create_topic("lines", 1, {})
        monkeypatch.setattr(sqlite_writer._Session, "_shorten_wal", full)
        held = threading.Event()
        bus.writer.put(Job(lambda _: held.wait(10), lambda _: None))
        sends = [await producer.send("lines", value) for value in (b"a", b"b")]
        bus.writer.put(Job(lambda _: None, lambda _: None))
        held.set()
        assert [(await sent).offset for sent in sends] == [0, 1]
    async with bus.consumer(client_id="test") as consumer:
        consumer.assign([ONE])
        found = await consumer.getmany()
    assert [record.value for record in found[ONE]] == [b"a", b"b"]
