"""sayings: enriched articles whose statements have to do with each other, from a seed; for tests of novelty.

>>> from random import Random
>>> len(list(said_by_chance(Random(1), 5)))
5
"""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final

from schemas.clean_article import Outlet
from schemas.enriched_article import Completeness, Dedup, DedupRole, EnrichedArticle, Evidence, Match
from schemas.envelope import DeliveryMode
from schemas.ids import digest
from schemas.registry import type_name
from schemas.shard_matches import Relation
from schemas.span import Span
from schemas.statement import Attribution, Hop, Official, SaidOn, Speaker, SpeechAct, Statement, StatementMode
from streams import topics
from streams.bus import codec
from streams.bus.envelope import to_headers
from streams.core.statements.placement import placed_by, placement
from streams.testing.builders import DAY, envelope, tagged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.testing.driver import Simulation

HOURS: Final = (0, 1, 5, 30, 24 * 20, 24 * 31, 24 * 45)
"""When articles come: inside and outside of each other's window of 30 days."""
MATTERS: Final = (
    "the harbour bridge will be closed for repairs until the summer",
    "the northern fleet receives three frigates from the yard",
    "the ceasefire in the eastern valley is being respected",
    "the ministry found no evidence of fraud at the election",
)
CHANGES: Final = (
    ("three", "five"), ("will be", "will not be"), ("the", "our"), ("until the summer", ""),
    ("valley", "mountains"),
)


def statement(
    content: str, article_id: str, *, speaker: str | None = "Ines Varga", **fields: Any  # noqa: ANN401
) -> Statement:
    """Return a statement of one content, its id as the tagger makes it."""
    who = None if speaker is None else Speaker(name=speaker, kind="person")
    known: dict[str, Any] = {
        "statement_id": "", "mode": StatementMode.INDIRECT, "speech_act": SpeechAct.ASSERT, "cue": None,
        "speaker": who, "content": (Span(start=0, end=len(content), text=content),),
        "said_on": SaidOn(basis="none"), "attribution": Attribution.EXPLICIT, "confidence": 1,
        "official": Official(is_official=False, evidence=None),
    }
    made = Statement(**(known | fields))
    kept = placement(placed_by(made), article_id)
    return made.model_copy(update={"statement_id": digest("statement", article_id, kept, content.lower())})


def enriched(
    article_id: str, statements: Sequence[Statement], *, hours: float = 0, outlet: str | None = None,
    alike: Sequence[str] = (), version: str | None = None,
) -> EnrichedArticle:
    """Return an enriched article with these statements, published `hours` after `DAY`."""
    text = " ".join(span.text for each in statements for span in each.content)
    base = tagged(article_id, text, hours=hours, statements=tuple(statements), outlet=Outlet(name=outlet))
    matches = tuple(
        Match(
            article_id=other, relation=Relation.NEAR_DUPLICATE, similarity=1, containment=1,
            evidence=Evidence(rule="test"))
        for other in alike)
    place = Dedup(
        cluster_id="c", canonical_id=article_id, role=DedupRole.CANONICAL, matches=matches,
        is_new_article=True, revision=1)
    told = dict(base) | ({"version": version} if version else {})
    return EnrichedArticle(**told, dedup=place, completeness=Completeness(stages=("clean", "tag", "dedup")))


def said_by_chance(random: Random, count: int) -> Iterator[EnrichedArticle]:
    """Yield articles that report what two speakers say of a few matters; some come in another version."""
    made: list[EnrichedArticle] = []
    for number in range(count):
        if made and random.random() < 0.15:                 # the same again
            made.append(random.choice(made))
        else:
            again = made and random.random() < 0.3
            name = random.choice(made).article_id if again else f"a{number:02}"
            made.append(_article(random, name, [each.article_id for each in made]))
        yield made[-1]


def _article(random: Random, name: str, others: list[str]) -> EnrichedArticle:
    statements: dict[str, Statement] = {}
    for _ in range(random.randint(0, 4)):
        made = _statement(random, name)
        statements.setdefault(made.statement_id, made)
    listed = list(statements.values())
    if len(listed) > 1 and random.random() < 0.5 and placed_by(listed[0]) == placed_by(listed[1]):
        listed[1] = listed[1].model_copy(update={"rendition_of": listed[0].statement_id})
    alike = [random.choice(others)] if others and random.random() < 0.3 else []
    hours = random.choice(HOURS) + random.randint(0, 2)
    outlet = random.choice(["Gazette", "Courier", "Herald"])
    return enriched(name, listed, hours=hours, outlet=outlet, alike=alike)


def _statement(random: Random, article_id: str) -> Statement:
    content = random.choice(MATTERS)
    for one, other in random.sample(CHANGES, random.choice([0, 0, 1, 2])):
        content = content.replace(one, other)
    ambiguous, recurring = random.random() < 0.1, random.random() < 0.1
    wire = random.choice(["North Wire", "South Wire", None, None, None])
    hops = (Hop(hop=0, actor="x", relation="said"), Hop(hop=1, actor=wire or "", relation="reports"))
    return statement(
        content, article_id, speaker=random.choice(["Ines Varga", "Ole Brandt", None]), recurring=recurring,
        attribution=Attribution.AMBIGUOUS if ambiguous else Attribution.EXPLICIT,
        chain=hops if wire else ())


def put_enriched(
    simulation: Simulation, article: EnrichedArticle, *, mode: DeliveryMode = DeliveryMode.LIVE,
    job: str | None = None, written_hours: float = 0,
) -> str:
    """Write an enriched article as dedup would, and a raw record that it comes from; return its origin.

    `written_hours`: how long after the article's date the raw record was written.
    """
    written = article.event_time + timedelta(hours=written_hours)
    stamp = int(written.timestamp() * 1000)
    key = article.article_id.encode()
    origin = simulation.put(topics.RAW.name, b"{}", key=b"raw" + key, timestamp_ms=stamp)
    its = envelope(origin, hours=(written - DAY) / timedelta(hours=1), mode=mode, job=job)
    told = its.model_copy(update={
        "type": type_name(EnrichedArticle), "time": article.event_time, "correlation_id": article.article_id})
    simulation.put(topics.ENRICHED.name, codec.encode(article), key=key, headers=to_headers(told))
    return origin
