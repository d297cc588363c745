"""A replay's topics beside production's: what differs is named, and no other; gates and the page."""

from __future__ import annotations

import asyncio
import copy
import re
from datetime import UTC, datetime

import orjson
import pytest
from typer.testing import CliRunner

from schemas.envelope import DeliveryMode, Envelope
from schemas.replay_job import ReplayEstimate, ReplayGates, ReplayJob, ReplayRange, ReplayState, Waiver
from streams import topics
from streams.bench.past_alerts import statements
from streams.bus import codec, jobs
from streams.bus.connect import connect
from streams.bus.envelope import to_headers
from streams.cli.app import build
from streams.core.outcome import Usage
from streams.replay import compare, judging
from streams.replay.examples import examples
from streams.replay.spool import Spool
from streams.settings import load_settings
from streams.testing.rules import rule
from streams.topics import shadow

JOB = "shorter-1"
NOW = datetime(2026, 11, 25, tzinfo=UTC)
SAID = 'The ferry will stop on Monday, Mayor Ida Brandt said. "We have no choice," Brandt said in the town hall on Sunday.'
MORE = {"a": "Nobody was hurt in the storm of the night.", "b": "Read also: ten things about ferries", "c": "short"}
ARTICLES = [
    {"source_id": f"s{number}", "url": f"https://gazette.example/{number}", "outlet": "Gazette",
     "published": f"2021-03-0{number % 3 + 1}T08:00:00Z",
     "content": f"<html><body><h1>Town {number}</h1><p>{SAID}</p><p>{MORE['ab'[number % 4 == 1]]} {number}</p></body></html>"
     if number % 5 else "short", "content_type": "text/html" if number % 5 else "text/plain"}
    for number in range(10)
]


PROCESSED: dict[tuple[str, ...], list] = {}


def job(**more) -> ReplayJob:
    return ReplayJob(**{
        "job_id": JOB, "source": "raw", "state": ReplayState.DONE, "pipeline_version": "x", "settings_digest": "0" * 32,
        "ranges": (ReplayRange(partition=0, context=0, start=2, end=10),),
        "estimate": ReplayEstimate(records=10, bytes=1, seconds=1), **more})


def origin(number: int) -> str:
    return f"{topics.RAW.name}-0-{number}"


async def put(bus, topic, number, body, key=None):
    async with bus.producer(client_id="test") as producer:
        headers = (("ce_origin", origin(number).encode()),)
        await producer.send(topic, orjson.dumps(body), key=(key or str(number)).encode(), headers=headers)
        await producer.flush()


@pytest.fixture
async def bus(tmp_path):
    bus = connect(load_settings(bus=f"sqlite://{tmp_path / 'log.db'}", state=tmp_path))
    async with bus.admin() as admin:
        for spec in topics.SHADOWED:
            for name in (spec.name, shadow(spec.name, JOB)):
                await admin.create_topic(name, 1, {})
        for spec in (topics.REPLAY_JOBS, topics.VIEWS, topics.ALERTS):
            await admin.create_topic(spec.name, 1, {})
    for number, raw in enumerate(ARTICLES):
        await put(bus, shadow(topics.RAW.name, JOB), number, raw)
    return bus


def processed(tmp_path, monkeypatch, **settings):
    """Return what `communique process` makes of each article; made once for all tests."""
    if (kept := PROCESSED.get(tuple(settings))) is not None:
        return copy.deepcopy(kept)
    path = tmp_path / "articles.jsonl"
    path.write_bytes(b"\n".join(map(orjson.dumps, ARTICLES)))
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(build("process"), ["process", str(path), "--until", "enrich"])
    assert done.exit_code in {0, 1}, done.output
    for name in settings:
        monkeypatch.delenv(name)
    lines = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == len(ARTICLES)
    PROCESSED[tuple(settings)] = lines
    return copy.deepcopy(lines)


async def lay(bus, run, events):
    """Put the events of a run on its topics."""
    for number, body in enumerate(events):
        spec = topics.ENRICHED if "article_id" in body and "text" in body else topics.REFUSALS
        await put(bus, shadow(spec.name, run), number, body)


def bare(value):
    """Return a body without places of spans and without what was known then: written anew, not as the code has it."""
    if isinstance(value, list):
        return [bare(each) for each in value]
    if isinstance(value, dict):
        where = {"start", "end", "raw_start", "raw_end"} if "text" in value and "start" in value else set()
        return {name: bare(each) for name, each in value.items() if name not in where | {"dedup"}}
    return value


