"""The archive and a takedown on Apache Kafka: the same topic byte for byte, and what cannot be removed is told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from streams import topics
from streams.archive.compare import against_topic
from streams.archive.places import folder_of
from streams.archive.reading import records
from streams.archive.verify import verify
from streams.bus.blank import taken_down
from streams.bus.connect import connect
from streams.bus.scan import scan
from streams.settings import Settings
from streams.takedown.job import Job
from streams.takedown.waiting import Busy
from streams.testing.kafka_server import KafkaServer
from tests.archive import archive_programs as programs


async def everything(settings, *names):
    found = [record async for batch in scan(connect(settings), list(names)) for record in batch]
    return sorted(found, key=lambda each: (each.topic, each.partition, each.offset))


async def whole_story(settings):
    await programs.make_topic(settings)
    bus = connect(settings)
    async with bus.admin() as admin:
        await admin.create_topic(topics.STATEMENTS.name, 1, {"cleanup.policy": "compact"})
        await admin.create_topic(topics.TAKEDOWNS.name, 1, {"cleanup.policy": "compact"})
    await programs.put(settings, programs.rows(60))
    assert await programs.archive(settings) == 60
    folder = folder_of(settings)
    assert list(records(folder)) == await everything(settings, topics.RAW.name)

    async with bus.producer(client_id="test") as producer:
        place = f"{topics.RAW.name}-1-1"
        await producer.send(topics.STATEMENTS.name, b'{"article":{"id":"a"}}', key=b"s1", headers=(("ce_origin", place.encode()),))
        await producer.flush()
    job = Job(bus, settings, datetime(2026, 1, 1, tzinfo=UTC))
    async with bus.consumer(client_id="x", group="communique-clean") as consumer:
        consumer.subscribe([topics.RAW.name])
        while not consumer.assignment():
            await consumer.getmany(timeout_ms=200)
        with pytest.raises(Busy, match="communique-clean runs"):
            await job.forget("https://e.org/3", "asked for", None)
    done = await job.forget("https://e.org/3", "asked for", None)
    assert (done.origins, done.statement_ids) == ((place,), ("s1",))
    assert set(done.remains) == {topics.RAW.name, topics.STATEMENTS.name}
    assert [each.value for each in await everything(settings, topics.STATEMENTS.name)][-1] is None
    assert [each.at for each in records(folder) if taken_down(each)] == [place]

    report = verify(folder, deep=True)
    await against_topic(bus, folder, topics.RAW.name, report)
    assert (report.wrong, report.compared, report.blanked) == ([], 60, 1)


def test_archive_and_takedown_on_kafka(tmp_path):
    """On a broker of its own: what it makes has the catalogue's names, which other tests find missing."""
    with KafkaServer(tmp_path / "kafka") as server:
        settings = Settings(bus=server.url, state=tmp_path, topics={"partitions": 2}, archive={"file_bytes": 1500})
        asyncio.run(whole_story(settings))
