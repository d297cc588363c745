"""CleanArticle: readable text with its metadata, and the way back to the raw content."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from schemas.base import Event, Instant, Published, Value


class SegmentKind(StrEnum):
    """What a stretch of the raw text is. Nothing is deleted, only classed."""

    HEADLINE = "headline"
    DATELINE = "dateline"
    BYLINE = "byline"
    BODY = "body"
    SOURCE_CREDIT = "source_credit"
    COMMENT_FORM = "comment_form"
    CAPTCHA = "captcha"
    WIDGET = "widget"
    NAVIGATION = "navigation"
    DISCLAIMER = "disclaimer"


class Segment(Value):
    """A classed stretch of the raw text, code points, half open."""

    start: int = Field(ge=0, description="First code point in the raw content.")
    end: int = Field(ge=0, description="One past the last code point in the raw content.")
    kind: SegmentKind = Field(description="What it is.")
    rule: str = Field(description="The rule that said so.")


class OffsetPiece(Value):
    """A run of `length` code points that is the same in the clean text and in the raw content."""

    clean: int = Field(ge=0, description="First code point of the run in `text`.")
    raw: int = Field(ge=0, description="First code point of the run in the raw content.")
    length: int = Field(ge=0, description="Code points.")


class Extraction(Value):
    """How the text was taken out of a page."""

    path: str = Field(description="`quality` or `fast`.")
    extractor: str = Field(description="The extractor whose text was taken.")
    agreement: float | None = Field(
        default=None, ge=0, le=1, description="How far the extractors agree, 0 to 1; null when one was asked."
    )


class Repair(Value):
    """A change made to the text, so that it can be undone."""

    kind: str = Field(description="What was repaired: mojibake, entity, opening_quote_missing, …")
    at: int = Field(ge=0, description="Code point in `text` where the repair stands.")
    before: str = Field(description="What stood there.")
    after: str = Field(description="What stands there now, or should be read there.")


class Language(Value):
    """The language of the text."""

    code: str = Field(description="ISO 639-1 code; `und` when it cannot be told.")
    probability: float = Field(ge=0, le=1, description="How sure, 0 to 1.")


class Dateline(Value):
    """The line that says where and when a report was filed."""

    text: str = Field(description="The line as it stands.")
    place: str | None = Field(default=None, description="Place as written; null when there is none.")
    date: Instant | None = Field(
        default=None, description="Day, UTC midnight; null when there is none or it is ambiguous."
    )
    ambiguous: tuple[Instant, ...] = Field(
        default=(),
        description="The days it may mean when the order of day and month is not settled; else empty.",
    )


class Outlet(Value):
    """Who published."""

    name: str | None = Field(default=None, description="Name; null when unknown.")
    domain: str | None = Field(default=None, description="Registered domain of the URL; null without a URL.")
    qid: str | None = Field(default=None, description="Wikidata id; null when not resolved.")


class CleanArticle(Event):
    """An article as text."""

    ce_type: ClassVar[str] = "news.article.clean"

    article_id: str = Field(description="Hash of the canonical URL, else of the source id, else of the text.")
    version: str = Field(description="Hash of the cleaned text: another captcha or advert is no new version.")
    source_id: str | None = Field(default=None, description="The producer's own id, echoed.")
    url: str | None = Field(default=None, description="Canonical URL; null when unknown.")
    headline: str | None = Field(default=None, description="Headline; null when none was found.")
    text: str = Field(description="The body, paragraphs separated by a blank line.")
    authors: tuple[str, ...] = Field(
        default=(), description="Names of the authors; empty when none was found."
    )
    language: Language = Field(description="The language of `text`.")
    published: Published | None = Field(
        default=None, description="When it was published; null when no date was found."
    )
    event_time: Instant = Field(
        description="Published date if known and not suspect, else the raw record's timestamp. UTC."
    )
    dateline: Dateline | None = Field(default=None, description="The dateline; null when there is none.")
    outlet: Outlet = Field(default_factory=Outlet, description="Who published it.")
    source_credit: str | None = Field(
        default=None, description="The line that credits a source, as written; null when none."
    )
    segments: tuple[Segment, ...] = Field(default=(), description="The raw text classed; empty for HTML.")
    clean_to_raw: tuple[OffsetPiece, ...] = Field(
        default=(),
        description="Runs that are the same in `text` and the raw content, in order; one of length 0 marks "
        "where a repair begins or ends. Empty for HTML.",
    )
    extraction: Extraction | None = Field(
        default=None, description="How the text was taken out of the page; null for plain text."
    )
    repairs: tuple[Repair, ...] = Field(default=(), description="What was repaired; empty when nothing was.")
    rights: str | None = Field(default=None, description="Licence or rights note, echoed.")
