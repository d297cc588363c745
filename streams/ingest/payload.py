"""payload: the body of an HTTP answer as an archive keeps it, without chunks and compression.

Crawlers keep bodies as they came, or unpacked with the headers left as they were. So a header is believed
only when the body looks like it: a body that is no chunk, no gzip, is taken as it is. Everything is bounded:
what unpacks to more than the limit is `TooLong`, and no more than the limit is ever unpacked.
"""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Final

from fastwarc.stream_io import BrotliReader, ZstdReader

if TYPE_CHECKING:
    from collections.abc import Callable

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_MOST_LAYERS: Final = 3
_HEAD_BYTES: Final = 1024
_SIZE_DIGITS: Final = 8


class TooLong(Exception):
    """The body is longer than the limit, as it came or once it is unpacked."""


class Damaged(Exception):
    """The body breaks off, or is not in the encoding that it begins in."""


def body(raw: bytes, encodings: str, transfer: str, limit_bytes: int) -> bytes:
    """Return the body without its transfer encoding, then without its content encodings, last one first.

    `encodings` and `transfer` are the headers' values, "" for none. Raises `TooLong`, `Damaged`.
    """
    if "chunked" in transfer.lower() and _chunk_size(raw, 0) is not None:
        raw = _joined(raw)
    layers = [each.strip().lower() for each in encodings.split(",") if each.strip()]
    if len(layers) > _MOST_LAYERS:
        raise TooLong
    for each in reversed(layers):
        raw = _unpacked(raw, each, limit_bytes)
    if len(raw) > limit_bytes:
        raise TooLong
    return raw


def _joined(raw: bytes) -> bytes:
    """Return the chunks' bytes (RFC 9112 §7.1; extensions and trailers mean nothing here)."""
    parts, at = [], 0
    while size := _chunk_size(raw, at):
        start = raw.index(b"\n", at) + 1
        parts.append(raw[start : start + size])
        at = raw.find(b"\n", start + size) + 1
        if len(parts[-1]) < size or not at:
            raise Damaged
    if size is None:
        raise Damaged
    return b"".join(parts)


def _chunk_size(raw: bytes, at: int) -> int | None:
    """Return the size that stands at `at`, 0 for the last chunk, None where no chunk begins."""
    head, newline, _ = raw[at : at + _HEAD_BYTES].partition(b"\n")
    digits = head.split(b";")[0].strip()
    if not newline or not 0 < len(digits) <= _SIZE_DIGITS or digits.strip(b"0123456789abcdefABCDEF"):
        return None
    return int(digits, 16)


def _unpacked(raw: bytes, encoding: str, limit_bytes: int) -> bytes:
    match encoding:
        case "gzip" | "x-gzip" if raw.startswith(_GZIP):
            return _inflated(raw, zlib.MAX_WBITS | 16, limit_bytes)
        case "deflate":
            return _deflated(raw, limit_bytes)
        case "br":
            return _brotli(raw, limit_bytes)
        case "zstd" if raw.startswith(_ZSTD):
            return _read(lambda: ZstdReader(BytesIO(raw)).read(limit_bytes + 1))
        case _:
            return raw


def _deflated(raw: bytes, limit_bytes: int) -> bytes:
    """Take zlib's wrapping, which the standard means, or none, which some servers send."""
    for bits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        try:
            return _inflated(raw, bits, limit_bytes)
        except Damaged:
            continue
    if _readable(raw):
        return raw
    raise Damaged


def _brotli(raw: bytes, limit_bytes: int) -> bytes:
    """Unpack; brotli has no mark, so a body that is readable as it is was unpacked by the crawler."""
    try:
        return _read(lambda: BrotliReader(BytesIO(raw)).read(limit_bytes + 1))
    except Damaged:
        if _readable(raw):
            return raw
        raise


def _readable(raw: bytes) -> bool:
    return raw.lstrip()[:1] == b"<"


def _inflated(raw: bytes, bits: int, limit_bytes: int) -> bytes:
    unpacker = zlib.decompressobj(bits)
    try:
        whole = unpacker.decompress(raw, limit_bytes + 1)
    except zlib.error as error:
        raise Damaged from error
    if len(whole) > limit_bytes:
        raise TooLong
    if not unpacker.eof:
        raise Damaged
    return whole


def _read(unpack: Callable[[], bytes]) -> bytes:
    try:
        return unpack()
    except OSError as error:
        raise Damaged from error
