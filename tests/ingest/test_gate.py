import asyncio
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from streams import topics
from streams.bus.admin import ensure
from streams.bus.connect import connect
from streams.bus.interface import Record
from streams.core.throttle import Limits
from streams.ingest.gate import DEAF_SECONDS, GONE_SECONDS, UNSEEN_SECONDS, Gate, Silence, live_wait
from streams.settings import Settings

CAME = datetime(2024, 5, 1, 12, tzinfo=UTC)


def enriched(mode, came=CAME):
    headers = (("ce_deliverymode", mode.encode()), ("ce_origintime", came.isoformat().encode()))
    return Record(topics.ENRICHED.name, 0, 0, int((CAME + timedelta(seconds=2)).timestamp() * 1000), b"k", b"{}", headers)


def test_only_live_records_tell_how_long_live_records_take():
    assert live_wait(enriched("live")) == 2.0
    assert live_wait(enriched("backfill")) is None
    assert live_wait(Record(topics.ENRICHED.name, 0, 0, 0, b"k", b"{}")) is None


def test_who_never_commits_is_not_there_and_who_did_may_be_starting_again():
    silence = Silence(0.0)
    assert not silence.heard(10, 0, 1.0)
    assert silence.heard(10, 0, 1.0 + DEAF_SECONDS + 1)
    assert not silence.heard(10, 5, 10.0)
    assert not silence.heard(10, 5, 10.0 + DEAF_SECONDS + 1)
    assert silence.heard(10, 5, 10.0 + GONE_SECONDS + 1)
    assert not silence.heard(0, 5, 10.0 + GONE_SECONDS + 2)


async def opened(tmp_path):
    settings = Settings(bus=f"sqlite://{tmp_path}/log.db", state=tmp_path)
    bus = connect(settings)
    async with bus.admin() as admin:
        await ensure(admin, settings.topics)
    return bus


async def test_nothing_goes_in_while_a_stage_is_behind_and_it_goes_on_when_it_has_caught_up(tmp_path):
    bus, waiting = await opened(tmp_path), {"clean": (900, 0)}

    async def look():
        return dict(waiting)

    async with Gate(bus, look, Limits(), lambda _line: None) as gate:
        while gate.state.open:
            await asyncio.sleep(0.01)
        held = asyncio.create_task(gate.admit())
        await asyncio.sleep(0)
        assert not held.done()
        waiting["clean"] = (0, 900)
        await asyncio.wait_for(held, 5)


async def test_where_no_stage_reads_everything_goes_in_and_it_is_said(tmp_path):
    bus, said = await opened(tmp_path), []

    async def look():
        return {"clean": (900, 0)}

    async with Gate(bus, look, Limits(), said.append) as gate:
        while gate.state.open:
            await asyncio.sleep(0.01)
        await asyncio.wait_for(gate.admit(), DEAF_SECONDS + 5)
        for _ in range(1000):
            await gate.admit()
    assert len(said) == 1
    assert "no stage is reading" in said[0]


async def test_what_live_records_took_before_it_began_is_what_they_take_alone(tmp_path):
    bus, now = await opened(tmp_path), datetime.now(UTC)
    async with bus.producer(client_id="test") as producer:
        for _ in range(40):
            headers = (("ce_deliverymode", b"live"), ("ce_origintime", (now - timedelta(seconds=0.2)).isoformat().encode()))
            await producer.send(topics.ENRICHED.name, json.dumps({}).encode(), key=b"k", headers=headers)
        await producer.flush()

    async def look():
        return {"clean": (0, 0)}

    async with Gate(bus, look, Limits(), lambda _line: None) as gate:
        while not gate.state.alone:
            await asyncio.sleep(0.01)
        assert len(gate.state.alone) == 40
        assert gate.state.open


async def test_a_gate_that_sees_nothing_any_more_lets_nothing_in(tmp_path):
    bus = await opened(tmp_path)

    async def look():
        raise RuntimeError("broken")

    async with Gate(bus, look, Limits(), print) as gate:
        await asyncio.wait(gate._tasks, return_when=asyncio.FIRST_COMPLETED)
        assert gate.state.open
        with pytest.raises(RuntimeError, match="broken"):
            await gate.admit()


async def idle():
    return {"clean": (0, 0)}


async def send(bus, topic, mode, origin=None):
    """Put a record on a topic as it comes in or ends; return its place as an origin."""
    headers = [("ce_deliverymode", mode.encode())]
    if origin:
        headers += [("ce_origin", origin.encode()), ("ce_origintime", datetime.now(UTC).isoformat().encode())]
    async with bus.producer(client_id="test") as producer:
        sent = await (await producer.send(topic.name, b"{}", key=b"k", headers=tuple(headers)))
    return f"{topic.name}-{sent.partition}-{sent.offset}"


@pytest.mark.parametrize("mode", ["live", "backfill"])
@pytest.mark.parametrize("end", [topics.ENRICHED, topics.REFUSALS])
async def test_with_a_window_of_one_nothing_goes_in_while_a_record_is_on_its_way(tmp_path, mode, end):
    bus = await opened(tmp_path)
    async with Gate(bus, idle, Limits(), print) as gate:
        origin = await send(bus, topics.RAW, mode)
        while not gate._way.many(0.0):
            await asyncio.sleep(0.01)
        gate.state = replace(gate.state, window=1.0)
        held = asyncio.create_task(gate.admit())
        await asyncio.sleep(0.1)
        assert not held.done()
        await send(bus, end, mode, origin)
        await asyncio.wait_for(held, 1.5)  # by itself the window comes to two after five looks


async def test_what_was_let_in_counts_before_it_is_seen_and_not_for_ever(tmp_path):
    bus = await opened(tmp_path)
    async with Gate(bus, idle, Limits(), print) as gate:
        assert gate._wait() == 0
        await gate.admit()
        assert gate._wait() is None
        gate._unseen[0] -= UNSEEN_SECONDS
        assert gate._wait() == 0


async def test_below_one_it_rests_after_a_record_for_as_long_as_the_window_says(tmp_path):
    bus = await opened(tmp_path)
    async with Gate(bus, idle, Limits(), print) as gate:
        gate.state = replace(gate.state, window=0.25)
        gate._way.came("raw-0-1", 10.0)
        gate._way.ended("raw-0-1", 10.1)
        gate._way.last = time.monotonic()
        assert 0.2 < gate._wait() <= 0.3 + 1e-6
        began = time.monotonic()
        await gate.admit()
        assert time.monotonic() - began > 0.2


async def test_no_faster_than_asked_for(tmp_path):
    bus = await opened(tmp_path)
    async with Gate(bus, idle, Limits(per_second=50), print) as gate:
        gate.state = replace(gate.state, window=100.0)
        began = asyncio.get_running_loop().time()
        for _ in range(25):
            await gate.admit()
        assert asyncio.get_running_loop().time() - began > 0.4
