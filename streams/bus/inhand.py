"""inhand: which record was in hand when the process died, and how often.

The *killer* row of docs/failures.md.

A memory-mapped file holds the record in hand: writing it costs a copy of some bytes, and the kernel keeps it
when the process is killed in the middle of a step. In order:

1. `open_hands` reads the mark that the last process left. A record in it gains one death, unless that process
   said before that its end was no record's fault (`excuse`: SIGTERM, exit 75). Deaths are kept in a small
   JSON file beside it;
2. `hold` marks a record before its step, `release` clears the mark;
3. `forget` takes a record's deaths back once it is processed or buried.

Fails to blame rightly in one case: a process that is killed from outside in a step. Such a record gains a
death too, and is then tried alone in a child, which it survives.
"""

from __future__ import annotations

import json
import mmap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from streams.bus.interface import Record

MARK_BYTES: Final = 4096
_EXCUSED: Final = 0
_LENGTH: Final = slice(1, 3)
_TEXT: Final = 3


class MarkedHands:
    """See the module. Used from one thread; one process a file."""

    def __init__(self, mark: mmap.mmap, path: Path, deaths: dict[str, int]) -> None:
        self._mark = mark
        self._path = path
        self._deaths = deaths

    def hold(self, record: Record) -> None:
        """Mark a record as in hand."""
        text = record.at.encode()[: MARK_BYTES - _TEXT]
        self._mark[_TEXT : _TEXT + len(text)] = text
        self._mark[_LENGTH] = len(text).to_bytes(2, "big")

    def release(self) -> None:
        """Say that no record is in hand."""
        self._mark[_LENGTH] = b"\0\0"

    def excuse(self) -> None:
        """Say that this process ends for a reason that is no record's fault."""
        self._mark[_EXCUSED] = 1

    def deaths(self, record: Record) -> int:
        """Return how many times a process died with this record in hand."""
        return self._deaths.get(record.at, 0) if self._deaths else 0

    def forget(self, record: Record) -> None:
        """Take the record's deaths back."""
        if self._deaths and self._deaths.pop(record.at, None) is not None:
            _save(self._path, self._deaths)


def open_hands(folder: Path, worker: str) -> MarkedHands:
    """Return the hands of a worker (`<stage>-<ordinal>`), with the deaths that its mark file tells of.

    Creates the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mark = _map(folder / worker)
    path = folder / f"{worker}.deaths"
    deaths = _load(path)
    if not mark[_EXCUSED] and (blamed := _in_hand(mark)):
        deaths[blamed] = deaths.get(blamed, 0) + 1
        _save(path, deaths)
    mark[_EXCUSED] = 0
    hands = MarkedHands(mark, path, deaths)
    hands.release()
    return hands


def _map(path: Path) -> mmap.mmap:
    with path.open("a+b") as file:
        file.truncate(MARK_BYTES)
        return mmap.mmap(file.fileno(), MARK_BYTES)


def _in_hand(mark: mmap.mmap) -> str:
    length = int.from_bytes(mark[_LENGTH], "big")
    return mark[_TEXT : _TEXT + length].decode("utf-8", "replace")


def _load(path: Path) -> dict[str, int]:
    """Return the deaths in a file; none when there is no file, or it was cut short."""
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return {str(at): int(count) for at, count in found.items()} if isinstance(found, dict) else {}


def _save(path: Path, deaths: dict[str, int]) -> None:
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(json.dumps(deaths))
    beside.replace(path)
