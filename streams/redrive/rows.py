"""rows: dead letters and what was done about each, from the topics. Some 500 bytes a letter, never a value.

In this order: the notes of redrives; what stages have committed; the fates of the origins that matter; the
letters. A stage writes what comes of a record before it commits, so what counts as processed has no letter
that was not seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from sys import intern
from typing import TYPE_CHECKING, Final

from schemas.redrive import Redrive, RedriveState
from streams import topics
from streams.audit.collect import committed_of, reader_of
from streams.audit.dead import DeadLetter, dead_letters
from streams.audit.notes import book_of
from streams.bus.fates import UNSURE, WALK, enriched, refused
from streams.bus.interface import TopicPartition
from streams.bus.scan import scan
from streams.bus.takedowns import takedowns
from streams.core.fates import FateKind
from streams.core.redriving import Book, Standing
from streams.stages import DELIVER, group_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from streams.bus.interface import Bus

OPEN: Final = {"open", "interrupted", "worn"}
"""States of letters that something may be done about."""

TAKEN_BACK: Final = "taken_back"
"""State of a letter whose article was forgotten: put back, it would be told again, from wherever it died."""

_STANDING: Final = {Standing.OPEN: "open", Standing.ASKED: "interrupted", Standing.WORN: "worn"}


@dataclass(slots=True)
class Row:
    """One letter without its content.

    `state`: open, interrupted (asked for, not known to be sent), worn (redriven too often), pending (sent),
    taken_back (its article was forgotten), or an end of `RedriveState`. `line`: the redrive that it comes
    from. `attempts`: redrives of its line.
    """

    id: str
    topic: str
    code: str
    stage: str
    fingerprint: str
    what: str
    first_failure: str
    origin: str
    at: str
    sound: bool
    line: str | None = None
    state: str = "open"
    attempts: int = 0
    note: Redrive | None = None

    def as_dict(self) -> dict[str, object]:
        """Return what was done about it, as `dlt list --json` adds it."""
        note = self.note
        return {
            "state": self.state, "redrives": self.attempts, "target": note.target if note else None,
            "by": note.by if note else None, "why": note.why if note else None,
        }


@dataclass(slots=True)
class Seen:
    """All letters by id, by topic, partition and offset; the notes; the ends that nobody has noted yet."""

    rows: dict[str, Row] = field(default_factory=dict)
    book: Book = field(default_factory=Book)
    ends: dict[str, RedriveState] = field(default_factory=dict)
    """Redrive id → how it ended."""


def row_of(letter: DeadLetter) -> Row:
    """Return a letter's row."""
    return Row(
        letter.id, intern(letter.topic), intern(letter.code or "?"), intern(letter.stage or "?"),
        intern(letter.fingerprint or "?"), intern(f"{letter.exception}: {letter.message}"),
        letter.first_failure or "", letter.origin or letter.id, letter.record.at,
        letter.sound and letter.topic in topics.BY_NAME, letter.line)


async def look(bus: Bus, tell: Callable[[str, int], None] = lambda _topic, _many: None) -> Seen:
    """Return every letter and what was done about it."""
    book = await book_of(bus)
    committed = await committed_of(bus)
    async with bus.admin() as admin:
        committed |= await admin.committed_offsets(group_of(DELIVER))
    seen = Seen(book=book)
    async for letter in dead_letters(bus):
        known = seen.rows.get(letter.id)
        if known is None or _order(letter.record.at) < _order(known.at):
            seen.rows[letter.id] = row_of(letter)
        tell(letter.record.topic, 1)
    seen.rows = dict(sorted(seen.rows.items(), key=lambda each: _order(each[1].at)))
    unsure = {row.origin for row in seen.rows.values() if row.code in UNSURE}
    fates = await _fates(bus, unsure | {note.origin for note in book.pending()}, tell)
    lines = {row.line for row in seen.rows.values()}
    for note in book.pending():
        if (end := _end(note, lines, fates, committed)) is not None:
            seen.ends[note.redrive_id or ""] = end
    taken_back = {origin for each in (await takedowns(bus)).values() for origin in each.origins}
    for row in seen.rows.values():
        _stand(row, seen, fates)
        if row.origin in taken_back or row.id in taken_back:
            row.state = TAKEN_BACK
    return seen


def _order(at: str) -> tuple[str, int, int]:
    topic, partition, offset = at.rsplit("-", 2)
    return topic, int(partition), int(offset)


async def _fates(
    bus: Bus, origins: set[str], tell: Callable[[str, int], None]
) -> dict[str, RedriveState]:
    """Return how these origins ended, as enriched events and refusals tell."""
    found: dict[str, RedriveState] = {}
    if not origins:
        return found
    kinds = {FateKind.ENRICHED: RedriveState.ENRICHED, FateKind.REFUSED: RedriveState.REFUSED}
    async for records in scan(bus, [topics.REFUSALS.name, topics.ENRICHED.name], missing_ok=True):
        read = refused if records[0].topic == topics.REFUSALS.name else enriched
        for record in records:
            fate = read(record)
            if fate is not None and fate.origin in origins:
                found[fate.origin] = kinds[fate.kind]
        tell(records[0].topic, len(records))
    return found


def _end(
    note: Redrive, lines: set[str | None], fates: Mapping[str, RedriveState],
    committed: Mapping[TopicPartition, int],
) -> RedriveState | None:
    """Return how a redrive that was sent ended, None while it is on its way."""
    if note.redrive_id in lines:
        return RedriveState.DEAD_AGAIN
    topic, partition, offset = (note.target or "-0-0").rsplit("-", 2)
    spec = topics.BY_NAME.get(topic)
    read = spec is None or reader_of(spec) is None
    if not read and committed.get(TopicPartition(topic, int(partition)), 0) <= int(offset):
        return None
    return fates.get(note.origin) if spec in WALK else RedriveState.PROCESSED


def _stand(row: Row, seen: Seen, fates: Mapping[str, RedriveState]) -> None:
    """Write into the row what may be done about it."""
    row.note = note = seen.book.of(row.id)
    row.attempts = max(note.attempt if note else 0, seen.book.attempts(row.line))
    standing = seen.book.standing(row.id, row.line)
    if standing is Standing.SETTLED and note is not None:
        sent = note.state is RedriveState.SENT
        row.state = str(seen.ends.get(note.redrive_id or "", "pending")) if sent else note.state.value
    elif standing is Standing.OPEN and row.code in UNSURE and row.origin in fates:
        row.state = RedriveState.SUPERSEDED.value
    else:
        row.state = _STANDING[standing]
