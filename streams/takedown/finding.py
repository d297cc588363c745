"""finding: a name → the article, its raw records and its statements, wherever any of them is kept.

A name is an article's id (whole), its URL, the producer's own id, or the place of one of its raw records.
Looked through are the raw topic, the archive, which keeps raw records for good, and the topics of every run,
replays too: once production has moved to one, only there is told what came of an article. What an earlier
takedown noted is part of what is known: so a takedown that was cut off is finished. Memory is flat.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import orjson

from schemas.ids import digest
from schemas.raw_article import ContentType
from streams import topics
from streams.audit.dead import letter_of
from streams.bus import redriven
from streams.bus.envelope import origin_of_raw, read_headers
from streams.bus.scan import scan
from streams.core.cleaning.taken_down import article_named
from streams.core.cleaning.urls import canonical
from streams.core.outcome import Usage
from streams.takedown.target import Target, origin_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from schemas.takedown import Takedown
    from streams.bus.interface import Bus, Record

_TELL_ORIGINS: Final = (topics.CLEAN.name, topics.TAGGED.name, topics.ENRICHED.name, topics.REFUSALS.name)
_TELL_STATEMENTS: Final = (topics.FOUND.name, topics.STATEMENTS.name)
_TELL: Final = frozenset({*_TELL_ORIGINS, *_TELL_STATEMENTS})
_AT_ONCE: Final = 500


def ids_of(name: str) -> set[str]:
    """Return the article ids that a name may stand for."""
    found = {name, digest("article", "source", name)}
    if url := canonical(name):
        found.add(digest("article", "url", url))
    return found


async def find(
    bus: Bus, name: str, known: Iterable[Takedown], archive: Callable[[], Iterable[Record]] = tuple
) -> Target:
    """Return what belongs to the article; no origins when nothing does. `archive` reads it from its start.

    Raises `Usage` for a name that several articles go by: two producers may use the same source id.
    """
    async with bus.admin() as admin:
        there = sorted(await admin.describe_topics())
    search = _Search(bus, name, ids_of(name), archive, there)
    for each in known:
        if each.article_id in search.meant or name in each.origins:
            search.articles.update({each.article_id} - {*each.origins})
            search.origins.update(each.origins)
            search.statements.update(each.statement_ids)
    await search.first_look()
    if len(search.articles) > 1:
        told = ", ".join(sorted(search.articles)[:5])
        raise Usage(
            f"{len(search.articles)} articles go by {name}: {told}; give the id of the one that is meant")
    await search.whole_article()
    await search.its_statements()
    article = min(search.articles, default=None)
    return Target(
        article, frozenset(search.origins), frozenset(search.statements),
        frozenset(search.elsewhere - search.articles))


@dataclass(slots=True)
class _Search:
    """What is looked for, and what was found so far. `there`: the topics of the bus."""

    bus: Bus
    name: str
    meant: set[str]
    archive: Callable[[], Iterable[Record]]
    there: Sequence[str]
    articles: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)
    """What other runs call it: an article that is known by its text may have another id there."""
    origins: set[str] = field(default_factory=set)
    statements: set[str] = field(default_factory=set)

    async def first_look(self) -> None:
        """Find raw records by name, and the ids that stages gave their articles; else those they would."""
        named: dict[str, str | None] = {}
        async for record in self._raw():
            places, body = places_of(record), body_of(record)
            article = surely(body)
            if self.name in places or _names(record, body, self.name) or article in self.meant:
                self.origins |= places
                named[_first_place(record)] = article
        told: set[str] = set()
        async for record in self._told():
            origin, article = origin_of(record), _article_of(record, self.meant, {self.name, *named})
            if article and (article in self.meant or origin == self.name or origin in named):
                first = topics.job_of(record.topic) is None or article in self.meant
                (self.articles if first else self.elsewhere).add(article)
                told.add(origin)
        self.articles.update(each for at, each in named.items() if each and at not in told)
        self.articles = self.articles or set(self.elsewhere)
        self.origins |= told & {self.name}

    async def whole_article(self) -> None:
        """Find all raw records of the article, also those that came by another name, and their copies.

        What comes of a copy names the first raw record, so both are its.
        """
        async for record in self._told():
            if _article_of(record, self.articles, ()) in self.articles:
                self.origins.add(origin_of(record))
        self.origins.discard("")
        async for record in self._raw():
            places = places_of(record)
            if not self.origins.isdisjoint(places) or surely(body_of(record)) in self.articles:
                self.origins |= places

    async def its_statements(self) -> None:
        """Find the article's statements, and by what other ids runs know it."""
        async for record in self._told():
            article = _article_of(record, self.articles, self.origins)
            if not (article in self.articles or origin_of(record) in self.origins):
                continue
            if article:
                self.elsewhere.add(article)
            if topics.unshadowed(record.topic) in _TELL_STATEMENTS and record.key:
                self.statements.add(record.key.decode("utf-8", "replace"))

    async def _raw(self) -> AsyncGenerator[Record, None]:
        """Yield every raw record and every dead one, then those of the archive."""
        async for records in scan(self.bus, [topics.RAW.name, topics.RAW.dead_letters], missing_ok=True):
            for record in records:
                yield record
        for number, record in enumerate(self.archive()):
            yield record
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)  # Ctrl-C is heard

    async def _told(self) -> AsyncGenerator[Record, None]:
        """Yield what the stages of every run say of articles and statements."""
        names = [each for each in self.there if topics.unshadowed(each) in _TELL]
        async for records in scan(self.bus, names, missing_ok=True):
            for record in records:
                yield record


def places_of(record: Record) -> set[str]:
    """Return a raw record's place, or that of a letter's record; with its first place when it is a copy."""
    if record.topic != topics.RAW.name:
        letter = letter_of(record)
        return {letter.id, letter.origin or letter.id}
    found = read_headers(record.headers)
    claim = redriven.claim_of(found, record.topic, record.partition, record.offset)
    return {record.at, claim.origin} if claim else {record.at}


def _first_place(record: Record) -> str:
    """Return the place that everything that comes of a raw record names."""
    return origin_of_raw(record) if record.topic == topics.RAW.name else letter_of(record).origin or ""


def _article_of(record: Record, articles: Collection[str], origins: Collection[str]) -> str | None:
    """Return the article that a stage's record is of; None when it does not say.

    A statement that is told again because of another article carries that one's id as the cause: its body
    says whose it is, and is read only when it may be one of these.
    """
    if topics.unshadowed(record.topic) not in _TELL_STATEMENTS:
        return read_headers(record.headers).get("ce_correlationid")
    value = record.value or b""
    if origin_of(record) not in origins and not any(f'"id":"{each}"'.encode() in value for each in articles):
        return None
    reported_by = body_of(record).get("article")
    return _text(reported_by, "id") if isinstance(reported_by, dict) else None


def surely(body: Mapping[str, object]) -> str | None:
    """Return the id that clean gives the article of a raw record, None when its text decides.

    A page without a URL from its producer may name its own.
    """
    page = body.get("content_type") == ContentType.HTML and canonical(_text(body, "url")) is None
    return None if page else article_named(body.get("url"), body.get("source_id"))


def _names(record: Record, body: Mapping[str, object], name: str) -> bool:
    return record.key == name.encode() or name in {_text(body, "url"), _text(body, "source_id")}


def _text(body: Mapping[str, object], field: str) -> str | None:
    value = body.get(field)
    return value if isinstance(value, str) else None


def body_of(record: Record) -> dict[str, object]:
    """Return a record's body, {} when it is no JSON object."""
    try:
        found = orjson.loads(record.value or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
