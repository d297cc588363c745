"""Read: the reports in one field of an article.

Sentences that can hold something to attribute (a cue of the pack, a quotation, a colon) are parsed, the
others are not; each cue then finds its source and its content.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from schemas.mention import MentionKind
from schemas.span import SpanField
from schemas.statement import SpeechAct, StatementMode
from streams.core.statements.acts import act_of
from streams.core.statements.circumstances import circumstances_of
from streams.core.statements.citing import cited
from streams.core.statements.colon import colon_report, transcript_report
from streams.core.statements.cues import cues_of
from streams.core.statements.floating import with_floating
from streams.core.statements.inserts import without_inserts
from streams.core.statements.nested import kept
from streams.core.statements.phrases import according_hits, adjective_hits, noun_hits, silence_hits
from streams.core.statements.quotes import without_stop
from streams.core.statements.report import Bounds, CueFound, CueKind, Report
from streams.core.statements.source import source_of
from streams.core.statements.tree import Tree, tree_of
from streams.core.statements.units import units_of
from streams.core.statements.verbs import verb_hits

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from schemas.clean_article import Repair
    from schemas.mention import Mention
    from streams.core.statements.cues import Cues
    from streams.core.statements.hit import Hit
    from streams.core.statements.units import Unit
    from streams.core.tagging.fields import Field
    from streams.core.tagging.parse import Parser

_MEDIA: Final = (MentionKind.WIRE, MentionKind.OUTLET)
_PLACES: Final = (MentionKind.GPE, MentionKind.LOC, MentionKind.FAC)
_TITLE_CHARS: Final = 160
"""A first paragraph of one sentence up to this long may be a headline that nobody marked as one."""
_MARKS: Final = 3
"""Code points of a content that may stand outside its quotation: the marks and a comma."""


def reports_in(
    field: Field,
    mentions: Sequence[Mention],
    repairs: Sequence[Repair],
    parser: Parser,
    language: str,
    without: frozenset[str] = frozenset(),
) -> list[Report]:
    """Return the reports in `field`, in order of their content.

    `mentions` are those of the field, in order; `repairs` those of `text`, empty for other fields. `without`:
    families of rules left out.
    """
    cues = cues_of(language)
    units = list(units_of(field.text, repairs, cues, language))
    found: list[list[Report]] = [[] for _ in units]
    taken = _side_by_side(field, units, mentions, found, language, without)
    parsed = [
        (number, unit.masked) for number, unit in enumerate(units) if unit.masked and number not in taken
    ]
    starts = [mention.start for mention in mentions]
    docs = parser.parse([seen.text for _, seen in parsed])
    for (number, seen), doc in zip(parsed, docs, strict=True):
        unit, tree = units[number], tree_of(doc, seen)
        inside = mentions[bisect_left(starts, unit.sentence.start) : bisect_left(starts, unit.sentence.end)]
        hits = [hit for hit in _hits(tree, cues) if hit.rule not in without]
        wires = [hit for hit in hits if _is_wire(tree, hit, inside, cues.media)]
        if wires:
            hits, wires = cited(tree, hits, wires, _naming(tree, inside, _MEDIA), cues)
        quoted = [Bounds(quote.start, quote.end) for quote in unit.quotes]
        places = _naming(tree, inside, _PLACES)
        found[number] = [
            _marked(_report(field, unit, tree, hit, inside, places, language), wire=hit in wires)
            for hit in kept(tree, hits, quoted, cues.pronouns["first"], wires)
        ]
    reports = with_floating(field.text, units, found, cues.pronouns["pointing"], without)
    return sorted(reports, key=lambda report: (report.content[0], report.sentence))


def _side_by_side(
    field: Field,
    units: Sequence[Unit],
    mentions: Sequence[Mention],
    found: Sequence[list[Report]],
    language: str,
    without: frozenset[str],
) -> set[int]:
    """Find sources beside what they say (`colon`); return the units that need no parser any more."""
    taken: set[int] = set()
    if field.name is SpanField.HEADLINE:
        report = (
            colon_report(field.name, field.text, mentions, language) if "headline" not in without else None
        )
        if report and units:
            found[0].append(report)
            taken.update(range(len(units)))
        return taken
    if field.name is not SpanField.TEXT:
        return taken
    first = units[0].sentence if units else None
    if first and (len(units) == 1 or units[1].sentence.paragraph) and first.end - first.start < _TITLE_CHARS:
        report = colon_report(field.name, field.text[: first.end], mentions, language)
        if report and "headline" not in without:
            found[0].append(report)
            taken.add(0)
    before = -1
    for number, unit in enumerate(units):
        opens, before = unit.sentence.paragraph != before, unit.sentence.paragraph
        if (
            not opens
            or number in taken
            or ":" not in field.text[unit.sentence.start : unit.sentence.start + 70]
        ):
            continue
        if "transcript" in without:
            continue
        turn = transcript_report(field.text, units, number, mentions, language)
        if turn:
            found[number].append(turn[0])
            taken.update(range(number, turn[1] + 1))
    return taken


def _hits(tree: Tree, cues: Cues) -> Iterator[Hit]:
    yield from noun_hits(tree, cues)
    yield from verb_hits(tree, cues)
    yield from according_hits(tree, cues)
    yield from adjective_hits(tree, cues)
    yield from silence_hits(tree, cues)


def _is_wire(tree: Tree, hit: Hit, mentions: Sequence[Mention], media: Collection[str]) -> bool:
    """Tell whether an agency or an outlet says it: it passes on what others say."""
    if hit.source is None or hit.kind not in (CueKind.SAY, CueKind.ACCORDING):
        return False
    if tree.words[hit.source] in media and tree.tags[hit.source] != "PRP":
        return True
    at = tree.starts[hit.source]
    return any(
        each.start <= at < each.end and each.kind in (MentionKind.WIRE, MentionKind.OUTLET)
        for each in mentions
    )


def _naming(tree: Tree, mentions: Sequence[Mention], kinds: Collection[MentionKind]) -> frozenset[int]:
    """Return the words that stand in mentions of some kinds."""
    return frozenset(
        number
        for each in mentions
        if each.kind in kinds
        for number in range(bisect_left(tree.starts, each.start), bisect_left(tree.starts, each.end))
    )


def _report(
    field: Field,
    unit: Unit,
    tree: Tree,
    hit: Hit,
    mentions: Sequence[Mention],
    places: frozenset[int],
    language: str,
) -> Report:
    source = (
        source_of(tree, hit.source, mentions, cues_of(language).titles) if hit.source is not None else None
    )
    around = circumstances_of(tree, hit, language, places)
    content, inserts = without_inserts(
        field.text, (without_stop(field.text, *each) for each in hit.content), language
    )
    first = field.text[slice(*content[0])] if content else ""
    act = act_of(first, clause=hit.clause, language=language) if _acts_by_words(hit) else None
    return Report(
        field=field.name,
        mode=StatementMode.HEADLINE if field.name is SpanField.HEADLINE else _mode(unit, hit, content),
        content=content,
        sentence=Bounds(unit.sentence.start, unit.sentence.end),
        cue=CueFound(
            tree.bounds(hit.first, hit.last), hit.lemma, hit.kind, hit.factive, act or hit.act, hit.negated
        ),
        source=source.bounds if source else None,
        source_head=source.head if source else None,
        collective=bool(source and source.collective),
        recurring=around.recurring,
        target=hit.target,
        addressee=around.addressee,
        venue=around.venue,
        when=around.when,
        inserts=inserts,
        quote_defects=tuple(each for quote in hit.quotes for each in quote.defects),
        rules=(hit.rule,),
    )


def _marked(report: Report, *, wire: bool) -> Report:
    """Return a report with the mark of an agency's."""
    return replace(report, rules=(*report.rules, "wire")) if wire else report


