"""Floating: quoted sentences that no words attribute, and sentences that go on with what was attributed.

A quoted sentence beside an attributed quotation of its paragraph belongs to it ("We go," he said. "Soon.");
beside attributed speech without marks it is the same speaker's (`floating`); after words that end in a colon
it is what they announce (`colon_quote`), through all paragraphs that open with a mark and do not close; a
sentence that points back at what was just said, before the speaker is named again in the paragraph, goes on
with it (`continuation`), and so does one sentence more. Everything else is the author's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from schemas.statement import StatementMode
from streams.core.statements.quotes import without_stop
from streams.core.statements.report import Bounds, CueKind, Report

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from streams.core.statements.units import Unit

_SPEECH: Final = (CueKind.SAY, CueKind.ACCORDING)
_ANNOUNCED: Final = 12
"""Quotations that one colon announces, or that join one report, at most."""


def with_floating(
    text: str,
    units: Sequence[Unit],
    found: Sequence[list[Report]],
    pointing: Collection[str],
    without: frozenset[str],
) -> list[Report]:
    """Return the reports of all sentences, quotations that float joined to theirs.

    `found`: the reports of each sentence, in order; one with empty content waits for what its colon
    announces.
    """
    held: list[Report] = []
    number = 0
    while number < len(units):
        here = number
        for report in found[here]:
            number, filled = (
                (number, report) if report.content else _announced(text, units, found, number, report)
            )
            held += [filled] if filled.content else []
        last = _host(held, units, here)
        number += 1
        while number < len(units) and is_floating(text, units[number]) and not found[number]:
            if last is None or not _beside(units, number):
                break
            held_at = _joined(text, held, last, units[number], without)
            if held_at is None:
                break
            last, number = held_at, number + 1
    if "continuation" not in without:
        held += _continued(text, units, held, pointing)
    return held


def is_floating(text: str, unit: Unit) -> bool:
    """Tell whether a sentence is a quotation from end to end."""
    start, end = unit.sentence.start, unit.sentence.end
    while start < end and text[start] in "-–— ":
        start += 1
    return len(unit.quotes) == 1 and unit.quotes[0].start <= start and unit.quotes[0].end >= end - 1


def _beside(units: Sequence[Unit], number: int) -> bool:
    """Tell whether a sentence follows one of its paragraph, or opens one after a quotation left open."""
    before, here = units[number - 1].sentence, units[number].sentence
    return before.paragraph == here.paragraph or bool(
        units[number - 1].quotes
        and units[number - 1].quotes[-1].end >= before.end
        and units[number - 1].goes_on
    )


def _host(held: Sequence[Report], units: Sequence[Unit], number: int) -> int | None:
    """Return which report the next quotation would join: the last of this sentence that is speech."""
    sentence = units[number].sentence
    here = [at for at in range(max(0, len(held) - 12), len(held)) if _speaks(held[at], sentence.start)]
    if not here:
        return None
    quoted = [at for at in here if held[at].mode is StatementMode.DIRECT]
    if quoted:
        return quoted[-1]
    return max(here, key=lambda at: sum(each.end - each.start for each in held[at].content))


def _speaks(report: Report, sentence: int) -> bool:
    """Tell whether a report of the sentence that begins at `sentence` is speech with a source."""
    speech = report.cue is not None and report.cue.kind in _SPEECH and report.source is not None
    return speech and report.sentence.start == sentence


def _joined(text: str, held: list[Report], last: int, unit: Unit, without: frozenset[str]) -> int | None:
    """Join a floating quotation to a report, or add a report of its own; return where it is now."""
    host, quote = held[last], unit.quotes[0]
    content = without_stop(text, quote.content_start, quote.content_end)
    if host.mode is StatementMode.DIRECT:
        if "joined" in without or len(host.content) > _ANNOUNCED:
            return None
        held[last] = replace(
            host, content=(*host.content, content), quote_defects=(*host.quote_defects, *quote.defects)
        )
        return last
    if "floating" in without:
        return None
    sentence = Bounds(unit.sentence.start, unit.sentence.end)
    held.append(
        Report(
            host.field,
            StatementMode.DIRECT,
            (content,),
            sentence,
            None,
            host.source,
            host.source_head,
            collective=host.collective,
            venue=host.venue,
            when=host.when,
            quote_defects=quote.defects,
            confidence=0.8,
            rules=("floating",),
        )
    )
    return len(held) - 1


def _announced(
    text: str, units: Sequence[Unit], found: Sequence[list[Report]], number: int, report: Report
) -> tuple[int, Report]:
    """Return the last sentence that a colon announces, and the report with them as content."""
    at = number + 1
    pieces: list[Bounds] = []
    defects: list[str] = []
    while at < len(units) and at - number <= _ANNOUNCED and is_floating(text, units[at]) and not found[at]:
        if pieces and not _beside(units, at):
            break
        quote = units[at].quotes[0]
        pieces.append(without_stop(text, quote.content_start, quote.content_end))
        defects += quote.defects
        at += 1
    if not pieces:
        return number, report
    return at - 1, replace(
        report, content=tuple(pieces), quote_defects=tuple(defects), mode=StatementMode.DIRECT
    )


def _continued(
    text: str, units: Sequence[Unit], held: Sequence[Report], pointing: Collection[str]
) -> list[Report]:
    """Return the sentences that go on with indirect speech, between two that name its speaker."""
    by_sentence: dict[int, list[Report]] = {}
    for report in held:
        by_sentence.setdefault(report.sentence.start, []).append(report)
    added: list[Report] = []
    number = 0
    while number + 2 < len(units):
        stop = _stretch(text, units, by_sentence, number, pointing)
        for at in range(number + 1, stop):
            sentence = units[at].sentence
            content = without_stop(text, sentence.start, sentence.end)
            added.append(
                Report(
                    by_sentence[units[number].sentence.start][0].field,
                    StatementMode.CONTINUATION,
                    (content,),
                    Bounds(sentence.start, sentence.end),
                    None,
                    None,
                    confidence=0.5,
                    rules=("continuation",),
                )
            )
        number = max(stop, number + 1)
    return added


def _stretch(
    text: str, units: Sequence[Unit], held: dict[int, list[Report]], number: int, pointing: Collection[str]
) -> int:
    """Return the sentence before which a continuation after sentence `number` ends; `number`.

    There is none.
    """
    sentence = units[number].sentence
    hosts = [
        each
        for each in held.get(sentence.start, ())
        if each.mode is StatementMode.INDIRECT
        and "clause" in each.rules
        and each.content[-1].end >= sentence.end - 1
    ]
    if not hosts or hosts[0].source_head is None:
        return number
    first = units[number + 1].sentence
    word = text[first.start : first.start + 12].partition(" ")[0].lower()
    if word not in pointing or first.paragraph != sentence.paragraph:
        return number
    name = text[slice(*hosts[0].source_head)]
    for at in range(number + 1, min(number + 4, len(units))):
        if units[at].sentence.paragraph != sentence.paragraph:
            return number
        here = held.get(units[at].sentence.start)
        if here:
            again = any(each.source_head and text[slice(*each.source_head)] == name for each in here)
            return at if again and at > number + 1 else number
    return number
