"""Chain: the way the words took: speaker, those they were told to, agencies, the source credited, the outlet.

Passages of the report's own sentence come first, nearest to the speaker first. An agency of the lead, and one
of an earlier sentence of the same paragraph, carries on for later words of the same speaker, unless those are
of another time. A dateline's agency carries everything. Nobody stands twice in a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from schemas.span import SpanField
from streams.core.statements.media import Depth, Passage, media_of
from streams.core.statements.report import Bounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from schemas.clean_article import CleanArticle
    from streams.core.statements.cast import Cast
    from streams.core.statements.report import Report
    from streams.core.statements.said_on import Filed


class Step(NamedTuple):
    """One hop before it is located: who, what he did, when, and where the text says so (None: metadata)."""

    actor: str
    relation: str
    day: date | None
    field: SpanField | None
    evidence: Bounds | None


def own(report: Report, passages: Iterable[Passage], *, alone: bool) -> tuple[Passage, ...]:
    """Return the passages of the report's sentence, nearest to the speaker first, one a medium.

    `alone`: it is the only report of its sentence; else only its own "told" counts.
    """
    cue = report.cue
    anchor = cue.bounds.start if cue else report.sentence.start
    mine = [
        each
        for each in passages
        if alone
        or each.depth is not Depth.TOLD
        or (cue is not None and each.bounds.start <= cue.bounds.end and cue.bounds.start <= each.bounds.end)
    ]
    ordered = sorted(mine, key=lambda each: (each.depth, abs(each.bounds.start - anchor)))
    return tuple({each.key: each for each in reversed(ordered)}.values())[::-1]


def last_steps(article: CleanArticle, cast: Cast, filed: Filed) -> list[Step]:
    """Return the hops that every statement of the article took: dateline agency, credited source, outlet."""
    published = filed.published or filed.day
    steps = [
        Step(
            mention.text,
            "filed",
            filed.day if filed.basis == "dateline" else None,
            mention.field,
            Bounds(mention.start, mention.end),
        )
        for mention in media_of(SpanField.DATELINE, cast)
    ]
    credited = [
        Step(mention.text, "credited", None, mention.field, Bounds(mention.start, mention.end))
        for mention in media_of(SpanField.SOURCE_CREDIT, cast)
    ]
    outlet = article.outlet.name
    if credited and not outlet:
        credited[-1] = credited[-1]._replace(relation="publishes", day=published)
    steps += credited
    if outlet:
        steps.append(Step(outlet, "publishes", published, None, None))
    return steps


def without_repeats(steps: Sequence[Step]) -> Iterator[Step]:
    """Yield the steps, those of one actor that follow each other once: the one that says more."""
    kept: list[Step] = []
    for step in steps:
        if kept and kept[-1].actor.casefold() == step.actor.casefold():
            if len(kept) > 1 and kept[-1].day is None:
                kept[-1] = kept[-1]._replace(day=step.day)
            continue
        kept.append(step)
    yield from kept
