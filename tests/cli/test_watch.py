"""Lag as the supervisor sees it, and what it makes of it."""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import Callable

import pytest

from streams import topics
from streams.audit.lag import age_seconds, look
from streams.bus.connect import connect
from streams.bus.errors import UnknownTopic
from streams.bus.interface import Bus
from streams.cli.supervisor import Plan, Supervisor
from streams.cli.telling import Teller
from streams.cli.watch import _followed, _measure, drained, watch
from streams.core.replay.view import FIRST, moved, without
from streams.observe import metrics
from streams.settings import RunSettings
from streams.topics import shadow
from tests.cli.command_line import Line


def lags(line: Line, *stages: str) -> dict[str, int]:
    async def ask() -> dict[str, int]:
        async with connect(line.settings).admin() as admin:
            return {lag.topic: lag.records for lag in await look(admin, stages)}

    return asyncio.run(ask())


def test_lag_is_what_a_stage_has_not_committed(line: Line, raw: Callable[..., str]) -> None:
    for _ in range(3):
        raw()
    assert lags(line, "clean") == {topics.RAW.name: 3}
    line.read_all("communique-clean", topics.RAW.name)
    assert lags(line, "clean") == {topics.RAW.name: 0}


def test_every_stage_has_the_topics_that_its_agents_read(line: Line) -> None:
    line.prepare()
    assert list(lags(line, "clean", "tag", "dedup")) == [
        topics.RAW.name, topics.CLEAN.name, topics.TAGGED.name, topics.SKETCHES.name, topics.MATCHES.name,
        topics.ANSWERS.name]


def test_drained_is_judged_for_the_stages_that_run(line: Line, raw: Callable[..., str]) -> None:
    raw()
    bus = connect(line.settings)
    assert not asyncio.run(drained(bus, ["clean"]))
    assert asyncio.run(drained(bus, ["tag", "dedup"]))


async def test_what_alert_has_unread_of_a_replay_that_is_production_is_measured_until_its_drop(line: Line) -> None:
    await asyncio.to_thread(line.prepare)
    bus, name = connect(line.settings), shadow(topics.STATEMENTS.name, "shorter-1")
    async with bus.admin() as admin:
        await admin.create_topic(name, 2, {})
    await asyncio.to_thread(line.put, name, {})
    cut = moved(FIRST, "shorter-1", {0: 0, 1: 0})
    measured: set[tuple[str, str]] = set()
    for view, records in ((FIRST, None), (cut, 1.0), (without(cut, "shorter-1"), None)):
        await asyncio.to_thread(line.put, topics.VIEWS.name, view.model_dump_json().encode(), key=b"production")
        measured = await _measure(bus, await _followed(bus, ["clean", "alert"]), measured)
        labels = {"stage": "alert", "topic": name}
        assert metrics.REGISTRY.get_sample_value("communique_lag_records", labels) == records
        assert await _followed(bus, ["clean"]) == ()


class Broken:
    """A bus whose admin raises what nobody has foreseen."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def admin(self) -> Bus:
        raise self.error


@pytest.mark.parametrize(("error", "code"), [(ValueError("odd"), 1), (OSError("no descriptors"), 75), (UnknownTopic("gone"), 2)])
@pytest.mark.parametrize("until_drained", [True, False])
async def test_a_watcher_that_fails_ends_the_run_and_says_why(
    error: Exception, code: int, until_drained: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor = Supervisor(Plan((), lambda _: (), lambda _: {}, RunSettings()), lambda _: None)
    with Teller.open(as_json=True, plain=True) as teller:
        async with asyncio.timeout(5):
            await watch(supervisor, Broken(error), ["clean"], teller, until_drained=until_drained)  # type: ignore[arg-type]
    assert (supervisor.stopping.is_set(), supervisor.code) == (True, code)
    assert f"{type(error).__name__}: {error}" in capsys.readouterr().err


def test_the_age_of_lag_is_that_of_the_oldest_unread_record(line: Line, raw: Callable[..., str]) -> None:
    raw()
    raw()

    async def ask() -> tuple[float, float]:
        bus = connect(line.settings)
        async with bus.admin() as admin:
            lag, = await look(admin, ["clean"])
        written = min(each["timestamp_ms"] for each in records)
        return await age_seconds(bus, lag, written + 5000), await age_seconds(bus, lag, written - 5000)

    records = line("consume", "raw", "--exit-at-end", "--envelope").objects
    assert asyncio.run(ask()) == (5.0, 0.0)


def test_metrics_are_served_on_loopback_with_every_name() -> None:
    meters = metrics.of("clean", "clean")
    meters.records.inc()
    meters.refused("too_short")
    port = metrics.serve("127.0.0.1", 0)
    assert port is None
    port = metrics.serve("127.0.0.1", free_port())
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:  # loopback
        text = page.read().decode()
    assert 'communique_refusals_total{agent="clean",reason="too_short",stage="clean"}' in text
    for name in ("records", "outputs", "refusals", "dead_letters", "retries", "commits", "restarts"):
        assert f"# TYPE communique_{name}_total counter" in text
    for name in ("lag_records", "lag_seconds", "ready"):
        assert f"# TYPE communique_{name} gauge" in text
    for name in ("step_seconds", "hop_seconds"):
        assert f"# TYPE communique_{name} histogram" in text


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
