"""finding: a name → the article, its raw records and its statements. Four passes over the log, flat memory.

A name is an article's id (whole), its URL, the producer's own id, or the place of one of its raw records.
What an earlier takedown noted is part of what is known: so a takedown that was cut off is finished.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from schemas.ids import digest
from streams import topics
from streams.audit.dead import letter_of
from streams.bus import redriven
from streams.bus.envelope import read_headers
from streams.bus.scan import scan
from streams.core.cleaning.urls import canonical
from streams.core.outcome import Usage
from streams.takedown.target import Target, origin_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.takedown import Takedown
    from streams.bus.interface import Bus, Record

_TELL_ORIGINS: Final = (topics.CLEAN.name, topics.TAGGED.name, topics.ENRICHED.name, topics.REFUSALS.name)
_TELL_STATEMENTS: Final = (topics.FOUND.name, topics.STATEMENTS.name)


def ids_of(name: str) -> set[str]:
    """Return the article ids that a name may stand for."""
    found = {name, digest("article", "source", name)}
    if url := canonical(name):
        found.add(digest("article", "url", url))
    return found


async def find(bus: Bus, name: str, known: Iterable[Takedown]) -> Target:
    """Return what belongs to the article; no origins when nothing does.

    Raises `Usage` for a name that several articles go by: two producers may use the same source id.
    """
    meant = ids_of(name)
    before = [each for each in known if each.article_id in meant or name in each.origins]
    articles = {each.article_id for each in before}
    origins = {each for takedown in before for each in takedown.origins}
    statements = {each for takedown in before for each in takedown.statement_ids}
    await _first_look(bus, name, meant, articles, origins)
    if len(articles) > 1:
        told = ", ".join(sorted(articles)[:5])
        raise Usage(f"{len(articles)} articles go by {name}: {told}; give the id of the one that is meant")
    await _whole_article(bus, articles, origins)
    await _redriven(bus, origins)
    await _statements(bus, articles, origins, statements)
    article = min(articles & meant or articles, default=None)
    return Target(article, frozenset(origins), frozenset(statements))


async def _first_look(bus: Bus, name: str, meant: set[str], articles: set[str], origins: set[str]) -> None:
    """Find raw records by name, and the ids that stages gave their articles."""
    async for records in scan(bus, [topics.RAW.name, topics.RAW.dead_letters], missing_ok=True):
        for record in records:
            places = _places(record)
            if name in places or _names(record, name):
                origins |= places
    async for records in scan(bus, _TELL_ORIGINS, missing_ok=True):
        for record in records:
            if (told := _article_of(record)) and (told in meant or origin_of(record) in origins):
                articles.add(told)


async def _whole_article(bus: Bus, articles: set[str], origins: set[str]) -> None:
    """Find all raw records of the article, also those that came by another name."""
    async for records in scan(bus, _TELL_ORIGINS, missing_ok=True):
        origins.update(origin_of(record) for record in records if _article_of(record) in articles)
    origins.discard("")


async def _redriven(bus: Bus, origins: set[str]) -> None:
    """Find the copies that redrives put on raw: what comes of them names the first raw record."""
    async for records in scan(bus, [topics.RAW.name], missing_ok=True):
        for record in records:
            if not origins.isdisjoint(places := _places(record)):
                origins |= places


def _places(record: Record) -> set[str]:
    """Return a raw record's place, or that of a letter's record; with its first place when it is a copy."""
    if record.topic != topics.RAW.name:
        return {letter_of(record).id}
    found = read_headers(record.headers)
    claim = redriven.claim_of(found, record.topic, record.partition, record.offset)
    return {record.at, claim.origin} if claim else {record.at}


async def _statements(bus: Bus, articles: set[str], origins: set[str], statements: set[str]) -> None:
    ids = [f'"id":"{each}"'.encode() for each in articles]
    async for records in scan(bus, _TELL_STATEMENTS, missing_ok=True):
        for record in records:
            named = any(each in (record.value or b"") for each in ids)
            if origin_of(record) in origins or (named and _reported_by(record) in articles):
                statements.add((record.key or b"").decode("utf-8", "replace"))
    statements.discard("")


def _reported_by(record: Record) -> object:
    """Return the article that a statement is of, None when its body does not say."""
    article = _body(record).get("article")
    return article.get("id") if isinstance(article, dict) else None


def _article_of(record: Record) -> str | None:
    return read_headers(record.headers).get("ce_correlationid")


def _names(record: Record, name: str) -> bool:
    if record.key == name.encode():
        return True
    value = record.value or b""
    if orjson.dumps(name)[1:-1] not in value and b"\\" not in value:
        return False
    body = _body(record)
    url = body.get("url")
    same_url = isinstance(url, str) and canonical(url) is not None and canonical(url) == canonical(name)
    return same_url or name in {body.get("url"), body.get("source_id")}


def _body(record: Record) -> dict[str, object]:
    try:
        found = orjson.loads(record.value or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