async def verdict_of(bus, wanted=None, **more):
    wanted, told = wanted or job(), []
    with judging.spooled() as spool:
        verdict = await judging.judge(bus, wanted, spool, each=told.append, **more)
        shown = await examples(bus, spool, verdict.comparison.found.samples)
    return verdict, told, shown


async def test_the_same_version_gives_an_empty_diff(bus, tmp_path, monkeypatch) -> None:
    events = await asyncio.to_thread(processed, tmp_path, monkeypatch)
    for run in (None, JOB):
        await lay(bus, run, events)
    verdict, told, _ = await verdict_of(bus)
    assert verdict.comparison.nothing
    assert told == []
    counts = verdict.as_dict()
    assert (counts["same"], counts["added"], counts["removed"], counts["changed"]) == (7, 0, 0, 0)
    assert counts["refusals"] == {"same": 1, "added": 0, "removed": 0, "changed": 0}
    assert verdict.open


async def test_a_changed_rule_names_exactly_what_changed_and_no_other(bus, tmp_path, monkeypatch) -> None:
    """Against a direct comparison of what `process` makes under both settings; context (0 and 1) is left out."""
    old = await asyncio.to_thread(processed, tmp_path, monkeypatch)
    new = await asyncio.to_thread(processed, tmp_path, monkeypatch, COMMUNIQUE_CLEANING__MIN_CHARS="0")
    for number, body in enumerate(new):  # and one rule that takes a line and a statement
        if number % 4 == 1 and "text" in body:
            body["text"] = body["text"].replace(MORE["b"], "")
            body["statements"] = body["statements"][:-1]
    await lay(bus, None, old)
    await lay(bus, JOB, new)
    verdict, told, shown = await verdict_of(bus, samples=2)
    expected = {origin(n) for n in range(2, 10) if bare(old[n]) != bare(new[n])}
    assert expected
    assert {each.origin for each in told} == expected
    gone = {(n, each["statement_id"]) for n in range(2, 10) for each in old[n].get("statements", ())} - {
        (n, each["statement_id"]) for n in range(2, 10) for each in new[n].get("statements", ())}
    assert {(int(t.origin.rsplit("-", 1)[1]), pair.old.statement_id)
            for t in told for pair in t.statements if pair.kind == "removed"} == gone != set()
    one = shown["article changed"][0]
    assert (one.old["text"], one.new["text"]) == tuple(side[int(one.told.origin[-1])]["text"] for side in (old, new))
    assert verdict.as_dict()["alerts"] == dict.fromkeys(("same", "added", "removed", "supported", "unsupported"), 0)


async def test_ends_clusters_alerts_and_what_was_judged_otherwise_are_counted(bus) -> None:
    article = {"article_id": "x", "text": "T.", "statements": []}
    for number in range(2, 8):
        await put(bus, topics.ENRICHED.name, number, {**article, "article_id": f"a{number}"})
    for number in range(2, 6):
        await put(bus, shadow(topics.ENRICHED.name, JOB), number, {**article, "article_id": f"a{number}"})
    await put(bus, shadow(topics.REFUSALS.name, JOB), 6, {"reason": "TOO_SHORT"})   # 7 has no end
    for number in range(2, 6):
        for run, canonical in ((None, f"a{number // 4 * 4}"), (JOB, "a2")):
            place = {"cluster_id": f"c-{canonical}", "canonical_id": canonical}
            await put(bus, shadow(topics.ASSIGNMENTS.name, run), number, place, f"a{number}")
    for run, kind in ((None, "new"), (JOB, "repeat")):
        body = {"statement_id": "s1", "novelty": {"kind": kind}, "state": "reported"}
        await put(bus, shadow(topics.STATEMENTS.name, run), 2, body, "s1")
    for alert, statement in (("one", "s1"), ("two", "s9")):
        await put(bus, topics.ALERTS.name, 2, {"alert_id": alert, "evidence": [{"statement_id": statement}]})
    told = (await verdict_of(bus))[0].as_dict()
    assert (told["same"], told["removed"], told["lost"]) == (4, 2, 3)  # 8 and 9 never had an end, 7 has none now
    assert told["clusters"] == {"same": 2, "joined": 4, "split": 0, "renamed": 0, "moved": 4}
    assert told["judged_otherwise"] == 1
    assert told["alerts"] == {"same": 0, "added": 0, "removed": 0, "supported": 1, "unsupported": 1}
    assert not told["open"]