def _acts_by_words(hit: Hit) -> bool:
    """Tell whether the words decide what is done, for the cue does not, or its noun does."""
    spoken = hit.kind in (CueKind.SAY, CueKind.ACCORDING, CueKind.COLON)
    return (spoken and (hit.act is SpeechAct.ASSERT or hit.rule in ("uttered", "light"))) or (
        hit.kind is CueKind.ACT and not hit.clause
    )


def _mode(unit: Unit, hit: Hit, content: Sequence[Bounds]) -> StatementMode:
    if hit.kind is CueKind.ACT:
        return StatementMode.OFFICIAL_ACT
    if hit.kind is CueKind.DECLINE:
        return StatementMode.INDIRECT
    size = sum(end - start for start, end in content)
    quoted = sum(
        max(0, min(end, quote.content_end) - max(start, quote.content_start))
        for start, end in content
        for quote in unit.quotes
        if quote.content_start == start or "closing_quote_missing" not in quote.defects
    )
    if quoted and quoted >= size - _MARKS:
        return StatementMode.DIRECT if hit.clause else StatementMode.PARTIAL_DIRECT
    if hit.kind is CueKind.BELIEVE:
        return StatementMode.BELIEF
    return StatementMode.MIXED if quoted else StatementMode.INDIRECT
