"""A takedown of what is old, moved to another run, or put back: all of it is found, and none of it comes again."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from schemas.ids import digest
from schemas.takedown import Takedown, takedown_id
from streams import topics
from streams.archive.places import folder_of
from streams.archive.reading import records
from streams.bus import redriven
from streams.bus.blank import MARK, blanked
from streams.bus.connect import connect
from streams.bus.interface import Record
from streams.cli.start import ensure_topics
from streams.testing.builders import DAY
from tests.archive import archive_programs as programs
from tests.archive.test_takedown import ARTICLE, OTHER, READ, SAID, SECRET, URL, every_record, rows_of
from tests.cli.command_line import Line

JOB = "raw-3f2a9c"
SAID_THERE = "9c" * 16
KEPT_FOR_EVER = {topics.STATEMENTS.name, topics.TAKEDOWNS.name}
NAMES = [ARTICLE, URL, URL + "?utm_source=x", "origin"]


def put(line: Line, topic: str, value: object, key: str, headers: dict[str, str]) -> str:
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    return line.put(topic, body, key=key.encode(), **headers)


def walk(line: Line, rows: list[tuple]) -> None:
    for row in rows:
        put(line, *row)
    for stage, spec in READ:
        line.read_all(f"communique-{stage}", spec.name)


def articles(line: Line) -> str:
    """Two articles on raw, in the archive, and through all stages; return the first's place."""
    asyncio.run(ensure_topics(connect(line.settings), line.settings))
    origin = put(line, topics.RAW.name, {"url": URL, "content": SECRET}, URL, {"ce_id": "r1"})
    other = put(line, topics.RAW.name, {"url": OTHER, "content": "museum"}, OTHER, {"ce_id": "r2"})
    walk(line, [*rows_of(origin, ARTICLE, SECRET, SAID), *rows_of(other, digest("article", "url", OTHER), "museum", "7b" * 16)])
    asyncio.run(programs.archive(line.settings))
    return origin


def expire(line: Line) -> None:
    """Let all that is not kept for ever run out."""

    async def run() -> None:
        async with connect(line.settings).admin() as admin:
            for name, each in (await admin.describe_topics()).items():
                if name not in KEPT_FOR_EVER and "delete" in each.config.get("cleanup.policy", "delete"):
                    await admin.alter_topic(name, {**each.config, "retention.ms": "1"})
            await asyncio.sleep(0.01)
            await admin.upkeep()
            await admin.upkeep()

    asyncio.run(run())


def holding(line: Line) -> list[str]:
    found = [each.at for each in every_record(line) if SECRET.encode() in (each.value or b"")]
    found += [f"archive {each.at}" for each in records(folder_of(line.settings)) if SECRET.encode() in (each.value or b"")]
    return found


def forget(line: Line, name: str = URL) -> dict:
    answer = line("forget", name, "--reason", "the court", "--yes", "--json")
    assert answer.code == 0, answer.err
    return answer.objects[0]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_left_in_the_archive_and_on_statements_after_retention_is_taken_back(line: Line, name: str) -> None:
    origin = articles(line)
    expire(line)
    left = holding(line)
    assert any(each.startswith("archive") for each in left)
    assert any(topics.STATEMENTS.name in each for each in left)
    assert not any(each.startswith(topics.RAW.name) for each in left)
    done = forget(line, origin if name == "origin" else name)
    assert (done["article_id"], done["origins"], done["statement_ids"]) == (ARTICLE, [origin], [SAID])
    assert done["removed"]["archive"] == 1
    assert holding(line) == []


def test_what_only_the_archive_still_has_is_found_by_each_of_its_names(line: Line) -> None:
    asyncio.run(ensure_topics(connect(line.settings), line.settings))
    ids = {}
    for number in range(3):
        at = put(line, topics.RAW.name, {"source_id": f"wire/{number}", "content": SECRET if number == 1 else "x"}, "k", {})
        ids[number] = at
    asyncio.run(programs.archive(line.settings))
    expire(line)
    told = [line("forget", each, "--json").objects[0] for each in ("wire/1", digest("article", "source", "wire/1"), ids[1])]
    assert {(each["article_id"], *each["origins"]) for each in told} == {(digest("article", "source", "wire/1"), ids[1])}
    forget(line, "wire/1")
    assert holding(line) == []


def shadowed(line: Line, rows: list[tuple]) -> list[tuple]:
    """The rows on a replay's own topics and changelogs, which are made."""

    def its(topic: str) -> str:
        if not topic.endswith("-changelog"):
            return topics.shadow(topic, JOB)
        stage, _, table = topic.removeprefix("communique-").partition("-")
        return f"communique-{stage}.{JOB}-{table}"

    async def make() -> None:
        async with connect(line.settings).admin() as admin:
            there = await admin.describe_topics()
            for topic in {row[0] for row in rows} | {spec.name for stage, spec in READ if stage not in {"alert", "deliver"}}:
                await admin.create_topic(its(topic), there[topic].partitions, there[topic].config)

    asyncio.run(make())
    return [(its(topic), value, key, headers) for topic, value, key, headers in rows]


