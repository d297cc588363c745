"""communique run, demo and doctor: with the real stages, so these take seconds."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from streams import topics
from streams.cli.children import Worker
from streams.cli.run import environment, spread
from streams.cli.supervisor import Plan
from streams.core.outcome import Usage
from streams.settings import RunSettings, load_settings
from tests.cli.command_line import Line


def test_nothing_to_do_ends_at_once(line: Line) -> None:
    line.prepare()
    answer = line("run", "--until-drained")
    assert answer.code == 0
    assert "nothing to do" in answer.err


@pytest.mark.parametrize(
    ("stages", "counts", "names"),
    [
        (["clean"], [], ["clean-0"]),
        (["tag", "clean"], ["tag=2"], ["clean-0", "tag-0", "tag-1"]),
        (["clean", "tag"], ["tag=2,clean=2"], ["clean-0", "clean-1", "tag-0", "tag-1"]),
    ],
)
def test_workers_are_spread_in_the_order_of_the_walk(
    stages: list[str], counts: list[str], names: list[str]
) -> None:
    assert [worker.name for worker in spread(stages, counts)] == names


@pytest.mark.parametrize(
    ("stages", "counts"),
    [
        (["nothing"], []),
        (["clean"], ["tag=2"]),
        (["clean"], ["clean=0"]),
        (["clean"], ["clean"]),
        (["clean"], ["clean=x"]),
        (["clean"], ["nothing=1"]),
    ],
)
def test_a_plan_that_cannot_be_is_wrong_usage(stages: list[str], counts: list[str]) -> None:
    with pytest.raises(Usage):
        spread(stages, counts)


def test_each_worker_has_a_metrics_port_of_its_own() -> None:
    settings = load_settings(observe__metrics_port=9400)
    assert [environment(settings, place)["COMMUNIQUE_OBSERVE__METRICS_PORT"] for place in (0, 1)] == [
        "9401",
        "9402",
    ]


def test_a_moment_that_is_none_is_wrong_usage(line: Line) -> None:
    assert line("run", "--now", "soon").code == 2


def test_a_run_takes_what_is_there_to_its_end_and_the_audit_holds(line: Line) -> None:
    text = "The town of Elmsford will close its ferry for the winter, Mayor Ida Brandt said on Monday in the town hall."
    line.write("in/a.txt", text)
    line.write("in/b.txt", "short")
    assert line("ingest", "in").code == 0
    answer = line.process("--set", "observe.log_json=true", "run", "--until-drained", "--json")
    assert answer.code == 0, answer.err
    assert {each.get("stage") for each in answer.objects if each["event"] == "ready"} >= {"clean"}
    assert answer.objects[-1]["event"] == "drained" or "drained" in {each["event"] for each in answer.objects}
    (report,) = line("audit", "--json").objects
    assert (report["raw"], report["enriched"], report["refused"], report["holds"]) == (2, 1, 1, True)
    assert line("consume", "enriched", "--exit-at-end", "--json").objects[0]["text"] == text


def test_sigterm_stops_a_run_cleanly_and_a_second_run_carries_on(line: Line, raw: Callable[..., str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "streams.cli.app", "run", "clean"], stdout=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdout.readline().startswith(b"ready stage=clean ordinal=0")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    process.stdout.close()
    raw({"content": "A text that is long enough to be taken for an article by clean."})
    assert line.process("run", "clean", "--until-drained").code == 0
    assert len(line("consume", "clean", "--exit-at-end", "--json").objects) == 1


def test_a_stage_that_dies_is_started_again_and_nothing_is_lost(line: Line, raw: Callable[..., str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "streams.cli.app", "run", "clean", "--json"], stdout=subprocess.PIPE
    )
    assert process.stdout
    started = process.stdout.readline()
    assert b'"started"' in started
    assert b'"ready"' in process.stdout.readline()
    os.kill(int(started.split(b"pid=")[1].split(b'"')[0]), signal.SIGKILL)
    raw({"content": "A text that is long enough to be taken for an article by clean."})
    assert [b'"ended"' in process.stdout.readline(), b'"started"' in process.stdout.readline()] == [
        True,
        True,
    ]
    while not line("consume", "clean", "--exit-at-end", "--json").objects:
        assert process.poll() is None
    process.terminate()
    assert process.wait(20) == 0
    process.stdout.close()


def test_a_bus_that_does_not_answer_holds_up_no_end(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    async def waits(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    never = Plan(
        [Worker("clean", 0)],
        lambda _: [sys.executable, "-c", "raise SystemExit(2)"],
        lambda _: os.environ,
        RunSettings(),
    )
    monkeypatch.setattr("streams.cli.watch.watch", waits)
    monkeypatch.setattr("streams.cli.run._plan", lambda *_, **__: never)
    monkeypatch.setattr("streams.cli.run.CLOSING_SECONDS", 0.1)
    assert line("run", "clean").code == 2


def test_the_demo_ends_well_and_shows_every_fate(line: Line) -> None:
    answer = line.process("demo", "--json")
    assert answer.code == 0, answer.err
    (shown,) = answer.objects
    fates = [row["fate"] for row in shown["articles"]]
    assert len(fates) >= 12
    assert {"enriched", "refused: too_short", "dead: SCHEMA"} == set(fates)
    assert shown["audit"]["holds"]
    assert [each["kind"] for each in shown["alerts"]["then"]] == ["new"] * 4
    assert all(each["line"].startswith("OSTROVAN: ") and each["line"].endswith(" – HARBOUR WIRE, MAR 12") for each in shown["alerts"]["then"])
    assert shown["alerts"]["now"] == []
    assert shown["alerts"]["years"] >= 7
    assert not line.settings.state.exists(), "the demo has a folder of its own"


def test_the_doctor_finds_a_healthy_bus_good(line: Line) -> None:
    line.prepare()
    answer = line("doctor", "--json")
    assert answer.code == 0
    assert {each["verdict"] for each in answer.objects} == {"good"}
    assert {each["check"] for each in answer.objects} == {
        "settings",
        "models",
        "disk",
        "bus",
        "topics",
        "stages",
        "clock",
    }


def test_the_doctor_says_what_to_do_about_missing_topics(line: Line) -> None:
    answer = line("doctor")
    assert answer.code == 0
    assert "communique topics apply" in answer.out


def test_the_doctor_finds_topics_of_another_width(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.prepare()
    monkeypatch.setenv("COMMUNIQUE_TOPICS__PARTITIONS", "3")
    answer = line("doctor")
    assert answer.code == 1
    assert "has 2 partitions" in answer.out


def test_the_doctor_sees_unread_records_and_clocks_ahead(line: Line, raw: Callable[..., str]) -> None:
    raw()
    found = {each["check"]: each for each in line("doctor", "--json").objects}
    assert found["stages"]["verdict"] == "warning"
    assert topics.RAW.name in found["stages"]["found"]


def test_the_doctor_speaks_also_when_settings_are_wrong(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMUNIQUE_TOPICS__PARTITION", "3")
    answer = line("doctor")
    assert answer.code == 1
    assert "COMMUNIQUE_TOPICS__PARTITIONS" in answer.out


def test_the_doctor_says_so_when_the_bus_does_not_answer(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.write("file", "no folder")
    monkeypatch.setenv("COMMUNIQUE_BUS", f"sqlite://{line.folder}/file/log.db")
    answer = line("doctor")
    assert answer.code == 1
    assert "COMMUNIQUE_BUS" in answer.out
