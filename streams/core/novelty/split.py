"""split: an enriched article → each of its statements as the article's versions have it, placed by speaker.

The state is a fact a version: what it says. In order:

1. the arrival joins its version's fact;
2. every statement of the article, in whatever version, is worked out from all versions: its words as the
   latest version that has it, since when it is said, and whether the latest version of all no longer says it
   (withdrawn). Latest is by event time, then by the timestamp of the first raw record that had the version,
   then pipeline, then version id, never by when it comes through here;
3. what the arrival changed is sent, to where the statement is placed, in the article's order: best renderings
   first, what the article had before ahead of what is new, what it no longer says last, so that who reads it
   knows what stands instead; a repeat sends all of the article.

A statement's placement is part of its id: one that is placed elsewhere now is another statement, and the old
one is withdrawn where it was. What is sent travels as its own: its raw record, its delivery mode.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, NamedTuple

from schemas.found_statement import Beside, FoundStatement
from schemas.ids import digest
from schemas.statement import Attribution
from schemas.statements_state import SaidStatement, SaidVersion
from streams.core.dedup.watermark import lane_of
from streams.core.novelty.said import merged, thinned, version_of
from streams.core.outcome import Placed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from schemas.enriched_article import EnrichedArticle
    from schemas.envelope import Envelope, Provenance
    from schemas.statement import Statement
    from streams.core.novelty.versions import Versions


MOST_BESIDE = 8
"""Inferred and ambiguous statements that are told with an explicit one, at most."""


class Truth(NamedTuple):
    """A statement as its article has it, and where that came from."""

    found: FoundStatement
    provenance: Provenance


def split(
    article: EnrichedArticle, envelope: Envelope, said: MutableMapping[str, SaidVersion], versions: Versions,
    partitions: int,
) -> list[Placed]:
    """Return the article's statements that the arrival changed; all of them for a repeat."""
    key = f"{article.article_id}/{article.version}/{envelope.pipeline_version or ''}"
    before = {each: said[each] for each in sorted(versions.keys.get(article.article_id, ()))}
    new = merged(before.get(key), version_of(article, envelope))
    after = before | {key: new}
    repeat = key in before and before[key].model_dump_json() == new.model_dump_json()
    was = {} if repeat else truths(before.values())
    said[key] = new
    versions.add(key)
    changed = [truth for name, truth in truths(after.values()).items() if was.get(name) != truth]
    return [placed(truth, partitions) for truth in sorted(changed, key=_telling)]


def _telling(truth: Truth) -> tuple[bool, bool, datetime, int, str]:
    """Order what is sent. Renditions come after the best of them: judge then places them once."""
    found = truth.found
    return (
        found.withdrawn, found.rendition_of is not None, found.event_time, _start(found), found.statement_id)


def _start(statement: Statement) -> int:
    return statement.content[0].start if statement.content else 0


def truths(versions: Iterable[SaidVersion]) -> dict[str, Truth]:
    """Return every statement of an article's versions, by id, as they have it together."""
    ordered = sorted(versions, key=order)
    holding: dict[str, list[tuple[SaidVersion, SaidStatement]]] = {}
    for version in ordered:
        for each in version.statements:
            holding.setdefault(each.statement.statement_id, []).append((version, each))
    gone: dict[str, set[str]] = {}
    for key, held in holding.items():
        if held[-1][0] is not ordered[-1]:
            gone.setdefault(held[-1][1].placement, set()).add(key)
    return {key: _truth(held, ordered[-1], gone) for key, held in holding.items()}


def order(version: SaidVersion) -> tuple[datetime, datetime, tuple[int, ...], str]:
    """Return what versions of one article are ordered by.

    Event time; then when the first raw record of the version was written, which a replay keeps: most who
    correct an article leave its date as it is; then the newer pipeline is later.
    """
    digits = "".join(c if c.isdigit() else " " for c in version.pipeline)
    first = min(each.origin_time for each in version.arrivals)
    return version.event_time, first, tuple(map(int, digits.split())), version.article.version


def _truth(
    held: list[tuple[SaidVersion, SaidStatement]], latest: SaidVersion, gone: Mapping[str, set[str]]
) -> Truth:
    version, said = held[-1]
    arrivals = list(thinned(arrival for each, _ in held for arrival in each.arrivals))
    statement = said.statement
    found = FoundStatement.model_construct(
        **{name: getattr(statement, name) for name in type(statement).model_fields},
        article=version.article, cluster_id=version.cluster_id, placement=said.placement,
        language=version.language, event_time=held[0][0].event_time,
        withdrawn=version is not latest, lanes=tuple(sorted(lane_of(each) for each in arrivals)),
        alike=tuple(sorted({other for each, _ in held for other in each.alike})),
        names=said.names, addressed=said.addressed, beside=_beside(said, version),
        instead_of=tuple(sorted(gone.get(said.placement, ()))) if version is latest else (),
    )
    return Truth(found, arrivals[0])


def _beside(said: SaidStatement, version: SaidVersion) -> tuple[Beside, ...]:
    """Return what a version has of a statement's speaker besides, where that is not explicit."""
    speaker = said.statement.speaker
    if speaker is None or said.statement.attribution is not Attribution.EXPLICIT:
        return ()
    others = (
        each.statement for each in version.statements
        if each.statement.attribution is not Attribution.EXPLICIT
        and each.statement.speaker is not None and each.statement.speaker.name == speaker.name)
    ordered = sorted(others, key=lambda each: (_start(each), each.statement_id))
    return tuple(
        Beside(statement_id=each.statement_id, attribution=each.attribution, content=each.content)
        for each in ordered[:MOST_BESIDE])


def placed(truth: Truth, partitions: int) -> Placed:
    """Return what is sent of a statement; its ordinal is its content's: another truth has another id."""
    ordinal = digest("found", truth.found.model_dump_json())
    return Placed(
        truth.found, partition=partition_of(truth.found.placement, partitions), ordinal=int(ordinal[:12], 16),
        own=truth.provenance)


def partition_of(placement: str, partitions: int) -> int:
    """Return the partition of the statements topics that keeps a placement."""
    return int(digest("placement", placement)[:12], 16) % partitions
