"""warc: the pages of a web archive, WARC 0.17 to 1.1, compressed record by record, as a whole, or not at all.

For each record, in the order of the file:

1. a `response` with HTTP status 200 and HTML or text is an article: `url`, `fetched_at` (WARC-Date), `http`,
   `via` warc, `source_id` the record's id, its text by `page.fetched_text`. So is a `resource` or a
   `conversion` (WET files) that is HTML or text. Everything else is `Passed` by what it is;
2. a record that breaks off, or whose body cannot be unpacked, is `Bad` with its offset in the file, and so is
   one that the crawler cut off (`WARC-Truncated`). Where the file itself is damaged, reading goes on at the
   next record that can be found (`warc_mending`).

A map sees what these fields are, and `http_headers` and `warc_headers` by lower-case name; what it does not
name stays. Memory: one record, of which no more than `max_content_bytes` of text, 4 times that of bytes.

Source: ISO 28500:2017; fastwarc 2.0 (`ArchiveIterator`; pinned by tests: `stream_pos`, OSError for damage).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import quote

from fastwarc.warc import ArchiveIterator
from pydantic import ValidationError

from schemas.raw_article import ContentType, RawArticle, Via
from streams.ingest import warc_mending
from streams.ingest.found import Article, Bad, Found, Passed, Reading
from streams.ingest.page import fetched_text, too_large
from streams.ingest.payload import Damaged, TooLong, body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastwarc.warc import WarcRecord

    from streams.ingest.fields import Json

_KINDS: Final = {
    "text/html": ContentType.HTML,
    "application/xhtml+xml": ContentType.HTML,
    "text/plain": ContentType.PLAIN,
}
_PAGES: Final = frozenset({"response", "resource", "conversion"})
_OK: Final = 200
_PACKED: Final = 4
"""A body of more bytes than so many times the limit of content is not read."""
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_FOREIGN: Final = re.compile(rb"[^\x21-\x7e]")


class _Short(OSError):
    """A record has fewer bytes than it says."""


class _Told:
    """A stream that tells where it is: fastwarc asks, also of a pipe."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.at = stream, 0

    def read(self, size: int = -1) -> bytes:
        read = self.stream.read(size)
        self.at += len(read)
        return read

    def tell(self) -> int:
        return self.at

    def seek(self, _offset: int, _whence: int = 0) -> int:
        return self.at

    def close(self) -> None:
        """Leave the stream open: its owner closes it."""


def warc_file(stream: BinaryIO, name: str, _source_id: str | None, reading: Reading) -> Iterator[Found]:
    """Yield the article of each page, what was passed over, and what was bad."""
    start: int | None = 0
    number = 0
    while start is not None:
        last, inside = start, True
        try:
            for record in ArchiveIterator(_Told(stream), parse_http=False):
                last, number, inside = start + record.stream_pos, number + 1, True
                found = _found(record, f"{name}@{last}", number, reading)
                _finish(record)
                inside = False
                if found is not None:
                    yield found
        except OSError as error:
            number += not inside or last == start
            start = warc_mending.next_record(stream, last + 1)
            if number > reading.after:
                yield _damaged(f"{name}@{last}", inside, error, number, lost=start is None)
        else:
            if last and (why := warc_mending.left_behind(stream, last)):
                yield Bad(f"{name}@{last}", f"is whole, what stands behind it is not: {why}", number + 1)
            return


def _damaged(where: str, inside: bool, error: OSError, number: int, *, lost: bool) -> Bad:
    what = "is damaged" if inside else "is whole, what stands behind it is damaged"
    rest = "; nothing behind it can be read" if lost else "; reading goes on behind it"
    return Bad(where, f"{what} ({error}){rest}", number)


def _finish(record: WarcRecord) -> None:
    """Read to the record's end. Raises `_Short` when the file ends before, or nobody says where it is."""
    if "Content-Length" not in record.headers:
        raise _Short("its header breaks off")
    there = record.reader.tell() + record.consume()
    if there < record.content_length:
        raise _Short(f"{there:,} of {record.content_length:,} bytes are there")


