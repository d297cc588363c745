"""An article that was taken back is nowhere any more, its place is, and it does not come again."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from schemas.ids import digest
from streams import topics
from streams.archive.manifest import NAME
from streams.archive.places import folder_of
from streams.archive.reading import records
from streams.archive.verify import verify
from streams.archive.writing import open_sink
from streams.bus import envelope, redriven
from streams.bus.blank import blanked, taken_down
from streams.bus.connect import connect
from streams.bus.interface import Record
from streams.bus.scan import scan
from streams.cli.start import ensure_topics
from streams.deliver.store import open_store, path_of
from streams.ingest.feeds.store import open_store as open_feeds
from streams.ingest.feeds.store import path_of as feeds_path
from streams.settings import Settings
from streams.testing.builders import alert
from tests.archive import archive_programs as programs
from tests.cli.command_line import Line

URL = "https://a.example/harbour"
ARTICLE = digest("article", "url", URL)
OTHER = "https://b.example/museum"
SECRET = "zephyrous"  # noqa: S105  # a word that is nowhere else
SAID = "5a1d" * 8


def rows_of(at: str, article: str, text: str, said: str) -> list[tuple]:
    """What stages leave of one article: topic, value, key, headers."""
    ids = {"ce_origin": at, "ce_correlationid": article, "ce_id": f"e-{at}"}
    statement = {"statement_id": said, "content": text, "article": {"id": article, "url": "x"}}
    found = [(spec.name, {"article_id": article, "text": text}, article, ids) for spec in (topics.CLEAN, topics.TAGGED, topics.SKETCHES, topics.ANSWERS)]
    found.append((topics.ENRICHED.name, {"article_id": article, "statements": [statement]}, article, ids))
    found += [(spec.name, statement, said, ids) for spec in (topics.FOUND, topics.STATEMENTS)]
    found.append((topics.ALERTS.name, {"line": text, "evidence": [{"statement_id": said}]}, "alert", ids))
    found.append((topics.CLUSTERS.name, {"cluster_id": "c", "members": [article]}, "c", ids))
    for table, key in (("dedup-texts-by-article", article), ("dedup-sketches-by-version", f"{article}/v"),
                       ("statements-statements-by-article", f"{article}/v/p"), ("statements-propositions-by-speaker", f"who/{said}"),
                       ("dedup-awaiting-by-origin", at)):
        found.append((f"communique-{table}-changelog", b"1 " + orjson.dumps({"text": text}), key, {}))
    found.append(("communique-dedup-nodes-by-article-changelog", b"1 {}", article, {}))
    found.append((topics.TAGGED.dead_letters, {"text": text}, article, {**ids, "__streams.errors.topic": topics.ENRICHED.name, "__streams.errors.message": text}))
    return found


READ = (("clean", topics.RAW), ("tag", topics.CLEAN), ("dedup", topics.TAGGED), ("dedup", topics.SKETCHES), ("dedup", topics.ANSWERS),
        ("statements", topics.ENRICHED), ("statements", topics.FOUND), ("alert", topics.STATEMENTS), ("deliver", topics.ALERTS))


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Two articles as a whole run leaves them, the first with the secret in every place; the state, its origin."""
    state = tmp_path_factory.mktemp("walked")
    return state, asyncio.run(walk(Settings(state=state, topics={"partitions": 2})))


@pytest.fixture
def origin(line: Line, walked: tuple[Path, str]) -> str:
    """The state of a test, as `walked` left it."""
    shutil.copytree(walked[0], line.settings.state)
    return walked[1]


async def walk(settings: Settings) -> str:
    bus = connect(settings)
    await ensure_topics(bus, settings)
    async with bus.producer(client_id="test") as producer, bus.admin() as admin:
        async def put(topic: str, value: object, key: str, headers: dict[str, str]) -> str:
            body = value if isinstance(value, bytes) else orjson.dumps(value)
            pairs = tuple((name, each.encode()) for name, each in headers.items())
            sent = await (await producer.send(topic, body, key=key.encode(), headers=pairs))
            return f"{sent.topic}-{sent.partition}-{sent.offset}"
        origin = await put(topics.RAW.name, {"url": URL, "content": f"The {SECRET} bridge."}, URL, {"x_note": SECRET})
        other = await put(topics.RAW.name, {"url": OTHER, "content": "The museum."}, OTHER, {})
        for each in (*rows_of(origin, ARTICLE, SECRET, SAID), *rows_of(other, digest("article", "url", OTHER), "museum", "7b" * 16)):
            await put(*each)
        for stage, spec in READ:
            await admin.commit_offsets(f"communique-{stage}", await admin.end_offsets([spec.name]))
    await programs.archive(settings)
    return origin


