"""The Kafka backend beyond the conformance suite: what only a broker can do to a client."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager

import pytest
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from streams.bus.connect import connect
from streams.bus.errors import BusError, TooLarge
from streams.bus.interface import RecordMetadata, TopicPartition
from streams.bus.kafka_options import client_options
from streams.core.outcome import Usage
from streams.observe import metrics
from streams.settings import Settings
from streams.testing.kafka_server import KafkaServer, free_port
from tests.bus.conformance import gather, settings_of, values


async def test_a_record_that_the_broker_refuses_does_not_spoil_those_after_it(kafka):
    bus, topic = connect(settings_of(kafka.url)), "refused-by-the-broker"
    async with bus.admin() as admin, bus.producer(client_id="test") as producer:
        await admin.create_topic(topic, 1, {})
        await (await producer.send(topic, b"before"))
        await admin.alter_topic(topic, {"max.message.bytes": "1000"})  # the producer knows of the greater limit
        with pytest.raises(TooLarge):
            await (await producer.send(topic, random.Random(1).randbytes(2000)))
        assert await (await producer.send(topic, b"after")) == RecordMetadata(topic, 0, 1)


async def test_what_retention_deletes_in_front_of_a_reader_is_counted_and_the_rest_comes(kafka):
    bus, topic, records, left = connect(settings_of(kafka.url)), "overtaken-reader", 1500, 1400
    place = TopicPartition(topic, 0)
    async with bus.admin() as admin, bus.producer(client_id="test") as producer, bus.consumer(client_id="slow") as consumer:
        await admin.create_topic(topic, 1, {})
        for number in range(records):   # 30 MB: more than is fetched ahead
            await producer.send(topic, b"%05d" % number + random.Random(number).randbytes(20_000))
        await producer.flush()
        consumer.assign([place])
        await consumer.seek(place, 0)
        found = [record for batch in (await consumer.getmany(timeout_ms=10_000, max_records=5)).values() for record in batch]
        async with plain_admin(kafka.url) as plain:
            await plain.delete_records({KafkaPartition(*place): RecordsToDelete(before_offset=left)})
        while found[-1].offset < records - 1:
            found += await gather(consumer, 1)
    assert [record.offset for record in found][-100:] == list(range(left, records))
    assert metrics.EXPIRED_UNREAD.labels("slow", topic)._value.get() == records - len(found) > 0


@asynccontextmanager
async def plain_admin(url):
    client = AIOKafkaAdminClient(bootstrap_servers=url.removeprefix("kafka://"))
    await client.start()
    try:
        yield client
    finally:
        await client.close()


async def test_a_broker_that_is_killed_and_comes_back_loses_and_doubles_nothing(tmp_path):
    topic = "survives"
    with KafkaServer(tmp_path / "kafka") as server:
        bus = connect(settings_of(server.url).model_copy(update={"state": tmp_path}))
        async with bus.admin() as admin, bus.producer(client_id="test") as producer:
            await admin.create_topic(topic, 1, {})
            answers = [await producer.send(topic, str(number).encode()) for number in range(500)]
            restart = asyncio.create_task(asyncio.to_thread(server.restart))
            for number in range(500, 1000):
                answers.append(await producer.send(topic, str(number).encode()))
                await asyncio.sleep(0.002)
            await restart
            await producer.flush()
            assert [(await answer).offset for answer in answers] == list(range(1000))
            assert await admin.end_offsets([topic]) == {TopicPartition(topic, 0): 1000}
            await admin.commit_offsets("later", {TopicPartition(topic, 0): 990})
            assert await admin.committed_offsets("later") == {TopicPartition(topic, 0): 990}
        async with bus.consumer(client_id="test") as consumer:
            consumer.assign([TopicPartition(topic, 0)])
            assert values(await gather(consumer, 1000)) == [str(number).encode() for number in range(1000)]


async def test_a_broker_that_is_not_there_is_said_to_be_away():
    bus = connect(settings_of(f"kafka://127.0.0.1:{free_port()}"))
    for client in (bus.admin(), bus.producer(client_id="x"), bus.consumer(client_id="x")):
        with pytest.raises(BusError, match="no broker can be reached"):
            await client.__aenter__()


@pytest.mark.parametrize("url", ["kafka://", "kafka://host:port", "kafka://a:1,b:", "kafka:a:1", "redis://a:1"])
def test_a_bus_url_that_names_no_broker_is_wrong_usage(url):
    with pytest.raises(Usage, match="COMMUNIQUE_BUS"):
        connect(Settings(bus=url))


def test_secrets_come_from_files(tmp_path):
    (tmp_path / "password").write_text("s3cret\n")
    kafka = {"security_protocol": "SASL_SSL", "sasl_username": "me", "sasl_password_file": tmp_path / "password"}
    options = client_options("kafka://a:1", Settings(kafka=kafka).kafka, "x")
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("me", "s3cret")
    assert options["ssl_context"].check_hostname
    with pytest.raises(BusError, match="sasl_password_file"):
        client_options("kafka://a:1", Settings(kafka={**kafka, "sasl_password_file": tmp_path / "none"}).kafka, "x")
    with pytest.raises(BusError, match="ca_file"):
        client_options("kafka://a:1", Settings(kafka={**kafka, "ca_file": tmp_path / "none"}).kafka, "x")


PLAIN_SASL = """
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SAFE:SASL_PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.safe.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_me="s3cret";
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller},SAFE://127.0.0.1:{safe}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SAFE://127.0.0.1:{safe}
"""


async def test_a_user_with_a_password_gets_in_and_one_with_a_wrong_one_does_not(tmp_path):
    port, controller, safe = free_port(), free_port(), free_port()
    extra = PLAIN_SASL.format(port=port, controller=controller, safe=safe)
    (tmp_path / "right").write_text("s3cret\n")
    (tmp_path / "wrong").write_text("guess\n")
    with KafkaServer(tmp_path / "kafka", port=port, controller=controller, properties=extra):
        def bus(password: str):
            kafka = {"security_protocol": "SASL_PLAINTEXT", "sasl_username": "me", "sasl_password_file": tmp_path / password,
                     "request_timeout_seconds": 10}
            return connect(Settings(bus=f"kafka://127.0.0.1:{safe}", kafka=kafka))

        async with bus("right").admin() as admin, bus("right").producer(client_id="x") as producer:
            await admin.create_topic("t", 1, {})
            assert await (await producer.send("t", b"x")) == RecordMetadata("t", 0, 0)
        with pytest.raises(BusError, match=r"refuses this user|no broker can be reached"):
            await bus("wrong").producer(client_id="x").start()
