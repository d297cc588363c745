"""posted: from a request's body to articles, or to what is wrong with it, field by field.

One article as `application/json`, or a batch as `application/x-ndjson`, one a line. A batch is taken whole or
not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import orjson
from pydantic import ValidationError

from schemas.raw_article import RawArticle, Via

JSON: Final = "application/json"
NDJSON: Final = ("application/x-ndjson", "application/jsonl", "application/jsonlines")
_SHOWN: Final = 20
_LINES: Final = 1_000_000
"""A body of line ends only has 16 million: to look at each would hold everybody up for seconds."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong: the line from 1, the field (None: the line as a whole), and why."""

    line: int
    field: str | None
    why: str

    def as_dict(self) -> dict[str, object]:
        """Return it as problem+json shows it."""
        return {"line": self.line, "field": self.field, "detail": self.why}


def articles(body: bytes, content_type: str, most_bytes: int) -> tuple[list[RawArticle], list[Wrong]]:
    """Return the articles, and the first 20 things that are wrong; [] of both: the body holds nothing."""
    if content_type != JSON and body.count(b"\n") > _LINES:
        return [], [Wrong(1, None, f"the body has more than {_LINES:,} lines")]
    lines = [body] if content_type == JSON else body.split(b"\n")
    found: list[RawArticle] = []
    wrong: list[Wrong] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        each = _article(line, number, most_bytes)
        if isinstance(each, RawArticle):
            found.append(each)
        else:
            wrong += each
        if len(wrong) >= _SHOWN:
            break
    return found, wrong[:_SHOWN]


def _article(line: bytes, number: int, most_bytes: int) -> RawArticle | list[Wrong]:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return [Wrong(number, None, f"is no JSON: {error}")]
    if not isinstance(record, dict):
        return [Wrong(number, None, "is no JSON object")]
    try:
        article = RawArticle.model_validate(record | {"via": Via.HTTP})
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False, include_context=False)
        return [Wrong(number, ".".join(map(str, each["loc"])), each["msg"]) for each in told]
    size = len(article.content.encode("utf-8", "surrogatepass"))
    if size > most_bytes:
        return [Wrong(number, "content", f"has {size:,} bytes, over the limit of {most_bytes:,}")]
    return article
