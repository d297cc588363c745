"""The consumer on Kafka: in a group or by hand, from the earliest record on, never committing by itself."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Self

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.errors import IllegalStateError, KafkaError

from streams.bus.errors import BusError, Fenced, UnknownTopic
from streams.bus.expired import Expired
from streams.bus.interface import Record, TopicPartition
from streams.bus.kafka_errors import translated
from streams.bus.kafka_unreadable import Reader
from streams.topics import MAX_DEAD_LETTER_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aiokafka.structs import ConsumerRecord

    from streams.settings import KafkaSettings

COMMIT_LOOK_SECONDS: Final = 5.0
"""A commit that takes longer is looked after: is the topic still there?"""
KNOWN_SECONDS: Final = 0.25
"""For so long a partition that was there is taken to be there: a look costs four times what its end does."""
MAX_POLL_SECONDS: Final = 86_400
"""A reader may take its time between two fetches (a terminal is scrolled); heartbeats tell that it lives."""


class KafkaConsumer:
    """Implements `interface.Consumer`."""

    def __init__(self, options: Mapping[str, Any], kafka: KafkaSettings, group: str | None) -> None:
        self._options = options
        self._kafka = kafka
        self._group = group
        self._topics: tuple[str, ...] = ()
        self._places: frozenset[TopicPartition] = frozenset()
        self._settled = False
        self._client: AIOKafkaConsumer | None = None
        self._reader: Reader | None = None
        self._expired = Expired(group or str(options["client_id"]))
        self._looked: frozenset[KafkaPartition] = frozenset()
        self._known: tuple[float, list[KafkaPartition]] = (0.0, [])

    async def start(self) -> None:
        """Connect. Raises `BusError` when no broker answers."""
        if self._client is not None:
            return
        client = self._make()
        try:
            with translated(f"connecting to {self._where}"):
                await client.start()
        except BaseException:
            await client.stop()
            raise
        self._client = client

    def _make(self) -> AIOKafkaConsumer:
        kafka = self._kafka
        return AIOKafkaConsumer(
            **self._options,
            group_id=self._group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=kafka.fetch_max_wait_ms,
            max_partition_fetch_bytes=MAX_DEAD_LETTER_BYTES,
            session_timeout_ms=int(kafka.session_timeout_seconds * 1000),
            heartbeat_interval_ms=int(kafka.heartbeat_interval_seconds * 1000),
            rebalance_timeout_ms=int(kafka.rebalance_timeout_seconds * 1000),
            max_poll_interval_ms=MAX_POLL_SECONDS * 1000,
        )

    async def stop(self) -> None:
        """Leave the group, so that another takes over at once, and close."""
        client, self._client = self._client, None
        if client is not None:
            await asyncio.sleep(0)  # aiokafka cannot end a coordinator task that has not taken its first step
            with translated(f"closing the consumer on {self._where}"):
                await client.stop()

    def subscribe(self, topics: Sequence[str]) -> None:
        """Read these topics as a member of the group; the next `getmany` joins."""
        if self._group is None:
            raise BusError("a consumer without a group cannot subscribe: use assign")
        self._topics, self._places, self._settled = tuple(topics), frozenset(), False

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        """Read these partitions, outside of any membership."""
        self._topics, self._settled = (), False
        self._places = frozenset(TopicPartition(*place) for place in partitions)

    def assignment(self) -> frozenset[TopicPartition]:
        """Return the partitions that are read; none before the group has given any."""
        if self._places or self._client is None:
            return self._places
        return frozenset(TopicPartition(*place) for place in self._client.assignment())

    async def _settle(self) -> AIOKafkaConsumer:
        """Hand the subscription or assignment to the client, once its topics are known to exist."""
        client = self._running()
        if not self._settled:
            await self._require(client)
            if self._topics:
                client.subscribe(list(self._topics))
            else:
                client.assign([KafkaPartition(*place) for place in self._places])
            self._settled = True
        return client

    async def _require(self, client: AIOKafkaConsumer) -> None:
        await known_partitions(client, [TopicPartition(topic, 0) for topic in self._topics] or self._places)

    async def getmany(
        self, *, timeout_ms: int = 0, max_records: int = 500
    ) -> dict[TopicPartition, list[Record]]:
        """Return what there is, waiting at most `timeout_ms` for the first record. Raises `UnknownTopic`.

        A record with a header name that is not UTF-8 comes as `kafka_unreadable` says.
        """
        with translated(f"reading from {self._where}"):
            client = await self._settle()
            reader = self._reader_of(client)
            found = await reader.fetch((), timeout_ms / 1000, max_records)
            await self._count_expired(client, reader)
        return {TopicPartition(*place): [_record(each) for each in batch] for place, batch in found.items()}

    def _reader_of(self, client: AIOKafkaConsumer) -> Reader:
        if self._reader is None or self._reader.client is not client:
            self._reader = Reader(client)
        return self._reader

    async def _count_expired(self, client: AIOKafkaConsumer, reader: Reader) -> None:
        """Count what retention deleted unread: on the way, and before the group gave us a partition."""
        for place, left, position in reader.positions.taken():
            self._expired.look({place: left}, {place: position})
        mine = frozenset(client.assignment()) if self._topics else frozenset()
        new, self._looked = mine - self._looked, mine
        if new:
            with suppress(KafkaError, TimeoutError):  # who cannot be asked now is not asked again
                async with asyncio.timeout(COMMIT_LOOK_SECONDS):
                    done = {place: await client.committed(place) for place in new}
                    known = {place: offset for place, offset in done.items() if offset is not None}
                    self._expired.look(known, await client.beginning_offsets(list(known)))

    async def seek(self, partition: TopicPartition, offset: int) -> None:
        """Read this partition from `offset` on."""
        with translated("seeking"):
            client = await self._settle()
            self._must_have(partition)
            client.seek(KafkaPartition(*partition), offset)
            self._reader_of(client).positions.forget(KafkaPartition(*partition))

    async def position(self, partition: TopicPartition) -> int:
        """Return the offset of the next record that `getmany` will give."""
        with translated("asking for a position"):
            client = await self._settle()
            self._must_have(partition)
            position: int = await client.position(KafkaPartition(*partition))
        return position

    def _must_have(self, partition: TopicPartition) -> None:
        if partition not in self.assignment():
            raise BusError(f"{partition.topic}-{partition.partition} is not assigned to this consumer")

    async def committed(self, partition: TopicPartition) -> int | None:
        """Return the group's committed offset, asked from the broker; None when there is none."""
        if self._group is None:
            return None
        with translated(f"asking for the offsets of {self._group}"):
            offset: int | None = await self._running().committed(KafkaPartition(*partition))
        return offset

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit next offsets. Raises `Fenced` when this member, or its hold on a partition, is gone."""
        if self._group is None:
            raise BusError("a consumer without a group cannot commit")
        with translated(f"committing for {self._group}"):
            client = await self._settle()
            try:
                await self._commit(client, offsets)
            except IllegalStateError as error:
                raise Fenced(f"group {self._group!r} gave a partition to another member: {error}") from error

    async def _commit(self, client: AIOKafkaConsumer, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit; aiokafka tries for ever for a topic that was deleted, so it is looked for now and then."""
        while True:
            try:
                async with asyncio.timeout(COMMIT_LOOK_SECONDS):
                    await client.commit(
                        {KafkaPartition(*place): offset for place, offset in offsets.items()})
                    return
            except TimeoutError:
                with suppress(KafkaError):  # no broker can say: it is waited for, as before
                    await known_partitions(client, offsets)

    async def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the first offset of each partition. Raises `UnknownTopic`."""
        with translated("asking for first offsets"):
            places = await known_partitions(self._running(), partitions)
            return _ours(await self._running().beginning_offsets(places))

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the next offset of each partition. Raises `UnknownTopic`."""
        with translated("asking for next offsets"):
            places = await self._known_lately(partitions)
            return _ours(await self._running().end_offsets(places))

    async def _known_lately(self, partitions: Iterable[TopicPartition]) -> list[KafkaPartition]:
        """Return the partitions for the client, as `known_partitions`; looks a few times a second at most."""
        wanted, (looked, there) = list(partitions), self._known
        if time.monotonic() - looked < KNOWN_SECONDS and set(wanted) <= set(there):
            return [KafkaPartition(*place) for place in wanted]
        there = await known_partitions(self._running(), wanted)
        self._known = (time.monotonic(), there)
        return there

    async def offsets_for_times(
        self, times_ms: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, int | None]:
        """Return the first offset at or after each time, None when there is none. Raises `UnknownTopic`."""
        with translated("asking for offsets by time"):
            places = await known_partitions(self._running(), times_ms)
            wanted = {place: times_ms[TopicPartition(*place)] for place in places}
            found = await self._running().offsets_for_times(wanted)
        return {TopicPartition(*place): None if at is None else at.offset for place, at in found.items()}

    def _running(self) -> AIOKafkaConsumer:
        if self._client is None:
            raise BusError("this consumer is not started")
        return self._client

    @property
    def _where(self) -> str:
        return ",".join(self._options["bootstrap_servers"])

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()


async def known_partitions(
    client: AIOKafkaConsumer, partitions: Iterable[TopicPartition]
) -> list[KafkaPartition]:
    """Return the partitions for the client. Raises `UnknownTopic` for one that is not there.

    Without this check aiokafka waits for ever for an unknown partition, and its request for a topic by name
    makes a broker of default settings create it.
    """
    wanted = [TopicPartition(*place) for place in partitions]
    cluster = await client._client.fetch_all_metadata()  # noqa: SLF001  # as its own `topics()` does
    for topic, partition in wanted:
        if partition not in (cluster.partitions_for_topic(topic) or ()):
            raise UnknownTopic(f"there is no {topic}-{partition}; `communique topics apply` creates topics")
    return [KafkaPartition(*place) for place in wanted]


def _ours(found: Mapping[KafkaPartition, int]) -> dict[TopicPartition, int]:
    return {TopicPartition(*place): offset for place, offset in found.items()}


def _record(found: ConsumerRecord[bytes | None, bytes | None]) -> Record:
    return Record(
        found.topic,
        found.partition,
        found.offset,
        found.timestamp,
        found.key,
        found.value,
        tuple((name, value or b"") for name, value in found.headers),
    )
