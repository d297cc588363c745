"""redriving: what is known of dead letters from the notes of redrives. What may be done about a letter now.

Notes come in the order of the log and may come twice. Of one redrive the greatest step counts, of a letter
its latest redrive; a letter that was discarded stays so until somebody asks for it by force.

>>> book = Book()
>>> book.take(Redrive(letter_id="t-0-1", redrive_id="r", state="asked", attempt=1, origin="o", by="me"))
>>> book.of("t-0-1").state.value
'asked'
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from schemas.redrive import Redrive, RedriveState

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_ATTEMPTS: Final = 3
"""Redrives of one record's line before it takes force: what died three times after a fix was not fixed."""

_STEP: Final = {RedriveState.ASKED: 0, RedriveState.SENT: 1}
_END: Final = 2
"""The first end that is noted stays."""


class Standing(Enum):
    """What may be done about a letter."""

    OPEN = "open"
    """Nothing was done yet."""
    ASKED = "asked"
    """A redrive was asked for, and nobody noted that it was sent."""
    SETTLED = "settled"
    """It was redriven or discarded."""
    WORN = "worn"
    """Its line was redriven too often."""


@dataclass(slots=True)
class Book:
    """The notes, folded. A redrive costs some 600 bytes."""

    last: dict[str, Redrive] = field(default_factory=dict)
    """Letter → the note that counts."""
    redrives: dict[str, Redrive] = field(default_factory=dict)
    """Redrive id → its latest step."""

    def take(self, note: Redrive) -> None:
        """Take in a note, in the order of the log."""
        if note.redrive_id is not None:
            known = self.redrives.get(note.redrive_id)
            if known is not None and _step(known) >= _step(note):
                return
            self.redrives[note.redrive_id] = note
        latest = self.last.get(note.letter_id)
        if latest is None or note.redrive_id is None or note.attempt >= latest.attempt:
            self.last[note.letter_id] = note

    def of(self, letter_id: str) -> Redrive | None:
        """Return the note that counts for a letter, None when nothing was done."""
        return self.last.get(letter_id)

    def noted(self, redrive_id: str, origin: str) -> bool:
        """Tell whether a redrive of this id was noted for this first raw record."""
        known = self.redrives.get(redrive_id)
        return known is not None and known.origin == origin

    def attempts(self, redrive_id: str | None) -> int:
        """Return how often the line of a letter was redriven: `redrive_id` is what its headers carry."""
        known = self.redrives.get(redrive_id or "")
        return known.attempt if known else 0

    def pending(self) -> Iterator[Redrive]:
        """Yield the notes of redrives that were sent and have no end yet."""
        yield from (note for note in self.redrives.values() if note.state is RedriveState.SENT)

    def asked(self) -> Iterator[Redrive]:
        """Yield the notes of redrives that nobody noted as sent."""
        yield from (note for note in self.redrives.values() if note.state is RedriveState.ASKED)

    def standing(self, letter_id: str, line: str | None, most: int = MOST_ATTEMPTS) -> Standing:
        """Return what may be done about a letter; `line`: the redrive id in its headers."""
        note = self.last.get(letter_id)
        if note is not None:
            return Standing.ASKED if note.state is RedriveState.ASKED else Standing.SETTLED
        return Standing.WORN if self.attempts(line) >= most else Standing.OPEN

    def next_attempt(self, letter_id: str, line: str | None) -> int:
        """Return the number of a letter's next redrive in its line, from 1."""
        note = self.last.get(letter_id)
        return max(note.attempt if note else 0, self.attempts(line)) + 1


def _step(note: Redrive) -> int:
    return _STEP.get(note.state, _END)
