"""Offsets: clean text as runs of the raw text, and the way back. Code points, half open.

The clean text is put together from slices of the raw text and line ends of ours. A run that is the same in
both is one piece; a span that lies in one piece slices the same text on both sides; a span over a character
that was left out slices, on the raw side, that character too. What was repaired (`mending`) lies between two
pieces, one of them without length where nothing else marks the place: a span over it takes in, on the raw
side, all that was repaired.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from schemas.clean_article import OffsetPiece

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Run(NamedTuple):
    """`length` code points that are the same at `clean` in one text and at `raw` in the other."""

    clean: int
    raw: int
    length: int


def join(raw: str, parts: Iterable[tuple[str, int, int]]) -> tuple[str, tuple[Run, ...]]:
    """Return the text of `parts` (what stands before a slice, its start and end in `raw`) and its runs."""
    out: list[str] = []
    runs: list[Run] = []
    at = 0
    for before, start, end in parts:
        out.append(before)
        at += len(before)
        out.append(raw[start:end])
        _extend(raw, before, runs, Run(at, start, end - start))
        at += end - start
    return "".join(out), tuple(runs)


def pieces_of(runs: Iterable[Run]) -> tuple[OffsetPiece, ...]:
    """Return runs as the event holds them."""
    return tuple(OffsetPiece(clean=run.clean, raw=run.raw, length=run.length) for run in runs)


def _extend(raw: str, before: str, runs: list[Run], run: Run) -> None:
    """Add a run, or lengthen the last one when what lies between them is the same on both sides."""
    if runs:
        last = runs[-1]
        raw_end = last.raw + last.length
        between = run.clean - last.clean - last.length
        if run.raw - raw_end == between and raw[raw_end : run.raw] == before[len(before) - between :]:
            runs[-1] = last._replace(length=run.clean + run.length - last.clean)
            return
    runs.append(run)


def composed(outer: Sequence[Run], inner: Sequence[Run]) -> tuple[Run, ...]:
    """Return the runs of the text that `outer` maps into the text that `inner` maps.

    A run without length marks where a gap begins or ends, where nothing else does. Linear: two pointers.
    """
    found: list[Run] = []
    first = 0
    for clean, middle, length in outer:
        while first + 1 < len(inner) and inner[first].clean + inner[first].length < middle:
            first += 1
        for n in range(first, len(inner)):
            each = inner[n]
            low, high = max(middle, each.clean), min(middle + length, each.clean + each.length)
            if each.clean > middle + length:
                break
            if low <= high:
                found.append(Run(clean + low - middle, each.raw + low - each.clean, high - low))
    return tuple(_needed(found))


def _needed(runs: Sequence[Run]) -> Iterator[Run]:
    """Leave out the runs without length that touch another one, on both sides of the map."""
    kept: list[Run] = []
    for n, run in enumerate(runs):
        if not run.length:
            ended = kept and (kept[-1].clean + kept[-1].length, kept[-1].raw + kept[-1].length) == run[:2]
            begins = n + 1 < len(runs) and runs[n + 1].clean == run.clean
            if ended or begins:
                continue
        kept.append(run)
    yield from kept


def to_raw(pieces: Sequence[OffsetPiece | Run], start: int, end: int) -> tuple[int, int] | None:
    """Return where `start:end` of the clean text stands in the raw text.

    What was repaired, or put between two pieces, stands for all that lies between them there. None where no
    piece says so.

    >>> to_raw([OffsetPiece(clean=0, raw=5, length=3)], 1, 3)
    (6, 8)
    """
    first, last = _piece_at(pieces, start), _piece_at(pieces, end - 1)
    if first < 0 or last < 0 or end <= start:
        return None
    piece = pieces[first]
    raw_start = piece.raw + min(start - piece.clean, piece.length)
    piece = pieces[last]
    if end <= piece.clean + piece.length:
        return raw_start, piece.raw + end - piece.clean
    return (raw_start, pieces[last + 1].raw) if last + 1 < len(pieces) else None


def _piece_at(pieces: Sequence[OffsetPiece | Run], at: int) -> int:
    """Return the index of the last piece that begins at or before `at`, -1 when none does."""
    return bisect_right(pieces, at, key=lambda piece: piece.clean) - 1
