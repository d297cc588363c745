"""communique audit: prove from the topics alone that nothing was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli import exits, output, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.core.audit import Report
    from streams.settings import Settings

SHOWN = 20
"""Lost or doubled records that are listed for a person; --json lists all."""


def audit(
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Check that every raw record ended in exactly one fate, and that no statement of an article is lost.

    \b
    communique audit
    communique audit --json | jq .lost

    A fate is enriched, refused, or dead-lettered; each statement of an enriched article must be on the
    statements topic. Reads the topics and the stages' committed offsets, nothing else; may be run any time.
    `pending` is what stages have not read yet; `repeated` is the same event again, known by its id; a dead
    letter that was redriven with success counts as what came of it. Exit code 1, and the list, when a record
    is lost or has two fates, or a statement is lost.
    """
    with output.progress(quiet=as_json) as bar:
        task = bar.add_task("reading", total=None)
        report = start.run(
            _audit(start.settings(), lambda topic, n: bar.update(task, description=topic, advance=n))
        )
    if as_json:
        output.json_line(report.as_dict())
    else:
        output.out().print("\n".join(page(report)))
    raise typer.Exit(exits.DONE if report.holds else exits.DOES_NOT_HOLD)


async def _audit(settings: Settings, tell: Callable[[str, int], None]) -> Report:
    from streams.audit import collect
    from streams.bus.connect import connect

    return await collect.audit(connect(settings), tell)


def page(report: Report) -> list[str]:
    """Return a report as lines for a person."""
    counts = [
        ("raw records", report.raw),
        ("enriched", report.enriched),
        ("refused", report.refused),
        ("dead letters", report.dead_lettered),
        ("pending", report.pending),
        ("repeated events", report.repeated),
        ("dead after enrichment", report.dead_lettered_later),
        ("lost", len(report.lost)),
        ("doubled", len(report.doubled)),
        ("statements lost", len(report.statements_lost)),
    ]
    always = {"raw records", "enriched", "refused", "dead letters", "pending", "lost"}
    lines = [f"{name:22} {count:>9,}" for name, count in counts if count or name in always]
    lines += _some("lost: no fate, and nothing on its way", report.lost)
    lines += _some("doubled: more than one fate", report.doubled)
    lines += _some("statements lost: of an enriched article, and not on the topic", report.statements_lost)
    if not report.holds:
        return [*lines, "", "The audit does NOT hold. `communique explain RECORD` shows a record's walk."]
    sum_up = (
        "every raw record has exactly one fate"
        if not report.pending
        else "no record is lost, some are on their way"
    )
    return [*lines, "", f"The audit holds: {sum_up}."]


def _some(title: str, origins: tuple[str, ...]) -> list[str]:
    if not origins:
        return []
    more = [f"  … and {len(origins) - SHOWN:,} more (--json lists all)"] if len(origins) > SHOWN else []
    return ["", title, *(f"  {each}" for each in origins[:SHOWN]), *more]
