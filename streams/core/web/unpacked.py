"""unpacked: what an answer says once it is unpacked, in bounded memory: of a bomb only the start.

gzip and deflate, with or without zlib's header as servers send it, in the order of `Content-Encoding`. Each
layer unpacks at most `most_bytes`, in pieces: nothing larger is ever held.

Source: RFC 9110 §8.4.1; RFC 1951 and 1952.
"""

from __future__ import annotations

import zlib
from typing import Final

_LAYERS: Final = 2
_GZIP: Final = b"\x1f\x8b\x08"
_KNOWN: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""Content coding → `wbits` of zlib."""


class Unreadable(Exception):
    """What was sent cannot be unpacked, or is too large once it is; the message holds nothing of it."""


def unpacked(body: bytes, encoding: str | None, most_bytes: int) -> bytes:
    """Return what `body` says. Raises `Unreadable`.

    A body that is gzip although nobody said so (`sitemap.xml.gz`) is unpacked once more.

    >>> unpacked(b"plain", None, 10)
    b'plain'
    """
    named = (each.strip() for each in (encoding or "").lower().split(","))
    layers = [name for name in named if name not in {"", "identity"}]
    if len(layers) > _LAYERS:
        raise Unreadable("packed too often")
    for name in reversed(layers):
        if name not in _KNOWN:
            raise Unreadable("packed in a way that was not asked for")
        body = _one(body, _KNOWN[name], most_bytes)
    if body.startswith(_GZIP):
        body = _one(body, _KNOWN["gzip"], most_bytes)
    if len(body) > most_bytes:
        raise Unreadable("too large")
    return body


def _one(body: bytes, bits: int, most_bytes: int) -> bytes:
    if not body:
        return body
    if bits == zlib.MAX_WBITS and (body[0] & 0x0F != 8 or int.from_bytes(body[:2], "big") % 31):
        bits = -zlib.MAX_WBITS
    unpacker = zlib.decompressobj(bits)
    try:
        found = unpacker.decompress(body, most_bytes + 1)
    except zlib.error:
        raise Unreadable("packed wrongly") from None
    if len(found) > most_bytes:
        raise Unreadable("too large once it is unpacked")
    if not unpacker.eof:
        raise Unreadable("broken off")
    return found
