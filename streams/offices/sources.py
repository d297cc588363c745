"""Sources: the kinds of file that hold office-holders, and which kind a file is of."""

from __future__ import annotations

from datetime import UTC, datetime
from sys import intern
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from streams.core.offices.rows import Row, wrong
from streams.core.outcome import Usage
from streams.offices import ftm, json_lines, table
from streams.offices.found import Bad, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path


class Reader(Protocol):
    """Reads one kind of file. `as_of`: the day for rows that have none."""

    def __call__(
        self, stream: BinaryIO, place: str, as_of: date | None
    ) -> Iterator[tuple[str, Row] | Bad]: ...


READERS: Final[dict[str, Reader]] = {
    "jsonl": json_lines.read,
    "ftm": ftm.read,
    "csv": table.read_csv,
    "wikidata": table.read_json,
}
"""`csv` reads the CSV of the Wikidata query too, by its columns."""


def read(
    path: Path, kind: str | None = None, as_of: date | None = None, called: str | None = None
) -> Iterator[Row | Bad]:
    """Yield the rows of a file, and what is none. Raises Usage for a file that is of no known kind.

    `as_of` None: the day the file was written; `called`: what the file is called in places of bad lines.
    """
    written = as_of or datetime.fromtimestamp(path.stat().st_mtime, UTC).date() if path.exists() else None
    kind = kind or kind_of(path)
    with opened(path) as stream:
        for found in READERS[kind](stream, called or str(path), written):
            if isinstance(found, Bad):
                yield found
                continue
            where, row = found
            why = wrong(row)
            yield Bad(where, why) if why else _shared(row)


def _shared(row: Row) -> Row:
    """Return the row with the words that come again and again held once."""
    return row._replace(
        title=intern(row.title),
        qid=intern(row.qid) if row.qid else None,
        source=intern(row.source) if row.source else None,
    )


def kind_of(path: Path) -> str:
    """Return the kind of a file by its name and its first 4,096 bytes."""
    with opened(path) as stream:
        try:
            start = stream.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
        except (EOFError, OSError) as error:
            raise Usage(f"{path}: {error}") from None
    line = start.partition(b"\n")[0]
    if start[:1] == b"[" or (start[:1] == b"{" and b'"head"' in start[:400]):
        return "wikidata"
    if start[:1] == b"{":
        return "ftm" if b'"schema"' in line and b'"properties"' in start else "jsonl"
    if b"," in line:
        return "csv"
    raise Usage(f"{path}: no kind of file that is known; name one with --format: {', '.join(READERS)}")
