"""RawArticle: what any producer may write to `news.articles.raw.v1`. Only `content` is asked for."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from schemas.base import Event, Instant, Value, rfc3339


def _written(value: object) -> object:
    return rfc3339(value) if isinstance(value, datetime) else value


Written = Annotated[str, BeforeValidator(_written)]
"""A date as the producer wrote it; a datetime is written as RFC 3339, UTC."""


class ContentType(StrEnum):
    """The kinds of content that clean reads."""

    HTML = "text/html"
    PLAIN = "text/plain"


class Via(StrEnum):
    """How an article came in."""

    FILE = "file"
    WARC = "warc"
    FEED = "feed"
    HTTP = "http"


class Http(Value):
    """What the fetch of a page answered."""

    status: int | None = Field(default=None, description="HTTP status code; null when unknown.")
    etag: str | None = Field(default=None, description="ETag header; null when there was none.")
    last_modified: str | None = Field(
        default=None, description="Last-Modified header as sent; null when there was none."
    )


class RawArticle(Event):
    """One article as it came in, untouched."""

    ce_type: ClassVar[str] = "news.article.raw"

    content: str = Field(description="The page or text, whole. At most 900 kB as UTF-8.")
    content_type: ContentType = Field(default=ContentType.PLAIN, description="text/html or text/plain.")
    source_id: str | None = Field(
        default=None, description="The caller's own id, echoed everywhere; null when it has none."
    )
    url: str | None = Field(
        default=None, description="Where it was published; null when unknown. Never fetched."
    )
    headline: str | None = Field(default=None, description="The headline, if the producer knows it.")
    authors: tuple[str, ...] = Field(
        default=(), description="Names of the authors as the producer knows them."
    )
    published: Written | None = Field(
        default=None,
        description="When it was published, as the producer knows it: RFC 3339, or a bare date "
        "(YYYY, YYYY-MM, YYYY-MM-DD).",
    )
    outlet: str | None = Field(
        default=None, description="Name or domain of the publisher; null when unknown."
    )
    language: str | None = Field(
        default=None, description="BCP 47 code that the producer claims; null when unknown."
    )
    fetched_at: Instant | None = Field(
        default=None, description="When it was fetched, UTC; null when it was not."
    )
    via: Via | None = Field(default=None, description="How it came in.")
    http: Http | None = Field(
        default=None, description="What the fetch answered; null when it was not fetched over HTTP."
    )
    rights: str | None = Field(default=None, description="Licence or rights note, echoed.")