async def lay_one_less(bus) -> ReplayJob:
    for number in range(2, 10):
        for run in (None, JOB):
            if (run, number) != (JOB, 5):
                await put(bus, shadow(topics.ENRICHED.name, run), number, {
                    "article_id": f"a{number}", "text": "T.", "statements": [{"statement_id": "s", "content": []}]})
    await put(bus, shadow(topics.REFUSALS.name, JOB), 5, {"reason": "TOO_SHORT"})
    return await jobs.put(bus, job(), NOW)


async def test_a_gate_that_does_not_pass_is_waived_by_name_or_refuses(bus) -> None:
    stored = await lay_one_less(bus)
    verdict = (await verdict_of(bus, stored))[0]
    assert [gate.name for gate in verdict.gates if not gate.open] == ["statements_lost"]
    with pytest.raises(Usage, match="statements_lost: 1, at most 0"):
        await judging.accept(bus, verdict, "Ann", NOW)
    for gate in ("lost", "nonsense"):
        with pytest.raises(Usage, match="can be waived are changed_share, dead_letters, statements_lost"):
            judging.with_waivers(verdict, [Waiver(gate=gate, by="Ann", reason="x")])
    waived = judging.with_waivers(verdict, [Waiver(gate="statements_lost", by="Ann", reason="it was a caption")])
    accepted = (await judging.accept(bus, waived, "Ann", NOW)).job
    assert (accepted.state, accepted.accepted_by, accepted.waivers[0].by) == (ReplayState.ACCEPTED, "Ann", "Ann")
    assert (await verdict_of(bus, await jobs.read(bus, JOB)))[0].accepted
    await put(bus, shadow(topics.ENRICHED.name, JOB), 7, {"article_id": "a7", "text": "Other.", "statements": []})
    assert not (await verdict_of(bus, await jobs.read(bus, JOB)))[0].accepted


@pytest.mark.parametrize(("limits", "closed"), [
    (ReplayGates(), ["statements_lost"]),
    (ReplayGates(changed_share=0.1, statements_lost=None), ["changed_share"]),
    (ReplayGates(changed_share=None, statements_lost=1), []),
])
async def test_the_limits_are_the_jobs(bus, limits, closed) -> None:
    await lay_one_less(bus)
    verdict = (await verdict_of(bus, job(gates=limits)))[0]
    assert [gate.name for gate in verdict.gates if not gate.open] == closed


async def test_a_replay_that_is_not_done_is_not_compared(bus) -> None:
    with judging.spooled() as spool, pytest.raises(Usage, match="is running: it is compared when it is done"):
        await judging.judge(bus, job(state=ReplayState.RUNNING), spool)


async def test_the_page_loads_nothing_and_escapes_everything(bus, tmp_path, monkeypatch) -> None:
    from streams.cli import replay_diff

    monkeypatch.setenv("COMMUNIQUE_BUS", bus.url)
    await jobs.put(bus, job(), NOW)
    hostile = '<script>alert(1)</script>"\'&'
    for run, text in ((None, f"Before. {hostile}"), (JOB, f"After. {hostile}")):
        await put(bus, shadow(topics.ENRICHED.name, run), 3, {
            "article_id": "a", "text": text, "headline": hostile, "outlet": {"name": hostile}, "statements": [
                {"statement_id": text, "content": [{"text": text + hostile}], "speaker": {"name": hostile}}]})
    page = tmp_path / "diff.html"
    await asyncio.to_thread(replay_diff.diff, JOB, 3, page, False, True)
    written = page.read_text()
    assert "<script" not in written
    assert "&lt;script&gt;alert(1)" in written
    assert written.count("<svg") == 3
    assert not re.search(r'(src|href)="', written)
    assert "Before." in written
    assert "After." in written


async def lay_refused(bus) -> None:
    """Put eight articles with two statements each in production, that the replay refuses."""
    await jobs.put(bus, job(), NOW)
    for number in range(2, 10):
        said = [{"statement_id": f"{number}{each}", "content": [{"text": f"Words {number}{each}."}],
                 "speaker": {"name": "Ida"}} for each in "ab"]
        await put(bus, topics.ENRICHED.name, number, {
            "article_id": f"a{number}", "headline": f"Title {number}", "text": "T.", "statements": said})
        await put(bus, shadow(topics.REFUSALS.name, JOB), number, {"reason": "TOO_SHORT"})