def outbox(line: Line) -> None:
    """An outbox with an alert of the article that waits in a notification with another, and one that was delivered."""
    store = open_store(path_of(line.settings))
    made = {1: alert("a1", line=f"{SECRET} bridge"), 2: alert("a2", line="museum")}
    for seq, each in made.items():
        said = SAID if seq == 1 else "7b" * 16
        proof = each.evidence[0].model_copy(update={"statement_id": said, "headline": SECRET if seq == 1 else None})
        body = each.model_copy(update={"evidence": (proof,), "shown_apart": ()}).model_dump_json()
        origin = '{"id":"i","type":"t","source":"s","time":"2026-01-01T00:00:00Z","origin":"r-0-0","origin_time":"2026-01-01T00:00:00Z"}'
        store.execute("INSERT INTO alerts VALUES(?,?,1,NULL,?,?,0,NULL,0)", (seq, each.alert_id, body, origin))
        store.execute("INSERT INTO members VALUES('log',?,1,'out',1,NULL)", (seq,))
    store.execute("INSERT INTO groups VALUES(1,'log','g',NULL,NULL,0)")
    store.execute("INSERT INTO notifications VALUES(1,'k1',1,'log',0,'[1,2]',?,'ready',0,0,0,NULL,NULL)", (SECRET.encode(),))
    store.execute("INSERT INTO notifications VALUES(2,'k2',1,'log',1,'[1]',?,'delivered',0,0,1,NULL,0)", (SECRET.encode(),))
    store.close()


def feeds(line: Line) -> None:
    """Articles that wait to be sent, and one that was sent: its bytes are still in the file."""
    store = open_feeds(feeds_path(line.settings))
    for url in (URL, OTHER):
        for _ in range(2):
            store.execute("INSERT INTO queue(fid, body, mode, due) VALUES(1, ?, 'live', 0)", (orjson.dumps({"url": url, "content": SECRET if url == URL else "x"}),))
    store.execute("DELETE FROM queue WHERE qid=1")
    store.close()


def every_record(line: Line) -> list[Record]:
    async def read() -> list[Record]:
        bus = connect(line.settings)
        async with bus.admin() as admin:
            names = list(await admin.describe_topics())
        return [record async for batch in scan(bus, names) for record in batch]
    return asyncio.run(read())


def nowhere(line: Line) -> None:
    """The secret is in no file, no record, no row of the archive."""
    for path in line.settings.state.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path
    for record in [*every_record(line), *records(folder_of(line.settings))]:
        assert SECRET.encode() not in (record.value or b""), record.at
        assert all(SECRET.encode() not in value for _, value in record.headers), record.at


def forget(line: Line, *more: str):
    return line("forget", URL, "--reason", "the court", "--by", "Ines", "--yes", "--json", *more)


def test_a_dry_run_says_what_it_would_remove_and_removes_nothing(line: Line, origin: str) -> None:
    before = every_record(line)
    told = line("forget", URL, "--json").objects[0]
    assert (told["article_id"], told["done"], told["in_the_way"]) == (ARTICLE, False, [])
    assert told["would_remove"]["archive"] == 1
    assert every_record(line) == before


def test_what_is_taken_back_is_nowhere_and_the_audit_and_the_archive_hold(line: Line, origin: str) -> None:
    outbox(line)
    feeds(line)
    line.write("state/replays/raw-1/stores/dedup-0/texts-0/000004.log", SECRET)
    assert line("audit").code == 0
    others = [each for each in every_record(line) if SECRET.encode() not in (each.value or b"") + b"".join(value for _, value in each.headers)]
    answer = forget(line)
    assert answer.code == 0, answer.err
    done = answer.objects[0]
    assert (done["state"], done["origins"], done["statement_ids"], done["remains"]) == ("done", [origin], [SAID], {})
    nowhere(line)
    assert line("audit").code == 0
    assert line("archive", "verify", "--deep", "--against-topic").code == 0
    after = {(each.topic, each.partition, each.offset): each for each in every_record(line)}
    changed = [each for each in others if after[each.topic, each.partition, each.offset] != each]
    assert not changed, "other articles, and what holds ids only"
    store = open_feeds(feeds_path(line.settings))
    assert store.execute("SELECT count(*) FROM queue").fetchone()[0] == 2
    store.close()
    raw = after[topics.RAW.name, *map(int, origin.rsplit("-", 2)[1:])]
    assert (taken_down(raw), raw.key) == (done["takedown_id"], URL.encode())


