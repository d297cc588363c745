"""Found: what a file of office-holders gives: rows, and lines that are none."""

from __future__ import annotations

import gzip
import zlib
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, cast

from streams.core.offices.model import Fuzzy, fuzzy
from streams.core.outcome import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_LINE_BYTES: Final = 4_000_000
LARGEST_FILE_BYTES: Final = 2_000_000_000
"""Unpacked: a file that claims to be small may not be."""


class Bad(NamedTuple):
    """Something that could not be read: where, as `file:line`, and why."""

    where: str
    why: str


class Wrong(ValueError):
    """A value in a file is not what its column holds."""


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Yield a file's bytes, unpacked when it is gzip. Raises Usage when it cannot be opened."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            yield cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if packed else raw
    except (OSError, EOFError, zlib.error) as error:
        raise Usage(f"{path}: {getattr(error, 'strerror', None) or error}") from None


def lines(stream: BinaryIO, place: str) -> Iterator[tuple[str, bytes] | Bad]:
    """Yield each line that is not blank with its place; a line that is too long is Bad, and the last."""
    number = total = 0
    while line := stream.readline(LONGEST_LINE_BYTES + 1):
        number += 1
        total += len(line)
        if len(line) > LONGEST_LINE_BYTES or total > LARGEST_FILE_BYTES:
            yield Bad(f"{place}:{number}", "too long: nothing after this is read")
            return
        if line.strip():
            yield f"{place}:{number}", line


def text_of(value: object, what: str) -> str | None:
    """Return a text, None for null and blanks. Raises Wrong for anything else."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise Wrong(f"{what} is no text")
    return value.strip() or None


def day_of(value: object, what: str) -> Fuzzy | None:
    """Return the bounds of a day: YYYY, YYYY-MM, YYYY-MM-DD, or a time of that day. Raises Wrong."""
    text = text_of(value, what)
    try:
        return fuzzy(text.lstrip("+")[:10].rstrip("T") if text else None)
    except ValueError:
        raise Wrong(f"{what} is no date: {text!r:.40}") from None


def one_day(value: object, what: str) -> date | None:
    """Return the last day that a date may mean."""
    found = day_of(value, what)
    return found.last if found else None


def qid_of(value: object) -> str | None:
    """Return the Wikidata id that ends a value ("http://www.wikidata.org/entity/Q42"), else None."""
    text = text_of(value, "the id") or ""
    last = text.rpartition("/")[2]
    return last if last[:1] == "Q" and last[1:].isdigit() else None