@pytest.mark.parametrize(("most", "articles", "said"), [(0, 0, 0), (1, 1, 1), (3, 3, 3), (20, 8, 16)])
async def test_the_terminal_shows_each_article_once_and_no_more_than_asked_for(
    bus, monkeypatch, most, articles, said
) -> None:
    monkeypatch.setenv("COMMUNIQUE_BUS", bus.url)
    await lay_refused(bus)
    words = ["replay", "diff", JOB, "--samples", str(most)]
    told = (await asyncio.to_thread(CliRunner().invoke, build("replay"), words)).stdout
    shown = re.findall(r": Title (\d)", told)
    assert len(shown) == len(set(shown)) == told.count("article removed, statement removed, refusal:") == articles
    assert (told.count("  statement removed"), told.count("    - Ida: Words")) == (said, said)
    assert sum(map(int, re.findall(r"(\d+) more of its statements differ", told))) == 2 * articles - said


async def test_of_a_page_the_terminal_says_only_the_counts_and_where_it_is(bus, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("COMMUNIQUE_BUS", bus.url)
    await lay_refused(bus)
    page = tmp_path / "diff.html"
    done = await asyncio.to_thread(CliRunner().invoke, build("replay"), ["replay", "diff", JOB, "--html", str(page)])
    assert "8 removed" in done.stdout
    assert topics.RAW.name not in done.stdout
    assert str(page) in done.stderr.replace("\n", "")
    assert "Ida: Words" in page.read_text()


async def test_alerts_that_a_replay_would_raise_are_compared_by_the_same_rules_on_both_sides(bus) -> None:
    """Three statements fit the rule in production; in the replay the first is gone and a fourth has come."""
    settings = load_settings(bus=bus.url)
    async with bus.admin() as admin:
        await admin.create_topic(topics.RULES.name, 1, {})
    stands = rule("harbour", words=("harbour",), freshness_hours=24 * 365 * 30)
    async with bus.producer(client_id="test") as producer:
        await producer.send(topics.RULES.name, codec.encode(stands), key=b"harbour")
        await producer.flush()
    spoken = [each for each in statements(400) if "harbour" in each.content[0].text and each.novelty.kind == "new"][:4]
    assert len(spoken) == 4
    for run, kept in ((None, spoken[:3]), (JOB, spoken[1:])):
        for number, event in enumerate(kept, 2):
            its = Envelope(
                id=f"{run}-{number}", type="news.statement.v1", source="/test", time=event.event_time, origin=origin(number),
                origin_time=event.event_time, delivery_mode=DeliveryMode.REPLAY if run else DeliveryMode.LIVE)
            async with bus.producer(client_id="test") as producer:
                await producer.send(
                    shadow(topics.STATEMENTS.name, run), codec.encode(event), key=event.statement_id.encode(),
                    headers=to_headers(its))
                await producer.flush()
    verdict = (await verdict_of(bus, settings=settings))[0]
    assert verdict.comparison.alerts[:3] == (2, 1, 1)


async def test_a_page_shows_each_article_once_with_all_kinds_of_its_difference(bus, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("COMMUNIQUE_BUS", bus.url)
    await lay_refused(bus)
    page = tmp_path / "diff.html"
    words = ["replay", "diff", JOB, "--samples", "20", "--html", str(page)]
    await asyncio.to_thread(CliRunner().invoke, build("replay"), words)
    titles = re.findall(r"<h3>Title (\d)</h3>", page.read_text())
    assert sorted(titles) == [str(number) for number in range(2, 10)]
    assert page.read_text().count("article removed, statement removed, refusal") == 8
    assert not re.search(r'(src|href)="|<script|url\(', page.read_text())


async def test_what_came_to_no_end_is_counted_whole_and_named_in_part(bus, monkeypatch) -> None:
    monkeypatch.setattr(compare, "MOST_NAMED", 3)
    told = (await verdict_of(bus))[0].as_dict()
    assert (told["lost"], len(told["unaccounted"])) == (8, 3)
    await put(bus, shadow(topics.REFUSALS.name, JOB), 9, {"reason": "TOO_SHORT"})
    less = (await verdict_of(bus))[0].as_dict()
    assert (less["lost"], less["unaccounted"]) == (7, told["unaccounted"])
    assert less["digest"] != told["digest"]


def test_what_is_compared_lies_in_a_file_without_a_name_so_that_a_kill_leaves_no_text() -> None:
    with Spool() as spool:
        assert [row[2] for row in spool._file.execute("PRAGMA database_list")] == [""]