def test_a_store_that_cannot_be_deleted_is_told_and_the_takedown_is_not_done(line: Line, origin: str) -> None:
    elsewhere = line.folder / "bigger-disk"
    (elsewhere / "tag-0").mkdir(parents=True)
    (elsewhere / "tag-0" / "000004.log").write_text(SECRET, encoding="utf-8")
    (line.settings.state / "stores").mkdir()
    (line.settings.state / "stores" / "tag-0").symlink_to(elsewhere / "tag-0")
    answer = forget(line)
    assert (answer.code, "stores/tag-0 could not be deleted" in answer.err) == (1, True)
    assert [each["state"] for each in line("forget", "--list", "--json").objects] == ["begun"]
    (line.settings.state / "stores" / "tag-0").unlink()
    assert forget(line).objects[0]["state"] == "done"


def test_a_folder_of_stores_that_is_a_link_to_another_disk_is_emptied(line: Line, origin: str) -> None:
    elsewhere = line.folder / "bigger-disk"
    (elsewhere / "tag-0").mkdir(parents=True)
    (elsewhere / "tag-0" / "000004.log").write_text(SECRET, encoding="utf-8")
    (line.settings.state / "stores").symlink_to(elsewhere)
    assert forget(line).objects[0]["state"] == "done"
    assert list(elsewhere.iterdir()) == []


def test_the_first_file_of_an_archive_that_died_before_its_manifest_was_begun_is_taken_back_too(line: Line, origin: str) -> None:
    folder = folder_of(line.settings)
    shutil.rmtree(folder)
    record = next(each for each in every_record(line) if each.at == origin)
    sink = open_sink(folder, topics.RAW.name, 1, lambda: 0.0)
    sink.take([record])
    sink.finish(record.partition)
    (folder / NAME).unlink()
    assert forget(line).objects[0]["state"] == "done"
    assert [taken_down(each) is not None for each in records(folder)] == [True]
    nowhere(line)


@pytest.mark.parametrize("left", [None, b""])
def test_an_archive_whose_manifest_is_gone_is_told_and_nothing_is_called_taken_back(line: Line, origin: str, left: bytes | None) -> None:
    manifest = folder_of(line.settings) / NAME
    kept = manifest.read_bytes()
    manifest.unlink() if left is None else manifest.write_bytes(left)
    for answer in (forget(line), line("forget", URL), line("forget", "https://nobody.example/x"), line("archive", "run", "--until-drained")):
        assert (answer.code, f"no {NAME}: nothing is known" in answer.err) == (1, True), answer.err
    assert not verify(folder_of(line.settings)).holds
    assert not line("forget", "--list", "--json").objects
    manifest.write_bytes(kept)
    assert forget(line).objects[0]["state"] == "done"
    nowhere(line)


def test_an_archive_and_an_outbox_on_other_machines_are_told_until_it_was_called_there_too(line: Line, origin: str) -> None:
    """Each service of docker-compose.yml has a state of its own."""
    bus, state = line.settings.bus_url, line.settings.state
    (state / "archive").rename(line.folder / "archive")  # of another machine
    assert line("forget", URL, "--json").objects[0]["elsewhere"] == ["archive", "outbox"]
    assert forget(line).objects[0]["elsewhere"] == ["archive", "outbox"]
    there = ("--set", f"bus={bus}", "--set", f"state={line.folder}")
    assert forget(line, *there).objects[0]["elsewhere"] == ["outbox"]
    assert [taken_down(each) is not None for each in records(line.folder / "archive") if each.at == origin] == [True]
    outbox(line)
    assert forget(line).objects[0]["elsewhere"] == []
    told = line("forget", URL, "--reason", "x", "--yes", *there)
    assert "not on this machine" not in told.out, "what was called there stands"
    nowhere(line)


