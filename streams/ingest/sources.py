"""sources: every kind of file that articles come from, in one registry by extension.

Folders and stdin on top.

A kind is a function from an open binary stream to what it holds. `.gz` after any extension is unpacked on
the way. Files of a folder are read in order of their names, hidden ones and those of unknown extension left
out; with a kind given, none of them is of unknown extension. `-` is stdin: JSON lines when it begins with
`{`, HTML with `<`, WARC with `WARC/` (also packed), Parquet with `PAR1`, else one text; CSV is given as such.
The caller's id of a file is its name, in a folder its path inside it.
"""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, TypeAlias

from streams.core.outcome import Usage
from streams.ingest.columns import parquet_rows
from streams.ingest.found import Bad, Found, Reading
from streams.ingest.lines import json_lines
from streams.ingest.page import html_file, text_file
from streams.ingest.table import csv_rows
from streams.ingest.warc import warc_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from io import BufferedReader

_TO_ITS_END: Final = 1 << 62
"""More units than any file has: nothing of it is left."""

Reader: TypeAlias = Callable[[BinaryIO, str, str | None, Reading], Iterator[Found]]

SOURCES: Final[dict[str, Reader]] = {
    "txt": text_file,
    "text": text_file,
    "html": html_file,
    "htm": html_file,
    "xhtml": html_file,
    "jsonl": json_lines,
    "ndjson": json_lines,
    "csv": csv_rows,
    "tsv": csv_rows,
    "parquet": parquet_rows,
    "warc": warc_file,
}
"""Extension, in lower case, without `.gz` → reader."""

UNPACK_THEMSELVES: Final = frozenset({"warc"})
"""A `.warc.gz` is packed record by record: what unpacks it as one stream loses the places of its records."""

STDIN: Final = "-"
_HEAD_BYTES: Final = 512


class Entry(NamedTuple):
    """One file to read; `source_id` is the id its article gets when the file is one article."""

    path: Path
    source_id: str


def kind_of(path: Path) -> str | None:
    """Return the extension that the registry knows a file by, None when it knows none.

    >>> kind_of(Path("a/b.JSONL.gz"))
    'jsonl'
    """
    suffixes = [suffix[1:].lower() for suffix in path.suffixes]
    if suffixes[-1:] == ["gz"]:
        suffixes.pop()
    return suffixes[-1] if suffixes and suffixes[-1] in SOURCES else None


def _unheard(path: Path) -> None:
    """Take what nobody wants to know."""


def listed(
    paths: Iterable[str], reading: Reading, leave_out: Callable[[Path], None] = _unheard
) -> list[Entry]:
    """Return every file behind `paths` (stdin is `-`), in order. Raises `Usage` for a path that is none.

    Calls `leave_out` with each file of a folder whose kind is not known; hidden ones are passed over.
    """
    found: list[Entry] = []
    for each in paths:
        path = Path(each)
        if each == STDIN:
            found.append(Entry(path, STDIN))
        elif path.is_dir():
            found += _inside(path, reading, leave_out)
        elif not path.exists():
            raise Usage(f"there is no file or folder {each}")
        elif not (reading.kind or kind_of(path)):
            known = ", ".join(f".{extension}" for extension in SOURCES)
            raise Usage(
                f"{each}: what kind of file is it? Known are {known}, each with .gz too; or give --format"
            )
        else:
            found.append(Entry(path, readable(path.name)))
    return found


def _inside(folder: Path, reading: Reading, leave_out: Callable[[Path], None]) -> Iterator[Entry]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if not path.is_file() or _hidden(inside):
            continue
        if reading.kind or kind_of(path):
            yield Entry(path, readable(inside.as_posix()))
        else:
            leave_out(path)


def readable(name: str) -> str:
    r"""Return a file's name as text that can be written: of one that is no UTF-8 the odd bytes are U+FFFD.

    >>> readable("a\udcff.txt").isprintable()
    True
    """
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


class Place(NamedTuple):
    """The file that something was read from: its number in the list, and what tells that it is the same."""

    number: int
    identity: str


def identity(entry: Entry) -> str:
    """Return what tells a file from another in its place, "" for one that cannot be asked.

    Size and time alone do not: `cp -p` and `touch -r` set them. Nobody sets the time of the last change.
    """
    try:
        stat = entry.path.stat()
    except OSError:
        return ""
    return f"{entry.path.absolute()} {stat.st_ino} {stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns}"


def read(entry: Entry, reading: Reading) -> Iterator[Found]:
    """Yield what a file holds, reading as it goes.

    A file that breaks off gives a `Bad` for its rest, never an error.
    """
    if str(entry.path) == STDIN:
        yield from _stdin(open(sys.stdin.fileno(), "rb", closefd=False), reading)  # noqa: SIM115  # stays open
        return
    kind = reading.kind or kind_of(entry.path) or "txt"
    try:
        with _opened(entry.path, kind) as stream:
            yield from SOURCES[kind](stream, readable(str(entry.path)), entry.source_id, reading)
    except (OSError, EOFError, zlib.error) as error:
        if reading.after < _TO_ITS_END:
            yield Bad(readable(str(entry.path)), f"cannot be read on: {error}", _TO_ITS_END)


def articles(
    entries: Sequence[Entry], reading: Reading, first: int = 0, after: int = 0
) -> Iterator[tuple[Place, Found]]:
    """Yield what files hold, in order, from the file `first` on, and there behind `after` of its units."""
    for number in range(first, len(entries)):
        place = Place(number, identity(entries[number]))
        how = replace(reading, after=after if number == first else 0)
        for found in read(entries[number], how):
            yield place, found


def _opened(path: Path, kind: str) -> BinaryIO:
    if path.suffix.lower() == ".gz" and kind not in UNPACK_THEMSELVES:
        return gzip.open(path, "rb")  # type: ignore[return-value]  # GzipFile reads as a BinaryIO does
    return path.open("rb")


def _stdin(stream: BufferedReader, reading: Reading) -> Iterator[Found]:
    """Read stdin through a reader of its own.

    A thread that waits in `sys.stdin` would hold up the end of the process.
    """
    kind = reading.kind or _sniffed(stream.peek(_HEAD_BYTES))
    yield from SOURCES[kind](stream, "stdin", None, reading)


def _sniffed(head: bytes) -> str:
    if head.startswith(b"\x1f\x8b"):
        with suppress(zlib.error):
            head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, 16)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    marks = {b"{": "jsonl", b"<": "html", b"WARC/": "warc", b"PAR1": "parquet"}
    return next((kind for mark, kind in marks.items() if start.startswith(mark)), "txt")
