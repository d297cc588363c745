"""Offsets: clean text as runs of the raw text, and the way back. Code points, half open.

The clean text is put together from slices of the raw text and line ends of ours. A run that is the same in
both is one piece; a span that lies in one piece slices the same text on both sides; a span over a character
that was left out slices, on the raw side, that character too.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from schemas.clean_article import OffsetPiece
from streams.core.cleaning.characters import INVISIBLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def visible_runs(raw: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the runs of `raw[start:end]` that hold no invisible character, none empty."""
    for match in INVISIBLE.finditer(raw, start, end):
        if match.start() > start:
            yield start, match.start()
        start = match.end()
    if start < end:
        yield start, end


def join(raw: str, parts: Iterable[tuple[str, int, int]]) -> tuple[str, tuple[OffsetPiece, ...]]:
    """Return the text of `parts` (what stands before a slice, its start and end in `raw`) and its pieces."""
    out: list[str] = []
    pieces: list[tuple[int, int, int]] = []
    at = 0
    for before, start, end in parts:
        out.append(before)
        at += len(before)
        for run_start, run_end in visible_runs(raw, start, end):
            out.append(raw[run_start:run_end])
            _extend(raw, before, pieces, (at, run_start, run_end - run_start))
            at += run_end - run_start
    return "".join(out), tuple(
        OffsetPiece(clean=clean, raw=start, length=length) for clean, start, length in pieces
    )


def _extend(raw: str, before: str, pieces: list[tuple[int, int, int]], piece: tuple[int, int, int]) -> None:
    """Add a piece, or lengthen the last one when what lies between them is the same on both sides."""
    if pieces:
        clean, start, length = pieces[-1]
        between = piece[0] - clean - length
        if (
            piece[1] - start - length == between
            and raw[start + length : piece[1]] == before[len(before) - between :]
        ):
            pieces[-1] = (clean, start, piece[0] + piece[2] - clean)
            return
    pieces.append(piece)


def to_raw(pieces: Sequence[OffsetPiece], start: int, end: int) -> tuple[int, int] | None:
    """Return where `start:end` of the clean text stands in the raw text.

    None where it touches what is not from there.

    >>> to_raw([OffsetPiece(clean=0, raw=5, length=3)], 1, 3)
    (6, 8)
    """
    first, last = _raw_of(pieces, start), _raw_of(pieces, end - 1)
    if first is None or last is None or end <= start:
        return None
    return first, last + 1


def _raw_of(pieces: Sequence[OffsetPiece], at: int) -> int | None:
    found = bisect_right(pieces, at, key=lambda piece: piece.clean) - 1
    if found < 0 or at >= pieces[found].clean + pieces[found].length:
        return None
    return pieces[found].raw + at - pieces[found].clean