@pytest.mark.parametrize("file", ["outbox.db", "feeds.db"])
def test_somebody_who_reads_a_file_keeps_its_old_pages_and_is_told(line: Line, origin: str, file: str) -> None:
    outbox(line)
    feeds(line)
    with closing(sqlite3.connect(line.settings.state / file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_master").fetchall()
        answer = forget(line)
        assert (answer.code, "somebody reads the" in answer.err) == (75, True), answer.err
    assert forget(line).objects[0]["state"] == "done"
    nowhere(line)


def test_the_outbox_keeps_ids_and_lets_the_others_go(line: Line, origin: str) -> None:
    outbox(line)
    assert forget(line).code == 0
    store = open_store(path_of(line.settings))
    assert [row[0] for row in store.execute("SELECT state FROM members ORDER BY seq")] == ["suppressed", "waiting"]
    assert [tuple(row) for row in store.execute("SELECT state, body FROM notifications ORDER BY nid")] == [("dead", b"{}"), ("delivered", b"{}")]
    assert store.execute("SELECT due FROM groups").fetchone()[0] is not None
    store.close()
    assert "(taken down)" in line("alerts", "list").out


def test_a_second_takedown_changes_nothing_and_tells_the_same(line: Line, origin: str) -> None:
    first = forget(line).objects[0]
    before = [each for each in every_record(line) if each.topic != topics.TAKEDOWNS.name]
    assert forget(line).objects[0] == first
    assert [each for each in every_record(line) if each.topic != topics.TAKEDOWNS.name] == before
    assert [each["reason"] for each in line("forget", "--list", "--json").objects] == ["the court"]


@pytest.mark.parametrize("name", [ARTICLE, URL + "?utm_source=x#top", "origin"])
def test_it_is_found_by_id_by_any_form_of_its_url_and_by_its_raw_record(line: Line, origin: str, name: str) -> None:
    told = line("forget", origin if name == "origin" else name, "--json").objects[0]
    assert (told["article_id"], told["origins"], told["statement_ids"]) == (ARTICLE, [origin], [SAID])


def test_what_a_stage_has_still_to_read_is_in_the_way(line: Line, origin: str) -> None:
    line.put(topics.CLEAN.name, {"text": SECRET}, key=ARTICLE.encode(), ce_origin=origin, ce_correlationid=ARTICLE)
    answer = forget(line)
    assert (answer.code, "is still to be read" in answer.err) == (75, True)
    assert not [each for each in every_record(line) if each.topic == topics.TAKEDOWNS.name]


def test_a_match_that_cluster_has_still_to_read_is_in_the_way_though_it_holds_no_text(line: Line, origin: str) -> None:
    """The article waits for it: without its entry of `awaiting-by-origin` it would never come out."""
    at = line.put(topics.MATCHES.name, {}, key=ARTICLE.encode(), ce_origin=origin, ce_correlationid=ARTICLE)
    answer = forget(line)
    assert (answer.code, f"{at} is still to be read" in answer.err) == (75, True)
    line.read_all("communique-dedup", topics.MATCHES.name)
    assert forget(line).code == 0


@pytest.mark.parametrize("answered", [topics.CLEAN.name, topics.RAW.dead_letters, None])
def test_a_raw_record_that_clean_answered_and_did_not_commit_is_in_the_way(line: Line, origin: str, answered: str | None) -> None:
    """Clean died between the two: it would answer once more, with a refusal, and the record be doubled."""
    again = line.put(topics.RAW.name, {"url": URL, "content": SECRET}, key=b"k")
    letter = dict(zip(("errors_topic", "errors_partition", "errors_offset"), again.rsplit("-", 2), strict=True), errors_exception="X", errors_code="BUG")
    if answered:
        line.put(answered, {"text": SECRET}, key=ARTICLE.encode(), **(letter if answered.endswith(".dlt") else {"ce_origin": again, "ce_correlationid": ARTICLE}))
        line.read_all("communique-tag", topics.CLEAN.name)
        answer = forget(line)
        assert (answer.code, f"{again} is still to be read" in answer.err) == (75, True)
        line.read_all("communique-clean", topics.RAW.name)
    assert forget(line).code == 0
    nowhere(line)


def test_a_stage_that_runs_is_in_the_way(line: Line, origin: str) -> None:

    async def member() -> None:
        async with connect(line.settings).consumer(client_id="x", group="communique-tag") as consumer:
            consumer.subscribe([topics.CLEAN.name])
            await consumer.getmany(timeout_ms=100)
            done = await asyncio.to_thread(line.process, "forget", URL, "--reason", "x", "--yes")
            assert (done.code, "communique-tag runs" in done.err) == (75, True)
    asyncio.run(member())


@pytest.mark.parametrize("name", [ARTICLE, URL, "origin", "copy"])
def test_a_redriven_copy_is_taken_back_with_its_article(line: Line, origin: str, name: str) -> None:
    partition = int(origin.rsplit("-", 2)[1])
    said = redriven.headers_of((), redriven.Redriving("r", 1, origin))

    async def put() -> str:
        async with connect(line.settings).producer(client_id="test") as producer:
            sent = await (await producer.send(topics.RAW.name, SECRET.encode(), key=b"k", headers=said, partition=partition))
        return f"{sent.topic}-{sent.partition}-{sent.offset}"

    copy = asyncio.run(put())
    told = line("forget", {"origin": origin, "copy": copy}.get(name, name), "--json").objects[0]
    assert (told["article_id"], told["origins"]) == (ARTICLE, [origin, copy])


def test_a_name_that_two_articles_go_by_takes_neither_back(line: Line, origin: str) -> None:
    ids = [digest("article", "url", f"https://{each}.example/1") for each in "cd"]
    for each in ids:
        at = line.put(topics.RAW.name, {"source_id": "1", "content": each})
        line.put(topics.CLEAN.name, {}, key=each.encode(), ce_origin=at, ce_correlationid=each)
    answer = line("forget", "1")
    assert answer.code == 2
    assert all(each in answer.err for each in ids)
    assert len(line("forget", ids[0], "--json").objects[0]["origins"]) == 1


def test_nothing_known_of_a_name_is_wrong_usage(line: Line, origin: str) -> None:
    assert line("forget", "https://nobody.example/x").code == 2
    assert line("forget").code == 2
    assert line("forget", URL, "--yes").code == 2


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from streams.bus import sqlite_erase, sqlite_writer
point, seen = int(sys.argv.pop(1)), 0
def watched(owner, name):
    real = getattr(owner, name)
    def made(*args, **kwargs):
        global seen
        for after in (False, True):
            seen += 1
            if after: result = real(*args, **kwargs)
            if seen == point: os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(owner, name, made)
for owner, name in ((os, "fsync"), (os, "write"), (Path, "rename"), (Path, "unlink"), (sqlite_erase, "blank"), (sqlite_erase, "rewrite"), (sqlite_writer._Session, "write")):
    watched(owner, name)
from streams.cli.app import main
main()
"""


@pytest.mark.parametrize("points", [(5, 21, 37)])
def test_killed_anywhere_the_same_call_finishes_it(line: Line, origin: str, points: tuple[int, ...]) -> None:
    outbox(line)
    killed = 0
    for point in points:
        words = ["forget", URL, "--reason", "the court", "--yes"]
        done = subprocess.run([sys.executable, "-c", KILLED, str(point), *words], capture_output=True, timeout=60, check=False, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])})
        assert done.returncode in {0, -signal.SIGKILL}, done.stderr.decode()
        killed += done.returncode != 0
    assert killed >= 2
    assert forget(line).code == 0
    nowhere(line)
    assert line("audit").code == 0
    assert verify(folder_of(line.settings), deep=True).holds
    assert line("archive", "verify", "--against-topic").code == 0


def test_a_stub_is_the_same_whoever_makes_it_and_is_no_stub_twice() -> None:
    record = Record("t", 0, 1, 2, b"k", b'{"content":"x"}', (("ce_id", b"1"), ("note", b"secret"), ("ce_type", b"t" * 600)))
    stub = blanked(record, "t1")
    assert stub == blanked(record, "t1") == blanked(stub, "t2")
    assert (stub.key, stub.at, stub.headers) == (b"k", record.at, (("ce_id", b"1"), ("ce_takendown", b"t1")))
    assert orjson.loads(stub.value)["bytes"] == 15
    hostile = Record("t", 0, 1, 2, b"k", b'{"content":"x"}', (("ce_takendown", b"t1"),))
    assert taken_down(hostile) is None


def test_a_replay_copies_a_stub_as_a_stub() -> None:
    stub = blanked(Record(topics.RAW.name, 0, 1, 2, b"k", b'{"content":"x"}', (("ce_id", b"1"),)), "t1")
    copied = envelope.fed(stub, envelope.of_raw(stub, "news.article.raw.v1"), "job", live=False)
    assert taken_down(Record(topics.shadow(topics.RAW.name, "job"), 0, 0, 3, stub.key, stub.value, copied)) == "t1"
