"""The archive is exactly the topic: byte for byte, killed anywhere, and whatever was done to it is found."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as bounds
from hypothesis import strategies as st

from schemas.ids import digest
from schemas.takedown import Takedown
from streams.archive import manifest
from streams.archive.compare import against_topic
from streams.archive.errors import ArchiveBusy, ArchiveError, OtherTopic
from streams.archive.places import folder_of, written_by_us
from streams.archive.reading import Selector, records
from streams.archive.verify import verify
from streams.archive.writing import open_sink
from streams.bus.blank import taken_down
from streams.bus.connect import connect
from streams.bus.interface import Record, TopicPartition
from streams.bus.scan import scan
from streams.observe import metrics
from streams.topics import RAW, TAKEDOWNS
from tests.archive import archive_programs as programs

PROGRAM = Path(programs.__file__)


@pytest.fixture
def settings(tmp_path):
    found = programs.settings_of(tmp_path / "state")
    asyncio.run(programs.make_topic(found))
    return found


def put(settings, rows):
    asyncio.run(programs.put(settings, rows))


def archive(settings, **more):
    return asyncio.run(programs.archive(settings, **more))


def on_the_topic(settings):
    async def read():
        found = [record async for batch in scan(connect(settings), [RAW.name]) for record in batch]
        return sorted(found, key=lambda each: (each.partition, each.offset))
    return asyncio.run(read())


def checked(settings, **how):
    """Return the report of a verification against the topic."""
    folder = folder_of(settings)
    report = verify(folder, deep=True, **how)
    asyncio.run(against_topic(connect(settings), folder, RAW.name, report))
    return report


def committed(settings):
    async def read():
        async with connect(settings).admin() as admin:
            return await admin.committed_offsets("communique-archive")
    return asyncio.run(read())


def counted(name):
    return metrics.REGISTRY.get_sample_value(f"communique_archive_{name}")


def test_the_archive_is_the_topic_byte_for_byte(settings):
    put(settings, programs.rows(60))
    before = counted("records_total")
    assert archive(settings) == 60
    assert (counted("records_total") - before, counted("unread_records")) == (60, 60), "unread when it began"
    folder = folder_of(settings)
    assert list(records(folder)) == on_the_topic(settings)
    assert len(list(folder.glob("????-??-??"))) >= 2, "dated folders"
    report = checked(settings)
    assert (report.holds, report.records, report.compared, report.ranges) == (True, 60, 60, {0: (0, 30), 1: (0, 30)})
    assert committed(settings) == {TopicPartition(RAW.name, 0): 30, TopicPartition(RAW.name, 1): 30}


def test_a_second_run_goes_on_where_the_manifest_ends_whatever_the_group_says(settings):
    put(settings, programs.rows(20))
    archive(settings)
    put(settings, programs.rows(20, 20))
    async def mislead():
        async with connect(settings).admin() as admin:
            await admin.commit_offsets("communique-archive", {TopicPartition(RAW.name, 0): 0, TopicPartition(RAW.name, 1): 20})
    asyncio.run(mislead())
    assert archive(settings) == 20
    assert list(records(folder_of(settings))) == on_the_topic(settings)
    assert checked(settings).holds


def test_a_topic_made_anew_is_told_and_never_mixed(settings):
    put(settings, programs.rows(20))
    archive(settings)
    async def anew(count):
        async with connect(settings).admin() as admin:
            await admin.delete_topic(RAW.name)
        await programs.make_topic(settings)
        await programs.put(settings, programs.rows(count, 1000))
    for count in (4, 40):  # shorter than the archive, and grown past it
        asyncio.run(anew(count))
        with pytest.raises(OtherTopic, match="made anew"):
            archive(settings)
        assert verify(folder_of(settings)).holds
        assert not checked(settings).holds


def test_what_expired_before_it_was_archived_is_a_gap_and_told(settings):
    put(settings, programs.rows(20))
    archive(settings)
    put(settings, programs.rows(20, 20))
    async def expire():
        async with connect(settings).admin() as admin:
            await admin._writer.run(lambda pen: [pen.connection.execute(each) for each in ("DELETE FROM p1 WHERE off<15", "DELETE FROM p2 WHERE off<15", "UPDATE parts SET start=15")])
    asyncio.run(expire())
    told, before = [], counted("expired_records_total")
    archive(settings, warnings=told)
    assert counted("expired_records_total") - before == 10
    report = checked(settings)
    assert (len(told), report.holds) == (2, True)
    assert [(gap["start"], gap["end"]) for gap in report.gaps] == [(10, 15), (10, 15)]


def test_metrics_are_served_while_it_runs(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {"COMMUNIQUE_STATE": str(tmp_path), "COMMUNIQUE_ARCHIVE__METRICS_PORT": str(port)}
    command = [sys.executable, "-m", "streams.cli.app", "archive", "run"]
    with subprocess.Popen(command, env={**os.environ, **own}, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        try:
            while (page := page_at(port)) is None or b"communique_archive_unread_records 0.0" not in page:
                assert running.poll() is None, running.stderr.read()
        finally:
            running.terminate()
            running.communicate(timeout=60)
    assert running.returncode == 0


def page_at(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:  # loopback
            return page.read()
    except OSError:
        time.sleep(0.05)
        return None


def test_one_process_writes_an_archive(settings):
    with written_by_us(folder_of(settings)), pytest.raises(ArchiveBusy):
        archive(settings)


# --- killed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("points", [(1, 13, 7), (10, 4, 19)])
def test_killed_at_any_step_no_record_is_twice_and_none_is_missing(settings, points):
    put(settings, programs.rows(24))
    for point in points:
        done = subprocess.run([sys.executable, str(PROGRAM), str(settings.state), str(point)], cwd=Path.cwd(), capture_output=True, timeout=60, check=False)
        assert done.returncode in {-9, 0}, done.stderr.decode()
    archive(settings)
    assert list(records(folder_of(settings))) == on_the_topic(settings)
    assert checked(settings).holds
    assert not list(folder_of(settings).glob("*/*.part"))


class Died(Exception):
    """The process, at that point."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a dead process closes no files
