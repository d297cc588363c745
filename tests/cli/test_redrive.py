"""communique dlt redrive and discard, on an embedded log, with letters written by hand or by a real stage."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count

import orjson
import pytest

from streams import topics
from streams.bus.burial import dead_letter, death_of
from streams.bus.connect import connect
from streams.bus.interface import Record
from streams.bus.scan import scan
from streams.cli import dlt_redrive
from streams.core.outcome import Permanent
from streams.redrive import send
from streams.redrive.choose import Selection
from streams.redrive.plan import plan
from streams.redrive.rows import look
from tests.cli.command_line import Line

CLEAN, STATEMENTS = "communique-clean", "communique-statements"
AT = datetime(2018, 2, 14, tzinfo=UTC)


def records(line: Line, topic: str) -> list[Record]:
    async def read() -> list[Record]:
        return [record async for batch in scan(connect(line.settings), [topic]) for record in batch]

    return asyncio.run(read())


def bury(line: Line, topic: str, code: str = "BUG") -> list[str]:
    """Bury every record of a topic that is there, as the guard does; return their places."""
    found = records(line, topic)
    death = death_of(Permanent(code, "no"), code, attempts=1, first_failure=AT)

    async def send_all() -> None:
        async with connect(line.settings).producer(client_id="test") as producer:
            for record in found:
                out = dead_letter(record, death, "clean", f"{topic}.dlt")
                await producer.send(out.topic, out.value, key=out.key, headers=out.headers, partition=out.partition)

    asyncio.run(send_all())
    return [record.at for record in found]


def states(line: Line) -> Counter[str]:
    return Counter(row["state"] for row in line("dlt", "list", "--json").objects)


@pytest.fixture
def dead(line: Line, raw: Callable[..., str]) -> list[str]:
    """Three raw records that died in clean."""
    for number in range(3):
        raw(key=f"https://a.example/{number}".encode(), mine="kept", ce_deliverymode="backfill")
    line.read_all(CLEAN, topics.RAW.name)
    return bury(line, topics.RAW.name)


def test_a_redrive_is_a_dry_run_until_told_otherwise(line: Line, dead: list[str]) -> None:
    answer = line("dlt", "redrive", "--code", "BUG", "--json").objects[0]
    assert (answer["would"], answer["groups"][0]["letters"], answer["groups"][0]["code"]) == (3, 3, "BUG")
    assert len(records(line, topics.RAW.name)) == 3
    assert records(line, topics.REDRIVES.name) == []
    assert "--yes" in line("dlt", "redrive").err


def test_a_copy_is_the_record_byte_for_byte_and_says_where_it_comes_from(line: Line, dead: list[str]) -> None:
    first = {record.at: record for record in records(line, topics.RAW.name)}
    assert line("dlt", "redrive", "--yes", "--json").objects[0]["sent"] == 3
    copies = [record for record in records(line, topics.RAW.name) if record.at not in first]
    assert len(copies) == 3
    for copy in copies:
        told = dict(copy.headers)
        mother = first[told["ce_redriveorigin"].decode()]
        assert (copy.key, copy.value, copy.partition) == (mother.key, mother.value, mother.partition)
        assert copy.headers[:1] == (("mine", b"kept"),)
        assert [value for name, value in copy.headers if name == "ce_deliverymode"] == [b"redrive"]
        assert told["ce_redriveattempt"] == b"1"
        assert datetime.fromisoformat(told["ce_redriveorigintime"].decode()).timestamp() * 1000 == mother.timestamp_ms


def test_a_second_redrive_of_the_same_letters_changes_nothing(line: Line, dead: list[str]) -> None:
    line("dlt", "redrive", "--yes")
    before = [records(line, name) for name in (topics.RAW.name, topics.REDRIVES.name)]
    assert line("dlt", "redrive", "--yes", "--json").objects[0] == {
        "chosen": 0, "sent": 0, "superseded": 0, "ends": {}, "left": {"on its way": 3}}
    assert line("dlt", "redrive", *(word for at in dead for word in ("--id", at)), "--yes").code == 0
    assert [records(line, name) for name in (topics.RAW.name, topics.REDRIVES.name)] == before


def test_a_copy_is_no_other_article_and_its_fate_supersedes_the_first(line: Line, dead: list[str]) -> None:
    line("dlt", "redrive", "--yes")
    told = line("audit", "--json").objects[0]
    assert (told["raw"], told["pending"], told["dead_lettered"], told["holds"]) == (3, 0, 3, True)
    line.read_all(CLEAN, topics.RAW.name)
    for origin in dead:
        line.put(topics.ENRICHED.name, {}, ce_origin=origin, ce_id=origin, ce_deliverymode="redrive")
    told = line("audit", "--json").objects[0]
    assert (told["raw"], told["enriched"], told["redriven"], told["dead_lettered"], told["holds"]) == (3, 3, 3, 0, True)
    assert states(line) == {"enriched": 3}
    assert line("dlt", "settle", "--json").objects == [{"noted": 3}]
    assert line("dlt", "settle", "--json").objects == [{"noted": 0}]
    last = {each["letter_id"]: each["state"] for record in records(line, topics.REDRIVES.name) for each in [orjson.loads(record.value)]}
    assert set(last.values()) == {"enriched"}


def test_what_dies_again_is_another_letter_of_the_same_line_and_after_three_it_takes_force(line: Line, raw: Callable[..., str]) -> None:
    origin = raw()
    for attempt in range(1, 5):
        line.read_all(CLEAN, topics.RAW.name)
        record = records(line, topics.RAW.name)[-1]
        death = death_of(Permanent("BUG", "no"), "BUG", attempts=1, first_failure=AT)
        out = dead_letter(record, death, "clean", topics.RAW.dead_letters)
        line.put(out.topic, out.value, **{name.replace("__streams.errors.", "errors_"): value.decode() for name, value in out.headers})
        told = line("dlt", "redrive", "--yes", "--json").objects[0]
        assert told["sent"] == (attempt < 4)
    assert told["left"]["redriven too often (--force)"] == 1
    assert states(line) == {"dead_again": 3, "worn": 1}
    rows = line("dlt", "list", "--json").objects
    assert [row["redrives"] for row in rows] == [1, 2, 3, 3]
    assert {row["origin"] for row in rows} == {origin}
    told = line("audit", "--json").objects[0]
    assert (told["raw"], told["dead_lettered"], told["holds"], told["forged"]) == (1, 1, True, [])
    assert line("dlt", "redrive", "--yes", "--force", "--json").objects[0]["sent"] == 1


def test_a_raw_record_that_calls_itself_redriven_and_is_not_breaks_the_audit_by_name(line: Line, dead: list[str]) -> None:
    first = next(record for record in records(line, topics.RAW.name) if record.key == b"https://a.example/0")
    forged = line.put(topics.RAW.name, {}, key=first.key, ce_deliverymode="redrive", ce_redriveid="mine", ce_redriveorigin=first.at)
    told = line("audit", "--json")
    assert (told.code, told.objects[0]["forged"]) == (1, [forged])


def test_discarding_is_noted_and_leaves_the_letter_where_it_is(line: Line, dead: list[str]) -> None:
    assert line("dlt", "discard", "--json").objects[0]["would"] == 3
    line("dlt", "discard", "--id", dead[0], "--yes", "--why", "sent again", "--by", "ines")
    row = next(each for each in line("dlt", "list", "--json").objects if each["id"] == dead[0])
    assert (row["state"], row["why"], row["by"]) == ("discarded", "sent again", "ines")
    assert line("dlt", "redrive", "--yes", "--json").objects[0]["sent"] == 2
    assert line("audit", "--json").objects[0]["dead_lettered"] == 3
    again = line("dlt", "redrive", "--yes", "--force", "--id", dead[0], "--json").objects[0]
    assert again["sent"] == 1


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        (["--code", "schema"], 0), (["--code", "BUG", "--topic", "raw"], 3), (["--topic", "clean"], 0), (["--stage", "clean"], 3),
        (["--since", "2018-02-14"], 3), (["--until", "2018-02-14"], 0), (["--limit", "2"], 2), (["--fingerprint", "0"], 0),
    ],
)
def test_letters_are_chosen_by_what_is_known_of_them(line: Line, dead: list[str], words: list[str], chosen: int) -> None:
    assert line("dlt", "redrive", *words, "--json").objects[0]["would"] == chosen


def test_export_prints_letters_whole(line: Line, dead: list[str]) -> None:
    told = line("dlt", "export", "--id", dead[1]).objects
    assert [(each["id"], each["state"], orjson.loads(each["value"])) for each in told] == [(dead[1], "open", {"content": "Some text."})]


def test_a_moment_of_weakness_whose_article_came_out_is_left_alone(line: Line, raw: Callable[..., str]) -> None:
    origin = raw()
    line.read_all(CLEAN, topics.RAW.name)
    bury(line, topics.RAW.name, "TRANSIENT")
    line.put(topics.ENRICHED.name, {}, ce_origin=origin, ce_id="e")
    assert states(line) == {"superseded": 1}
    assert line("dlt", "redrive", "--yes", "--json").objects[0]["sent"] == 0


@pytest.mark.parametrize("topic", [topics.FOUND.name, topics.STATEMENTS.name, topics.ALERTS.name])
def test_an_older_record_of_a_key_is_not_put_back_over_a_newer_where_the_last_word_counts(line: Line, topic: str) -> None:
    line.prepare()
    line.put(topic, {"n": 1}, key=b"s1", ce_origin="news.articles.raw.v1-0-0")
    bury(line, topic)
    line.put(topic, {"n": 2}, key=b"s1", ce_origin="news.articles.raw.v1-0-0")
    assert line("dlt", "redrive", "--yes", "--json").objects[0] == {
        "chosen": 1, "sent": 0, "superseded": 1, "ends": {"superseded": 1}, "left": {}}
    assert len(records(line, topic)) == 2


def test_a_newer_record_that_came_between_is_written_once_more(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.prepare()
    topic = topics.STATEMENTS.name
    line.put(topic, {"n": 1}, key=b"s1", ce_origin="news.articles.raw.v1-0-0")
    bury(line, topic)
    ask = send._ask  # the moment between asking and sending

    async def and_judge_goes_on(desk, *rest):
        notes = await ask(desk, *rest)
        async with desk.bus.producer(client_id="judge") as producer:
            await (await producer.send(topic, b'{"n":2}', key=b"s1"))
        return notes

    monkeypatch.setattr(send, "_ask", and_judge_goes_on)
    line("dlt", "redrive", "--yes")
    assert [orjson.loads(record.value)["n"] for record in records(line, topic)] == [1, 2, 1, 2]


class Killed(BaseException):
    """kill -9, as far as what was written goes."""


@pytest.mark.parametrize("after", range(9))
def test_killed_after_any_write_the_same_call_loses_nothing_and_doubles_nothing(
    line: Line, dead: list[str], after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = count()

    async def put_back() -> None:
        bus = connect(line.settings)
        seen = await look(bus)
        chosen = plan(Selection().of(seen.rows.values())).chosen
        async with bus.producer(client_id="test") as producer:
            whole = producer.send

            async def and_die(*args, **named):
                if next(written) >= after:
                    raise Killed
                future = await whole(*args, **named)
                await producer.flush()
                return future

            monkeypatch.setattr(producer, "send", and_die, raising=False)
            await send.redrive(send.Desk(bus, producer, "test", None, dlt_redrive._now), seen, chosen)

    with pytest.raises(Killed):
        asyncio.run(put_back())
    monkeypatch.undo()
    monkeypatch.chdir(line.folder)
    monkeypatch.setenv("COMMUNIQUE_STATE", str(line.folder / "state"))
    monkeypatch.setenv("COMMUNIQUE_TOPICS__PARTITIONS", "2")
    line("dlt", "redrive", "--yes")
    copies = Counter(dict(record.headers).get("ce_redriveorigin") for record in records(line, topics.RAW.name))
    assert {name.decode(): many for name, many in copies.items() if name} == dict.fromkeys(dead, 1)
    assert states(line) == {"pending": 3}


def test_a_redriven_article_is_explained_as_one_walk(line: Line, dead: list[str]) -> None:
    line("dlt", "redrive", "--yes")
    told = line("explain", dead[0], "--json")
    assert (told.code, len(told.objects)) == (0, 1)
    assert [walk["origin"] for walk in told.objects[0]["walks"]] == [dead[0]]
