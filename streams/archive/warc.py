"""warc: a view of an archive as WARC, for tools of web archives: one `resource` record an article.

`WARC-Target-URI` is the article's URL, else `urn:communique:` and the record's place; the date is the
record's time; the payload is its content as UTF-8. What holds no article (a tombstone, a
broken record, a stub) has no place in it and is counted: the Parquet files are the archive, this is a view.

Source: ISO 28500:2017 (WARC 1.1), written by warcio.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from io import BytesIO
from typing import BinaryIO, NamedTuple

import orjson
from warcio.warcwriter import WARCWriter

from schemas.base import rfc3339
from streams.bus.interface import Record

_KINDS = {"html": "text/html; charset=utf-8", "text": "text/plain; charset=utf-8"}


class Written(NamedTuple):
    """How many articles were written, how many records hold none."""

    articles: int
    left_out: int


def export(records: Iterable[Record], file: BinaryIO) -> Written:
    """Write articles to an open file, gzipped one by one."""
    writer = WARCWriter(file, gzip=True)
    articles = left_out = 0
    for record in records:
        if (body := _article(record)) is None:
            left_out += 1
            continue
        writer.write_record(_warc(writer, record, body))
        articles += 1
    return Written(articles, left_out)


def _article(record: Record) -> dict[str, object] | None:
    try:
        body = orjson.loads(record.value or b"")
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) and isinstance(body.get("content"), str) else None


def _warc(writer: WARCWriter, record: Record, body: dict[str, object]) -> object:
    url = body.get("url")
    uri = url if isinstance(url, str) and url else f"urn:communique:{record.at}"
    taken = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
    payload = str(body["content"]).encode("utf-8", "surrogatepass")
    kind = "html" if "html" in str(body.get("content_type")) else "text"
    return writer.create_warc_record(
        uri, "resource", payload=BytesIO(payload), length=len(payload), warc_content_type=_KINDS[kind],
        warc_headers_dict={"WARC-Date": rfc3339(taken), "X-Communique-Place": record.at})
