"""The transport on a real broker: 0 events lost and the table right, whatever ends, stops or joins under a backlog.

Each test fills a topic, runs the stages of transport_stage.py as processes, does its worst, and then reads the truth from the
topics: every number of every key on `out`, and a table whose rows saw each number once and in order.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.testing.kafka_server import KafkaServer, free_port
from tests.kafka.transport_rig import Rig

SLOW = ("--pause", "0.01")   # 8 records in 10 ms: some hundred events a second and worker


@pytest.fixture
async def rig(kafka: KafkaServer, tmp_path, request) -> AsyncIterator[Rig]:
    rig = Rig(kafka.bootstrap, f"{request.node.name[5:45].strip('_')}-{time.monotonic_ns() % 10**6}", tmp_path)
    yield rig
    rig.close()


async def test_two_stages_and_a_table_with_a_backlog(rig: Rig) -> None:
    await rig.create()
    await rig.fill(3000)
    relay, tally = rig.start("relay"), rig.start("tally")
    await rig.wait(30)
    assert [rig.stop(relay), rig.stop(tally)] == [0, 0]
    await rig.check()
    assert [await rig.committed("relay"), await rig.committed("tally"), len(await rig.read(f"{rig.name}-out"))] == [3000] * 3


async def test_a_worker_that_joins_leaves_and_joins_again_loses_nothing(rig: Rig) -> None:
    await rig.create()
    await rig.fill(5000)
    rig.start("relay", *SLOW)
    first = rig.start("tally", *SLOW)
    await rig.progressed(0.1)
    second = rig.start("tally", *SLOW)
    await rig.assigned(second)
    await rig.progressed(0.3)
    assert rig.stop(second) == 0
    third = rig.start("tally", *SLOW)
    rig.start("relay", *SLOW)
    await rig.assigned(third)
    await rig.progressed(0.6)
    assert rig.stop(first) == 0
    await rig.wait(40)
    await rig.settled()
    await rig.check()


async def test_kill_9_loses_nothing(rig: Rig) -> None:
    await rig.create()
    await rig.fill(4000)
    for stage in ("relay", "tally"):
        for ordinal in "01":
            rig.start(stage, *SLOW, "--ordinal", ordinal)
    for share in (0.1, 0.25, 0.4, 0.6):
        await rig.progressed(share)
        for worker in (rig.workers[0], rig.workers[-1]):
            os.killpg(worker.pid, signal.SIGKILL)
            rig.restart(worker)
    await rig.wait(30)
    await rig.settled()
    await rig.check()
    assert set(rig.exits) == {-signal.SIGKILL}


async def test_a_static_member_that_was_killed_is_back_before_its_session_ends(rig: Rig) -> None:
    rig.kafka = {"session_timeout_seconds": 14}
    await rig.create()
    await rig.fill(2000)
    rig.start("relay")
    tally = rig.start("tally", *SLOW, "--ordinal", "0")
    await rig.progressed(0.2)
    os.killpg(tally.pid, signal.SIGKILL)
    killed = time.monotonic()
    await rig.assigned(rig.restart(tally))
    assert time.monotonic() - killed < 8
    await rig.wait(30)


async def test_a_suspended_worker_ends_itself_before_it_writes(rig: Rig) -> None:
    await rig.create()
    await rig.fill(4000)
    rig.start("relay")
    workers = [rig.start("tally", *SLOW), rig.start("tally", *SLOW)]
    for worker in workers:
        await rig.assigned(worker)
    await rig.progressed(0.2)
    os.killpg(workers[0].pid, signal.SIGSTOP)
    await rig.progressed(0.9)      # the other has taken over: the session is over
    os.killpg(workers[0].pid, signal.SIGCONT)
    assert await asyncio.to_thread(rig.ended, workers[0]) == 75
    await rig.wait(30)
    await rig.settled()
    await rig.check()


async def test_a_broker_restart_loses_nothing(kafka: KafkaServer, rig: Rig) -> None:
    await rig.create()
    await rig.fill(4000)
    rig.start("relay", *SLOW)
    rig.start("tally", *SLOW)
    await rig.progressed(0.2)
    kafka.restart()   # not in a thread: the broker ends with the thread that starts it
    await rig.progressed(0.3)
    await rig.wait(40)
    await rig.settled()
    await rig.check()


async def test_an_agent_that_raises_ends_the_process_before_any_ack(rig: Rig) -> None:
    rig.partitions = 1
    await rig.create()
    await rig.fill(40, pad=0)
    poison = '{"key": "k20", "n": 1, "pad": ""}'
    assert await asyncio.to_thread(rig.ended, rig.start("relay", "--fail-at", poison)) == 75
    assert await rig.committed("relay") <= 20
    rig.start("relay")
    rig.start("tally")
    await rig.wait(15)
    await rig.settled()
    await rig.check()


async def test_a_send_that_the_broker_rejects_commits_nothing(rig: Rig) -> None:
    rig.kafka = {"compression": "none"}
    await rig.create(mid={"max.message.bytes": "1000"})
    await rig.fill(200, pad=3000)
    assert await asyncio.to_thread(rig.ended, rig.start("relay")) == 75
    assert "not acknowledged" in rig.logs()
    assert await rig.committed("relay") == 0
    async with rig.admin() as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, f"{rig.name}-mid", {"max.message.bytes": "1000000"})])
    rig.start("relay")
    rig.start("tally")
    await rig.wait(20)
    await rig.settled()
    await rig.check()


async def test_a_member_stays_while_a_step_blocks_the_loop_past_the_session(rig: Rig) -> None:
    rig.partitions = 1
    await rig.create()
    await rig.fill(8)
    relay = rig.start("relay", "--block", "8")
    rig.start("tally")
    await rig.wait(40)
    assert relay.poll() is None
    assert rig.stop(relay) == 0
    assert len(await rig.read(f"{rig.name}-mid")) == await rig.committed("relay") == 8


async def test_sigterm_commits_what_is_done_and_leaves_the_group_at_once(rig: Rig) -> None:
    rig.kafka = {"session_timeout_seconds": 14}
    await rig.create()
    await rig.fill(2000)
    rig.start("relay")
    first = rig.start("tally", *SLOW, "--ordinal", "0")
    await rig.progressed(0.2)
    assert rig.stop(first) == 0
    left = time.monotonic()
    await rig.assigned(rig.start("tally", *SLOW, "--ordinal", "1"))
    assert time.monotonic() - left < 8
    await rig.wait(20)
    await rig.settled()
    await rig.check()
    assert len(await rig.read(f"{rig.name}-out")) == 2000


async def test_a_recovery_reads_the_whole_changelog(rig: Rig) -> None:
    """More records than any queue holds, and a table that nobody has seen but the changelog."""
    await rig.create()
    await rig.fill(12000, pad=0)
    rig.start("relay")
    tally = rig.start("tally")
    await rig.wait(30)
    assert rig.stop(tally) == 0
    await rig.fill(400, pad=0)
    rig.start("tally")
    await rig.wait(30)
    await rig.settled()
    await rig.check()


SASL = """
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SAFE:SASL_PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.safe.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_me="s3cret";
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller},SAFE://127.0.0.1:{safe}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SAFE://127.0.0.1:{safe}
"""


async def test_the_stages_run_as_a_user_with_a_password(tmp_path) -> None:
    ports = {name: free_port() for name in ("port", "controller", "safe")}
    (tmp_path / "password").write_text("s3cret\n")
    with KafkaServer(tmp_path / "kafka", ports["port"], ports["controller"], SASL.format(**ports)) as server:
        rig = Rig(server.bootstrap, "sasl", tmp_path, safe=f"127.0.0.1:{ports['safe']}",
                  kafka={"security_protocol": "SASL_PLAINTEXT", "sasl_username": "me",
                         "sasl_password_file": str(tmp_path / "password")})
        try:
            await rig.create()
            await rig.fill(200)
            rig.start("relay")
            rig.start("tally")
            await rig.wait(30)
        finally:
            rig.close()


async def test_what_retention_deletes_in_front_of_a_running_reader_is_told_with_its_offsets_and_the_rest_comes(rig: Rig) -> None:
    rig.partitions, records, left = 1, 2200, 2100
    await rig.create()
    await rig.fill(records, pad=20_000)   # 44 MB; some 25 are fetched ahead
    relay = rig.start("relay", "--pause", "0.08")   # 22 s for all of them
    while not await rig.read(f"{rig.name}-mid"):
        assert relay.poll() is None, rig.logs()
        await asyncio.sleep(0.2)
    async with rig.admin() as admin:
        await admin.delete_records({TopicPartition(f"{rig.name}-in", 0): RecordsToDelete(before_offset=left)})
    deadline = time.monotonic() + 60
    while await rig.committed("relay") < records:
        assert time.monotonic() < deadline, rig.logs()
        await asyncio.sleep(0.2)
    relay.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(rig.ended, relay) == 0
    said = re.sub(r"\x1b\[[0-9;]*m", "", rig.logs())
    ((first, last),) = [tuple(map(int, found)) for found in re.findall(r"expired unread.*first=(\d+).*last=(\d+)", said)]
    assert (0 < first < left, last) == (True, left - 1)
    assert len(await rig.read(f"{rig.name}-mid")) == first + records - left
