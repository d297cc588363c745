"""Quotes: defects of the quotation marks, paragraph by paragraph, recorded as what should be read there.

The text stays as it is.

`opening_quote_missing`: a closing mark closes nothing; the opening one belongs at the beginning of the
paragraph, or of the sentence after the last quote in it. `closing_quote_wrong`: an opening mark stands where
a quote ends. `opening_quote_wrong`: a closing mark stands where one begins. `closing_quote_missing`: a quote
is still open at the end of its paragraph, and the next does not begin with a mark, as a quote of several
paragraphs would. Marks of one paragraph never pair with those of another. One pass; the marks are the
language pack's, and a language without a pack has no repairs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from schemas.clean_article import Repair
from streams.core.packs import PACKS, read

if TYPE_CHECKING:
    from collections.abc import Iterator


class Marks(NamedTuple):
    """The marks of a language: one opens, one closes, a neutral one does either."""

    opening: str
    closing: str
    neutral: str


_PARAGRAPH: Final = re.compile(r"[^\n](?:[^\n]|\n(?!\n))*")
_NEXT_SENTENCE: Final = re.compile(r"[.!?…]['’”\"]?\s+(?=\S)")


def marks_of(language: str) -> Marks | None:
    """Return the marks of a language, None without a pack."""
    return (
        Marks(**cast("dict[str, str]", read(language, "cleaning")["quotes"])) if language in PACKS else None
    )


def quote_repairs(text: str, marks: Marks) -> tuple[Repair, ...]:
    """Return the defects in `text`, in order of `at`.

    >>> [(r.kind, r.at) for r in quote_repairs("It is short,” he said.", Marks("“", "”", '"'))]
    [('opening_quote_missing', 0)]
    """
    any_mark = re.compile(f"[{re.escape(''.join(marks))}]")
    found: list[Repair] = []
    for paragraph in _PARAGRAPH.finditer(text):
        goes_on = text[paragraph.end() + 2 : paragraph.end() + 3] in (marks.opening, marks.neutral)
        goes_on = goes_on and paragraph.end() + 2 < len(text)
        found.extend(_defects(text, paragraph.span(), marks, any_mark, goes_on=goes_on))
    return tuple(sorted(found, key=lambda repair: repair.at))


def _defects(
    text: str, span: tuple[int, int], marks: Marks, any_mark: re.Pattern[str], *, goes_on: bool
) -> Iterator[Repair]:
    """Yield the defects of one paragraph; `goes_on`: the next begins with a mark."""
    start, end = span
    is_open, after = False, start
    for match in any_mark.finditer(text, start, end):
        at, mark = match.start(), match[0]
        ends = _ends(text, at, span, is_open=is_open)
        if mark == marks.neutral and not ends and is_open:
            ends = True
        if ends and not is_open and mark != marks.opening:
            yield Repair(
                kind="opening_quote_missing",
                at=_opening_place(text, after, at, start),
                before="",
                after=marks.opening,
            )
        elif ends and is_open and mark == marks.opening:
            yield Repair(kind="closing_quote_wrong", at=at, before=mark, after=marks.closing)
        elif not ends and mark == marks.closing:
            yield Repair(kind="opening_quote_wrong", at=at, before=mark, after=marks.opening)
        is_open, after = not ends, at + 1
    if is_open and not goes_on:
        yield Repair(kind="closing_quote_missing", at=end, before="", after=marks.closing)


def _ends(text: str, at: int, span: tuple[int, int], *, is_open: bool) -> bool:
    """Tell whether the mark at `at` ends a quote, by what stands beside it.

    Between two letters or two blanks, by `is_open`.
    """
    before = text[at - 1] if at > span[0] else " "
    after = text[at + 1] if at + 1 < span[1] else " "
    opens = (before.isspace() or before in "([{—–-‘'") and not after.isspace()
    closes = not before.isspace() and not after.isalnum()
    return is_open if opens == closes else closes


def _opening_place(text: str, after: int, at: int, start: int) -> int:
    """Return where the missing opening mark belongs.

    The paragraph's start, or that of the sentence after the last mark.
    """
    if after == start:
        return start
    sentence = _NEXT_SENTENCE.search(text, after, at)
    return sentence.end() if sentence else after
