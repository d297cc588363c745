"""parquet: records ⇄ one Parquet file, byte for byte.

Columns: topic, partition, offset, timestamp (milliseconds, UTC), key, value, headers (a list of name and
value), as `Record` has them; null and empty are kept apart. zstd, page checksums, row groups of about
`GROUP_BYTES`: what is in memory of a file that is written or read is one of them.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from pyarrow import parquet

from streams.archive.errors import ArchiveError
from streams.bus.interface import Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GROUP_BYTES: Final = 4 * 1024 * 1024
"""A row group is written once its records have so many bytes."""
GROUP_RECORDS: Final = 20_000
READ_RECORDS: Final = 500

_HEADERS: Final = pa.list_(pa.struct([("name", pa.string()), ("value", pa.binary())]))
SCHEMA: Final = pa.schema([
    pa.field("topic", pa.string(), nullable=False),
    pa.field("partition", pa.int32(), nullable=False),
    pa.field("offset", pa.int64(), nullable=False),
    pa.field("timestamp", pa.timestamp("ms", tz="UTC"), nullable=False),
    pa.field("key", pa.binary()),
    pa.field("value", pa.binary()),
    pa.field("headers", _HEADERS, nullable=False),
])


def size_of(record: Record) -> int:
    """Return about how many bytes a record takes in memory."""
    return len(record.key or b"") + len(record.value or b"") + 100 + 100 * len(record.headers)


class _Hashing:
    """A file that hashes what is written to it: so what the disk did to it later is found."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("xb")
        self.state = sha256()
        self.closed = False

    def write(self, content: bytes) -> int:
        """Write and hash."""
        self.state.update(content)
        return self.file.write(content)

    def tell(self) -> int:
        """Return how much was written."""
        return self.file.tell()

    def flush(self) -> None:
        """Nothing: `sync` does it once."""

    def sync(self) -> None:
        """Bring everything to the disk, then close."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.close()

    def close(self) -> None:
        """Close."""
        self.closed = True
        self.file.close()


class FileWriter:
    """Writes one new file. Raises FileExistsError for one that is there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sink = _Hashing(path)
        self._writer: Any = parquet.ParquetWriter(
            self._sink, SCHEMA, compression="zstd", write_page_checksum=True,
            use_dictionary=["topic", "partition"], write_statistics=["offset", "timestamp"])
        self._rows: list[Record] = []
        self._bytes = 0

    def add(self, record: Record) -> None:
        """Take a record; a full row group goes to the file."""
        self._rows.append(record)
        self._bytes += size_of(record)
        if self._bytes >= GROUP_BYTES or len(self._rows) >= GROUP_RECORDS:
            self._write_group()

    def _write_group(self) -> None:
        if self._rows:
            self._writer.write_table(table_of(self._rows))
        self._rows, self._bytes = [], 0

    def finish(self) -> tuple[str, int]:
        """Sync the file to the disk; return its SHA-256 and its size in bytes."""
        self._write_group()
        self._writer.close()
        size = self._sink.tell()
        self._sink.sync()
        return self._sink.state.hexdigest(), size

    def give_up(self) -> None:
        """Close and delete the file."""
        self._writer.close()  # or it would want to when it is collected
        self._sink.close()
        self.path.unlink(missing_ok=True)


def table_of(records: list[Record]) -> Any:  # noqa: ANN401  # pyarrow ships no types
    """Return records as a table."""
    columns = [
        pa.array([each.topic for each in records], pa.string()),
        pa.array([each.partition for each in records], pa.int32()),
        pa.array([each.offset for each in records], pa.int64()),
        pa.array([each.timestamp_ms for each in records], pa.int64()).cast(pa.timestamp("ms", tz="UTC")),
        pa.array([each.key for each in records], pa.binary()),
        pa.array([each.value for each in records], pa.binary()),
        pa.array([_pairs(each) for each in records], _HEADERS),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _pairs(record: Record) -> list[dict[str, object]]:
    return [{"name": name, "value": value} for name, value in record.headers]


def read_records(path: Path) -> Iterator[Record]:
    """Yield a file's records in order. Raises `ArchiveError` when it cannot be read."""
    try:
        with parquet.ParquetFile(path, page_checksum_verification=True) as file:
            for batch in file.iter_batches(batch_size=READ_RECORDS, use_threads=False):
                yield from _records(batch)
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError) as error:
        raise ArchiveError(f"{path} cannot be read: {type(error).__name__}: {str(error)[:200]}") from None


def _records(batch: Any) -> Iterator[Record]:  # noqa: ANN401  # pyarrow ships no types
    stamps = batch.column("timestamp").cast(pa.int64()).to_pylist()
    names = ("topic", "partition", "offset", "key", "value", "headers")
    columns = [batch.column(name).to_pylist() for name in names]
    for stamp, topic, partition, offset, key, value, headers in zip(stamps, *columns, strict=True):
        pairs = tuple((each["name"], each["value"]) for each in headers)
        yield Record(topic, partition, offset, stamp, key, value, pairs)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file. Raises FileNotFoundError."""
    state = sha256()
    with path.open("rb") as file:
        while content := file.read(1 << 20):
            state.update(content)
    return state.hexdigest()