@pytest.mark.parametrize("point", range(1, 41))
def test_dying_before_or_after_any_write_of_one_file_leaves_a_whole_archive(tmp_path, monkeypatch, point):
    given = [Record(RAW.name, n % 2, n // 2, programs.T0 + n, b"k%d" % n, b"v" * n) for n in range(12)]
    seen = 0

    def watched(real):
        def made(*args, **kwargs):
            nonlocal seen
            for after in (False, True):
                seen += 1
                result = real(*args, **kwargs) if after else None
                if seen == point:
                    raise Died
            return result
        return made

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", watched(__import__("os").fsync))
        patched.setattr("os.write", watched(__import__("os").write))
        patched.setattr(Path, "rename", watched(Path.rename))
        try:
            sink = open_sink(tmp_path, RAW.name, 300, lambda: 0.0)
            sink.take(given)
            sink.finish_all()
        except Died:
            pass
    sink = open_sink(tmp_path, RAW.name, 300, lambda: 0.0)
    for partition in (0, 1):
        sink.take([each for each in given if each.partition == partition and each.offset >= sink.positions.get(partition, 0)])
    sink.finish_all()
    assert list(records(tmp_path)) == sorted(given, key=lambda each: (each.partition, each.offset))
    assert verify(tmp_path, deep=True).holds


headers = st.lists(st.tuples(st.text(max_size=5).filter(lambda text: text.isprintable()), st.binary(max_size=5)), max_size=3).map(tuple)
record = st.tuples(st.integers(0, 2), st.integers(1, 3), st.integers(-10**12, 10**13), st.none() | st.binary(max_size=9), st.none() | st.binary(max_size=40), headers)


@bounds(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(record, max_size=30), st.lists(st.integers(0, 30), max_size=4), st.integers(1, 600))
def test_random_records_random_batches_random_ends(tmp_path, drawn, stops, file_bytes):
    folder = tmp_path / "archive"
    shutil.rmtree(folder, ignore_errors=True)
    given, nexts = [], {}
    for partition, step, stamp, key, value, pairs in drawn:
        offset = nexts.get(partition, 0) + step - 1   # holes: the log lacked these
        nexts[partition] = offset + 1
        given.append(Record(RAW.name, partition, offset, stamp, key, value, pairs))
    for stop in [*sorted(stops), len(given)]:
        sink = open_sink(folder, RAW.name, file_bytes, lambda: 0.0)
        for each in given[:stop]:
            sink.begin(each.partition, 0)
            sink.take([each])
        if stop == len(given):
            sink.finish_all()
        else:
            sink.give_up()
    assert list(records(folder)) == sorted(given, key=lambda each: (each.partition, each.offset))
    report = verify(folder, deep=True)
    assert report.holds, report.wrong
    assert report.absent == sum(nexts.values()) - len(given)


# --- what is done to it is found ---------------------------------------------------------------------------


def flip(folder):
    path = next(folder.glob("*/*.parquet"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def lose(folder):
    next(folder.glob("*/*.parquet")).unlink()


def cut(folder):
    path = next(folder.glob("*/*.parquet"))
    path.write_bytes(path.read_bytes()[:-7])


def swap(folder):
    first, second = sorted(folder.glob("*/*.parquet"))[:2]
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)


def edit(folder):
    lines = (folder / manifest.NAME).read_bytes().splitlines(keepends=True)
    entry = orjson.loads(lines[0])
    lines[0] = orjson.dumps({**entry, "count": entry["count"] + 1}) + b"\n"
    (folder / manifest.NAME).write_bytes(b"".join(lines))


def drop_line(folder):
    lines = (folder / manifest.NAME).read_bytes().splitlines(keepends=True)
    (folder / manifest.NAME).write_bytes(b"".join(lines[:1] + lines[2:]))


def garble(folder):
    content = (folder / manifest.NAME).read_bytes()
    (folder / manifest.NAME).write_bytes(content.replace(b'"sha256"', b'"sha255"', 1))


def copy(folder):
    path = sorted(folder.glob("*/*.parquet"))[0]
    shutil.copy(path, path.with_name("stranger.parquet"))


@pytest.mark.parametrize(("harm", "says"), [
    (flip, "its content was changed"), (lose, "is missing"), (cut, "has "), (swap, "parquet: "), (edit, "line 1: was changed"),
    (drop_line, "was changed"), (garble, "is no entry"), (copy, "no entry of the manifest names it"),
])
def test_harm_is_found(settings, harm, says):
    put(settings, programs.rows(30))
    archive(settings)
    folder = folder_of(settings)
    assert verify(folder).holds
    harm(folder)
    report = verify(folder)
    assert not report.holds
    assert any(says in line for line in report.wrong), report.wrong


def test_bit_rot_is_found_by_reading_too(settings):
    put(settings, [(0, b"k", bytes(range(256)) * 8, (), programs.T0)])
    archive(settings)
    path = next(folder_of(settings).glob("*/*.parquet"))
    content = bytearray(path.read_bytes())
    content[content.index(bytes(range(100, 130)))] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(ArchiveError, match="cannot be read"):
        list(records(folder_of(settings)))


def test_an_end_that_was_taken_away_is_found_by_a_hash_that_was_kept_and_by_the_topic(settings):
    put(settings, programs.rows(30))
    archive(settings)
    folder = folder_of(settings)
    head = verify(folder).head
    lines = (folder / manifest.NAME).read_bytes().splitlines(keepends=True)
    (folder / orjson.loads(lines[-1])["path"]).unlink()
    (folder / manifest.NAME).write_bytes(b"".join(lines[:-1]))
    assert verify(folder).holds
    assert not verify(folder, expect=head).holds
    put(settings, programs.rows(10, 30))
    archive(settings)
    assert checked(settings).holds, "and the topic mends it"


def test_a_record_that_is_another_on_the_topic_is_named(settings):
    put(settings, programs.rows(30))
    archive(settings)
    async def change():
        async with connect(settings).admin() as admin:
            await admin._writer.run(lambda pen: pen.connection.execute("UPDATE p1 SET value=x'00' WHERE off=3"))
    asyncio.run(change())
    report = checked(settings)
    assert report.wrong == [f"{RAW.name}-0-3: differs in value"]


# --- reading -----------------------------------------------------------------------------------------------


def test_a_selector_takes_partitions_offsets_and_times(settings):
    put(settings, programs.rows(40))
    archive(settings)
    folder, everything = folder_of(settings), on_the_topic(settings)
    since, until = programs.T0 + programs.DAY_MS // 4, programs.T0 + programs.DAY_MS // 2
    for selector in (
        Selector(partitions=frozenset({1})), Selector(offsets={0: (3, 9)}), Selector(since_ms=since, until_ms=until),
        Selector(partitions=frozenset({0}), since_ms=since, offsets={0: (0, 15)}), Selector(topic="another"),
    ):
        wanted = [each for each in everything if selector.wants(each) and each.topic == selector.topic and (selector.partitions is None or each.partition in selector.partitions)]
        assert list(records(folder, selector)) == wanted


def test_what_was_taken_back_is_archived_as_its_stub_and_still_is_the_topics(settings):
    put(settings, programs.rows(10))
    article = digest("article", "url", "https://e.org/3")
    event = Takedown(takedown_id="t1", article_id=article, state="done", reason="x", taken_at="2026-01-01T00:00:00Z", origins=(f"{RAW.name}-1-2",))
    async def tell():
        async with connect(settings).admin() as admin:
            await admin.create_topic(TAKEDOWNS.name, 1, {})
        async with connect(settings).producer(client_id="test") as producer:
            await producer.send(TAKEDOWNS.name, event.model_dump_json().encode(), key=b"x")
            await producer.flush()
    asyncio.run(tell())
    put(settings, programs.rows(1, 3))  # it comes again
    archive(settings)
    report = checked(settings)
    assert (report.holds, report.blanked, report.records) == (True, 3, 11)
    stubs = [each.at for each in records(folder_of(settings)) if taken_down(each) == "t1"]
    assert stubs == [f"{RAW.name}-1-{offset}" for offset in (1, 2, 5)]
