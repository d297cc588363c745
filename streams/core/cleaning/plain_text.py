"""Plain text, as it was flattened from a page: each line classed, the body put together, nothing deleted.

In this order: what is broken is mended (`mending`); lines; furniture by the packs' rules; the header; the
rest is body. A dateline that the first paragraph begins with, and a credit that the last one ends with
(`tails`), are cut off. The text is the body's lines, each a slice of the raw text, with a blank line where
the raw text had one or where something stood between them. Cleaning the text again, with its headline, gives
the text again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from schemas.clean_article import Segment, SegmentKind
from streams.core.cleaning.dateline import date_line, date_prefix
from streams.core.cleaning.header import (
    Marked,
    dateline_of,
    folded,
    is_sentence,
    labelled,
    names_in_byline,
    read_header,
)
from streams.core.cleaning.line_rules import furniture
from streams.core.cleaning.lines import lines_of
from streams.core.cleaning.mending import mended, moved, repairs_of
from streams.core.cleaning.offsets import Run, composed, join, pieces_of, to_raw
from streams.core.cleaning.tails import tail_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from schemas.clean_article import OffsetPiece, Repair
    from streams.core.cleaning.dateline import DatelineFound
    from streams.core.cleaning.lines import Line
    from streams.core.cleaning.mending import Mended
    from streams.core.cleaning.tails import Tail


@dataclass(frozen=True, slots=True)
class PlainText:
    """What a text is made of.

    `headline`, `source_credit` and `dateline_text` are slices of the raw text, mended; `repairs` is what was
    mended in `text`.
    """

    text: str
    pieces: tuple[OffsetPiece, ...]
    segments: tuple[Segment, ...]
    repairs: tuple[Repair, ...]
    headline: str | None
    source_credit: str | None
    authors: tuple[str, ...]
    dateline_text: str | None
    dateline: DatelineFound | None


_SENTENCE_ENDS: Final = frozenset(".!?…:;”\"’'»)]")


class _Slice(NamedTuple):
    start: int
    end: int
    kind: SegmentKind
    rule: str
    gap: bool


def read_text(raw: str, headline: str | None = None, names: Sequence[str] = ()) -> PlainText:
    """Class `raw` line by line; `headline` and `names` (authors, outlet) are the producer's.

    Linear in the length of `raw`.
    """
    mend = mended(raw)
    if mend is None:
        return _read(raw, headline, names)
    read = _read(mend.text, headline, names)
    runs = tuple(Run(piece.clean, piece.raw, piece.length) for piece in read.pieces)
    return replace(
        read,
        pieces=pieces_of(composed(runs, mend.runs)),
        segments=tuple(_in_raw(segment, mend) for segment in read.segments),
        repairs=repairs_of(moved(mend.mends, runs)),
    )


def _in_raw(segment: Segment, mend: Mended) -> Segment:
    """Return a segment of the mended text as it stands in the raw one."""
    start, end = to_raw(mend.runs, segment.start, segment.end) or (segment.start, segment.end)
    return segment.model_copy(update={"start": start, "end": end})


def _read(raw: str, headline: str | None, names: Sequence[str]) -> PlainText:
    marked = read_header(_without_furniture(lines_of(raw), folded(headline or "")), headline, names)
    inline = _inline(marked)
    _line, dateline = dateline_of(marked, inline)
    slices = list(_slices(marked, inline.length if inline else 0, _tail(marked)))
    text, runs = join(raw, _body(slices))
    authors = (
        name for each, kind, _ in marked if kind is SegmentKind.BYLINE for name in names_in_byline(each.text)
    )
    at = next((s for s in slices if s.kind is SegmentKind.DATELINE), None)
    return PlainText(
        text=text,
        pieces=pieces_of(runs),
        segments=_segments(slices),
        repairs=(),
        dateline=dateline,
        headline=_first(raw, slices, SegmentKind.HEADLINE),
        source_credit=_first(raw, reversed(slices), SegmentKind.SOURCE_CREDIT),
        authors=tuple(dict.fromkeys(authors)),
        dateline_text=raw[at.start : at.end] if at else None,
    )


def _without_furniture(lines: Sequence[Line], headline: str) -> list[Marked]:
    """Return the lines, marked where they say themselves what they are.

    The producer's headline (folded, "" without one) never is, nor a line of a wrapped sentence. What stood
    before such a line and behind it will be apart in the text: it counts as a gap.
    """
    found: list[Marked] = []
    apart, above = False, ""
    for line, found_rule in zip(lines, furniture(lines), strict=True):
        kept = found_rule and (
            (headline and folded(line.text) == headline) or _goes_on(line, above, headline)
        )
        rule = None if kept else found_rule
        line = line._replace(gap=line.gap or apart)  # noqa: PLW2901 the same line, with what stood before it
        marked = Marked(line, rule.kind, rule.name) if rule else labelled(Marked(line, None, ""))
        found.append(marked)
        apart = marked.kind is not None
        above = "" if apart else line.text
    return found


def _goes_on(line: Line, above: str, headline: str) -> bool:
    """Tell whether a line goes on with the sentence of the body line above it, as hard-wrapped text does."""
    wrapped = above and not line.gap and line.text[0].islower() and above[-1] not in _SENTENCE_ENDS
    return bool(wrapped) and not date_line(above) and not names_in_byline(above) and folded(above) != headline


def _inline(marked: Sequence[Marked]) -> DatelineFound | None:
    """Return the dateline that the first body line begins with.

    What is left must be a sentence: anything else could be cut twice.
    """
    first = next((line for line, kind, _ in marked if kind is None), None)
    if first is None or len(first.text) != first.end - first.start:
        return None
    found = date_prefix(first.text)
    return found if found and is_sentence(first.text[found.length :]) else None


def _tail(marked: Sequence[Marked]) -> tuple[Line, Tail] | None:
    """Return the last body line and what it ends with that is not body."""
    last = next((line for line, kind, _ in reversed(marked) if kind is None), None)
    tail = tail_of(last.text) if last and len(last.text) == last.end - last.start else None
    return (last, tail) if last and tail else None


def _slices(marked: Sequence[Marked], cut: int, tail: tuple[Line, Tail] | None) -> Iterator[_Slice]:
    """Yield what each line is; `cut` code points of the first body line are the dateline."""
    for line, kind, rule in marked:
        start, end = line.start, line.end
        if kind is None and cut:
            yield _Slice(start, start + cut, SegmentKind.DATELINE, "date_prefix", line.gap)
            start, cut = start + cut, 0
        if tail and line is tail[0] and start < line.start + tail[1].start:
            end = line.start + len(line.text[: tail[1].start].rstrip())
            yield _Slice(start, end, SegmentKind.BODY, "body", line.gap)
            start, end, kind, rule = line.start + tail[1].start, line.end, tail[1].kind, tail[1].rule  # noqa: PLW2901 what is left of the line
        yield _Slice(start, end, kind or SegmentKind.BODY, rule or "body", line.gap)


def _body(slices: Sequence[_Slice]) -> Iterator[tuple[str, int, int]]:
    before = ""
    previous = False
    for each in slices:
        body = each.kind is SegmentKind.BODY
        if body:
            yield (before and ("\n\n" if each.gap or not previous else "\n")), each.start, each.end
            before = "\n"
        previous = body


def _segments(slices: Sequence[_Slice]) -> tuple[Segment, ...]:
    """Return the segments, neighbouring lines of one kind and rule as one."""
    found: list[list[int]] = []
    kinds: list[tuple[SegmentKind, str]] = []
    for each in slices:
        if kinds and kinds[-1] == (each.kind, each.rule) and each.kind is SegmentKind.BODY:
            found[-1][1] = each.end
        else:
            found.append([each.start, each.end])
            kinds.append((each.kind, each.rule))
    return tuple(
        Segment(start=s, end=e, kind=kind, rule=rule)
        for (s, e), (kind, rule) in zip(found, kinds, strict=True)
    )


def _first(raw: str, slices: Iterator[_Slice] | Sequence[_Slice], kind: SegmentKind) -> str | None:
    return next((raw[each.start : each.end] for each in slices if each.kind is kind), None)