def _found(record: WarcRecord, where: str, number: int, reading: Reading) -> Found | None:
    """Return what a record is; None for one that was over before."""
    if number <= reading.after:
        return None
    kind = str(record.record_type)
    if kind not in _PAGES:
        return Passed(where, kind, number)
    if record.is_http:
        record.parse_http()
        if (status := record.http_headers.status_code) != _OK:
            return Passed(where, f"status {status}", number)
    headers = record.http_headers if record.is_http else record.headers
    given = (headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if (content_type := _KINDS.get(given)) is None:
        return Passed(where, given[:60] or "no content type", number)
    return _page(record, content_type, where, number, reading)


def _page(record: WarcRecord, content_type: ContentType, where: str, number: int, reading: Reading) -> Found:
    if cut := record.headers.get("WARC-Truncated"):
        return Bad(where, f"the crawler cut the page off (WARC-Truncated: {cut[:40]})", number)
    most = reading.max_content_bytes
    http = record.http_headers if record.is_http else record.headers
    raw = record.reader.read(_PACKED * most + 1)
    if len(raw) < record.content_length and len(raw) <= _PACKED * most:
        raise _Short(f"{len(raw):,} of {record.content_length:,} bytes are there")
    try:
        whole = body(
            raw, http.get("Content-Encoding") or "", http.get("Transfer-Encoding") or "", _PACKED * most)
    except TooLong:
        return Bad(where, too_large(most + 1, most), number)
    except Damaged:
        return Bad(where, "its body cannot be unpacked: it breaks off or is damaged", number)
    charset = _CHARSET.search(http.get("Content-Type") or "")
    content = fetched_text(whole, charset[1] if charset else None)
    if (size := len(content.encode("utf-8", "surrogatepass"))) > most:
        return Bad(where, too_large(size, most), number)
    return _article(record, content, content_type, where, number, reading)


def _article(
    record: WarcRecord, content: str, content_type: ContentType, where: str, number: int, reading: Reading
) -> Found:
    http = record.http_headers if record.is_http else None
    theirs: dict[str, Json] = {
        "content": content,
        "content_type": content_type.value,
        "source_id": _bare(record.headers.get("WARC-Record-ID")),
        "url": _url(record.headers.get_bytes(b"WARC-Target-URI")),
        "fetched_at": _moment(record.headers.get("WARC-Date")),
        "via": Via.WARC.value,
        "http": None if http is None else {
            "status": http.status_code, "etag": http.get("ETag"), "last_modified": http.get("Last-Modified")},
    }
    kept: dict[str, Json] = {ours: value for ours, value in theirs.items() if value is not None}
    if reading.fields.taken or reading.fields.constants:
        heads: dict[str, Json] = {"warc_headers": _lowered(record.headers.items())}
        heads["http_headers"] = _lowered(http.items()) if http is not None else {}
        kept |= reading.fields.apply(kept | heads)
    try:
        return Article(where, RawArticle.model_validate(kept), number)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        return Bad(where, f"{'.'.join(map(str, first['loc']))}: {first['msg']}", number)


def _lowered(headers: tuple[tuple[str, str], ...]) -> dict[str, Json]:
    return {name.lower(): value for name, value in headers}


def _bare(value: str | None) -> str | None:
    return value.strip().strip("<>") or None if value else None


def _url(value: bytes | None) -> str | None:
    """Return the address without the brackets of old writers.

    What is not UTF-8, blank or a control character is percent-encoded, byte by byte, as browsers do.
    """
    bare = (value or b"").strip().strip(b"<>")
    try:
        text = bare.decode()
    except UnicodeDecodeError:
        text = _FOREIGN.sub(lambda found: b"%%%02X" % found[0][0], bare).decode("ascii")
    return "".join(each if each.isprintable() and each != " " else quote(each) for each in text) or None


def _moment(value: str | None) -> str | None:
    """Return WARC-Date as RFC 3339, UTC; None for one that cannot be read."""
    try:
        at = datetime.fromisoformat((value or "").strip())
    except ValueError:
        return None
    return at.replace(tzinfo=at.tzinfo or UTC).isoformat()
