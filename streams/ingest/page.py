"""page: a file that is one article, as text or as HTML.

The bytes become text by the first of: the encoding the user gave, a byte order mark, for HTML the charset
that the page names, UTF-8. HTML that is none of these is windows-1252, as browsers have it (WHATWG
Encoding, "legacy fallback"); text is refused with the offset of the first bad byte, for a guess would
invent letters. Content over the limit is refused before it is decoded. What was fetched over HTTP has its
own order: `fetched_text`.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, BinaryIO, Final

from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

from schemas.raw_article import ContentType, RawArticle, Via
from streams.ingest.found import Article, Bad, Found, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""In this order: the mark of UTF-32 little-endian begins with that of UTF-16."""

_CHARSET: Final = re.compile(
    rb"<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE
)
_WIDEST: Final = 4
"""Bytes a character in the widest encoding (UTF-32).

A file longer than so many times the limit is over it in any.
"""
_LOOKED_AT_BYTES: Final = 65_536
"""So much of a page whose encoding nobody names is looked at."""
_HEAD_BYTES: Final = 4096
"""A page names its charset early: HTML asks for the first 1,024 bytes, real pages are a little later."""


def text_file(stream: BinaryIO, name: str, source_id: str | None, reading: Reading) -> Iterator[Found]:
    """Yield the one article of a text file."""
    if not reading.after:
        yield _one(stream, name, source_id, reading, ContentType.PLAIN)


def html_file(stream: BinaryIO, name: str, source_id: str | None, reading: Reading) -> Iterator[Found]:
    """Yield the one article of an HTML file."""
    if not reading.after:
        yield _one(stream, name, source_id, reading, ContentType.HTML)


def _one(
    stream: BinaryIO, name: str, source_id: str | None, reading: Reading, content_type: ContentType
) -> Found:
    raw = stream.read(_WIDEST * reading.max_content_bytes + 1)
    if len(raw) > _WIDEST * reading.max_content_bytes:
        return Bad(name, too_large(len(raw) // _WIDEST, reading.max_content_bytes))
    try:
        content = decode(raw, reading.encoding, html=content_type is ContentType.HTML)
    except UnicodeDecodeError as error:
        return Bad(
            name,
            f"is not {error.encoding} (byte {error.start}): give --encoding, for example --encoding cp1251",
        )
    except LookupError:
        return Bad(
            name,
            f"there is no encoding {reading.encoding}: give --encoding a name that Python knows",
        )
    size = len(content.encode("utf-8", "surrogatepass"))
    if size > reading.max_content_bytes:
        return Bad(name, too_large(size, reading.max_content_bytes))
    return Article(
        name, RawArticle(content=content, content_type=content_type, source_id=source_id, via=Via.FILE)
    )


def too_large(size_bytes: int, limit_bytes: int) -> str:
    """Return the refusal of content over the limit; it names the setting."""
    return (
        f"its content has {size_bytes:,} bytes or more, over the limit of {limit_bytes:,}: leave it out, or "
        "raise cleaning.max_content_bytes (COMMUNIQUE_CLEANING__MAX_CONTENT_BYTES) here and for all stages"
    )


def decode(raw: bytes, encoding: str | None = None, *, html: bool = False) -> str:
    r"""Return the text of `raw`, line ends as they are, no byte order mark.

    Raises UnicodeDecodeError when text is not in its encoding, LookupError for an encoding that does not
    exist.

    >>> decode(b"\xff\xfeh\x00i\x00")
    'hi'
    >>> decode(b'<meta charset="windows-1251">\xcc', html=True)[-1]
    'М'
    """
    if encoding:
        return raw.decode(encoding)
    marked = next((name for mark, name in _MARKS if raw.startswith(mark)), None)
    if marked:
        return raw.decode(marked)
    return _html(raw) if html else raw.decode("utf-8")


def fetched_text(raw: bytes, http_charset: str | None) -> str:
    r"""Return the text of a page that was fetched; what is unreadable becomes U+FFFD.

    By the first of these that fits all bytes: a byte order mark (before the header: WHATWG Encoding,
    "decode"), the charset of the HTTP header, the one that the page names, UTF-8, what the letters look like.
    Labels mean what they mean on the web: `iso-8859-1` is windows-1252.

    >>> fetched_text("Привет, мир".encode("cp1251"), "windows-1251")
    'Привет, мир'
    """
    marked = next((name for mark, name in _MARKS if raw.startswith(mark)), None)
    named = _CHARSET.search(raw, 0, _HEAD_BYTES)
    labels = (http_charset, named[1].decode("ascii") if named else None)
    known = (map_encoding_to_html5(each, fallback_utf8=False) if each else None for each in labels)
    for name in (marked, *known, "utf-8"):
        try:
            if name:
                return raw.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return raw.decode(detect_encoding(raw, _LOOKED_AT_BYTES) or "windows-1252", "replace")


def _html(raw: bytes) -> str:
    named = _CHARSET.search(raw, 0, _HEAD_BYTES)
    for name in (named[1].decode("ascii") if named else None, "utf-8"):
        try:
            if name:
                return raw.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return raw.decode("windows-1252", "replace")
