r"""kafka_unreadable: fetch from Kafka, past records that aiokafka cannot read.

Aiokafka decodes header names as strict UTF-8. A name that is none makes it raise in the middle of a fetch,
after it moved past records of other partitions, and it raises again at each try. Here nothing is lost and
nobody is held up: each partition is drained by a call of its own, and a partition that raised is read by the
next call, with one raw fetch request and aiokafka's parser in Python, from the same position on.

Such a record keeps key, value, timestamp and all header values byte for byte. Of a header name, the bytes
that are no UTF-8 are written out as `\xff`: what a name was before cannot be told from one that really held
these characters. The header `envelope.UNREADABLE` is added, and the guard buries such a record as
SCHEMA; a producer that sets it itself harms only its own record.

Source: aiokafka 0.14 `consumer/fetcher.py`, `record/default_records.py`; KIP-82 (header names are UTF-8).
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, SupportsIndex, cast, overload

from aiokafka.consumer.fetcher import FetchError, PartitionRecords
from aiokafka.errors import CorruptRecordException, KafkaError
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.legacy_records import LegacyRecordBatch

from streams.bus.envelope import UNREADABLE
from streams.bus.kafka_positions import Positions, state_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from aiokafka import AIOKafkaConsumer, TopicPartition
    from aiokafka.structs import ConsumerRecord

MARK: Final = (UNREADABLE, b"a header name is not UTF-8")

_LENGTH: Final = slice(8, 12)
_MAGIC: Final = 16
_OVERHEAD: Final = 12
"""Where a batch holds its length and its format, and the bytes that the length does not count."""


@dataclass(slots=True)
class Reader:
    """One consumer's fetches. Not for two fetches at a time."""

    client: AIOKafkaConsumer
    held: list[TopicPartition] = field(default_factory=list)
    """Partitions whose next fetch is a raw one."""
    positions: Positions = field(init=False)

    def __post_init__(self) -> None:
        self.positions = Positions(self.client)

    async def fetch(
        self, wanted: Collection[TopicPartition], wait_seconds: float, most: int
    ) -> dict[TopicPartition, list[ConsumerRecord[Any, Any]]]:
        """Return at most `most` records of the wanted partitions (none given: of all).

        Waits at most so long for the first one. Positions move past what is returned, no further. Raises
        `KafkaError` as aiokafka's own fetch does.
        """
        end = asyncio.get_running_loop().time() + wait_seconds
        self.client._coordinator.check_errors()  # noqa: SLF001
        with self.client._subscription.fetch_context():  # noqa: SLF001
            while not (found := await self._fetch(wanted, most)):
                if not self._next(wanted) and not await self._woken(end):
                    break
        return found

    async def _woken(self, end: float) -> bool:
        """Wait for something fetched; False when nothing came until `end`, of the loop's clock."""
        seconds = end - asyncio.get_running_loop().time()
        if seconds <= 0 or self.client._fetcher._closed:  # noqa: SLF001
            return False
        waiter = self.client._fetcher._create_fetch_waiter()  # noqa: SLF001
        done, _ = await asyncio.wait([waiter], timeout=seconds)
        if not done:
            waiter.cancel()
            return False
        waiter.result()  # raises what the group ended with
        return True

    async def _fetch(
        self, wanted: Collection[TopicPartition], most: int
    ) -> dict[TopicPartition, list[ConsumerRecord[Any, Any]]]:
        if (place := self._next(wanted)) is not None:
            self.held.remove(place)
            self.positions.look()
            records = await _read_raw(self.client, place, most)
            self.positions.leave(place)
            if records:
                return {place: records}
        return await self._drain(wanted, most)

    def _next(self, wanted: Collection[TopicPartition]) -> TopicPartition | None:
        return next((place for place in self.held if not wanted or place in wanted), None)

    async def _drain(
        self, wanted: Collection[TopicPartition], most: int
    ) -> dict[TopicPartition, list[ConsumerRecord[Any, Any]]]:
        """Take what is fetched already, without a turn of the loop between two partitions."""
        fetcher = self.client._fetcher  # noqa: SLF001
        found: dict[TopicPartition, list[ConsumerRecord[Any, Any]]] = {}
        if self.client._subscription.reassignment_in_progress:  # noqa: SLF001
            await self.client._subscription.wait_for_assignment()  # noqa: SLF001
        self.positions.look()
        for place in list(fetcher._records):  # noqa: SLF001
            if most == 0 or (found and isinstance(fetcher._records[place], FetchError)):  # noqa: SLF001
                break  # an error is for the next call, as with aiokafka: not instead of records
            if wanted and place not in wanted:
                continue
            try:
                found.update(await fetcher.fetched_records([place], timeout=0, max_records=most))
            except UnicodeDecodeError:
                if place not in self.held:
                    self.held.append(place)
            finally:
                self.positions.leave(place)
            most -= len(found.get(place, ()))
        return found


