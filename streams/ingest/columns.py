"""columns: articles in Parquet, one a row, read a few rows at a time.

Nested columns are objects, as a map's `site.name` takes them; lists of texts are authors. Times become
RFC 3339 (UTC, unless the column says otherwise; nanoseconds are cut to microseconds), dates `YYYY-MM-DD`;
bytes are text when they are UTF-8. A cell that cannot be read makes its row `Bad`, and reading goes on. A
file that pyarrow cannot read is one `Bad`; what stands before a damaged row group has gone in.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from streams.ingest.found import Bad, Found, Reading
from streams.ingest.lines import of_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.ingest.fields import Json

_ROWS: Final = 8
"""Rows unpacked at once: a file of 2 kB may hold rows of 50 MB each, all the same."""
_COPY_BYTES: Final = 1 << 20


def parquet_rows(stream: BinaryIO, name: str, _source_id: str | None, reading: Reading) -> Iterator[Found]:
    """Yield the article of each row; a pipe is kept in a file first: the index stands at the end."""
    if not stream.seekable():
        with TemporaryFile() as kept:
            while part := stream.read(_COPY_BYTES):
                kept.write(part)
            kept.seek(0)
            yield from _rows(kept, name, reading)
    else:
        yield from _rows(stream, name, reading)


def _rows(stream: BinaryIO, name: str, reading: Reading) -> Iterator[Found]:
    number = 0
    try:
        with pq.ParquetFile(stream, pre_buffer=False, memory_map=False) as file:
            columns = _wanted(file, reading)
            for group in range(file.num_row_groups):
                rows = file.metadata.row_group(group).num_rows
                if number + rows <= reading.after:
                    number += rows
                    continue
                for batch in file.iter_batches(_ROWS, [group], columns, use_threads=False):
                    cells = _cells(batch)
                    for place in range(batch.num_rows):
                        number += 1
                        if number > reading.after:
                            yield _article(cells, place, f"{name}:{number}", number, reading)
    except (pa.ArrowException, OSError, ValueError, ArithmeticError) as error:
        why = str(error).partition("\n")[0][:200]
        yield Bad(f"{name}:{number + 1}", f"cannot be read on: {why}", number + 1)


def _wanted(file: pq.ParquetFile, reading: Reading) -> list[str] | None:
    """Return the columns that the map names, so that the others are not read; None: all."""
    there = set(file.schema_arrow.names)
    first = {path[0] for path in reading.fields.taken.values()} & there
    return sorted(first) or None


def _cells(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    """Return the columns by name; pyarrow has no nanoseconds in Python."""
    return {
        name: column.cast(pa.timestamp("us", column.type.tz), safe=False)
        if pa.types.is_timestamp(column.type) and column.type.unit == "ns" else column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)}


def _article(cells: dict[str, pa.Array], place: int, where: str, number: int, reading: Reading) -> Found:
    record: dict[str, Json] = {}
    for name, column in cells.items():
        try:
            value = plain(column[place].as_py())
        except UnicodeDecodeError as error:
            return Bad(where, f"the column {name} is not UTF-8 (byte {error.start})", number)
        except (pa.ArrowException, ValueError, ArithmeticError, LookupError, RecursionError) as error:
            return Bad(where, f"the column {name} cannot be read: {type(error).__name__}", number)
        if value is not None:
            record[name] = value
    return of_record(record, where, number, reading, cells)


def plain(value: Any) -> Json:  # noqa: ANN401, PLR0911  # whatever a column holds, each in its own way
    """Return a value as JSON has it; null for one that no article has a use for."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case dt.datetime():
            return (value if value.tzinfo else value.replace(tzinfo=dt.UTC)).isoformat()
        case dt.date():
            return value.isoformat()
        case bytes():
            return _text(value)
        case dict():
            return {str(name): plain(each) for name, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case Decimal():
            return str(value)
        case _:
            return None


def _text(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None
