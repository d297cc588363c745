"""json_ld: articles and statements as schema.org has them: NewsArticle, Quotation, one object a line.

Only types and properties of schema.org; what is unknown is left out. A day is written as a day, a moment as a
moment. Persons and bodies carry `sameAs` with their Wikidata address when they are resolved.

Source: schema.org (NewsArticle, Quotation, spokenByCharacter, isPartOf, hasPart); JSON-LD 1.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from schemas.base import Precision, rfc3339
from schemas.mention import MentionKind
from schemas.statement_event import StatementEvent

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.base import Published
    from schemas.clean_article import Outlet
    from schemas.enriched_article import EnrichedArticle
    from schemas.mention import Mention
    from schemas.statement import Speaker, Statement

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

CONTEXT: Final = "https://schema.org"
_WIKIDATA: Final = "http://www.wikidata.org/entity/"
_KINDS: Final = {
    MentionKind.PERSON: "Person", MentionKind.ORG: "Organization", MentionKind.OUTLET: "Organization",
    MentionKind.WIRE: "Organization", MentionKind.GPE: "Place", MentionKind.LOC: "Place",
    MentionKind.FAC: "Place", MentionKind.EVENT: "Event",
}
_CHARS: Final = {
    Precision.YEAR: len("2018"), Precision.MONTH: len("2018-02"), Precision.DAY: len("2018-02-14")}


def article(found: EnrichedArticle) -> dict[str, Json]:
    """Return an article with its statements as parts."""
    return _there({
        "@context": CONTEXT, "@type": "NewsArticle", "@id": _article(found.article_id),
        "identifier": found.article_id, "version": found.version, "url": found.url,
        "headline": found.headline, "articleBody": found.text,
        "inLanguage": None if found.language.code == "und" else found.language.code,
        "datePublished": _published(found.published),
        "dateline": found.dateline.text if found.dateline else None,
        "author": [_thing("Person", name) for name in found.authors], "publisher": _publisher(found.outlet),
        "creditText": found.source_credit, "usageInfo": found.rights, "mentions": _mentions(found.mentions),
        "hasPart": [_quotation(each, None) for each in found.statements]})


def quotation(found: StatementEvent) -> dict[str, Json]:
    """Return a statement with the article that reports it."""
    reference = found.article
    return {"@context": CONTEXT} | _quotation(found, _there({
        "@type": "NewsArticle", "@id": _article(reference.id), "identifier": reference.id,
        "url": reference.url, "headline": reference.headline, "inLanguage": reference.language,
        "datePublished": _published(reference.published), "publisher": _publisher(reference.outlet)}))


def _quotation(found: Statement, part_of: dict[str, Json] | None) -> dict[str, Json]:
    said = found.said_on
    return _there({
        "@type": "Quotation", "@id": f"urn:communique:statement:{found.statement_id}",
        "identifier": found.statement_id, "text": " … ".join(span.text for span in found.content),
        "spokenByCharacter": _speaker(found.speaker),
        "dateCreated": _date(said.value, said.precision) if said.value else None, "isPartOf": part_of})


def _speaker(found: Speaker | None) -> dict[str, Json] | None:
    if found is None:
        return None
    person = found.kind == "person"
    title = found.role.text if person and found.role else None
    return _thing("Person" if person else "Organization", found.name, found.qid, jobTitle=title)


def _mentions(found: tuple[Mention, ...]) -> list[Json]:
    """Return each thing that is named and resolved, once, in the order of its first mention."""
    once = {each.qid: _thing(_KINDS[each.kind], each.text, each.qid)
            for each in reversed(found) if each.qid and each.kind in _KINDS}
    return list(reversed(once.values()))


def _publisher(outlet: Outlet) -> dict[str, Json] | None:
    name = outlet.name or outlet.domain
    url = f"https://{outlet.domain}" if outlet.domain else None
    return _thing("Organization", name, outlet.qid, url=url) if name else None


def _thing(kind: str, name: str, qid: str | None = None, **more: Json) -> dict[str, Json]:
    return _there({"@type": kind, "name": name, "sameAs": f"{_WIKIDATA}{qid}" if qid else None, **more})


def _published(found: Published | None) -> str | None:
    return _date(found.value, found.precision) if found and not found.suspect else None


def _date(value: datetime, precision: Precision | None) -> str:
    text = rfc3339(value)
    return text[: _CHARS.get(precision, len(text))] if precision else text


def _article(article_id: str) -> str:
    return f"urn:communique:article:{article_id}"


def _there(fields: dict[str, Json]) -> dict[str, Json]:
    """Return the fields that have a value."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], ())}
