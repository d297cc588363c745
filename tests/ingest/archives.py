"""WARC files for tests, record by record."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field


def record(kind: str = "response", block: bytes = b"", uri: bytes = b"http://a.example/", *heads: bytes, length: int | None = None) -> bytes:
    lines = [b"WARC/1.0", b"WARC-Type: " + kind.encode(), b"WARC-Record-ID: <urn:uuid:" + str(abs(hash((kind, block, uri)))).encode() + b">"]
    lines += [b"WARC-Date: 2018-02-14T12:00:00Z", b"WARC-Target-URI: " + uri]
    if kind in {"response", "request", "revisit"}:
        lines.append(b"Content-Type: application/http; msgtype=" + kind.encode())
    lines += [*heads, b"Content-Length: %d" % (len(block) if length is None else length)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + block + b"\r\n\r\n"


def answer(body: bytes, *heads: bytes, status: bytes = b"200 OK", content_type: bytes = b"text/html") -> bytes:
    return b"\r\n".join([b"HTTP/1.1 " + status, b"Content-Type: " + content_type, *heads]) + b"\r\n\r\n" + body


def page(text: str = "hello", uri: bytes = b"http://a.example/", *heads: bytes, content_type: bytes = b"text/html; charset=utf-8") -> bytes:
    return record("response", answer(f"<p>{text}</p>".encode(), *heads, content_type=content_type), uri)


@dataclass
class Archive:
    """A file of records, packed each or not; `at` holds their offsets."""

    packed: bool
    whole: bytearray = field(default_factory=bytearray)
    at: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, *records: bytes, packed: bool) -> Archive:
        archive = cls(packed)
        for each in records:
            archive.at.append(len(archive.whole))
            archive.whole += gzip.compress(each, mtime=0) if packed else each
        return archive