async def _read_raw(
    client: AIOKafkaConsumer, place: TopicPartition, most: int
) -> list[ConsumerRecord[Any, Any]]:
    """Return records from the position on, and move it.

    Nothing when the partition or its position went elsewhere meanwhile, or when the broker did not answer:
    aiokafka's own fetcher sees to that.
    """
    state = state_of(client, place)
    if state is None:
        return []
    position = state.position
    try:
        sent = await _request(client, place, position)
    except KafkaError:
        return []
    if sent is None or state_of(client, place) is not state or state.position != position:
        return []
    read = PartitionRecords(
        place, _Batches(deque(_slices(sent))), [], position, None, None, False,
        client._fetcher._isolation_level)  # noqa: SLF001
    records = [_marked(record) for record in islice(read, most)]
    client.seek(place, read.next_fetch_offset)
    return records


async def _request(client: AIOKafkaConsumer, place: TopicPartition, position: int) -> bytes | None:
    """Return the batches that the leader has from `position` on; None when it refuses or there is none."""
    fetcher, inner = client._fetcher, client._client  # noqa: SLF001
    leader = inner.cluster.leader_for_partition(place)
    if leader is None or leader < 0:
        return None
    most_bytes = fetcher._max_partition_fetch_bytes  # noqa: SLF001
    topics = [(place.topic, [(place.partition, position, most_bytes)])]
    answer = await inner.send(leader, FetchRequest(0, 1, most_bytes, fetcher._isolation_level, topics))  # noqa: SLF001
    ((_, ((_, code, *told),)),) = answer.topics
    return None if code else cast("bytes", told[-1])


def _slices(sent: bytes) -> Iterator[bytes]:
    """Yield each whole batch; a broker cuts the last one where the size is reached."""
    at = 0
    while at + _OVERHEAD <= len(sent):
        end = at + _OVERHEAD + int.from_bytes(sent[at:][_LENGTH])
        if end > len(sent):
            return
        yield sent[at:end]
        at = end


@dataclass(slots=True)
class _Batches:
    """What aiokafka's `PartitionRecords` iterates over, with batches that read any header name."""

    left: deque[bytes]

    def has_next(self) -> bool:
        """Tell whether there is a batch left."""
        return bool(self.left)

    def next_batch(self) -> Any:  # noqa: ANN401  # aiokafka's, of either format
        """Return the next batch, checked and decompressed. Raises `CorruptRecordException`."""
        taken = self.left.popleft()
        if taken[_MAGIC] < 2:
            return LegacyRecordBatch(taken, taken[_MAGIC])  # has no headers
        batch = _DefaultRecordBatchPy(taken)
        if not batch.validate_crc():
            msg = "a batch does not have its checksum"
            raise CorruptRecordException(msg)
        iter(batch)  # decompresses
        batch._buffer = _AnyNames(batch._buffer)  # noqa: SLF001
        return batch


class _AnyNames(bytearray):
    """A batch's bytes; what is no UTF-8 is decoded as lone surrogates."""

    @overload
    def __getitem__(self, at: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, at: slice) -> bytearray: ...
    def __getitem__(self, at: SupportsIndex | slice) -> int | bytearray:
        found = super().__getitem__(at)
        return found if isinstance(found, int) else _AnyNames(found)

    def decode(self, encoding: str = "utf-8", errors: str = "surrogateescape") -> str:
        return super().decode(encoding, errors)


def _marked(record: ConsumerRecord[Any, Any]) -> ConsumerRecord[Any, Any]:
    """Return the record with names that can be encoded, and with `MARK` if one could not."""
    headers = tuple((_told(name), value) for name, value in record.headers)
    return record if headers == record.headers else replace(record, headers=(*headers, MARK))


def _told(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
