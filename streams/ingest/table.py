"""table: articles in CSV, one a row, their fields by the names of its first row.

The encoding is the user's, else by a byte order mark, else UTF-8, else what the first bytes look like. The
delimiter is the user's, else the one of `,`, tab, `;` and `|` that stands in the first line most often
outside quotes. A row with more or fewer fields than names is `Bad` with the line that it begins on; so is
one that is longer than an article can be, and reading goes on behind it. A quote that is never closed would
swallow the rest of the file: it ends, as `Bad`, where its row gets too long.

Source: RFC 4180; csv of the standard library does the splitting.
"""

from __future__ import annotations

import codecs
import csv
import io
from typing import TYPE_CHECKING, BinaryIO, Final

from resiliparse.parse.encoding import detect_encoding

from streams.core.outcome import Usage
from streams.ingest.found import Bad, Found, Reading
from streams.ingest.lines import of_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.ingest.fields import Json

DELIMITERS: Final = (",", "\t", ";", "|")
_HEAD_BYTES: Final = 65_536
_OTHER_CHARS: Final = 1 << 20
"""Room for the fields beside the content."""


class _Rows:
    """Lines for `csv`, which stops at a row that is too long; `number` is the line read last, from 1."""

    def __init__(self, lines: io.TextIOWrapper, most_chars: int) -> None:
        self.lines, self.most, self.number, self.chars = lines, most_chars, 0, 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.lines.readline(self.most + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self.chars += len(line)
        if self.chars > self.most:
            while line and not line.endswith("\n"):
                line = self.lines.readline(self.most + 1)
            raise csv.Error(f"the row is longer than {self.most:,} characters: is a quote not closed?")
        return line


def csv_rows(stream: BinaryIO, name: str, _source_id: str | None, reading: Reading) -> Iterator[Found]:
    """Yield the article of each row. Raises `Usage` for a delimiter that is none."""
    csv.field_size_limit(max(csv.field_size_limit(), reading.max_content_bytes + _OTHER_CHARS))
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream)  # type: ignore[type-var]
    head = buffered.peek(_HEAD_BYTES)[:_HEAD_BYTES]
    lines = io.TextIOWrapper(buffered, encoding_of(head, reading.encoding), errors="replace", newline="")
    rows = _Rows(lines, reading.max_content_bytes + _OTHER_CHARS)
    delimiter = reading.delimiter or delimiter_of(head.decode(lines.encoding, "replace"))
    try:
        table = csv.reader(rows, delimiter=delimiter, strict=False)
    except TypeError:
        raise Usage(f"--delimiter {delimiter!r}: a delimiter is one character") from None
    try:
        yield from _articles(table, rows, name, reading)
    finally:
        lines.detach()


def _articles(table: Iterator[list[str]], rows: _Rows, name: str, reading: Reading) -> Iterator[Found]:
    names: list[str] | None = None
    while True:
        line, rows.chars = rows.number + 1, 0
        try:
            row = next(table)
        except StopIteration:
            return
        except csv.Error as error:
            if rows.number > reading.after:
                yield Bad(f"{name}:{line}", f"is no row: {error}", rows.number)
            continue
        if names is None:
            names = [each.strip() for each in row]
        elif row and rows.number > reading.after:
            yield _article(names, row, f"{name}:{line}", rows.number, reading)


def _article(names: list[str], row: list[str], where: str, done: int, reading: Reading) -> Found:
    if len(row) != len(names):
        return Bad(where, f"has {len(row)} fields, the first row names {len(names)}", done)
    if any("\ufffd" in each for each in row):
        return Bad(where, "is not in the encoding of the file: give --encoding, for example cp1251", done)
    record: dict[str, Json] = {key: value for key, value in zip(names, row, strict=True) if value}
    return of_record(record, where, done, reading, names)


def encoding_of(head: bytes, given: str | None) -> str:
    """Return the encoding of a file that begins with `head`. Raises `Usage` for one that does not exist."""
    if given:
        try:
            return codecs.lookup(given).name
        except LookupError:
            raise Usage(f"there is no encoding {given}: give one that Python knows, e.g. cp1251") from None
    for mark, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
                       (codecs.BOM_UTF16_BE, "utf-16")):
        if head.startswith(mark):
            return name
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return detect_encoding(head) or "windows-1252"
    return "utf-8"


def delimiter_of(text: str) -> str:
    """Return what stands between the names of the first line; `,` when there is one name only.

    >>> delimiter_of('"a;b",c,d')
    ','
    """
    plain = "".join(text.lstrip("\ufeff").split('"')[::2]).splitlines()
    counts = {each: plain[0].count(each) for each in DELIMITERS} if plain else {}
    return max(counts, key=counts.__getitem__) if any(counts.values()) else ","
