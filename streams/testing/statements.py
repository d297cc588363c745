"""Statements as judge writes them, in few words, for tests. Everything has a default, nothing is random.

>>> said("No.", speaker="Ines Varga").speaker.name
'Ines Varga'
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from schemas.clean_article import Outlet
from schemas.found_statement import ArticleRef, Named
from schemas.ids import digest
from schemas.mention import Role
from schemas.office import Office
from schemas.span import Span
from schemas.statement import (
    Attribution,
    Hop,
    Official,
    SaidOn,
    Speaker,
    SpeechAct,
    StatementMode,
)
from schemas.statement_event import Novelty, NoveltyKind, StatementEvent, StatementState

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY: Final = datetime(2018, 2, 14, tzinfo=UTC)


def said(  # noqa: PLR0913  # each is one thing that a test may want to say
    text: str, *, speaker: str | None = "Ines Varga", qid: str | None = None, kind: str = "person",
    office: str | None = None, role: str = "harbour master", organization: str | None = None,
    country: str | None = None, outlet: str | None = "Harbour Gazette", domain: str | None = None,
    wire: str | None = None, act: str = "assert", headline: str | None = None, language: str | None = "en",
    headline_names: tuple[Named, ...] = (), not_after: datetime | None = DAY, official: bool = True,
    article: str = "a", **fields: Any,  # noqa: ANN401
) -> StatementEvent:
    """Return a statement of an article. `office`, `organization` or `country` give the speaker a role."""
    held = None
    if office or organization or country:
        held = Role(
            text=role, office=Office(office) if office else None, organization=organization, country=country)
    who = Speaker(name=speaker, qid=qid, kind=kind, role=held) if speaker else None
    article_id = digest("article", article)
    known: dict[str, Any] = {
        "statement_id": digest("statement", article, speaker or "", text), "mode": StatementMode.DIRECT,
        "speech_act": SpeechAct(act), "content": (Span(start=0, end=len(text), text=text),), "speaker": who,
        "chain": tuple(_hops(speaker, wire, outlet)), "attribution": Attribution.EXPLICIT,
        "said_on": SaidOn(value=not_after, basis="text:day" if not_after else "none", not_after=not_after),
        "official": Official(is_official=official), "confidence": 0.9, "event_time": DAY,
        "article": ArticleRef(
            id=article_id, version=digest("version", article), headline=headline, language=language,
            outlet=Outlet(name=outlet, domain=domain), headline_names=headline_names,
            url=f"https://gazette.example/{article}"),
        "proposition_id": digest("proposition", speaker or "", text), "independent_origins": 1,
        "novelty": Novelty(kind=NoveltyKind.NEW, live_kind=NoveltyKind.NEW, first_seen=DAY),
        "state": StatementState.REPORTED, "revision": 1,
    }
    return StatementEvent(**(known | fields))


def _hops(speaker: str | None, wire: str | None, outlet: str | None) -> Iterator[Hop]:
    told = (("said", speaker), ("reports", wire), ("publishes", outlet))
    for number, (relation, actor) in enumerate((relation, actor) for relation, actor in told if actor):
        yield Hop(hop=number, actor=actor, relation=relation)
