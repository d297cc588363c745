"""Clean: a raw article becomes readable text with its metadata, or a refusal.

Pure, deterministic, linear in the content.

In this order:
1. content over `max_content_bytes` is a failure that cannot pass (`Permanent("LIMIT")`); content that is no
text, or blank, is refused; so is a body that by itself would be;
2. HTML is bounded, parsed and given to extractors (`html`), a headline above its text left out; plain text is
classed line by line (`plain_text`); either is mended (`mending`);
3. dates, URL, language, outlet; the producer's word goes before the page's, for all but `text`;
4. text under `min_chars` is refused;
5. defects of quotation marks are recorded; ids are hashed.

`article_id` is the hash of the canonical URL, else of the source id, else of the text: a re-crawl is the same
article. `version` is the hash of the text alone, so that another captcha, advert or comment count is no new
version.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from schemas.clean_article import CleanArticle, Dateline, Extraction, Outlet, Segment, SegmentKind
from schemas.ids import digest
from schemas.raw_article import ContentType, Via
from streams.core.cleaning.characters import why_not_text
from streams.core.cleaning.dateline import date_prefix
from streams.core.cleaning.dates import (
    FEED,
    PRODUCER,
    candidate,
    dateline_day,
    event_time,
    in_doubt,
    published,
)
from streams.core.cleaning.html import bounded_tree, main_text, without_headline
from streams.core.cleaning.language import language_of
from streams.core.cleaning.mending import mended, mended_text
from streams.core.cleaning.metadata import read_metadata
from streams.core.cleaning.options import ExtractionPath
from streams.core.cleaning.plain_text import read_text
from streams.core.cleaning.quotes import marks_of, quote_repairs
from streams.core.cleaning.urls import canonical, day_in, domain_of
from streams.core.outcome import Permanent, RefusalReason, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.base import DateCandidate
    from schemas.clean_article import OffsetPiece, Repair
    from schemas.envelope import Envelope
    from schemas.raw_article import RawArticle
    from streams.core.cleaning.dateline import DatelineFound
    from streams.core.cleaning.options import CleaningOptions


@dataclass(frozen=True, slots=True)
class _Read:
    """What either kind of content gives."""

    text: str
    url: str | None
    headline: str | None = None
    authors: tuple[str, ...] = ()
    site: str | None = None
    dates: tuple[DateCandidate, ...] = ()
    dateline: DatelineFound | None = None
    dateline_text: str | None = None
    source_credit: str | None = None
    segments: tuple[Segment, ...] = ()
    pieces: tuple[OffsetPiece, ...] = ()
    repairs: tuple[Repair, ...] = ()
    language: str | None = None
    extraction: Extraction | None = None


def clean(article: RawArticle, envelope: Envelope, options: CleaningOptions) -> CleanArticle | Refused:
    """Return the clean article, or why there is none.

    Raises `Permanent` (`LIMIT`) for content over the limit.
    """
    size = len(article.content.encode("utf-8", "surrogatepass"))
    if size > options.max_content_bytes:
        raise Permanent(
            "LIMIT",
            f"content of {size:,} bytes is over cleaning.max_content_bytes ({options.max_content_bytes:,})",
        )
    why = why_not_text(article.content)
    if why:
        return Refused(RefusalReason.NOT_TEXT, why)
    if not article.content.strip():
        return Refused(RefusalReason.EMPTY, "the content is blank")
    read = (
        _page(article, envelope.origin_time, options)
        if article.content_type is ContentType.HTML
        else _plain(article)
    )
    if isinstance(read, Refused):
        return read
    return _refused_body(read.text, options) or _assembled(article, read, envelope.origin_time)


def _refused_body(text: str, options: CleaningOptions) -> Refused | None:
    """Return why a body is none, None when it is one."""
    if not text:
        return Refused(RefusalReason.EMPTY, "no body was found")
    why = why_not_text(text)
    if why:
        return Refused(RefusalReason.NOT_TEXT, f"the body {why}")
    if len(text) < options.min_chars:
        return Refused(
            RefusalReason.TOO_SHORT,
            f"{len(text)} characters, fewer than cleaning.min_chars ({options.min_chars})",
        )
    return None


def _page(article: RawArticle, origin_time: datetime, options: CleaningOptions) -> _Read | Refused:
    tree = bounded_tree(article.content, options)
    if isinstance(tree, Refused):
        return tree
    thorough = options.path is not ExtractionPath.FAST
    about = read_metadata(tree, article.url, origin_time, thorough=thorough)
    main = main_text(article.content, tree, options)
    if isinstance(main, Refused):
        return main
    text = without_headline(main.text, about.headline, article.headline)
    mend = mended(text)
    text = mend.text if mend else text
    dateline = date_prefix(text)
    return _Read(
        text=text,
        url=canonical(article.url) or about.url,
        headline=about.headline,
        authors=about.authors,
        site=about.site,
        dates=about.dates,
        dateline=dateline,
        dateline_text=text[: dateline.length].rstrip() if dateline else None,
        repairs=mend.repairs if mend else (),
        language=about.language,
        extraction=main.extraction,
    )


def _plain(article: RawArticle) -> _Read:
    names = (*article.authors, *((article.outlet,) if article.outlet else ()))
    given = mended_text(article.headline) if article.headline else None
    read = read_text(article.content, given, names)
    day = day_in(article.url)
    named = candidate(day, "url") if day else None
    return _Read(
        text=read.text,
        url=canonical(article.url),
        headline=read.headline,
        authors=read.authors,
        dates=(named,) if named else (),
        dateline=read.dateline,
        dateline_text=read.dateline_text,
        source_credit=read.source_credit,
        segments=read.segments,
        pieces=read.pieces,
        repairs=read.repairs,
    )


def _dates(
    article: RawArticle, read: _Read, origin_time: datetime
) -> tuple[tuple[DateCandidate, ...], Dateline | None]:
    """Return all dates, best first, and the dateline with its day."""
    basis = FEED if article.via is Via.FEED else PRODUCER
    given = candidate(article.published, basis) if article.published else None
    if given and basis == FEED and in_doubt(given, origin_time):
        known = (*read.dates, given)
    else:
        known = (*((given,) if given else ()), *read.dates)
    found = read.dateline
    if not found or read.dateline_text is None:
        return known, None
    day = dateline_day(found.day, known, read.text, origin_time)
    dated = candidate(day, "dateline") if day else None
    either = found.day.readings if found.day and not dated and found.day.has_year else ()
    dateline = Dateline(
        text=read.dateline_text,
        place=found.place,
        date=dated.value if dated else None,
        ambiguous=tuple(sorted(datetime.combine(reading, time(), UTC) for reading in either)),
    )
    return ((*known, dated) if dated else known), dateline


def _assembled(article: RawArticle, read: _Read, origin_time: datetime) -> CleanArticle:
    candidates, dateline = _dates(article, read, origin_time)
    when = published(candidates, origin_time)
    language = language_of(read.text, article.language or read.language)
    marks = marks_of(language.code)
    return CleanArticle(
        article_id=_article_id(article, read),
        version=digest("version", read.text),
        source_id=article.source_id,
        url=read.url,
        headline=_headline(article, read),
        text=read.text,
        authors=article.authors or read.authors,
        language=language,
        published=when,
        event_time=event_time(when, origin_time),
        dateline=dateline,
        outlet=Outlet(name=article.outlet or read.site, domain=domain_of(read.url)),
        source_credit=read.source_credit,
        segments=read.segments,
        clean_to_raw=read.pieces,
        extraction=read.extraction,
        repairs=_in_order((*read.repairs, *(quote_repairs(read.text, marks) if marks else ()))),
        rights=article.rights,
    )


def _in_order(repairs: Iterable[Repair]) -> tuple[Repair, ...]:
    return tuple(sorted(repairs, key=lambda repair: repair.at))


def _headline(article: RawArticle, read: _Read) -> str | None:
    """Return the producer's headline, else the one found.

    As it stands in the text where it stands there, so that it has a place.
    """
    stands_in_text = any(segment.kind is SegmentKind.HEADLINE for segment in read.segments)
    given = mended_text(article.headline) if article.headline else None
    return read.headline if stands_in_text else given or read.headline or None


def _article_id(article: RawArticle, read: _Read) -> str:
    if read.url:
        return digest("article", "url", read.url)
    if article.source_id:
        return digest("article", "source", article.source_id)
    return digest("article", "text", read.text)
