"""checkpoint: where a load was when it broke off, in one small file of `<state>/ingest`.

It is written after an acknowledgement and says: the first `files` files are in, of the next one `done` units
(lines, rows, records). It holds only while

- the same files stand in the same order before that place, none of them changed (path, inode, size, times);
- the record that was acknowledged last is still on the raw topic: a bus that was made anew, or that lost
  its end, has it not.

Else the load starts anew; what is on the topic already is known by its id. So a checkpoint that is lost, old
or written twice at once costs time and nothing else. A load that ended leaves none.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ValidationError

from schemas.ids import digest
from streams import topics
from streams.bus.interface import TopicPartition
from streams.bus.scan import header
from streams.ingest.sources import STDIN, Place, identity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from streams.bus.interface import Bus, RecordMetadata
    from streams.ingest.sources import Entry


class Mark(BaseModel):
    """What the file holds. `place` is the record acknowledged last, its partition and offset."""

    files: int
    done: int
    same: str
    """Digest of the identities of the files up to and with the one that was being read."""
    partition: int
    offset: int
    ce_id: str


class Identities:
    """A running digest of the identities of the files before one, and of that one: asked for in order."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries, self._before, self._next = entries, hashlib.sha256(), 0
        self._current = ""

    def value(self, place: Place) -> str:
        """Return the digest up to and with the file at `place`, as it was when it was opened."""
        while self._next < place.number:
            gone = self._current or identity(self._entries[self._next])
            self._before.update(gone.encode(errors="surrogateescape") + b"\n")
            self._next, self._current = self._next + 1, ""
        self._current = place.identity
        whole = self._before.copy()
        whole.update(place.identity.encode(errors="surrogateescape"))
        return whole.hexdigest()


@dataclass(slots=True)
class Checkpoint:
    """The checkpoint of one load."""

    path: Path
    entries: Sequence[Entry]
    same: Identities
    mark: Mark | None = None

    @classmethod
    def of(cls, state: Path, entries: Sequence[Entry], *how: str) -> Self | None:
        """Return the checkpoint of a load of these files to that bus in that way; None for stdin."""
        if any(str(entry.path) == STDIN for entry in entries):
            return None
        named = "\n".join([*how, *(str(entry.path.absolute()) for entry in entries[:1])])
        path = state / "ingest" / f"{digest('load', named)}.json"
        return cls(path, entries, Identities(entries), _read(path))

    async def start(self, bus: Bus) -> tuple[int, int]:
        """Return the file to start with and how many of its units are over; (0, 0): anew."""
        mark = self.mark
        if mark is None or mark.files >= len(self.entries):
            return 0, 0
        same = self.same.value(Place(mark.files, identity(self.entries[mark.files])))
        if same != mark.same or not await _there(bus, mark):
            self.mark = None
            return 0, 0
        return mark.files, mark.done

    def note(self, at: Place, done: int, last: tuple[str, RecordMetadata] | None) -> None:
        """Write where the load is, and the record acknowledged last (None: none since the last note)."""
        if last is not None:
            ce_id, sent = last
            place = {"partition": sent.partition, "offset": sent.offset, "ce_id": ce_id}
        elif self.mark is not None:
            place = self.mark.model_dump(include={"partition", "offset", "ce_id"})
        else:
            return
        same = self.same.value(at)
        self.mark = Mark.model_validate({"files": at.number, "done": done, "same": same, **place})
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(f".{os.getpid()}")
        fresh.write_text(self.mark.model_dump_json(), encoding="utf-8")
        fresh.replace(self.path)

    def clear(self) -> None:
        """Forget: everything is in."""
        self.path.unlink(missing_ok=True)


def _read(path: Path) -> Mark | None:
    try:
        return Mark.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


async def _there(bus: Bus, mark: Mark) -> bool:
    """Say whether the record acknowledged last is on the raw topic."""
    place = TopicPartition(topics.RAW.name, mark.partition)
    async with bus.consumer(client_id="communique-ingest") as consumer:
        ends = await consumer.end_offsets([place])
        first = await consumer.beginning_offsets([place])
        if not first.get(place, 0) <= mark.offset < ends.get(place, 0):
            return False
        consumer.assign([place])
        await consumer.seek(place, mark.offset)
        got = await consumer.getmany(timeout_ms=5000, max_records=1)
    records = [record for some in got.values() for record in some]
    return any(record.offset == mark.offset and header(record, "ce_id") == mark.ce_id for record in records)
