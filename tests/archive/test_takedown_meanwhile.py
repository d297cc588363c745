"""What comes while an article is taken back, or after: it is told, waited for, or passed over; no text comes back unsaid."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import orjson
import pytest

from schemas.takedown import Takedown
from streams import topics
from streams.bus import redriven
from streams.bus.connect import connect
from streams.redrive import copies, send
from streams.redrive.rows import Seen, look
from streams.takedown.job import ARCHIVE, Job
from streams.takedown.waiting import Busy
from streams.testing.builders import DAY
from tests.archive.test_takedown import ARTICLE, SECRET, URL
from tests.archive.test_takedown_past import JOB, articles, forget, holding, put
from tests.cli.command_line import Line


def dead_letter(line: Line, origin: str) -> str:
    """A dead tagged record of an article that is through otherwise; the letter's id."""
    put(line, topics.TAGGED.dead_letters, {"text": SECRET}, ARTICLE, {
        "ce_origin": origin, "ce_correlationid": ARTICLE, "errors_exception": "X", "errors_code": "BUG",
        "errors_topic": topics.TAGGED.name, "errors_partition": "0", "errors_offset": "77"})
    return f"{topics.TAGGED.name}-0-77"


def seen_now(line: Line) -> Seen:
    return asyncio.run(look(connect(line.settings)))


def redrive(line: Line, seen: Seen, letter: str) -> int:
    """Go on with a redrive that looked some time ago."""

    async def run() -> int:
        bus = connect(line.settings)
        async with bus.producer(client_id="test") as producer:
            return await send.redrive(send.Desk(bus, producer, "test", None, lambda: DAY), seen, [seen.rows[letter]])

    return asyncio.run(run())


def test_a_redrive_that_looked_before_the_takedown_puts_nothing_back_after_it(line: Line) -> None:
    letter = dead_letter(line, articles(line))
    seen = seen_now(line)
    forget(line)
    assert redrive(line, seen, letter) == 0
    assert holding(line) == []
    assert seen_now(line).rows[letter].state == "taken_back"


@pytest.mark.parametrize(("minutes", "code"), [(1, 75), (11, 0)])
def test_a_redrive_that_has_asked_and_not_sent_is_waited_for_unless_it_died(line: Line, minutes: int, code: int) -> None:
    letter = dead_letter(line, articles(line))
    note = copies.asked(seen_now(line).rows[letter], 1, 0, by="test", why=None)

    async def ask() -> None:
        async with connect(line.settings).producer(client_id="test") as producer:
            await producer.send(topics.REDRIVES.name, note.model_dump_json().encode(), key=letter.encode(), timestamp_ms=int(time.time() - minutes * 60) * 1000)
            await producer.flush()

    asyncio.run(ask())
    answer = line("forget", URL, "--reason", "x", "--yes")
    assert (answer.code, f"{letter}: a redrive may put it back" in answer.err) == (code, code != 0)
    assert redrive(line, seen_now(line), letter) == 0, "whoever goes on with it sees the takedown"
    assert forget(line)["state"] == "done"
    assert holding(line) == []


COPY = {name: value.decode() for name, value in redriven.headers_of((), redriven.Redriving("r", 1, "its origin"))}
COMES = {
    "again": (topics.RAW.name, {"url": URL, "content": SECRET}, {}),
    "under another form of its url": (topics.RAW.name, {"url": f"{URL}?utm_source=x", "content": SECRET}, {}),
    "as a redriven copy": (topics.RAW.name, {"content": SECRET}, COPY),
    "redriven to a stage": (topics.TAGGED.name, {"text": SECRET}, {"ce_origin": "its origin", "ce_correlationid": ARTICLE}),
    "fed to a replay": (topics.shadow(topics.RAW.name, JOB), {"content": SECRET}, {"ce_origin": "its origin"}),
}


@pytest.mark.parametrize("how", COMES)
def test_what_comes_while_it_is_taken_back_is_told_and_the_next_call_takes_it_too(line: Line, how: str) -> None:
    """`done` is said of all that had come when the bus was looked at once more, at the end."""
    origin = articles(line)
    topic, body, headers = COMES[how]

    async def come() -> None:
        async with connect(line.settings).admin() as admin:
            await admin.create_topic(topic, 2, {})
        async with connect(line.settings).producer(client_id="test") as producer:
            pairs = tuple((name, value.replace("its origin", origin).encode()) for name, value in headers.items())
            await producer.send(topic, orjson.dumps(body), key=b"k", headers=pairs, partition=int(origin.rsplit("-", 2)[1]))
            await producer.flush()

    def tell(place: str) -> None:
        if place == ARCHIVE:  # the bus is done with, and not yet looked at once more
            with ThreadPoolExecutor(1) as another:
                another.submit(lambda: asyncio.run(come())).result()

    async def interrupted() -> None:
        await Job(connect(line.settings), line.settings, datetime.now(UTC), tell).forget(URL, "the court", None)

    with pytest.raises(Busy, match=f"{topic}-[01]-[0-9]+ came in meanwhile: stop who sends it"):
        asyncio.run(interrupted())
    assert holding(line)
    assert [each["state"] for each in line("forget", "--list", "--json").objects] == ["begun"]
    for stage in ("tag", "dedup", f"clean.{JOB}"):
        line.read_all(f"communique-{stage}", topic)
    assert forget(line)["state"] == "done"
    assert holding(line) == []


def test_another_article_that_comes_meanwhile_is_not_in_the_way(line: Line) -> None:
    articles(line)
    before = line("forget", URL, "--json").objects[0]
    assert isinstance(before, dict)

    def tell(place: str) -> None:
        if place == ARCHIVE:
            with ThreadPoolExecutor(1) as another:
                another.submit(lambda: put(line, topics.RAW.name, {"url": "https://c.example/x", "content": "x"}, "k", {})).result()

    async def run() -> Takedown:
        return await Job(connect(line.settings), line.settings, datetime.now(UTC), tell).forget(URL, "the court", None)

    assert asyncio.run(run()).state == "done"
