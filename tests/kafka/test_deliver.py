"""deliver on Apache Kafka: killed with its group's partitions in hand."""

from __future__ import annotations

from streams.bench import deliveries
from streams.bench.deliveries import Options
from streams.testing.kafka_server import KafkaServer


async def test_on_kafka_too_nothing_is_lost_doubled_or_out_of_order_when_deliver_is_killed(tmp_path):
    with KafkaServer(tmp_path / "kafka") as server:
        report = await deliveries.measure(Options(alerts=80, kills=2, groups=8, seed=5), tmp_path, server.url)
    assert report.holds, report
