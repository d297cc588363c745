"""Builders: articles and records in few words, for tests. Everything has a default, nothing is random.

>>> tagged("a1", "some text", hours=3).event_time.hour
3
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from schemas.alert import Alert, AlertEvidence, AlertKind, AlertReason, AlertRule, alert_id
from schemas.base import DateCandidate, Precision, Published
from schemas.clean_article import Language
from schemas.envelope import DeliveryMode, Envelope
from schemas.ids import ce_id, digest
from schemas.raw_article import RawArticle
from schemas.registry import type_name
from schemas.span import Span
from schemas.statement import Attribution
from schemas.tagged_article import TaggedArticle
from streams import topics
from streams.bus import codec
from streams.bus.envelope import to_headers

if TYPE_CHECKING:
    from streams.bus.interface import Headers
    from streams.testing.driver import Simulation

DAY: Final = datetime(2018, 2, 14, tzinfo=UTC)
"""When articles are published unless said otherwise."""


def tagged(article_id: str, text: str, *, hours: float = 0, **fields: Any) -> TaggedArticle:  # noqa: ANN401
    """Return a tagged article, published `hours` after `DAY`. Its version is the hash of its text."""
    event_time = fields.get("event_time", DAY + timedelta(hours=hours))
    known: dict[str, Any] = {
        "article_id": article_id, "version": digest("version", text), "text": text,
        "language": Language(code="en", probability=1), "event_time": event_time,
        "published": Published(value=event_time, precision=Precision.SECOND, basis="producer"),
    }
    return TaggedArticle(**(known | fields))


def modified(article: TaggedArticle, hours: float) -> TaggedArticle:
    """Return a dated article whose page says that it was modified so many hours after its publication."""
    time = article.event_time + timedelta(hours=hours)
    date = DateCandidate(value=time, precision=Precision.SECOND, basis="meta_modified")
    published = article.published and article.published.model_copy(update={"candidates": (date,)})
    return article.model_copy(update={"published": published})


def envelope(
    origin: str = "raw-0-0", *, hours: float = 0, mode: DeliveryMode = DeliveryMode.LIVE,
    job: str | None = None,
) -> Envelope:
    """Return the envelope of a tagged article whose raw record was written `hours` after `DAY`."""
    kind, time = type_name(TaggedArticle), DAY + timedelta(hours=hours)
    return Envelope(
        id=ce_id(kind, origin, 0), type=kind, source="/communique/tag", time=time, origin=origin,
        causation_id=ce_id("news.article.clean.v1", origin, 0), origin_time=time, delivery_mode=mode,
        replay_job_id=job,
    )


def alert(name: str, **fields: Any) -> Alert:  # noqa: ANN401
    """Return an alert, of the rule `rule` unless said otherwise; its id is made of its name. Said on `DAY`.

    >>> alert("a").alert_id == alert("a").alert_id
    True
    """
    span = Span(start=0, end=len(name), text=name)
    evidence = AlertEvidence(
        statement_id=digest("statement", name), proposition_id=digest("proposition", name),
        article_id=digest("article", name), outlet="Harbour Gazette", speaker="Ines Varga",
        url="https://gazette.example/quay", attribution=Attribution.EXPLICIT, spans=(span,))
    kind, revision = fields.get("kind", AlertKind.NEW), fields.get("revision", 1)
    known: dict[str, Any] = {
        "alert_id": alert_id("rule", name, kind, revision), "kind": kind, "revision": revision,
        "rule": AlertRule(name="rule", version="1"), "line": f'VARGA: "{name[:60]}" – HARBOUR GAZETTE',
        "why": (AlertReason(condition="speaker = Ines Varga", matched="Ines Varga"),),
        "evidence": (evidence,), "event_time": DAY, "fresh_until": DAY + timedelta(hours=72),
    }
    return Alert(**(known | fields))


def alert_record(
    what: Alert, origin: str = "news.articles.raw.v1-0-0", *, mode: DeliveryMode = DeliveryMode.LIVE
) -> tuple[bytes, bytes, Headers]:
    """Return key, body and headers of an alert, as the agent would write them on `news.alerts.v1`."""
    kind = type_name(Alert)
    its = Envelope(
        id=ce_id(kind, origin, f"{what.alert_id}-{what.revision}"), type=kind, source="/communique/alert",
        time=what.event_time, correlation_id=what.evidence[0].article_id if what.evidence else None,
        causation_id=ce_id("news.statement.v1", origin, 0), origin=origin, origin_time=what.event_time,
        delivery_mode=mode)
    return what.alert_id.encode(), codec.encode(what), to_headers(its)


def put_raw(
    simulation: Simulation, article: RawArticle | bytes, *, key: str = "", mode: str = "live",
    hours: float = 0,
) -> str:
    """Write a raw article, or bytes as they are, to the raw topic `hours` after `DAY`; return its place."""
    value = article if isinstance(article, bytes) else codec.encode(article)
    headers = (("ce_deliverymode", mode.encode()),)
    stamp = int((DAY + timedelta(hours=hours)).timestamp() * 1000)
    return simulation.put(
        topics.RAW.name, value, key=key.encode() or None, headers=headers, timestamp_ms=stamp)


def put_tagged(
    simulation: Simulation, article: TaggedArticle, *, mode: DeliveryMode = DeliveryMode.LIVE,
    job: str | None = None, spoilt: bool = False, delay: timedelta = timedelta(0),
) -> str:
    """Write a tagged article as clean and tag would, and a raw record that it comes from; return its origin.

    The raw record's timestamp is the article's event time and `delay`. `spoilt`: bytes that are no event.
    """
    arrived = article.event_time + delay
    stamp = int(arrived.timestamp() * 1000)
    key = article.article_id.encode()
    origin = simulation.put(topics.RAW.name, b"{}", key=b"raw" + key, timestamp_ms=stamp)
    hours = (arrived - DAY) / timedelta(hours=1)
    its = envelope(origin, hours=hours, mode=mode, job=job)
    headers = to_headers(its.model_copy(update={"correlation_id": article.article_id}))
    simulation.put(topics.TAGGED.name, b"{" if spoilt else codec.encode(article), key=key, headers=headers)
    return origin
