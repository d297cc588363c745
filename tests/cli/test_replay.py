"""communique replay: plan, pause, resume, status, list, drop; a run of real processes, killed; a run that waits."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime

import orjson
import pytest

from schemas.replay_job import ReplayState
from streams import __version__, topics
from streams.bench import articles
from streams.bus import jobs
from streams.bus.connect import connect
from streams.bus.views import Watch
from streams.cli import exits, replay_run
from streams.cli.replay import status_lines
from streams.cli.replay_plan import planned_lines
from streams.replay import moving
from streams.replay.lock import held
from streams.replay.standing import Standing


@pytest.fixture
def job(line, raw):
    """Plan a replay of eight articles; return its id."""
    for number in range(8):
        line.put(topics.RAW.name, articles.raw(number).value, key=articles.raw(number).key)
    return line("replay", "plan", "--topic", "raw", "--json").objects[-1]["job_id"]


def stands(line, job):
    return asyncio.run(jobs.read(connect(line.settings), job))


def test_a_plan_says_what_it_will_do_and_the_same_plan_is_there_once(line, job):
    said = line("replay", "plan")
    assert said.code == exits.DONE
    assert f"{job} is planned" in said.out
    assert "8 raw records" in said.out
    assert f"communique replay run {job}" in said.out
    assert [row["job_id"] for row in line("replay", "list", "--json").objects] == [job]
    assert planned_lines(stands(line, job)) == said.out.splitlines()


@pytest.mark.parametrize(("words", "told"), [
    (("plan", "--topic", "enriched"), "a replay reads raw or dead-letters"),
    (("plan", "--offsets", "one"), "write it as PARTITION:START-END"),
    (("plan", "--since", "yesterday"), "is no time"),
    (("plan", "--outlet", "Nobody"), "selects no raw record"),
    (("run", "nothing-1"), "there is no replay nothing-1"),
    (("drop", ""), "there is no replay"),
    (("resume", "raw"), "only paused can be running"),
])
def test_what_makes_no_sense_is_wrong_usage(line, job, words, told):
    said = line("replay", *words)
    assert said.code == exits.WRONG_USAGE
    assert told in said.err


def test_pause_and_resume_are_written_and_twice_is_fine(line, job):
    assert line("replay", "pause", job).code == exits.DONE
    assert line("replay", "pause", job, "--json").objects[-1]["state"] == "paused"
    assert "nobody runs it here" in line("replay", "resume", job).out
    assert stands(line, job).state is ReplayState.RUNNING


def test_a_dropped_replay_leaves_nothing_and_can_be_planned_anew(line, job):
    asyncio.run(_create(line, job))
    before = asyncio.run(_topics(line))
    assert any(job in name for name in before)
    assert line("replay", "drop", job, "--json").objects[-1]["topics_deleted"] > 20
    assert asyncio.run(_topics(line)) == {name for name in before if job not in name}
    assert line("replay", "drop", job).code == exits.DONE
    assert line("replay", "run", job).code == exits.WRONG_USAGE
    assert line("replay", "plan", "--json").objects[-1]["state"] == "planned"


def test_a_run_that_begins_while_the_replay_is_dropped_makes_nothing_again(line, job, monkeypatch):
    before, lock = asyncio.run(_topics(line)), replay_run.claim

    def dropped_meanwhile(*words):
        thread = threading.Thread(target=line, args=("replay", "drop", job))
        thread.start()
        thread.join()
        return lock(*words)

    monkeypatch.setattr(replay_run, "claim", dropped_meanwhile)
    assert line("replay", "run", job).code == exits.WRONG_USAGE
    assert asyncio.run(_topics(line)) == before


@pytest.mark.parametrize(("copied", "said"), [
    (7, "copied    7 of 8 raw records; 6 read by clean"), (8, "copied    8 of 8 raw records; 6 read by clean"),
    (10, "copied    8 of 8 raw records, and 2 live since; 6 read by clean"),
])
def test_what_came_in_live_is_no_part_of_what_was_planned(line, job, copied, said):
    assert said in "\n".join(status_lines(stands(line, job), Standing(8, copied, 6, {})))


def test_run_again_leaves_an_accepted_replay_accepted(line, job):
    done = {"state": ReplayState.ACCEPTED, "digest": "d", "records": 8, "accepted_digest": "e"}
    asyncio.run(jobs.put(connect(line.settings), stands(line, job).model_copy(update=done), datetime.now(UTC)))
    assert line("replay", "run", job).code == exits.DONE
    assert stands(line, job).state is ReplayState.ACCEPTED


def test_a_replay_that_readers_follow_is_not_dropped(line, job):
    bus = connect(line.settings)
    asyncio.run(moving.cut_over(bus, stands(line, job), None, datetime.now(UTC)))
    said = line("replay", "drop", job)
    assert said.code == exits.WRONG_USAGE
    assert "rollback" in said.err
    asyncio.run(moving.roll_back(bus, stands(line, job), None, datetime.now(UTC)))
    assert [span.job_id for span in asyncio.run(_view(bus)).spans] == [None, job, None]
    assert line("replay", "drop", job).code == exits.DONE
    assert [span.job_id for span in asyncio.run(_view(bus)).spans] == [None]


def test_a_replay_of_another_version_or_of_other_offices_is_not_run(line, job):
    _put(line, job, pipeline_version="0.0.1")
    assert "was planned for version 0.0.1" in line("replay", "run", job).err
    _put(line, job, pipeline_version=__version__, settings_digest="0")
    assert "are others than planned" in line("replay", "run", job).err


async def test_a_paused_run_waits_and_ends_when_the_replay_is_dropped(line, tmp_path):
    await asyncio.to_thread(line.prepare)
    await asyncio.to_thread(line.put, topics.RAW.name, articles.raw(0).value)
    planned = await asyncio.to_thread(lambda: line("replay", "plan", "--json").objects[-1]["job_id"])
    await asyncio.to_thread(line, "replay", "pause", planned)
    running = asyncio.create_task(replay_run.run_job(line.settings, planned, [], as_json=False))
    async with asyncio.timeout(30):
        while not held(tmp_path / "state" / "replays" / planned, "run"):
            await asyncio.sleep(0.02)
        again = await asyncio.to_thread(line, "replay", "run", planned)
        assert "runs here already" in again.err
        dropping = asyncio.create_task(asyncio.to_thread(line, "replay", "drop", planned))
        assert await running == exits.DONE
        assert (await dropping).code == exits.DONE
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().remove_signal_handler(number)


def test_a_run_that_is_killed_goes_on_when_it_is_run_again(line, job, tmp_path):
    """All processes are real. The first run is killed once records are copied, the second ends by itself."""
    command = [sys.executable, "-m", "streams.cli.app", "replay", "run", job, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as first:
        for said in first.stdout:
            if orjson.loads(said).get("stage") == "dedup" and orjson.loads(said)["event"] == "ready":
                break
        os.kill(first.pid, signal.SIGKILL)
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == exits.DONE
    last = orjson.loads(done.stdout.splitlines()[-1])
    assert (last["event"], last["records"], last["compared"]["news.articles.enriched.v1"]) == ("done", 8, 8)
    status = line("replay", "status", job, "--json").objects[-1]
    assert (status["state"], status["digest"], status["standing"]["read"]) == ("done", last["digest"], 8)
    assert not any(status["standing"]["lag"].values())
    again = line("replay", "run", job, "--json")
    assert again.objects[-1]["digest"] == last["digest"]
    assert last["digest"] in line("replay", "status", job).out


def _put(line, job, **changes):
    bus = connect(line.settings)
    asyncio.run(jobs.put(bus, stands(line, job).model_copy(update=changes), datetime.now(UTC)))


async def _create(line, job):
    from streams.replay.standing import create

    bus = connect(line.settings)
    await create(bus, line.settings, await jobs.read(bus, job))


async def _view(bus):
    async with Watch(bus) as watch:
        return await watch.latest()


async def _topics(line):
    async with connect(line.settings).admin() as admin:
        return set(await admin.describe_topics())
