"""Records with a header name that is no UTF-8, on a real broker: the reader passes them, the worker buries them."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import AIOKafkaProducer

from streams import topics
from streams.bus.connect import connect
from streams.bus.interface import TopicPartition
from streams.bus.scan import scan
from streams.testing.kafka_server import KafkaServer
from tests.bus.conformance import settings_of
from tests.bus.unreadable import write
from tests.kafka.test_walk import ARTICLES, Shell

BATCHES = {
    0: [[b"bad first"], [b"good"], [b"good", b"bad", b"good"]],
    1: [[b"good"] * 30] * 4,
    2: [[b"good", b"bad", b"good"]] * 20 + [[b"bad last"]],
    3: [[b"bad"] * 50] * 2,
}


async def fill(kafka: KafkaServer, topic: str) -> dict[int, list[bytes]]:
    async with connect(settings_of(kafka.url)).admin() as admin:
        await admin.create_topic(topic, len(BATCHES), {})
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
        for partition, batches in BATCHES.items():
            for values in batches:
                await write(producer, topic, partition, values)
    return {partition: [value for values in batches for value in values] for partition, batches in BATCHES.items()}


async def test_a_scan_reads_every_record_once_and_in_order(kafka) -> None:
    wanted, found = await fill(kafka, "unreadable-scan"), {}
    async with asyncio.timeout(30):
        async for records in scan(connect(settings_of(kafka.url)), ["unreadable-scan"]):
            found.setdefault(records[0].partition, []).extend(records)
    assert {partition: [each.value for each in records] for partition, records in found.items()} == wanted
    assert all([each.offset for each in records] == list(range(len(records))) for records in found.values())
    assert all((b"bad" in each.value) == ("ce_unreadable" in dict(each.headers)) for each in found[2])


@pytest.mark.parametrize("most", [1, 7, 500])
async def test_a_group_reads_every_record_once_whatever_is_asked_for_at_a_time(kafka, most) -> None:
    topic = f"unreadable-group-{most}"
    wanted, found = await fill(kafka, topic), {partition: [] for partition in BATCHES}
    async with asyncio.timeout(60), connect(settings_of(kafka.url)).consumer(client_id="t", group=topic) as consumer:
        consumer.subscribe([topic])
        while sum(map(len, found.values())) < sum(map(len, wanted.values())):
            for (_, partition), records in (await consumer.getmany(timeout_ms=500, max_records=most)).items():
                found[partition] += [each.value for each in records]
        assert found == wanted
        assert await consumer.position(TopicPartition(topic, 3)) == 100


@pytest.mark.kafka
async def test_the_worker_buries_such_records_and_the_walk_goes_on(tmp_path) -> None:
    raw = topics.RAW.name
    with KafkaServer(tmp_path / "kafka") as server:
        shell = Shell(server.url, tmp_path / "state")
        await asyncio.to_thread(shell.run, "topics", "apply")
        async with AIOKafkaProducer(bootstrap_servers=server.bootstrap) as producer:
            await write(producer, raw, 0, [b"bad first"])
            await asyncio.to_thread(shell.run, "ingest", str(ARTICLES))
            for partition in range(3):
                await write(producer, raw, partition, [b"bad last"] * 2)
        await asyncio.to_thread(shell.run, "run", "--until-drained")
        [found] = await asyncio.to_thread(shell.lines, "audit", "--json")
        letters = [record async for records in scan(connect(settings_of(server.url)), [f"{raw}.dlt"]) for record in records]
    assert found["holds"]
    assert found["raw"] - 7 == 12
    assert (found["lost"], found["doubled"], found["pending"]) == ([], [], 0)
    told = [dict(letter.headers) for letter in letters if letter.value.startswith(b"bad")]
    assert len(told) == 7
    assert {(each["__streams.errors.code"], each[r"\xff\xfeid"], each["trace"]) for each in told} == {
        (b"SCHEMA", b"\x00\xff", b"t")}
