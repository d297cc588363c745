"""Everything a Faust app needs to run on our bus: its settings, the way to send, the channels.

`app_options` gives the keyword arguments for `faust.App`; the broker's URL has a scheme of ours, so that
Faust loads our transport for it, lazily. All values are measured (docs/adr/0004-transport.md); what is
switched off loses events or opens ports: Faust's web server, topic creation, standbys, its serializers.

    app = faust.App(**app_options("clean", settings, ordinal=0))
    bus = AgentBus(..., sender=sender(app), channels=channels(app))
"""

from __future__ import annotations

import socket
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, cast

from faust.transport.drivers import TRANSPORTS

from streams.bus.faust_hooks import OPTIONS, ChunkSchema, Worker
from streams.bus.kafka_options import hosts
from streams.bus.transport_auth import credentials
from streams.stages import group_of
from streams.topics import MAX_DEAD_LETTER_BYTES

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Sequence

    import faust
    from faust.types import AppT

    from streams.bus.door import Channels, Sender
    from streams.bus.interface import Headers, RecordMetadata
    from streams.bus.transport_producer import Producer
    from streams.settings import Settings

KAFKA_SCHEME: Final = "communique+kafka"
SQLITE_SCHEME: Final = "communique+sqlite"

TRANSPORTS.aliases[KAFKA_SCHEME] = "streams.bus.transport_kafka:Transport"
TRANSPORTS.aliases[SQLITE_SCHEME] = "streams.bus.transport_sqlite:Transport"

MAX_POLL_SECONDS: Final = 86_400.0
"""aiokafka leaves the group when nobody fetches for so long: a stage that holds back for a day is stuck
anyway."""


def app_options(
    stage: str, settings: Settings, ordinal: int | None = 0, runs: Sequence[str | None] = (None,)
) -> dict[str, Any]:
    """Return keyword arguments for `faust.App`; the worker's folder in `settings.state` exists then.

    With an ordinal the worker is a static member of its group: a restart after a crash costs no rebalance,
    and the ordinal must be this worker's own on this machine and state folder. None: a member like any other.
    `runs`: whose topics it reads. One that comes back to read others is another member: Kafka gives a static
    member the partitions that it had, whatever topics it asks for now.
    """
    return {
        **OPTIONS,
        **_identity(stage, settings, ordinal, runs),
        **_broker(settings),
        **_timing(settings),
        **_quiet(),
    }


def _identity(
    stage: str, settings: Settings, ordinal: int | None, runs: Sequence[str | None]
) -> dict[str, Any]:
    name = f"{stage}-{0 if ordinal is None else ordinal}"
    folder = settings.work / "stores" / name
    folder.mkdir(parents=True, exist_ok=True)  # Faust makes only the last part
    return {
        "id": group_of(stage, settings.run.job),
        "monitor": Worker(stage, settings, ordinal),
        "datadir": str(folder),
        "broker_client_id": f"communique-{name}",
        "consumer_group_instance_id": None if ordinal is None else f"{name}-{_place(settings, runs)}",
    }


def _place(settings: Settings, runs: Sequence[str | None]) -> str:
    """Return what tells this machine's state folder, and what is read there, from others.

    Two replicas with the same ordinal are not one member.
    """
    others = sorted(run for run in runs if run is not None)
    place = ":".join([socket.gethostname(), str(settings.work.resolve()), *others])
    return blake2b(place.encode(), digest_size=6).hexdigest()


def _broker(settings: Settings) -> dict[str, Any]:
    scheme, _, rest = settings.bus_url.partition("://")
    if scheme == "sqlite":
        return {"broker": f"{SQLITE_SCHEME}://{rest}"}
    return {
        "broker": [f"{KAFKA_SCHEME}://{host}" for host in hosts(settings.bus_url)],
        "broker_credentials": credentials(settings.kafka),
    }


def _timing(settings: Settings) -> dict[str, Any]:
    kafka, stream = settings.kafka, settings.stream
    return {
        "broker_session_timeout": kafka.session_timeout_seconds,
        "broker_heartbeat_interval": kafka.heartbeat_interval_seconds,
        "broker_rebalance_timeout": kafka.rebalance_timeout_seconds,
        "broker_request_timeout": kafka.request_timeout_seconds,
        "broker_commit_interval": stream.commit_interval_seconds,
        "broker_max_poll_interval": MAX_POLL_SECONDS,
        "consumer_max_fetch_size": MAX_DEAD_LETTER_BYTES,
        "consumer_auto_offset_reset": "earliest",
        "stream_buffer_maxsize": stream.buffer_events,
        "stream_recovery_delay": 0.0,
        "producer_acks": -1,
        "producer_linger": kafka.linger_ms / 1000,
        "producer_compression_type": None if kafka.compression == "none" else kafka.compression,
        "producer_max_batch_size": kafka.batch_size_bytes,
        "producer_max_request_size": MAX_DEAD_LETTER_BYTES,
        "producer_request_timeout": kafka.request_timeout_seconds,
    }


def _quiet() -> dict[str, Any]:
    return {
        "key_serializer": "raw",
        "value_serializer": "raw",
        "autodiscover": False,
        "debug": False,
        "cython_optimizations": False,
        "recovery_consistency_check": True,
        "reply_create_topic": False,
        "stream_wait_empty": True,
        "table_standby_replicas": 0,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "web_enabled": False,
        "worker_redirect_stdouts": False,
    }


class KafkaSender:
    """Sends bytes through the app's producer: no serializer, no sensor, 30 % faster than `topic.send`."""

    atomic = False

    def __init__(self, app: AppT) -> None:
        self._app = app

    async def send(  # the port's own shape
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> Future[RecordMetadata]:
        """Queue a record; the future is done when all replicas have it.

        `TooLarge` when it can never be sent.
        """
        producer = cast("Producer", self._app.producer)
        sent = await producer.put(topic, key, value, partition, list(headers) if headers else None)
        return cast("Future[RecordMetadata]", sent)


def sender(app: AppT) -> Sender:
    """Return the port that an app's agents send through."""
    if app.transport.url[0].scheme == SQLITE_SCHEME:
        from streams.bus.transport_sqlite import Sender as SqliteSender  # noqa: PLC0415  # one backend does not load the other

        return SqliteSender(app)
    return KafkaSender(app)


def channels(app: faust.App) -> Channels:
    """Return the port that makes an app's channels: their events' values are tuples of `Record`."""
    def channel(*topics: str) -> object:
        return app.topic(*topics, schema=ChunkSchema())

    return channel
