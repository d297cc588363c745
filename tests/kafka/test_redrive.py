"""Redrive on Apache Kafka: stopped halfway and called again, and the audit of it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from streams import topics
from streams.audit.collect import audit
from streams.bus.admin import ensure
from streams.bus.burial import dead_letter, death_of
from streams.bus.connect import connect
from streams.bus.interface import TopicPartition
from streams.bus.scan import scan
from streams.core.outcome import Permanent
from streams.redrive import send
from streams.redrive.choose import Selection
from streams.redrive.plan import plan
from streams.redrive.rows import look
from streams.stages import group_of
from streams.testing.kafka_server import KafkaServer
from tests.bus.conformance import settings_of

AT = datetime(2018, 2, 14, tzinfo=UTC)


class Stopped(BaseException):
    """Ctrl-C, or worse."""


async def put_back(bus, stop_after=None):
    """Put all open letters back; with `stop_after` stop in the middle of that write."""
    seen = await look(bus)
    chosen = plan(Selection().of(seen.rows.values())).chosen
    async with bus.producer(client_id="test") as producer:
        whole, left = producer.send, [stop_after]

        async def sent(*args, **named):
            if left[0] is not None:
                left[0] -= 1
                if left[0] < 0:
                    raise Stopped
            return await whole(*args, **named)

        producer.send = sent
        return await send.redrive(send.Desk(bus, producer, "test", None, lambda: AT), seen, chosen)


async def test_a_redrive_stopped_anywhere_puts_each_letter_back_once_and_the_audit_holds(tmp_path):
    letters = 40
    with KafkaServer(tmp_path / "kafka") as server:
        settings = settings_of(server.url).model_copy(update={"state": tmp_path})
        bus = connect(settings)
        async with bus.admin() as admin:
            await ensure(admin, settings.topics)
        async with bus.producer(client_id="test") as producer:
            for number in range(letters):
                await producer.send(topics.RAW.name, b"{}", key=str(number).encode(), headers=(("mine", b"kept"),))
        death = death_of(Permanent("BUG", "no"), "BUG", attempts=1, first_failure=AT)
        raw = [record async for batch in scan(bus, [topics.RAW.name]) for record in batch]
        async with bus.producer(client_id="test") as producer:
            for record in raw:
                out = dead_letter(record, death, "clean", topics.RAW.dead_letters)
                await producer.send(out.topic, out.value, key=out.key, headers=out.headers, partition=out.partition)
        for stop_after in (15, letters + 20, 10):
            with pytest.raises(Stopped):
                await put_back(bus, stop_after)
        await put_back(bus)
        assert await put_back(bus) == 0
        records = [record async for batch in scan(bus, [topics.RAW.name]) for record in batch]
        copies = Counter(dict(record.headers).get("ce_redriveorigin", b"").decode() for record in records)
        assert copies == {"": letters} | {record.at: 1 for record in raw}
        async with bus.producer(client_id="test") as producer:
            for record in raw:
                headers = (("ce_origin", record.at.encode()), ("ce_id", record.at.encode()), ("ce_deliverymode", b"redrive"))
                await producer.send(topics.REFUSALS.name, b"{}", headers=headers)
        async with bus.admin() as admin:
            ends = await admin.end_offsets([topics.RAW.name])
            await admin.commit_offsets(group_of("clean"), {TopicPartition(*place): end for place, end in ends.items()})
        report = await audit(bus)
        assert (report.raw, report.refused, report.redriven, report.holds) == (letters, letters, letters, True)
        assert Counter(row.state for row in (await look(bus)).rows.values()) == {"refused": letters}
