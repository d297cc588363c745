"""communique audit --certificate, --check, --by, --since: an audit that anyone can run again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from schemas.replay_job import ReplayEstimate, ReplayJob, ReplayRange, ReplaySource, ReplayState
from streams import topics
from streams.audit.hashes import digest_of
from streams.bus import jobs
from streams.bus.admin import wanted_of_job
from streams.bus.connect import connect
from streams.bus.interface import Record
from streams.render.certificate_page import page
from tests.cli.command_line import Line

CLEAN = "communique-clean"


@pytest.fixture
def written(line: Line, raw: Callable[..., str]) -> Path:
    """A certificate of four raw records: enriched, refused, dead, and one that clean has not read."""
    places = [raw(key=b"k", ce_deliverymode=mode) for mode in ("live", "backfill", "live")]
    line.read_all(CLEAN, topics.RAW.name)
    raw(key=b"k")
    line.put(topics.ENRICHED.name, {}, ce_origin=places[0], ce_id="e", ce_pipelineversion="1.0")
    line.put(topics.REFUSALS.name, {}, ce_origin=places[1], ce_id="r", ce_pipelineversion="1.1")
    partition, offset = places[2].rsplit("-", 2)[1:]
    line.put(topics.RAW.dead_letters, b"?", errors_topic=topics.RAW.name, errors_partition=partition, errors_offset=offset, errors_code="BUG", errors_version="1.1")
    path = line.folder / "certificate.json"
    assert line("audit", "--certificate", str(path), "--html", str(line.folder / "page.html"), "--now", "2018-02-14").code == 0
    return path


def check(line: Line, path: Path) -> tuple[int, dict[str, object]]:
    answer = line("audit", "--check", str(path), "--json")
    return answer.code, answer.objects[0]


def test_a_certificate_names_versions_ranges_counts_and_hashes(line: Line, written: Path) -> None:
    body = orjson.loads(written.read_bytes())
    counts = body["counts"]
    assert [counts[name] for name in ("raw", "enriched", "refused", "dead_lettered", "pending")] == [4, 1, 1, 1, 1]
    assert body["versions"] == {"1.0": 1, "1.1": 2}
    assert {cell["mode"]: cell["raw"] for cell in body["cells"]} == {"live": 3, "backfill": 1}
    assert sum(end - first for first, end in body["topics"][topics.RAW.name].values()) == 4
    assert set(body["hashes"]) == {topics.RAW.name, topics.ENRICHED.name, topics.REFUSALS.name, topics.RAW.dead_letters}
    assert (body["verdict"], body["given"]["now"]) == ("holds, some records on their way", "2018-02-14T00:00:00+00:00")


def test_the_same_topics_give_the_same_content_whatever_moment_is_given(line: Line, written: Path) -> None:
    other = line.folder / "other.json"
    line("audit", "--certificate", str(other), "--now", "2020-01-01")
    one, two = orjson.loads(written.read_bytes()), orjson.loads(other.read_bytes())
    assert one["content_hash"] == two["content_hash"]
    assert one["given"] != two["given"]


def test_a_certificate_comes_out_the_same_when_more_has_come_since(line: Line, written: Path, raw: Callable[..., str]) -> None:
    for _ in range(3):
        raw(key=b"k")
    line.read_all(CLEAN, topics.RAW.name)
    for number in range(3, 7):
        line.put(topics.ENRICHED.name, {}, ce_origin=f"{topics.RAW.name}-0-{number}", ce_id=f"e{number}")
    assert check(line, written) == (0, {"holds": True, "differs": [], "expired": [], "same": 4})


def test_what_is_no_longer_kept_is_said_and_not_failed(line: Line, written: Path) -> None:
    async def expire() -> None:
        async with connect(line.settings).admin() as admin:
            await admin.alter_topic(topics.RAW.name, {"retention.ms": "0"})
            await admin.upkeep()  # type: ignore[attr-defined]

    asyncio.run(expire())
    code, told = check(line, written)
    assert (code, told["holds"], told["same"]) == (0, True, 3)
    assert [each.rpartition("-")[0] for each in told["expired"]] == [topics.RAW.name]


def test_a_topic_that_holds_something_else_is_named(line: Line, written: Path) -> None:
    async def replace() -> None:
        bus = connect(line.settings)
        async with bus.admin() as admin:
            config = (await admin.describe_topics())[topics.REFUSALS.name]
            await admin.delete_topic(topics.REFUSALS.name)
            await admin.create_topic(topics.REFUSALS.name, config.partitions, config.config)

    asyncio.run(replace())
    line.put(topics.REFUSALS.name, {"reason": "another"}, ce_origin=f"{topics.RAW.name}-0-1", ce_id="r2")
    code, told = check(line, written)
    assert (code, told["holds"]) == (1, False)
    assert f"hash of {topics.REFUSALS.name}-0" in told["differs"]


@pytest.mark.parametrize("spoil", [lambda text: text.replace('"raw": 4', '"raw": 5'), lambda text: "{}", lambda text: "no"])
def test_a_certificate_that_was_changed_is_none(line: Line, written: Path, spoil: Callable[[str], str]) -> None:
    text = written.read_text()
    assert spoil(text) != text
    written.write_text(spoil(text))
    assert line("audit", "--check", str(written)).code == 2


def test_the_page_loads_nothing_and_escapes_what_it_shows(line: Line, written: Path) -> None:
    html = (line.folder / "page.html").read_text()
    assert "default-src 'none'" in html
    assert not re.search(r"<script|src=|href=", html)
    body = orjson.loads(written.read_bytes()) | {"lost": ["<b>x"], "verdict": "does not hold"}
    assert "&lt;b&gt;x" in page(body)


def test_counts_by_mode_hour_and_partition_add_up(line: Line, written: Path) -> None:
    told = line("audit", "--json", "--by", "mode", "--by", "hour", "--by", "partition").objects[0]
    for by in ("by_mode", "by_hour", "by_partition"):
        assert sum(row["raw"] for row in told[by]) == told["raw"]
        assert sum(row["pending"] for row in told[by]) == told["pending"]
    assert line("audit", "--by", "colour").code == 2


def test_a_part_of_raw_is_audited_alone(line: Line, written: Path) -> None:
    assert line("audit", "--until", "2018-02-14", "--json").objects[0]["raw"] == 0
    assert line("audit", "--since", "1h", "--json").objects[0]["raw"] == 4


def test_the_hash_of_a_record_tells_its_parts_apart() -> None:
    def of(key: bytes | None, value: bytes | None, *headers: tuple[str, bytes], offset: int = 0) -> bytes:
        return digest_of(Record("t", 0, offset, 0, key, value, headers))

    told = [of(b"a", b"b"), of(b"ab", b""), of(None, b"b"), of(b"a", None), of(b"a", b"b", offset=1), of(b"a", b"b", ("n", b"v")), of(b"a", b"b", ("nv", b""))]
    assert len(set(told)) == len(told)


def job_of(line: Line, end: int, state: ReplayState) -> str:
    """Plan a replay of the first records of partition 0; its topics are there."""
    ranges = (ReplayRange(partition=0, context=0, start=0, end=end),)
    job = ReplayJob(
        job_id="raw-1", state=state, source=ReplaySource.RAW, ranges=ranges, pipeline_version="1", settings_digest="d",
        estimate=ReplayEstimate(records=end, bytes=1, seconds=1))

    async def write() -> None:
        bus = connect(line.settings)
        await jobs.put(bus, job, datetime(2018, 2, 14, tzinfo=UTC))
        async with bus.admin() as admin:
            for topic in wanted_of_job(line.settings.topics, job.job_id):
                await admin.create_topic(topic.name, topic.partitions, topic.config)

    asyncio.run(write())
    return job.job_id


def copy(line: Line, origin: str, job: str) -> None:
    line.put(topics.shadow(topics.RAW.name, job), {}, key=b"k", ce_origin=origin, ce_deliverymode="replay", ce_replayjobid=job)


def test_a_replay_is_audited_against_what_it_means(line: Line, raw: Callable[..., str]) -> None:
    places = [raw(key=b"k") for _ in range(5)]
    job = job_of(line, 4, ReplayState.RUNNING)
    for origin in places[:3]:
        copy(line, origin, job)
    line.read_all(f"{CLEAN}.{job}", topics.shadow(topics.RAW.name, job))
    for origin in places[:2]:
        line.put(topics.shadow(topics.ENRICHED.name, job), {}, ce_origin=origin, ce_id=origin, ce_deliverymode="replay")
    told = line("audit", "--job", job, "--json").objects[0]
    assert (told["raw"], told["enriched"], told["pending"], told["lost"]) == (4, 2, 1, [places[2]])
    assert line("audit", "--json").objects[0]["pending"] == 5, "the live topics know nothing of it"
    line.put(topics.shadow(topics.REFUSALS.name, job), {}, ce_origin=places[2], ce_id="r", ce_deliverymode="replay")
    path = line.folder / "job.json"
    assert line("audit", "--job", job, "--certificate", str(path), "--html", str(line.folder / "job.html")).code == 0
    copy(line, places[3], job)
    assert check(line, path)[0] == 0


def test_what_a_finished_replay_never_copied_is_lost(line: Line, raw: Callable[..., str]) -> None:
    places = [raw(key=b"k") for _ in range(2)]
    job = job_of(line, 2, ReplayState.DONE)
    copy(line, places[0], job)
    line.put(topics.shadow(topics.ENRICHED.name, job), {}, ce_origin=places[0], ce_id="e", ce_deliverymode="replay")
    line.read_all(f"{CLEAN}.{job}", topics.shadow(topics.RAW.name, job))
    told = line("audit", "--job", job, "--json")
    assert (told.code, told.objects[0]["lost"]) == (1, [places[1]])
