"""send: letters are put back: asked, sent, noted, a hundred at a time. Killed anywhere, nothing is lost.

In this order, for each bundle:

1. the end of each target partition is looked up, and the note `asked` written with it: from there on a copy
   may lie. It is acknowledged before anything is sent;
2. the copies are sent and acknowledged; not those of an article that was taken back by now. A takedown is on
   its topic before it looks at these notes: so it sees that a copy may come, or none does;
3. where the last word of a key counts, and one was written in between, that is written once more;
4. the note `sent` is written, with the copy's place.

Whoever comes after a death between 1 and 4 looks for the copy by its redrive id, from the noted
end on: found, it is noted as sent; else it is sent, under the same id. So a letter is put back once, also
when two redrive at a time, but for two that send within the same moments: the second copy has the first's
ids, and all that comes of it is `repeated`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from schemas.redrive import Redrive, RedriveState
from streams.audit.dead import dead_letters
from streams.bus.interface import RecordMetadata, TopicPartition
from streams.bus.redriven import redrive_of
from streams.bus.scan import scan
from streams.bus.takedowns import takedowns
from streams.redrive.copies import LAST_WORD, again, asked, copy_of, ended, noted, time_of
from streams.redrive.newest import newest

if TYPE_CHECKING:
    from datetime import datetime

    from streams.audit.dead import DeadLetter
    from streams.bus.emission import Outgoing
    from streams.bus.interface import Bus, Producer
    from streams.redrive.rows import Row, Seen

TAKEN_BACK: Final = "its article was taken back"
BUNDLE_LETTERS: Final = 100
BUNDLE_BYTES: Final = 16 * 1024 * 1024


@dataclass(slots=True)
class Desk:
    """Who redrives, on what bus. `tell` hears how many letters more are done."""

    bus: Bus
    producer: Producer
    by: str
    why: str | None
    now: Callable[[], datetime]
    tell: Callable[[int], None] = lambda _many: None
    superseded: int = 0
    times: dict[str, datetime] = field(default_factory=dict)
    """Of the bundle in hand: when each letter was written."""

    async def write(self, notes: Iterable[Redrive]) -> None:
        """Write notes and wait until they are acknowledged."""
        for note in notes:
            now = self.now()
            out = noted(note, self.times.get(note.letter_id, now), now)
            await self.producer.send(out.topic, out.value, key=out.key, headers=out.headers)
        await self.producer.flush()

    async def send(self, outs: list[Outgoing]) -> list[RecordMetadata]:
        """Send records; return where they lie, once all are acknowledged."""
        futures = [
            await self.producer.send(o.topic, o.value, key=o.key, headers=o.headers, partition=o.partition)
            for o in outs
        ]
        await self.producer.flush()
        return [await future for future in futures]


async def settle(desk: Desk, seen: Seen) -> int:
    """Note how redrives ended that have ended since; return how many."""
    ends = [
        seen.book.redrives[name].model_copy(update={"state": state})
        for name, state in seen.ends.items()
    ]
    await desk.write(ends)
    return len(ends)


async def discard(desk: Desk, rows: Iterable[Row]) -> int:
    """Note that nothing will be done about these letters; they stay where they are."""
    notes = [ended(row, RedriveState.DISCARDED, by=desk.by, why=desk.why) for row in rows]
    await desk.write(notes)
    return len(notes)


async def redrive(desk: Desk, seen: Seen, rows: Iterable[Row]) -> int:
    """Put letters back; return how many copies were sent. Letters are read again, a bundle at a time."""
    wanted = {row.id: row for row in rows}
    sent = 0
    bundle: list[DeadLetter] = []
    size = 0
    for topic in sorted({row.topic for row in wanted.values()}):
        async for letter in dead_letters(desk.bus, f"{topic}.dlt"):
            if letter.id not in wanted or wanted[letter.id].at != letter.record.at:
                continue
            bundle.append(letter)
            size += len(letter.record.value or b"")
            if len(bundle) >= BUNDLE_LETTERS or size >= BUNDLE_BYTES:
                sent += await _put_back(desk, seen, [(each, wanted[each.id]) for each in bundle])
                bundle, size = [], 0
    if bundle:
        sent += await _put_back(desk, seen, [(each, wanted[each.id]) for each in bundle])
    return sent


async def _put_back(desk: Desk, seen: Seen, bundle: list[tuple[DeadLetter, Row]]) -> int:
    desk.times = {row.id: time_of(letter) for letter, row in bundle}
    bundle = await _without_superseded(desk, bundle)
    notes = await _ask(desk, seen, bundle)
    found = await _found(desk.bus, [note for note in notes if note.redrive_id in seen.book.redrives])
    bundle, notes = await _without_taken_back(desk, bundle, notes, found)
    missing = [(letter, note) for (letter, _), note in zip(bundle, notes, strict=True)
               if note.redrive_id not in found]
    places = await desk.send([copy_of(letter, note) for letter, note in missing])
    found |= {str(note.redrive_id): at for (_, note), at in zip(missing, places, strict=True)}
    await _last_words(desk, bundle, notes, found)
    await desk.write(
        note.model_copy(update={"state": RedriveState.SENT, "target": _text(found[str(note.redrive_id)])})
        for note in notes)
    desk.tell(len(bundle))
    return len(missing)


def _text(at: RecordMetadata) -> str:
    return f"{at.topic}-{at.partition}-{at.offset}"


def _target(letter: DeadLetter) -> tuple[TopicPartition, int]:
    """Return where a letter's record lay."""
    _, partition, offset = letter.id.rsplit("-", 2)
    return TopicPartition(letter.topic, int(partition)), int(offset)


