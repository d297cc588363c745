"""warc_mending: where a damaged WARC goes on, and whether something stands behind its last record.

A record begins with a line `WARC/1.0` and a header, or with a gzip member that holds one. Nothing here reads
more than a window, and of a compressed record no more than is asked for.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_GZIP: Final = b"\x1f\x8b\x08"
_PLAIN: Final = b"WARC/"
_FIRST_LINES: Final = re.compile(rb"WARC/[01]\.[0-9]{1,2}\r?\n[A-Za-z]")
_END_OF_HEAD: Final = re.compile(rb"\r?\n\r?\n")
_LENGTH: Final = re.compile(rb"^Content-Length:\s*([0-9]{1,18})\s*$", re.IGNORECASE | re.MULTILINE)
_WINDOW_BYTES: Final = 1 << 16
_HEAD_BYTES: Final = 512
"""So much of a gzip member holds the first lines of what is in it."""


def next_record(stream: BinaryIO, start: int) -> int | None:
    """Find a record at or behind `start`, go there, and return its offset.

    None: there is none, or the stream is a pipe.
    """
    if not stream.seekable():
        return None
    found = None
    if not _packed(stream):
        found = _search(stream, start, _PLAIN, lambda head: _FIRST_LINES.match(head) is not None)
    if found is None:
        found = _search(stream, start, _GZIP, _opens_record)
    if found is not None:
        stream.seek(found)
    return found


def left_behind(stream: BinaryIO, last: int) -> str | None:
    """Say what stands behind the record at `last`, which was read as the last one; None: nothing does.

    None, too, for a pipe and for an archive that is packed as a whole: nobody can tell there.
    """
    if not stream.seekable():
        return None
    end = _end_packed(stream, last) if _packed(stream) else _end_plain(stream, last)
    if end is None:
        return None
    stream.seek(end)
    rest = len(stream.read(_WINDOW_BYTES).strip(b"\r\n\0"))
    return f"{rest:,} bytes or more are no record: the file breaks off, or is damaged" if rest else None


def _packed(stream: BinaryIO) -> bool:
    stream.seek(0)
    return stream.read(len(_GZIP)) == _GZIP


def _end_plain(stream: BinaryIO, start: int) -> int | None:
    stream.seek(start)
    head = stream.read(_WINDOW_BYTES)
    end = _END_OF_HEAD.search(head)
    length = _LENGTH.search(head, 0, end.start() + 2) if end else None
    return start + end.end() + int(length[1]) if end and length else None


def _end_packed(stream: BinaryIO, start: int) -> int | None:
    stream.seek(start)
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    read = 0
    try:
        while not unpacker.eof:
            part = unpacker.unconsumed_tail or stream.read(_WINDOW_BYTES)
            read += 0 if unpacker.unconsumed_tail else len(part)
            if not part:
                return None
            unpacker.decompress(part, _WINDOW_BYTES)
    except zlib.error:
        return None
    return start + read - len(unpacker.unused_data)


def _search(stream: BinaryIO, start: int, mark: bytes, accept: Callable[[bytes], bool]) -> int | None:
    """Return the offset of the first `mark` at or behind `start` whose next bytes are accepted."""
    at, window = start, b""
    stream.seek(start)
    while more := stream.read(_WINDOW_BYTES):
        window += more
        place = window.find(mark)
        while place >= 0:
            if accept(window[place : place + _HEAD_BYTES]):
                return at + place
            place = window.find(mark, place + 1)
        kept = window[-_HEAD_BYTES:]
        at, window = at + len(window) - len(kept), kept
    return None


def _opens_record(packed: bytes) -> bool:
    """Say whether a gzip member begins here, and in it a record."""
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(packed, len(_PLAIN)) == _PLAIN
    except zlib.error:
        return False
