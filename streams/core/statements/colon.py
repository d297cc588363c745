"""Colon: a source and what it says, put side by side: in headlines and in transcripts.

Headlines: `The Kremlin: little help from abroad`, `Little help from abroad – minister`, with a named thing
or a word of the pack that can speak as the source; a label (Video: …) says nothing. Transcripts: a paragraph
that opens with a name in capitals, or with a person's name, and a colon; it goes to the end of the
paragraph.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from schemas.mention import MentionKind
from schemas.span import SpanField
from schemas.statement import SpeechAct, StatementMode
from streams.core.packs import read
from streams.core.statements.acts import act_of
from streams.core.statements.quotes import without_stop
from streams.core.statements.report import Bounds, CueFound, CueKind, Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.mention import Mention
    from streams.core.statements.units import Unit

_FIRST: Final = re.compile(r"[\"“'‘]?(?P<source>[^\W\d_][^:\n\"“”]{0,60}?)(?P<cue>:)\s+(?=\S)")
_LAST: Final = re.compile(r"(?P<cue>:|\s[–—-])\s+(?P<source>[^:–—\n\"“”]{2,50})$")
_CAPITALS: Final = re.compile(r"[A-Z][A-Z.'’ -]{0,40}")
_MARKS: Final = frozenset('"“”‘’')
_LONGEST_WORDS: Final = 7
_SPEAKERS: Final = frozenset(
    (
        MentionKind.PERSON,
        MentionKind.ORG,
        MentionKind.GPE,
        MentionKind.NORP,
        MentionKind.WIRE,
        MentionKind.OUTLET,
        MentionKind.FAC,
    )
)


class _Words(NamedTuple):
    labels: frozenset[str]
    speaking: frozenset[str]


@cache
def _words(language: str) -> _Words:
    pack = cast("dict[str, list[str]]", read(language, "cues")["colon"])
    return _Words(frozenset(pack["labels"]), frozenset(pack["speaking"]))


def colon_report(field: SpanField, text: str, mentions: Sequence[Mention], language: str) -> Report | None:
    """Return what a headline gives with its source before a colon or after a dash."""
    words = _words(language)
    whole = without_stop(text, 0, len(text))
    first = _FIRST.match(text)
    if first and _speaks(text, first.span("source"), mentions, words):
        return _report(
            field, text, first, (first.end(), whole.end), mentions, StatementMode.HEADLINE, language
        )
    last = _LAST.search(text, max(0, whole.end - 60), whole.end)
    if last and _speaks(text, last.span("source"), mentions, words):
        return _report(field, text, last, (0, last.start()), mentions, StatementMode.HEADLINE, language)
    return None


def transcript_report(
    text: str, units: Sequence[Unit], number: int, mentions: Sequence[Mention], language: str
) -> tuple[Report, int] | None:
    """Return what a paragraph of a transcript gives, and its last unit; `number`: the paragraph's first."""
    start = units[number].sentence.start
    first = _FIRST.match(text, start)
    if first is None or not _is_name(text, first.span("source"), mentions, _words(language)):
        return None
    last = number
    while last + 1 < len(units) and units[last + 1].sentence.paragraph == units[number].sentence.paragraph:
        last += 1
    end = units[last].sentence.end
    report = _report(
        SpanField.TEXT, text, first, (first.end(), end), mentions, StatementMode.DIRECT, language
    )
    return (report, last) if report else None


def _report(
    field: SpanField,
    text: str,
    match: re.Match[str],
    content: tuple[int, int],
    mentions: Sequence[Mention],
    mode: StatementMode,
    language: str,
) -> Report | None:
    """Return what a source says, None when that is nothing: a heading, or only marks."""
    at, until = without_stop(text, *content)
    if at < until and text[at] in _MARKS and not any(mark in text[at + 1 : until - 1] for mark in _MARKS):
        at, until = without_stop(text, at + 1, until - (text[until - 1] in _MARKS))
    if until <= at:
        return None
    source = Bounds(*match.span("source"))
    named = [each for each in _beginning(mentions, *source) if each.end <= source.end]
    head = Bounds(named[-1].start, named[-1].end) if named else source
    cue = text[slice(*match.span("cue"))]
    at_cue = match.start("cue") + len(cue) - 1
    return Report(
        field,
        mode,
        (Bounds(at, until),),
        Bounds(match.start(), max(until, source.end)),
        CueFound(
            Bounds(at_cue, at_cue + 1),
            text[at_cue],
            CueKind.COLON,
            factive=False,
            act=act_of(text[at:until], clause=True, language=language) or SpeechAct.ASSERT,
        ),
        source,
        head,
        confidence=0.85,
        rules=("headline" if mode is StatementMode.HEADLINE else "transcript",),
    )


def _speaks(text: str, span: tuple[int, int], mentions: Sequence[Mention], words: _Words) -> bool:
    """Tell whether a stretch names somebody who can speak: a name or a word that speaks is its last."""
    named = [each for each in _beginning(mentions, *span) if each.end <= span[1]]
    source = text[span[0] : span[1]].lower().split()
    if (
        len(source) > _LONGEST_WORDS
        or not source
        or " ".join(source) in words.labels
        or source[0] in words.labels
    ):
        return False
    if source[-1] in words.speaking:
        return True
    return any(each.kind in _SPEAKERS and each.end >= span[1] - 2 for each in named) and len(source) <= 6


def _is_name(text: str, span: tuple[int, int], mentions: Sequence[Mention], words: _Words) -> bool:
    source = text[span[0] : span[1]]
    if " ".join(source.lower().split()) in words.labels or source.lower().split()[0] in words.labels:
        return False
    if _CAPITALS.fullmatch(source):
        return True
    last = source.lower().split()[-1]
    if source.istitle() and (
        last in words.speaking or text[span[1] + 1 : span[1] + 3].strip()[:1] in tuple("\"“‘'")
    ):
        return True
    return any(
        each.kind is MentionKind.PERSON and each.end == span[1] and each.start - span[0] <= 30
        for each in _beginning(mentions, *span)
    )


def _beginning(mentions: Sequence[Mention], start: int, end: int) -> Sequence[Mention]:
    """Return the mentions, in order, that begin in a stretch: a page of transcript has thousands."""
    return mentions[bisect_left(mentions, start, key=_start) : bisect_left(mentions, end, key=_start)]


def _start(mention: Mention) -> int:
    return mention.start
