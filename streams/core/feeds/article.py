"""article: an entry, with its page when it was fetched, as a raw article.

What the feed says of headline, authors, date, language goes beside the content; clean marks a date of a feed
as suspect when it lies before 1990 or after the record (docs/adr/0020). An entry without text is its
headline: clean decides whether that is enough.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from schemas.raw_article import ContentType, Http, RawArticle, Via

if TYPE_CHECKING:
    from datetime import datetime

    from streams.core.feeds.entry import Entry

_FIELD_CHARS: Final = 1000
_BLOCK: Final = re.compile(
    r"<(?:p|div|article|section|main|table|ul|ol|dl|h[1-6]|blockquote|figure|pre|html|body|head)\b",
    re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Came:
    """How something came: when it was fetched (UTC), and what HTTP said."""

    at: datetime
    status: int
    etag: str | None = None
    last_modified: str | None = None


def article(
    entry: Entry, came: Came, *, outlet: str | None, language: str | None, page: str | None = None,
    page_url: str | None = None,
) -> RawArticle | None:
    """Return the raw article; None for an entry without any words. `page`: the HTML that its link gave.

    `page_url`: where that was found in the end, when it was redirected.
    """
    is_html = page is not None or (entry.content is not None and entry.html)
    own = begun(entry.content) if entry.content and entry.html else entry.content
    content = page or own or entry.headline
    if not content:
        return None
    return RawArticle(
        content=content, content_type=ContentType.HTML if is_html else ContentType.PLAIN,
        source_id=_short(entry.guid), url=page_url or entry.link, headline=_short(entry.headline),
        authors=tuple(each[:_FIELD_CHARS] for each in entry.authors), published=entry.published,
        outlet=outlet or _short(entry.outlet), language=language or _short(entry.language),
        fetched_at=came.at, via=Via.FEED,
        http=Http(status=came.status, etag=_short(came.etag), last_modified=_short(came.last_modified)))


def begun(fragment: str) -> str:
    """Return a fragment of HTML with its first words in a paragraph: loose ones are lost on the way to text.

    >>> begun("The harbour opens.<p>Ships wait.</p>")
    '<p>The harbour opens.</p><p>Ships wait.</p>'
    """
    first = _BLOCK.search(fragment)
    lead = fragment[: first.start()] if first else fragment
    return f"<p>{lead}</p>{fragment[len(lead):]}" if lead.strip() else fragment


def _short(text: str | None) -> str | None:
    return text[:_FIELD_CHARS] if text else None
