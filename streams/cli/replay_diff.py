"""replay_diff: `communique replay diff` and `accept`: what a replay changes, and whether that is wanted."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli import exits, output, start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from streams.core.replay.diff import Difference
    from streams.core.replay.gates import Gate
    from streams.render.diff_page import Gate as Shown
    from streams.render.diff_page import Report, Sample
    from streams.replay.judging import Verdict
    from streams.settings import Settings

JobId = Annotated[str, typer.Argument(help="Its id, or the start of it.", metavar="JOB")]


def diff(
    job_id: JobId,
    samples: Annotated[int, typer.Option(help="Samples of each kind, in all.", min=0, metavar="N")] = 3,
    html: Annotated[Path | None, typer.Option(help="Write a page with pictures.", metavar="FILE")] = None,
    each: Annotated[bool, typer.Option("--each", help="With --json: first a line a difference.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One object, on one line.")] = False,
) -> None:
    """Say what a replay changes: articles, what they name and say, clusters, refusals, dead letters, alerts.

    \b
    communique replay diff raw-3f2a9c1b
    communique replay diff raw-3f2a9c1b --html diff.html
    communique replay diff raw-3f2a9c1b --json | jq .changed
    communique replay diff raw-3f2a9c1b --json --each | jq -r 'select(.origin) | .origin'

    What was known when an event left (as of) is compared at rest; what was only read as context is left out.
    """
    if each and not as_json:
        raise exits.Usage("--each prints lines of JSON: give --json too")
    hears = (lambda told: output.json_line(line_of(told))) if each else (lambda _: None)
    wanted = samples if html or not as_json else 0
    verdict, shown = start.run(_diff(start.settings(), job_id, wanted, hears))
    if as_json:
        output.json_line(verdict.as_dict())
    else:
        _print(verdict, [] if html else shown, samples)
    if html is not None:
        from streams.render.diff_page import page

        html.write_text(page(report(verdict, shown)), encoding="utf-8")
        output.say(f"written to {html}")


async def _diff(
    settings: Settings, job_id: str, samples: int, each: Callable[[Difference], None]
) -> tuple[Verdict, list[Sample]]:
    from streams.bus import jobs
    from streams.bus.connect import connect
    from streams.render.diff_page import sample
    from streams.replay.examples import examples
    from streams.replay.judging import judge, spooled

    bus = connect(settings)
    with spooled() as spool, output.progress() as bar:
        task = bar.add_task("compare", total=None)
        verdict = await judge(
            bus, await jobs.read(bus, job_id), spool, samples=samples, each=each,
            tell=lambda records: bar.advance(task, records), settings=settings)
        found = await examples(bus, spool, verdict.comparison.found.samples) if samples else {}
    return verdict, once({kind: [sample(*one) for one in ones] for kind, ones in found.items()}, samples)


def line_of(told: Difference) -> dict[str, object]:
    """Return a difference as one object."""
    return {
        "origin": told.origin, "article_id": told.article_id or None, "article": told.kind or None,
        "fields": list(told.fields), "refusal": list(told.refusal),
        "dead": [list(side) for side in told.dead],
        "statements": [
            {"kind": pair.kind, "old": pair.old and pair.old.statement_id,
             "new": pair.new and pair.new.statement_id, "fields": list(pair.fields)}
            for pair in told.statements
        ],
    }


def report(verdict: Verdict, samples: Sequence[Sample]) -> Report:
    """Return what the page shows."""
    from streams.render.diff_page import Report

    found = verdict.comparison.found
    return Report(
        f"Replay {verdict.job.job_id} beside production", verdict.comparison.digest,
        {"articles": found.articles, "statements": found.statements, "mentions": found.mentions,
         "refusals": found.refusals, "dead letters": found.dead_letters},
        others(verdict), dict(found.fields.most_common()), found.by_outlet, found.by_day,
        [_gate(gate) for gate in verdict.gates], samples)


def others(verdict: Verdict) -> list[tuple[str, str]]:
    """Return what is no count of the four kinds, in words."""
    clusters, alerts = verdict.comparison.clusters, verdict.comparison.alerts
    return [
        ("pairs", f"{clusters.same:,} same, {clusters.joined:,} joined, {clusters.split:,} split"),
        ("clusters renamed", f"{clusters.renamed:,}"),
        ("statements at rest", f"{verdict.comparison.judged_otherwise:,} judged otherwise (novelty, state)"),
        ("alerts, on their day", f"{alerts.same:,} same, {alerts.added:,} added, {alerts.removed:,} removed"),
        ("alerts raised", f"{alerts.supported:,} still rest on a statement, {alerts.unsupported:,} do not"),
        ("raw records without an end", f"{verdict.comparison.unaccounted.count:,}"),
    ]


def _gate(gate: Gate) -> Shown:
    from streams.render.diff_page import Gate as Shown

    verdict = "passes" if gate.passes else "waived" if gate.waived else "does not pass"
    return Shown(gate.name, f"{gate.measured:g}", "any" if gate.limit is None else f"{gate.limit:g}", verdict)


def once(samples: Mapping[str, list[Sample]], most: int) -> list[Sample]:
    """Return each article once, under the first kind that it is a sample of; `most`: of each kind, in all."""
    found: dict[str, Sample] = {}
    for kind, ones in samples.items():
        for one in ones:
            if sum(kind in each.kinds for each in found.values()) < most:
                found.setdefault(one.facts, one)
    return list(found.values())


def _print(verdict: Verdict, samples: list[Sample], most: int) -> None:
    from streams.core.replay.diff import KINDS

    out, shown = output.out(), report(verdict, [])
    for name, counts in shown.counts.items():
        told = ", ".join(f"{counts.get(kind, 0):,} {kind}" for kind in KINDS)
        out.print(f"{name:14} {told}")
    for name, told in shown.others:
        out.print(f"{name}: {told}")
    if shown.fields:
        out.print("changed in: " + ", ".join(f"{name} {count:,}" for name, count in shown.fields.items()))
    for gate in shown.gates:
        out.print(f"gate {gate.name:16} {gate.measured} of {gate.limit}: {gate.verdict}")
    told_of: Counter[str] = Counter()
    for one in samples:
        _print_sample(one, told_of, most)


def _print_sample(one: Sample, told_of: Counter[str], most: int) -> None:
    """Print an article and its statements that differ. `told_of`: how many of each kind have been printed."""
    out = output.out()
    out.print(f"\n{', '.join(one.kinds)}: {one.title}\n  {one.facts}")
    for row in one.rows:
        before, after = ("".join(piece.text for piece in side) for side in (row.left, row.right))
        if row.kind != "same":
            out.print(f"  - {before}\n  + {after}")
    left = len(one.statements)
    for said, before, after, fields in one.statements:
        if told_of[said] < most:
            told_of[said] += 1
            left -= 1
            sides = "".join(f"\n    {sign} {words}" for sign, words in (("-", before), ("+", after)) if words)
            out.print(f"  statement {said} {fields}".rstrip() + sides)
    if left:
        out.print(f"  {left:,} more of its statements differ")


def accept(
    job_id: JobId,
    waive: Annotated[
        list[str] | None, typer.Option(help="Let this gate pass by name.", metavar="GATE")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who accepts.", metavar="NAME")] = None,
    why: Annotated[str | None, typer.Option(help="Why a gate is waived.", metavar="TEXT")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object, on one line.")] = False,
) -> None:
    """Accept what a replay changes: its gates must pass, or be waived by name.

    \b
    communique replay accept raw-3f2a9c1b --by Ines
    communique replay accept raw-3f2a9c1b --waive statements_lost --by Ines --why "captions are none"

    The differences as they are now are accepted. When they are others later, `cutover` refuses.

    Exit codes: 0 accepted, 1 a gate does not pass, 2 wrong usage.
    """
    if waive and not (by and why):
        raise exits.Usage("--waive takes a name and a reason: --by NAME --why TEXT")
    verdict, refused = start.run(_accept(start.settings(), job_id, waive or [], by, why or ""))
    if as_json:
        output.json_line(verdict.as_dict())
    elif not refused:
        output.out().print(f"{verdict.job.job_id} is accepted: {verdict.comparison.digest}")
    if refused:
        output.say("\n".join(refused))
        raise typer.Exit(exits.DOES_NOT_HOLD)


async def _accept(
    settings: Settings, job_id: str, waive: list[str], by: str | None, why: str
) -> tuple[Verdict, list[str]]:
    from schemas.replay_job import Waiver
    from streams.bus import jobs
    from streams.bus.connect import connect
    from streams.replay import judging

    bus = connect(settings)
    with judging.spooled() as spool, output.progress() as bar:
        task = bar.add_task("compare", total=None)
        verdict = await judging.judge(
            bus, await jobs.read(bus, job_id), spool, tell=lambda records: bar.advance(task, records))
    waivers = [Waiver(gate=gate, by=by or "", reason=why) for gate in waive]
    found = judging.with_waivers(verdict, waivers)
    if refused := [judging.refusal(gate) for gate in found.gates if not gate.open]:
        return found, refused
    return await judging.accept(bus, found, by, datetime.now(UTC)), []
