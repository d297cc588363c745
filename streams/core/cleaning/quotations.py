"""Quotations: the quoted stretches of a text, outermost ones only, and what is broken about each.

Paragraph by paragraph; marks of one paragraph never pair with those of another. In this order:
1. paragraphs: between blank lines; where a text has none and its lines end like sentences, its lines;
2. marks, each opening or closing by its neighbours, in doubt by its nature (`quote_marks`);
3. pairing from the left. A mark inside an open quotation opens a nested one when two marks close behind it;
else the first was never closed (`closing_quote_missing`, at the end of the sentence it began in: a repair
never reaches into another statement). A closing mark that closes nothing: `opening_quote_missing`, at the
beginning of the paragraph, or of the sentence after the last quotation in it. A mark of the wrong direction:
`closing_quote_wrong`, `opening_quote_wrong`. Open at the end of its paragraph: `closing_quote_missing`,
unless the next begins with an opening mark: a quotation of several paragraphs opens each and closes the last,
which is no defect;
4. guillemets, which are arrows and bullets as well, and single marks (`single_quotes`, where no double ones
stand), which are apostrophes as well: only whole pairs.
Linear. Nothing is changed in the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.cleaning.quote_marks import CLOSES, EITHER, GUILLEMETS, OPENS, Mark, holds_marks, marks_in
from streams.core.cleaning.single_quotes import single_quotations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from schemas.clean_article import Repair


class Defect(NamedTuple):
    """One broken mark: what is wrong with it (see the module), where, and what stands there ("": nothing)."""

    kind: str
    at: int
    before: str


class Quotation(NamedTuple):
    """One quoted stretch of a field.

    `start:end` with its marks, `content_start:content_end` without them and without blanks beside them: code
    points, half open. A missing mark has no width. `defects`: kinds of what is broken, empty when it is
    whole.
    """

    start: int
    end: int
    content_start: int
    content_end: int
    defects: tuple[str, ...] = ()


class Read(NamedTuple):
    """A quotation with the places of its defects."""

    quotation: Quotation
    defects: tuple[Defect, ...]


_PARAGRAPH: Final = re.compile(r"[^\n]+(?:\n[^\n]+)*")
_LINE: Final = re.compile(r"[^\n]+")
_LINE_ENDS_OPEN: Final = re.compile(r"[^\s.!?…:;\"”’'»)\]]\n(?=[^\n])")
_SENTENCE_END: Final = re.compile(r"(?<![\s.][^\W\d_])[.!?…](?:['’”\"]|'')?(?=\s+[^\sa-z])")
_NEXT_SENTENCE: Final = re.compile(r"[.!?…](?:['’”\"]|'')?\s+(?=\S)")


def quotations(text: str, repairs: Iterable[Repair] | None = None) -> tuple[Quotation, ...]:
    """Return the quotations of a field, in order, none inside another.

    `repairs`: those recorded for this field (`article.repairs` for the text). A broken quotation is returned
    only when its repairs are among them; None: every one is returned.

    >>> quotations("It is short,” he said.")
    (Quotation(start=0, end=13, content_start=0, content_end=12, defects=('opening_quote_missing',)),)
    """
    known = None if repairs is None else {(repair.kind, repair.at) for repair in repairs}
    return tuple(
        read.quotation
        for read in read_quotations(text)
        if known is None or all((defect.kind, defect.at) in known for defect in read.defects)
    )


def read_quotations(text: str) -> Iterator[Read]:
    """Yield the quotations of a text with the places of their defects, in order."""
    by_line = "\n\n" not in text and not _LINE_ENDS_OPEN.search(text)
    gap = 1 if by_line else 2
    for paragraph in (_LINE if by_line else _PARAGRAPH).finditer(text):
        start, end = paragraph.span()
        if not holds_marks(text, start, end):
            continue
        goes_on = next(marks_in(text, end + gap, min(end + gap + 2, len(text))), None)
        yield from _with_singles(
            text,
            (start, end),
            goes_on=bool(goes_on and goes_on.start == end + gap and goes_on.nature != CLOSES),
        )


def _with_singles(text: str, span: tuple[int, int], *, goes_on: bool) -> Iterator[Read]:
    """Yield the quotations of one paragraph; `goes_on`: the next begins with an opening mark."""
    at = span[0]
    for read in _doubles(text, span, goes_on=goes_on):
        yield from _singles(text, at, read.quotation.start)
        if read.quotation.content_start < read.quotation.content_end:
            yield read
        at = max(at, read.quotation.end)
    yield from _singles(text, at, span[1])


def _singles(text: str, start: int, end: int) -> Iterator[Read]:
    for at, until in single_quotations(text, start, end):
        yield _read(text, (at, at + 1), (until - 1, until))


def _doubles(text: str, span: tuple[int, int], *, goes_on: bool) -> Iterator[Read]:
    marks = list(marks_in(text, *span))
    opened: Mark | None = None
    depth, after = 0, span[0]
    for n, mark in enumerate(marks):
        way = _way(text, marks, n, opened)
        if way == OPENS and opened and _nests(marks, n, opened):
            depth += 1
        elif way == OPENS:
            if opened and opened.form not in GUILLEMETS:
                yield _unclosed(text, opened, _sentence_end(text, opened.end, mark.start))
            opened, depth, after = mark, 0, mark.end
        elif way == CLOSES and depth:
            depth -= 1
        elif way == CLOSES and opened:
            yield _closed(text, opened, mark)
            opened, after = None, mark.end
        elif way == CLOSES and mark.form not in GUILLEMETS:
            yield _unopened(text, after, mark, span[0])
            after = mark.end
    if opened and (goes_on or opened.form not in GUILLEMETS):
        place = span[1]
        yield _read(text, _span(opened), (place, place)) if goes_on else _unclosed(text, opened, place)


def _way(text: str, marks: Sequence[Mark], n: int, opened: Mark | None) -> int:
    """Return what a mark does where it stands, `EITHER` when it is no quotation mark there."""
    mark = marks[n]
    following = marks[n + 1].way if n + 1 < len(marks) else EITHER
    if mark.nature == EITHER and text[mark.start - 1 : mark.start].isdigit() and mark.start:
        closes_next = n + 1 < len(marks) and marks[n + 1].beside == CLOSES
        if not opened or (closes_next and text[mark.end : mark.end + 1] == " "):
            return EITHER
    if mark.form in GUILLEMETS:
        return mark.way
    if not mark.beside:
        return CLOSES if opened else mark.nature or OPENS
    if mark.beside == OPENS and opened and mark.nature != OPENS and following != CLOSES:
        return CLOSES
    if mark.beside == CLOSES and not opened and mark.nature == OPENS:
        return OPENS if following == CLOSES else EITHER
    return mark.beside


def _nests(marks: Sequence[Mark], n: int, opened: Mark) -> bool:
    """Tell whether the mark opens one inside: two close behind it, or it is of another family."""
    closing = [mark.way == CLOSES for mark in marks[n + 1 : n + 3]]
    return len(closing) == 2 and (
        all(closing) or (closing[0] and (opened.form in GUILLEMETS) != (marks[n].form in GUILLEMETS))
    )


def _read(
    text: str, opening: tuple[int, int], closing: tuple[int, int], defects: tuple[Defect, ...] = ()
) -> Read:
    """Return the quotation between two marks, each given as `start, end`."""
    inside = text[opening[1] : closing[0]]
    content_start = opening[1] + len(inside) - len(inside.lstrip())
    content_end = max(content_start, opening[1] + len(inside.rstrip()))
    kinds = tuple(defect.kind for defect in defects)
    return Read(Quotation(opening[0], closing[1], content_start, content_end, kinds), defects)


def _closed(text: str, opened: Mark, mark: Mark) -> Read:
    defects = _wrong_opening(opened)
    if mark.nature == OPENS and mark.form not in GUILLEMETS and opened.form != "„":
        defects += (Defect("closing_quote_wrong", mark.start, mark.form),)
    return _read(text, _span(opened), _span(mark), defects)


def _unclosed(text: str, opened: Mark, place: int) -> Read:
    return _read(
        text,
        _span(opened),
        (place, place),
        (*_wrong_opening(opened), Defect("closing_quote_missing", place, "")),
    )


def _unopened(text: str, after: int, mark: Mark, start: int) -> Read:
    place = _opening_place(text, after, mark.start, start)
    return _read(text, (place, place), _span(mark), (Defect("opening_quote_missing", place, ""),))


def _span(mark: Mark) -> tuple[int, int]:
    return mark.start, mark.end


def _wrong_opening(opened: Mark) -> tuple[Defect, ...]:
    wrong = opened.nature == CLOSES and opened.form not in GUILLEMETS
    return (Defect("opening_quote_wrong", opened.start, opened.form),) if wrong else ()


def _sentence_end(text: str, start: int, end: int) -> int:
    """Return the end of the sentence at `start`, at most that of `text[:end]` without its last blanks."""
    found = _SENTENCE_END.search(text, start, end)
    return found.end() if found else start + len(text[start:end].rstrip())


def _opening_place(text: str, after: int, at: int, start: int) -> int:
    """Return where the missing mark belongs: the start of the paragraph, or of the sentence after `after`."""
    if after == start:
        return start
    sentence = _NEXT_SENTENCE.search(text, after, at)
    return sentence.end() if sentence else after
