"""lines: a file of JSON lines, one article a line.

A line that cannot be an article is reported with its number, and reading goes on with the next. A line is
read in bounded memory: one that is longer than an article can be is skipped to its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

import orjson
from pydantic import ValidationError

from schemas.raw_article import RawArticle
from streams.ingest.found import Article, Bad, Found, Reading
from streams.ingest.page import too_large

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from streams.ingest.fields import Json

_ESCAPED: Final = 6
"""A character of JSON text takes at most six bytes (`\\u0041`) for each byte it stands for."""
_OTHER_BYTES: Final = 1 << 20
"""Room for the fields beside the content."""


def json_lines(stream: BinaryIO, name: str, _source_id: str | None, reading: Reading) -> Iterator[Found]:
    """Yield the article of each line that is not blank."""
    longest = _ESCAPED * reading.max_content_bytes + _OTHER_BYTES
    number = 0
    while line := stream.readline(longest):
        number += 1
        where = f"{name}:{number}"
        if len(line) == longest and not line.endswith(b"\n"):
            while len(part := stream.readline(longest)) == longest and not part.endswith(b"\n"):
                pass
            if number > reading.after:
                yield Bad(where, too_large(longest, reading.max_content_bytes), number)
        elif line.strip() and number > reading.after:
            yield _article(line, where, number, reading)


def _article(line: bytes, where: str, number: int, reading: Reading) -> Found:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Bad(where, f"is no JSON: {error}", number)
    if not isinstance(record, dict):
        return Bad(where, "is no JSON object: an article is written as one {…} on one line", number)
    return of_record(record, where, number, reading)


def of_record(
    record: dict[str, Json], where: str, number: int, reading: Reading, columns: Collection[str] = ()
) -> Found:
    """Return the article that a record of theirs is by the map, or why it is none.

    `columns`: of the table whose row it is, those too that the row has nothing in.
    """
    try:
        article = RawArticle.model_validate(reading.fields.apply(record))
    except ValidationError as error:
        return Bad(where, _why(error, record, reading, columns), number)
    size = len(article.content.encode("utf-8", "surrogatepass"))
    if size > reading.max_content_bytes:
        return Bad(where, too_large(size, reading.max_content_bytes), number)
    return Article(where, article, number)


def _why(
    error: ValidationError, record: dict[str, Json], reading: Reading, columns: Collection[str]
) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    if field != "content" or first["type"] != "missing":
        return f"{field}: {first['msg']}"
    path = reading.fields.taken.get("content", ("content",))
    theirs = ".".join(path)
    if path[0] in columns:
        return (f"the column {theirs} is empty in this row: put the article's text there, take the row out, "
                "or say with --map which column holds the text")
    if path[0] in record:
        return f"{theirs} is empty: put the article's text there, or take it out"
    has = ", ".join(list(record)[:12]) or "none"
    return f"has no {theirs}; its fields are {has}: say with --map which one holds the text"
