"""Fields: the parts of a clean article that may hold spans, and where each stands in the raw content."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from schemas.clean_article import SegmentKind
from schemas.span import SpanField
from streams.core.cleaning.offsets import to_raw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.clean_article import CleanArticle


class Field(NamedTuple):
    """One field: its text, and the raw offset of its first code point.

    None: it is not a slice of the raw content.
    """

    name: SpanField
    text: str
    raw_start: int | None


_KINDS = {
    SpanField.HEADLINE: SegmentKind.HEADLINE,
    SpanField.DATELINE: SegmentKind.DATELINE,
    SpanField.SOURCE_CREDIT: SegmentKind.SOURCE_CREDIT,
}


def fields_of(article: CleanArticle) -> Iterator[Field]:
    """Yield the fields of an article that hold something, in the order of a page."""
    dateline = article.dateline.text if article.dateline else None
    texts = {
        SpanField.HEADLINE: article.headline,
        SpanField.DATELINE: dateline,
        SpanField.SOURCE_CREDIT: article.source_credit,
    }
    for name in (SpanField.HEADLINE, SpanField.DATELINE):
        yield from _field(article, name, texts[name])
    yield Field(SpanField.TEXT, article.text, None)
    yield from _field(article, SpanField.SOURCE_CREDIT, texts[SpanField.SOURCE_CREDIT])


def _field(article: CleanArticle, name: SpanField, text: str | None) -> Iterator[Field]:
    if text:
        yield Field(name, text, _place(article, name, len(text)))


def _place(article: CleanArticle, name: SpanField, length: int) -> int | None:
    """Return the start of the field's segment.

    Clean makes the field a slice of the raw content wherever it has a segment.

    The last source credit is the article's, and the first headline and dateline.
    """
    segments = [segment for segment in article.segments if segment.kind is _KINDS[name]]
    if not segments:
        return None
    segment = segments[-1 if name is SpanField.SOURCE_CREDIT else 0]
    return segment.start if segment.end - segment.start == length else None


def raw_place(article: CleanArticle, field: Field, start: int, end: int) -> tuple[int | None, int | None]:
    """Return where `start:end` of a field stands in the raw content, (None, None) when it does not."""
    if field.name is SpanField.TEXT:
        return to_raw(article.clean_to_raw, start, end) or (None, None)
    if field.raw_start is None:
        return None, None
    return field.raw_start + start, field.raw_start + end
