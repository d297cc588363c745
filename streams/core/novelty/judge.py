"""judge: a found statement → where it and those that it moves stand: proposition, novelty, origins, state.

In order:

1. the statement, as its article has it now, takes the place of what was known of it (the last word of split
   is the truth), and the speaker's propositions settle;
2. whom that moved is noted with it (`stirred`), so that a repeat, which moves nothing, sends them again;
3. whom it moved and then it are sent as they stand now, each numbered when it is not what was told last, each
   as its own: its raw record, its delivery mode. A proposition that it renames is told of before it is used.

The state is an entry a statement: what was found, and notes of what was told. Places are never stored: they
are worked out from all entries of a speaker (`Speaker`), when he is first spoken of after an assignment.
Entries are forgotten by whole propositions, when the watermark has passed the last of them by twice the
window and the lateness, or when a speaker has too many; a few at each step, and not before its outputs are
acknowledged.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.ids import digest
from schemas.statement import Statement
from schemas.statement_event import Novelty, StatementEvent
from schemas.statements_state import JudgedStatement
from streams.core.novelty.said import provenance_of
from streams.core.novelty.speakers import Speakers, key_of, node_of
from streams.core.outcome import Placed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.envelope import Envelope
    from schemas.found_statement import FoundStatement
    from streams.core.novelty.speaker import Verdict

_STATEMENT_FIELDS = tuple(Statement.model_fields)


@dataclass(frozen=True, slots=True)
class Judging:
    """The table, what is built from it, and the partition of both."""

    judged: MutableMapping[str, JudgedStatement]
    speakers: Speakers
    partition: int


def judge(found: FoundStatement, envelope: Envelope, state: Judging) -> list[Placed]:
    """Take in a statement; return it and those that it moves, as they stand now."""
    speaker = state.speakers.of(found.placement, state.judged)
    key = key_of(found)
    known = state.judged.get(key)
    provenance = provenance_of(envelope)
    moved = speaker.put(node_of(found))
    before = known or JudgedStatement.model_construct(found=found, provenance=provenance)
    noted = {*before.stirred, *moved} - {found.statement_id}
    entry = before.model_copy(
        update={"found": found, "provenance": provenance, "stirred": tuple(sorted(noted))})
    repeat = known is not None and entry.model_dump_json() == known.model_dump_json()
    state.judged[key] = entry
    state.speakers.add(found)
    others = noted if repeat else set(moved) - {found.statement_id}
    return [*_told([*sorted(others), found.statement_id], found.placement, state)]


def _told(names: Iterable[str], placement: str, state: Judging) -> Iterable[Placed]:
    """Yield statements as they stand now, those that are still kept; their entries note what is told."""
    speaker = state.speakers.of(placement, state.judged)
    for name in names:
        key = f"{placement}/{name}"
        entry = state.judged.get(key)
        if entry is None:
            continue
        entry, event = told(entry, speaker.verdict(name))
        state.judged[key] = entry
        ordinal = int(digest("statement-event", entry.told, str(entry.revision))[:12], 16)
        yield Placed(event, partition=state.partition, ordinal=ordinal, own=entry.provenance)


def told(entry: JudgedStatement, verdict: Verdict) -> tuple[JudgedStatement, StatementEvent]:
    """Return a statement's entry with its event noted, and the event.

    What is the same as last time has the same number.
    """
    proposition = proposition_id(verdict.root)
    former = entry.former
    if entry.proposition_id not in {None, proposition}:
        former = (*(each for each in former if each != entry.proposition_id), str(entry.proposition_id))
    former = tuple(each for each in former if each != proposition)
    event = event_of(entry.found, verdict, former, entry.revision + 1)
    if (now := digest("told", event.model_dump_json(exclude={"revision"}))) == entry.told:
        event = event.model_copy(update={"revision": entry.revision})
    return entry.model_copy(update={
        "revision": event.revision, "told": now, "proposition_id": proposition, "former": former}), event


def proposition_id(root: str) -> str:
    """Return the id of the proposition that a statement begins."""
    return digest("proposition", root)


def event_of(
    found: FoundStatement, verdict: Verdict, former: tuple[str, ...], revision: int
) -> StatementEvent:
    """Return a statement with what is known of it."""
    novel = verdict.novel
    return StatementEvent.model_construct(
        **{name: getattr(found, name) for name in _STATEMENT_FIELDS},
        article=found.article, event_time=found.event_time, cluster_id=found.cluster_id, beside=found.beside,
        corrects=None if verdict.corrects is None else proposition_id(verdict.corrects),
        names=found.names, addressed=found.addressed,
        proposition_id=proposition_id(verdict.root), former_proposition_ids=former,
        novelty=Novelty(
            kind=novel.kind, live_kind=novel.live_kind, first_seen=verdict.first_seen,
            prior_statement_id=novel.prior, similarity=novel.similarity),
        independent_origins=verdict.origins, state=verdict.state, revision=revision,
    )
