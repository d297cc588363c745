"""diff_page: how two runs differ, as one self-contained HTML page with pictures.

Counts, the share of articles that differ by outlet and by day, the gates, and samples side by side with what
differs marked. Nothing is loaded and nothing runs (see `explain_page`); every word of an article is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from streams.core.replay.diff import KINDS, Difference, Share, kinds
from streams.render import bars, side_by_side
from streams.render.lines import plain

if TYPE_CHECKING:
    from jinja2 import Template

    from streams.core.replay.facts import Body

ROWS: Final = 30
"""Outlets and days that are shown at most: those with most articles that differ; days stay in their order."""
_FIELDS: Final = ("headline", "text")


class Gate(NamedTuple):
    """A gate as it is shown."""

    name: str
    measured: str
    limit: str
    verdict: str


class Sample(NamedTuple):
    """One difference: what it is, in words, and for an article in both runs its rows side by side."""

    title: str
    facts: str
    rows: Sequence[side_by_side.Row]
    statements: Sequence[tuple[str, str, str, str]]
    """(kind, before, after, fields) of each statement that differs."""
    kinds: tuple[str, ...]
    """Of difference: what it is a sample of."""


class Report(NamedTuple):
    """What the page shows. `counts`: what is counted → kind → how many."""

    title: str
    digest: str
    counts: Mapping[str, Mapping[str, int]]
    others: Sequence[tuple[str, str]]
    fields: Mapping[str, int]
    by_outlet: Mapping[str, Share]
    by_day: Mapping[str, Share]
    gates: Sequence[Gate]
    samples: Sequence[Sample]
    """Each raw record once, whatever kinds of difference it is a sample of."""


def page(report: Report) -> str:
    """Return the page."""
    return _template().render(
        report=report, counts=Markup(_counts(report.counts)),  # noqa: S704  # bars.svg escapes
        outlets=Markup(_shares("articles that differ, by outlet", _most(report.by_outlet))),  # noqa: S704
        days=Markup(_shares("articles that differ, by day", _most(report.by_day, by_name=True))),  # noqa: S704
    )


def sample(told: Difference, old: Body | None, new: Body | None) -> Sample:
    """Return a difference as it is shown."""
    rows = [row for field in _FIELDS for row in side_by_side.rows(_text(old, field), _text(new, field))]
    facts = told.new or told.old
    ends = zip((told.old, told.new), told.refusal, told.dead, strict=True)
    end = " → ".join(_end(*each) for each in ends)
    named = f"{end}; differs in {', '.join(told.fields)}" if told.fields else end
    return Sample(
        plain(facts.headline if facts and facts.headline else told.origin), plain(f"{told.origin}  {named}"),
        _near(rows), [_said(pair) for pair in told.statements], tuple(kinds(told)))


def _said(pair: object) -> tuple[str, str, str, str]:
    kind, old, new = (getattr(pair, name) for name in ("kind", "old", "new"))
    words = [plain(f"{each.speaker or '?'}: {each.content}") if each else "" for each in (old, new)]
    return kind, words[0], words[1], ", ".join(getattr(pair, "fields", ()))


def _near(rows: Sequence[side_by_side.Row]) -> list[side_by_side.Row]:
    """Return the rows that differ, each with the one before and after it."""
    kept = {near for at, row in enumerate(rows) if row.kind != "same" for near in (at - 1, at, at + 1)}
    return [row for at, row in enumerate(rows) if at in kept]


def _end(facts: object, refusal: str | None, dead: Sequence[str]) -> str:
    if facts is not None:
        return "enriched"
    return f"refused {refusal}" if refusal else f"dead letter {', '.join(dead)}" if dead else "no end"


def _text(body: Body | None, field: str) -> str:
    found = (body or {}).get(field)
    return found if isinstance(found, str) else ""


def _counts(counts: Mapping[str, Mapping[str, int]]) -> str:
    rows = []
    for name, found in counts.items():
        total = sum(found.get(kind, 0) for kind in KINDS) or 1
        told = ", ".join(f"{found[kind]:,} {kind}" for kind in KINDS[1:] if found.get(kind))
        parts = [(kind, found.get(kind, 0) / total) for kind in KINDS]
        rows.append(bars.Bar(name, parts, told or "no difference"))
    return bars.svg("what is the same, added, removed and changed", rows)


def _shares(title: str, shares: Sequence[tuple[str, Share]]) -> str:
    return bars.svg(title, [
        bars.Bar(
            plain(name) or "unknown", [("changed", each.differing), ("same", each.articles - each.differing)],
            f"{each.differing:,} of {each.articles:,}; {each.after - each.before:+,} statements")
        for name, each in shares
    ])


def _most(shares: Mapping[str, Share], *, by_name: bool = False) -> list[tuple[str, Share]]:
    found = sorted(shares.items(), key=lambda each: (-each[1].differing, -each[1].articles, each[0]))[:ROWS]
    return sorted(found) if by_name else found


@cache
def _template() -> Template:
    source = files("streams.render").joinpath("diff.html").read_text(encoding="utf-8")
    strict = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return strict.from_string(source)