@pytest.mark.parametrize("name", [ARTICLE, URL, "origin"])
def test_what_a_run_that_production_moved_to_made_of_it_is_taken_back_with_its_alerts(line: Line, name: str) -> None:
    asyncio.run(ensure_topics(connect(line.settings), line.settings))
    origin = put(line, topics.RAW.name, {"url": URL, "content": SECRET}, URL, {})
    rows = rows_of(origin, ARTICLE, SECRET, SAID_THERE)
    alerts = [row for row in rows if row[0] == topics.ALERTS.name]
    raised = (f"communique-alert-{topics.RAISED.name}-changelog",
              b'1 {"raised":[{"alert":{"line":"' + SECRET.encode() + b'","evidence":[{"statement_id":"' + SAID_THERE.encode() + b'"}]}}]}', "p/rule", {})
    made = [row for row in rows if row[0] != topics.ALERTS.name]
    walk(line, [*shadowed(line, made), *alerts, raised])
    for stage, spec in READ:
        if stage in {"clean", "tag", "dedup", "statements"}:
            line.read_all(f"communique-{stage}.{JOB}", topics.shadow(spec.name, JOB))
    done = forget(line, origin if name == "origin" else name)
    assert (done["article_id"], done["origins"], done["statement_ids"]) == (ARTICLE, [origin], [SAID_THERE])
    assert holding(line) == []


def test_a_raw_record_that_waits_or_died_under_another_form_of_the_url_goes_too(line: Line) -> None:
    origin = articles(line)
    waits = put(line, topics.RAW.name, {"url": URL.upper().replace("HARBOUR", "harbour") + "?utm_source=feed", "content": SECRET}, "k", {})
    done = forget(line, ARTICLE)
    assert sorted(done["origins"]) == sorted([origin, waits])
    assert holding(line) == []


def test_the_audit_holds_after_a_redriven_article_was_taken_back(line: Line) -> None:
    asyncio.run(ensure_topics(connect(line.settings), line.settings))
    origin = put(line, topics.RAW.name, {"url": URL, "content": SECRET}, URL, {})
    partition, offset = origin.rsplit("-", 2)[1:]
    line.read_all("communique-clean", topics.RAW.name)
    put(line, topics.RAW.dead_letters, {"url": URL, "content": SECRET}, URL, {
        "errors_exception": "X", "errors_topic": topics.RAW.name, "errors_partition": partition, "errors_offset": offset, "errors_code": "BUG"})
    assert line("dlt", "redrive", "--yes", "--json").objects[0]["sent"] == 1
    copy = next(each for each in every_record(line) if each.topic == topics.RAW.name and each.at != origin)
    said = dict(copy.headers)[redriven.REDRIVE_ID].decode()
    ids = {"ce_deliverymode": "redrive", "ce_redriveid": said}
    walk(line, [(topic, value, key, headers and {**headers, **ids}) for topic, value, key, headers in rows_of(origin, ARTICLE, SECRET, SAID)])
    before = line("audit", "--json").objects[0]
    assert (before["holds"], before["raw"], before["enriched"], before["redriven"]) == (True, 1, 1, 1)
    assert sorted(forget(line)["origins"]) == sorted([origin, copy.at])
    assert holding(line) == []
    assert line("audit", "--json").objects[0] == before


def test_a_stub_keeps_what_says_that_it_is_a_copy() -> None:
    headers = redriven.headers_of((("note", b"secret"),), redriven.Redriving("r", 1, "t-0-0"))
    stub = blanked(Record("t", 0, 1, 2, b"k", b"{}", headers), "t1")
    assert {name for name, _ in stub.headers} == {redriven.MODE, redriven.REDRIVE_ID, redriven.ATTEMPT, redriven.ORIGIN, MARK}


def test_a_letter_of_an_article_that_was_taken_back_is_never_put_back_and_the_rest_is(line: Line) -> None:
    origin = articles(line)
    partition, offset = origin.rsplit("-", 2)[1:]
    place = {"errors_exception": "X", "errors_code": "BUG", "errors_offset": offset, "errors_partition": partition}
    forget(line)
    put(line, topics.TAGGED.dead_letters, {"text": SECRET}, ARTICLE, {"ce_origin": origin, "ce_correlationid": ARTICLE, **place, "errors_topic": topics.TAGGED.name})
    put(line, topics.RAW.dead_letters, {"content": SECRET}, "k", {**place, "errors_topic": topics.RAW.name})
    put(line, topics.RAW.dead_letters, {"content": "x"}, "k", {**place, "errors_offset": "77", "errors_topic": topics.RAW.name})
    told = line("dlt", "redrive", "--force", "--yes", "--json", "--id", origin, "--id", f"{topics.RAW.name}-{partition}-77",
                "--id", f"{topics.TAGGED.name}-{partition}-{offset}").objects[0]
    assert (told["sent"], told["left"]) == (1, {"its article was taken back (`communique forget`)": 2})
    assert not [each for each in holding(line) if ".dlt" not in each]


def test_a_statement_that_was_taken_back_is_not_lost_when_its_tombstone_is_gone_and_the_event_is_not(line: Line) -> None:
    """As on Kafka: the enriched event stays whole until retention, the tombstone for a day."""
    asyncio.run(ensure_topics(connect(line.settings), line.settings))
    origin = put(line, topics.RAW.name, {"url": URL, "content": "x"}, URL, {})
    enriched = [row for row in rows_of(origin, ARTICLE, "x", SAID) if row[0] == topics.ENRICHED.name]
    walk(line, enriched)
    assert line("audit", "--json").objects[0]["statements_lost"] == [SAID]
    event = Takedown(takedown_id=takedown_id(ARTICLE), article_id=ARTICLE, state="done", reason="x", taken_at=DAY, origins=(origin,), statement_ids=(SAID,))
    put(line, topics.TAKEDOWNS.name, event.model_dump_json().encode(), ARTICLE, {})
    put(line, topics.TAKEDOWNS.name, b"a stranger's", "k", {})
    assert line("audit", "--json").objects[0]["holds"]
