"""Apache Kafka as the bus, by aiokafka.

    kafka://host:port[,host:port…]

`kafka_producer` is idempotent with acks=all, `kafka_consumer` never commits by itself, `kafka_admin` fills in
what aiokafka's admin lacks by protocol requests. Errors become `streams.bus.errors` in `kafka_errors`;
addresses, TLS and SASL are in `kafka_options`. Faust has its own clients (`transport_kafka`).

Guarantees. A record whose future is done is on all in-sync replicas, once, in the order of `send` within its
partition. They fail when the topic has fewer in-sync replicas than `min.insync.replicas` asks (then the
send fails), and when all replicas lose their disks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from streams.bus.kafka_admin import KafkaAdmin
from streams.bus.kafka_consumer import KafkaConsumer
from streams.bus.kafka_options import client_options, hosts
from streams.bus.kafka_producer import KafkaProducer

if TYPE_CHECKING:
    from streams.settings import Settings


@dataclass(frozen=True, slots=True)
class KafkaBus:
    """Implements `interface.Bus`. Nothing is opened before a client starts.

    Raises `Usage` for a bad URL.
    """

    url: str
    settings: Settings

    def __post_init__(self) -> None:
        hosts(self.url)

    def producer(self, *, client_id: str) -> KafkaProducer:
        """Make a producer."""
        kafka = self.settings.kafka
        return KafkaProducer(client_options(self.url, kafka, client_id), kafka)

    def consumer(self, *, client_id: str, group: str | None = None) -> KafkaConsumer:
        """Make a consumer."""
        kafka = self.settings.kafka
        return KafkaConsumer(client_options(self.url, kafka, client_id), kafka, group)

    def admin(self) -> KafkaAdmin:
        """Make an admin."""
        return KafkaAdmin(client_options(self.url, self.settings.kafka, "communique-admin"), self.settings)
