"""gqg: articles as lines of GDELT's Global Quotation Graph: quoted words with what stands before and after.

    {"date": …, "url": …, "title": …, "lang": …, "quotes": [{"pre": …, "quote": …, "post": …}],
     "communique": {…}}

Beside each quote, in the same order, `communique.speakers` says what GDELT does not: who said it. Only words
in quotation marks are quotes; an article without any gives no line. `lang` is a language's name as CLD2 has
it, which GDELT's readers filter by; our code stands in `communique.language`. `date` is a UTC time to the
second: with GDELT when it saw the article, here the published date, else when the article came. GDELT has a
`url` and a `title` always, we have null where there is none.

Source: GDELT Project, "Announcing the Global Quotation Graph" (2020): fields, at most 100 characters of
context; readers of its files (`gdeltv3/gqg/*.gqg.json.gz`): ISO 8601 dates, `ENGLISH`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from schemas.base import rfc3339
from schemas.span import SpanField
from schemas.statement import StatementMode

if TYPE_CHECKING:
    from schemas.enriched_article import EnrichedArticle
    from schemas.span import Span
    from schemas.statement import Statement
    from streams.exports.json_ld import Json

CONTEXT_CHARS: Final = 100
_QUOTED: Final = frozenset({StatementMode.DIRECT, StatementMode.PARTIAL_DIRECT, StatementMode.MIXED})
_NAMES: Final = {
    "ar": "ARABIC", "de": "GERMAN", "en": "ENGLISH", "es": "SPANISH", "fr": "FRENCH", "it": "ITALIAN",
    "ja": "Japanese", "ko": "Korean", "nl": "DUTCH", "pl": "POLISH", "pt": "PORTUGUESE", "ru": "RUSSIAN",
    "tr": "TURKISH", "uk": "UKRAINIAN", "zh": "Chinese"}
"""CLD2's, in its letters; of another language the code stands."""
_MARKS: Final = "\"“”„‟«»‘’'"


def line(found: EnrichedArticle) -> dict[str, Json] | None:
    """Return an article's line, None when nothing in it is quoted."""
    quotes = [(each, span) for each in found.statements if each.mode in _QUOTED and each.rendition_of is None
              for span in each.content if _is_quoted(found, span)]
    if not quotes:
        return None
    return {
        "date": rfc3339(found.event_time.replace(microsecond=0)), "url": found.url, "title": found.headline,
        "lang": _NAMES.get(found.language.code, found.language.code),
        "quotes": [_quote(found, span) for _, span in quotes],
        "communique": {
            "article_id": found.article_id, "language": found.language.code,
            "outlet": found.outlet.name or found.outlet.domain,
            "cluster_id": found.dedup.cluster_id, "speakers": [_speaker(each) for each, _ in quotes]}}


def _is_quoted(found: EnrichedArticle, span: Span) -> bool:
    """Return whether a mark stands at one end of a span, inside it or beside it."""
    text = _field(found, span)
    around = text[max(0, span.start - 1) : span.start + 1] + text[max(span.end - 1, 0) : span.end + 1]
    return any(mark in around for mark in _MARKS)


def _quote(found: EnrichedArticle, span: Span) -> Json:
    text = _field(found, span)
    return {
        "pre": " ".join(text[max(0, span.start - CONTEXT_CHARS) : span.start].split()),
        "quote": " ".join(span.text.strip(_MARKS).split()),
        "post": " ".join(text[span.end : span.end + CONTEXT_CHARS].split())}


def _field(found: EnrichedArticle, span: Span) -> str:
    if span.field is SpanField.HEADLINE:
        return found.headline or ""
    return found.text if span.field is SpanField.TEXT else ""


def _speaker(found: Statement) -> Json:
    speaker = found.speaker
    return {
        "statement_id": found.statement_id, "name": speaker.name if speaker else None,
        "qid": speaker.qid if speaker else None,
        "role": speaker.role.text if speaker and speaker.role else None,
        "official": found.official.is_official, "attribution": found.attribution.value,
        "said_on": rfc3339(found.said_on.value) if found.said_on.value else None}