async def _ask(desk: Desk, seen: Seen, bundle: list[tuple[DeadLetter, Row]]) -> list[Redrive]:
    """Return the note of each letter, written before; one that was interrupted keeps its own."""
    async with desk.bus.admin() as admin:
        ends = await admin.end_offsets(sorted({letter.topic for letter, _ in bundle}))
    notes: list[Redrive] = []
    new: list[Redrive] = []
    for letter, row in bundle:
        if row.note is not None and row.note.state is RedriveState.ASKED:
            notes.append(row.note)
            continue
        attempt = seen.book.next_attempt(row.id, row.line)
        notes.append(asked(row, attempt, ends.get(_target(letter)[0], 0), by=desk.by, why=desk.why))
        new.append(notes[-1])
    await desk.write(new)
    return notes


async def _found(bus: Bus, notes: list[Redrive]) -> dict[str, RecordMetadata]:
    """Return where the copies of interrupted redrives lie, those that were sent."""
    starts: dict[TopicPartition, int] = {}
    for note in notes:
        topic, partition, _ = note.letter_id.rsplit("-", 2)
        place, start = TopicPartition(topic, int(partition)), note.search_from or 0
        starts[place] = min(start, starts.get(place, start))
    looked_for = {note.redrive_id for note in notes}
    found: dict[str, RecordMetadata] = {}
    if starts:
        names = sorted({place.topic for place in starts})
        async for records in scan(bus, names, starts=starts, only=starts.keys()):
            for record in records:
                if (name := redrive_of(record)) in looked_for and name is not None:
                    found.setdefault(name, RecordMetadata(record.topic, record.partition, record.offset))
    return found


async def _without_taken_back(
    desk: Desk, bundle: list[tuple[DeadLetter, Row]], notes: list[Redrive], found: Container[str]
) -> tuple[list[tuple[DeadLetter, Row]], list[Redrive]]:
    """Leave out, and note, letters whose article was taken back, unless their copy was sent before."""
    gone = {origin for each in (await takedowns(desk.bus)).values() for origin in each.origins}
    kept: list[tuple[tuple[DeadLetter, Row], Redrive]] = []
    out: list[tuple[tuple[DeadLetter, Row], Redrive]] = []
    for pair, note in zip(bundle, notes, strict=True):
        back = not gone.isdisjoint({note.origin, note.letter_id}) and str(note.redrive_id) not in found
        (out if back else kept).append((pair, note))
    await desk.write(
        note.model_copy(update={"state": RedriveState.DISCARDED, "why": TAKEN_BACK}) for _, note in out)
    desk.tell(len(out))
    return [pair for pair, _ in kept], [note for _, note in kept]


async def _without_superseded(
    desk: Desk, bundle: list[tuple[DeadLetter, Row]]
) -> list[tuple[DeadLetter, Row]]:
    """Leave out, and note, letters whose key has a later record where the last word counts."""
    sure = {
        (place, letter.record.key): (offset + 1, 2**62)
        for letter, _ in bundle if letter.topic in LAST_WORD for place, offset in [_target(letter)]
    }
    later = await newest(desk.bus, sure)
    kept, notes = [], []
    for letter, row in bundle:
        place, offset = _target(letter)
        record = later.get((place, letter.record.key)) if letter.topic in LAST_WORD else None
        if record is None or record.offset <= offset or row.state == "interrupted":
            kept.append((letter, row))
        else:
            note = ended(row, RedriveState.SUPERSEDED, by=desk.by, why=f"by {record.at}")
            notes.append(note)
    await desk.write(notes)
    desk.superseded += len(notes)
    desk.tell(len(notes))
    return kept


async def _last_words(
    desk: Desk, bundle: list[tuple[DeadLetter, Row]], notes: list[Redrive], found: dict[str, RecordMetadata]
) -> None:
    """Write the newest record of a key once more, when it was written between a letter and its copy."""
    waiting = {
        (place, letter.record.key): (offset + 1, found[str(note.redrive_id)].offset, note)
        for (letter, _), note in zip(bundle, notes, strict=True) if letter.topic in LAST_WORD
        for place, offset in [_target(letter)]
    }
    while waiting:
        later = await newest(desk.bus, {key: (start, end) for key, (start, end, _) in waiting.items()})
        outs = [again(record, waiting[key][2]) for key, record in later.items()]
        places = await desk.send(outs)
        waiting = {
            key: (record.offset + 1, at.offset, waiting[key][2])
            for (key, record), at in zip(later.items(), places, strict=True)
        }

