"""Header: what stands before the body of a flattened page: headline, byline, dateline, in any order.

Lines are looked at from the top until one is none of them. A headline is taken by the producer's word (the
same letters), or guessed: one short line without final punctuation, before a paragraph that is no such line.
Two such lines in a row are left alone, so that the headline of a clean text is never guessed a second time;
the same line again is the headline again.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from schemas.clean_article import SegmentKind
from streams.core.cleaning.dateline import date_line, date_prefix, is_labelled
from streams.core.cleaning.line_rules import furniture
from streams.core.cleaning.lines import Line
from streams.core.packs import PACKS, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.core.cleaning.dateline import DatelineFound


class Marked(NamedTuple):
    """A line and what it is; `kind` None: nobody knows yet."""

    line: Line
    kind: SegmentKind | None
    rule: str


LONGEST_HEADLINE_CHARS: Final = 250
_FINAL: Final = (".", "…", "!", ";", ":", ",", ".”", '."', ".)", "!”", "?”", ".'", ".’", '!"', '?"', "。")
_LETTER: Final = re.compile(r"[^\W\d_]")
_WRAPPED_AT: Final = 120


def folded(text: str) -> str:
    """Return the letters and digits of `text`, lower case: equal for one headline written twice."""
    return re.sub(r"\W+", " ", text).strip().lower()


def read_header(marked: list[Marked], headline: str | None, names: Sequence[str] = ()) -> list[Marked]:
    """Return `marked` with the header's lines marked.

    `headline` and `names` (authors, outlet) are the producer's: a line of nothing but them is a byline.
    """
    known = folded(headline) if headline else ""
    given = frozenset(filter(None, map(folded, names)))
    titled = False
    out = list(marked)
    for at, (line, kind, _rule) in enumerate(marked):
        if kind is not None:
            continue
        said = _header_kind(line) or _by_names(line, given)
        if said is None and titled and folded(line.text) == known:
            said = SegmentKind.HEADLINE, "repeated"
        if said is None and not titled:
            said = _as_headline(marked, at, known)
            titled, known = said is not None, folded(line.text) if said else known
        if said is None:
            break
        out[at] = Marked(line, *said)
    return out


def labelled(each: Marked) -> Marked:
    """Mark what says itself what it is ("Last updated: 3 May 2024", "By Ann Bee"), wherever it stands."""
    line = each.line
    if each.kind is None and is_labelled(line.text) and date_line(line.text):
        return Marked(line, SegmentKind.DATELINE, "date_label")
    by = each.kind is None and not line.text.endswith(_FINAL) and names_in_byline(line.text)
    return Marked(line, SegmentKind.BYLINE, "byline") if by else each


def _header_kind(line: Line) -> tuple[SegmentKind, str] | None:
    if date_line(line.text):
        return SegmentKind.DATELINE, "date_line"
    return (SegmentKind.BYLINE, "byline") if names_in_byline(line.text) else None


def _by_names(line: Line, given: frozenset[str]) -> tuple[SegmentKind, str] | None:
    if not given or len(line.text) > _WRAPPED_AT:
        return None
    parts = [folded(part) for part in _between_names().split(line.text)]
    return (
        (SegmentKind.BYLINE, "names") if all(part in given for part in parts if part) and any(parts) else None
    )


def _as_headline(marked: Sequence[Marked], at: int, known: str) -> tuple[SegmentKind, str] | None:
    line = marked[at].line
    if known:
        return (SegmentKind.HEADLINE, "producer") if folded(line.text) == known else None
    if not _is_short(line.text):
        return None
    following = _next_paragraph(marked, at + 1)
    if not following or (len(following) == 1 and _is_short(following[0].text)):
        return None
    first = following[0]
    wrapped = not first.gap and len(first.text) <= max(_WRAPPED_AT, 1.3 * len(line.text))
    return None if wrapped or _ends_open(following) else (SegmentKind.HEADLINE, "first_line")


def _is_short(text: str) -> bool:
    """Tell whether a line has the make of a headline."""
    return (
        len(text) <= LONGEST_HEADLINE_CHARS
        and not text.endswith(_FINAL)
        and bool(_LETTER.search(text))
        and not date_prefix(text)
    )


def is_sentence(text: str) -> bool:
    """Tell whether a line can only be body.

    No furniture, dateline or byline, and not the make of a headline.
    """
    line = Line(0, len(text), gap=True, text=text)
    return (
        not _is_short(text)
        and not date_prefix(text)
        and _header_kind(line) is None
        and next(furniture([line])) is None
    )


def _ends_open(paragraph: Sequence[Line]) -> bool:
    """Tell whether a paragraph of a few lines ends like a headline does.

    Then it is no body that a headline could stand before.
    """
    return len(paragraph) < 3 and _is_short(paragraph[-1].text)


def _next_paragraph(marked: Sequence[Marked], at: int) -> list[Line]:
    """Return the lines of the next paragraph that is not of the header or known, up to a blank line."""
    found: list[Line] = []
    for line, kind, _rule in marked[at : at + 64]:
        if found and line.gap:
            break
        if kind is None and not (not found and _header_kind(line)):
            found.append(line)
    return found


@cache
def _byline() -> tuple[re.Pattern[str], ...]:
    return tuple(
        re.compile(cast("dict[str, str]", read(code, "cleaning")["byline"])["pattern"], re.IGNORECASE)
        for code in PACKS
    )


@cache
def _no_names() -> frozenset[str]:
    return frozenset(
        word
        for code in PACKS
        for word in cast("dict[str, list[str]]", read(code, "cleaning")["byline"])["stop"]
    )


@cache
def _between_names() -> re.Pattern[str]:
    return re.compile(rf"\s*(?:[,;&|/]|\b(?:{_byline_words('joins')})\b)\s*", re.IGNORECASE)


@cache
def _ends() -> re.Pattern[str]:
    return re.compile(rf"\s+(?:{_byline_words('ends')})\b|[|–—(]|\s-\s", re.IGNORECASE)


def _byline_words(key: str) -> str:
    bylines = (cast("dict[str, list[str]]", read(code, "cleaning")["byline"]) for code in PACKS)
    return "|".join(re.escape(word) for byline in bylines for word in byline[key])


def names_in_byline(text: str) -> tuple[str, ...]:
    """Return the names of a byline ("By Ann Bee and Cy Dee, Staff Writers"), empty when the line is none.

    >>> names_in_byline("By Ann Bee and Cy Dee, Staff Writers")
    ('Ann Bee', 'Cy Dee')
    """
    matches = (pattern.fullmatch(text) for pattern in _byline()) if len(text) <= _WRAPPED_AT else ()
    for match in matches:
        if match:
            named = _ends().split(match["names"], maxsplit=1)[0]
            parts = [part.strip(" .|–—-") for part in _between_names().split(named)]
            return tuple(part for part in parts if _is_name(part)) if _is_name(parts[0]) else ()
    return ()


def _is_name(text: str) -> bool:
    words = text.split()
    return (
        2 <= len(words) <= 5
        and all(w[0].isupper() or len(w) <= 3 for w in words)
        and not _no_names() & set(text.lower().split())
        and not any(c.isdigit() for c in text)
    )


def dateline_of(
    marked: Sequence[Marked], inline: DatelineFound | None
) -> tuple[Line | None, DatelineFound | None]:
    """Return the first dateline: a line (with it), or the one that the first paragraph begins with."""
    for line, kind, _rule in marked:
        if kind is SegmentKind.DATELINE:
            return line, date_line(line.text)
        if kind is None and inline:
            break
    return None, inline
