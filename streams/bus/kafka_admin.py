"""The admin on Kafka: topics, and groups seen from outside.

aiokafka's admin client has the connections and some requests; offsets of groups are read and set by protocol
requests here, because its own reading takes "the coordinator is loading" for "nothing committed", and it
cannot commit. What a topic's change needs to be seen by every client is awaited before a method returns.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    IllegalGenerationError,
    KafkaError,
    NodeNotReadyError,
    TopicAlreadyExistsError,
    UnknownMemberIdError,
)
from aiokafka.protocol.commit import OffsetCommitRequest, OffsetFetchRequest

from streams.bus.errors import BusError, UnknownTopic
from streams.bus.interface import TopicDescription, TopicPartition
from streams.bus.kafka_configs import Value, topic_configs
from streams.bus.kafka_consumer import known_partitions
from streams.bus.kafka_errors import refuse, translated

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence

    from streams.settings import Settings

T = TypeVar("T")
RETRY_SECONDS: Final = 0.1


class KafkaAdmin:
    """Implements `interface.Admin`."""

    def __init__(self, options: Mapping[str, Any], settings: Settings) -> None:
        self._options = options
        self._replication = settings.topics.replication
        self._timeout_seconds = settings.kafka.request_timeout_seconds
        self._admin: AIOKafkaAdminClient | None = None
        self._reader: AIOKafkaConsumer | None = None

    async def create_topic(self, name: str, partitions: int, config: Mapping[str, str]) -> bool:
        """Create a topic; False when it was there already."""
        topic = NewTopic(name, partitions, self._replication, topic_configs=dict(config))
        with translated(f"creating topic {name}"):
            answer = await self._persist(lambda: self._client().create_topics([topic]))
            try:
                for each in answer.topic_errors:
                    refuse(each[1], each[2] if len(each) > 2 else name)
            except TopicAlreadyExistsError:
                return False
            await self._until(lambda found: found.get(name) == partitions)
        return True

    async def alter_topic(self, name: str, config: Mapping[str, str]) -> None:
        """Set some of a topic's settings; the others that were set on it stay. Raises `UnknownTopic`."""
        with translated(f"altering topic {name}"):
            await self._require(name)
            found = (await self._configs([name])).get(name, {})
            kept = {key: value.text for key, value in found.items() if value.own}
            resource = ConfigResource(ConfigResourceType.TOPIC, name, {**kept, **config})
            for answer in await self._persist(lambda: self._client().alter_configs([resource])):
                for code, message, *_ in answer.resources:
                    refuse(code, message)

    async def add_partitions(self, name: str, partitions: int) -> None:
        """Widen a topic to so many partitions. Raises `UnknownTopic`, `BusError` when that would be fewer."""
        with translated(f"widening topic {name} to {partitions} partitions"):
            await self._require(name)
            await self._persist(lambda: self._client().create_partitions({name: NewPartitions(partitions)}))
            await self._until(lambda found: found.get(name) == partitions)

    async def delete_topic(self, name: str) -> None:
        """Delete a topic with its records. Raises `UnknownTopic`."""
        with translated(f"deleting topic {name}"):
            await self._require(name)
            answer = await self._persist(lambda: self._client().delete_topics([name]))
            for _, code, *_ in answer.topic_error_codes:
                refuse(code, name)
            await self._until(lambda found: name not in found)

    async def describe_topics(self) -> dict[str, TopicDescription]:
        """Return all topics but Kafka's own; `config` holds every setting in force, defaults included."""
        with translated("describing topics"):
            widths = await self._widths()
            configs = await self._configs(list(widths)) if widths else {}
        return {
            name: TopicDescription(name, width, {key: value.text for key, value in configs[name].items()})
            for name, width in widths.items()
            if name in configs
        }

    async def partition_counts(self) -> dict[str, int]:
        """Return how many partitions each topic but Kafka's own has: one question; settings are many."""
        with translated("asking for topics"):
            return await self._widths()

    async def committed_offsets(self, group: str) -> dict[TopicPartition, int]:
        """Return what a group has committed, read from its coordinator; {} for an unknown group."""
        async def fetch() -> dict[TopicPartition, int]:
            """Ask the coordinator once."""
            node = await self._client().find_coordinator(group)
            answer = await self._client()._send_request(OffsetFetchRequest(group, None), node)  # noqa: SLF001
            refuse(getattr(answer, "error_code", 0), f"offsets of {group}")
            return dict(_committed(answer.topics))

        with translated(f"asking for the offsets of {group}"):
            return await self._persist(fetch)

    async def groups(self) -> list[str]:
        """Return the groups that the brokers know."""
        with translated("asking for groups"):
            return await self._persist(self._groups)

    async def _groups(self) -> list[str]:
        return sorted({group for group, *_ in await self._client().list_consumer_groups()})

    async def live_groups(self) -> list[str]:
        """Return the groups that have a member, as their coordinators see them."""
        async def ask() -> list[str]:
            """Ask every broker for its groups, every coordinator for their members.

            One group a request: aiokafka misreads an answer that describes several.
            """
            answers = [
                answer for name in await self._groups()
                for answer in await self._client().describe_consumer_groups([name])]
            return sorted(group[1] for answer in answers for group in answer.groups if group[5])

        with translated("asking for live groups"):
            return await self._persist(ask)

    async def commit_offsets(self, group: str, offsets: Mapping[TopicPartition, int]) -> None:
        """Set a group's offsets. Raises `BusError` while it has a live member."""
        with translated(f"setting the offsets of {group}"):
            await known_partitions(await self._offsets_reader(), offsets)
            try:
                await self._persist(lambda: self._commit(group, offsets))
            except (UnknownMemberIdError, IllegalGenerationError) as error:
                raise BusError(f"group {group!r} has a live member: stop it first") from error

    async def _commit(self, group: str, offsets: Mapping[TopicPartition, int]) -> None:
        wanted: dict[str, list[tuple[int, int, str]]] = {}
        for (topic, partition), offset in offsets.items():
            wanted.setdefault(topic, []).append((partition, offset, ""))
        node = await self._client().find_coordinator(group)
        request = OffsetCommitRequest(
            group, OffsetCommitRequest.DEFAULT_GENERATION_ID, "", OffsetCommitRequest.DEFAULT_RETENTION_TIME,
            list(wanted.items()),
        )
        answer = await self._client()._send_request(request, node)  # noqa: SLF001
        for _, partitions in answer.topics:
            for _, code in partitions:
                refuse(code, f"offsets of {group}")

    async def end_offsets(self, topics: Sequence[str]) -> dict[TopicPartition, int]:
        """Return the next offset of every partition of these topics. Raises `UnknownTopic`."""
        with translated("asking for next offsets"):
            reader = await self._offsets_reader()
            found = await reader.end_offsets(await _places(reader, topics))
        return {TopicPartition(*place): offset for place, offset in found.items()}

    async def beginning_offsets(self, topics: Sequence[str]) -> dict[TopicPartition, int]:
        """Return the first offset of every partition of these topics. Raises `UnknownTopic`."""
        with translated("asking for first offsets"):
            reader = await self._offsets_reader()
            found = await reader.beginning_offsets(await _places(reader, topics))
        return {TopicPartition(*place): offset for place, offset in found.items()}

    async def _require(self, name: str) -> None:
        if name not in await self._widths():
            raise _unknown(name)

    async def _widths(self) -> dict[str, int]:
        """Return the partitions of every topic but Kafka's own, as one broker sees them now."""
        topics = await self._persist(lambda: self._client().describe_topics())
        return {
            topic["topic"]: len(topic["partitions"])
            for topic in topics
            if not topic.get("is_internal") and not topic["error_code"]
        }

    async def _configs(self, names: Iterable[str]) -> dict[str, dict[str, Value]]:
        return await self._persist(lambda: topic_configs(self._client()._client, names))  # noqa: SLF001

    async def _until(self, holds: Callable[[Mapping[str, int]], bool]) -> None:
        """Wait until the brokers' metadata says so: it follows the controller by some milliseconds."""
        deadline = time.monotonic() + self._timeout_seconds
        while not holds(await self._widths()):
            if time.monotonic() > deadline:
                raise TimeoutError
            await asyncio.sleep(RETRY_SECONDS / 5)

    async def _persist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Call again for as long as the error says "later": a broker restarts, a coordinator loads."""
        deadline = time.monotonic() + self._timeout_seconds
        while True:
            try:
                return await call()
            except KafkaError as error:
                later = error.retriable or isinstance(error, NodeNotReadyError)
                if not later or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(RETRY_SECONDS)
            await self._client()._client.force_metadata_update()  # noqa: SLF001  # the node may have another address

    async def _offsets_reader(self) -> AIOKafkaConsumer:
        self._client()
        if self._reader is None:
            reader = AIOKafkaConsumer(**self._options, group_id=None)
            await reader.start()
            self._reader = reader
        return self._reader

    def _client(self) -> AIOKafkaAdminClient:
        if self._admin is None:
            raise BusError("this admin is not started: use `async with`")
        return self._admin

    async def __aenter__(self) -> Self:
        admin = AIOKafkaAdminClient(**self._options)
        try:
            with translated(f"connecting to {','.join(self._options['bootstrap_servers'])}"):
                await admin.start()
        except BaseException:
            await admin.close()
            raise
        self._admin = admin
        return self

    async def __aexit__(self, *exc: object) -> None:
        reader, self._reader = self._reader, None
        admin, self._admin = self._admin, None
        if reader is not None:
            await reader.stop()
        if admin is not None:
            await admin.close()


async def _places(reader: AIOKafkaConsumer, topics: Sequence[str]) -> list[KafkaPartition]:
    """Return all partitions of the topics, as the brokers know them now. Raises `UnknownTopic`."""
    cluster = await reader._client.fetch_all_metadata()  # noqa: SLF001  # as its own `topics()` does
    found = {name: sorted(cluster.partitions_for_topic(name) or ()) for name in topics}
    if missing := [name for name in topics if not found[name]]:
        raise _unknown(missing[0])
    return [KafkaPartition(name, partition) for name in topics for partition in found[name]]


def _unknown(name: str) -> UnknownTopic:
    return UnknownTopic(f"topic {name!r} does not exist; `communique topics apply` creates it")


def _committed(
    topics: Iterable[tuple[str, Iterable[tuple[int, int, str, int]]]],
) -> Iterator[tuple[TopicPartition, int]]:
    for topic, partitions in topics:
        for partition, offset, _, code in partitions:
            refuse(code, f"{topic}-{partition}")
            if offset >= 0:
                yield TopicPartition(topic, partition), offset
