"""communique audit: prove from the topics alone that nothing was lost."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from schemas.base import rfc3339
from streams.audit.certificate import cells_of
from streams.audit.collect import Asked
from streams.cli import exits, output, start, when
from streams.core.replay.view import FIRST
from streams.render.certificate_page import BY, table

if TYPE_CHECKING:
    from schemas.replay_job import ReplayJob
    from streams.audit.certificate import Body, Checked
    from streams.bus.interface import Bus
    from streams.core.audit_report import Report
    from streams.settings import Settings

FIRST_RUN = "first"
"""The run that is no replay's, for --job; a replay's id always has a hash behind."""
SHOWN = 20
"""Lost or doubled records that are listed for a person; --json lists all."""


def audit(  # flags
    since: Annotated[
        str | None, typer.Option(help="Only raw records that came in at or after this time.", metavar="TIME")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Only raw records that came in before this time.", metavar="TIME")
    ] = None,
    job: Annotated[
        str | None, typer.Option(help="One run alone: a replay, or `first`.", metavar="JOB")
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option(help="Counts by hour, partition or mode, too.", metavar="WHAT")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="Write the certificate, JSON: what was read, counts, hashes.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the certificate as a page.")] = None,
    check: Annotated[
        Path | None, typer.Option(help="Run the audit of a certificate again, and compare.")
    ] = None,
    now: Annotated[
        str | None, typer.Option(help="A moment to stand in the certificate, outside its hash.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Check that every raw record ended in exactly one fate, and that no statement of an article is lost.

    \b
    communique audit
    communique audit --since 7d --by mode --by hour
    communique audit --certificate march.json --html march.html
    communique audit --check march.json

    A fate is enriched, refused, or dead-lettered; each statement of an enriched article must be on the
    statements topic. After a cutover of a replay each raw record's fate is that of the run that is production
    for it; --job audits one run alone. Reads the topics and the stages' committed offsets, nothing else; may
    be run any time. `pending` is what stages have not read yet; `repeated` is the same event again, known by
    its id; a dead letter that was redriven with success counts as what came of it. Exit code 1, and the list,
    when a record is lost or has two fates, a statement is lost, or (--check) a certificate does not come out
    the same.
    """
    if job not in {None, FIRST_RUN} and (since or until):
        raise exits.Usage("a replay has its own --since and --until: give --job alone")
    if strange := set(by or ()) - set(BY):
        raise exits.Usage(f"--by {min(strange)}: known are {', '.join(BY)}")
    with output.progress(quiet=as_json) as bar:
        task = bar.add_task("reading", total=None)
        asked = Asked(tell=lambda topic, n: bar.update(task, description=topic, advance=n))
        if check is not None:
            done = start.run(_check(start.settings(), _read(check), asked))
            _tell_checked(done, as_json=as_json)
        moment = when.moment(now, datetime.now(UTC)) if now else None
        wanted, certified = _scope(since, until), bool(certificate or html)
        report, body = start.run(_audit(start.settings(), asked, wanted, moment, job, certified=certified))
    _write(body, certificate, html)
    if as_json:
        by_name = {f"by_{name}": _counted(report, name) for name in by or ()}
        output.json_line(report.as_dict() | _moved(asked) | by_name)
    else:
        output.out().print("\n".join(page(report) + _of(asked)))
        for name in by or ():
            output.out().print("\n".join(_lines(report, name)))
    raise typer.Exit(exits.DONE if report.holds else exits.DOES_NOT_HOLD)


def _scope(since: str | None, until: str | None) -> Body:
    now = datetime.now(UTC)
    given = {"since": since, "until": until}
    return {name: rfc3339(when.moment(text, now)) if text else None for name, text in given.items()}


async def _audit(
    settings: Settings, asked: Asked, scope: Body, now: datetime | None,
    job: str | None, *, certified: bool
) -> tuple[Report, Body]:
    from streams.audit import collect
    from streams.audit.certificate import certify
    from streams.audit.ranges import within
    from streams.bus.connect import connect

    bus = connect(settings)
    asked.job = await _job(bus, job)
    asked.view = FIRST if job == FIRST_RUN else None
    told: Body = {"replay": asked.job.model_dump(mode="json") if asked.job else None}
    asked.part = any(scope.values())
    if asked.part:
        asked.ranges = await within(bus, scope["since"], scope["until"])
    if certified:
        return await certify(bus, asked, scope | told, now)
    return await collect.audit(bus, asked=asked), {}


async def _check(settings: Settings, body: Body, asked: Asked) -> Checked:
    from schemas.replay_job import ReplayJob
    from streams.audit.certificate import check
    from streams.bus.connect import connect

    job = body["scope"]["replay"]
    asked.job = ReplayJob.model_validate(job) if job else None
    asked.part = any(body["scope"][name] for name in ("since", "until"))
    return await check(connect(settings), body, asked)


def _moved(asked: Asked) -> Body:
    """Return which run was audited, and to which others production was moved, for --json."""
    spans = [] if asked.alone or asked.view is None else asked.view.spans[1:]
    job = asked.job.job_id if asked.job else None
    return {"job_id": job, "moved_to": [span.model_dump(mode="json") for span in spans]}


def _of(asked: Asked) -> list[str]:
    """Return which runs were audited, for a person: nothing where there never was another."""
    from streams.audit.produced import in_words

    if asked.alone or asked.view is None:
        return []
    alone = ", ".join(f"--job {run or FIRST_RUN}" for run in asked.runs)
    return [f"This is production: {in_words(asked.view)}.", f"Each run alone, with all it read: {alone}."]


async def _job(bus: Bus, name: str | None) -> ReplayJob | None:
    if name in {None, FIRST_RUN}:
        return None
    from streams.bus import jobs

    return await jobs.read(bus, name)


def _read(path: Path) -> Body:
    from streams.audit.certificate import read

    try:
        return read(path.read_bytes())
    except OSError as error:
        raise exits.Usage(f"{path} cannot be read: {error.strerror}") from None


def _write(body: Body, certificate: Path | None, html: Path | None) -> None:
    import orjson

    from streams.render.certificate_page import page as html_page

    try:
        if certificate is not None:
            certificate.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2) + b"\n")
        if html is not None:
            html.write_text(html_page(body), encoding="utf-8")
    except OSError as error:
        raise exits.Usage(f"{error.filename} cannot be written: {error.strerror}") from None


def _tell_checked(done: Checked, *, as_json: bool) -> NoReturn:
    told = {"holds": done.holds, "differs": done.differs, "expired": done.expired, "same": done.same}
    if as_json:
        output.json_line(told)
    else:
        lines = [f"{done.same:,} partitions have the same hash"]
        lines += [f"no longer kept whole, and not compared: {each}" for each in done.expired]
        lines += [f"DIFFERS: {each}" for each in done.differs]
        lines += ["", "It comes out the same." if done.holds else "It does NOT come out the same."]
        output.out().print("\n".join(lines))
    raise typer.Exit(exits.DONE if done.holds else exits.DOES_NOT_HOLD)


def _counted(report: Report, by: str) -> list[dict[str, object]]:
    shown = table(cells_of(report), by, None)
    return [dict(zip(shown.head, (row[0], *(int(n.replace(",", "")) for n in row[1:])), strict=True))
            for row in shown.rows]


def _lines(report: Report, by: str) -> list[str]:
    shown = table(cells_of(report), by)
    wide = max((len(row[0]) for row in shown.rows), default=0)
    return ["", *(
        f"{row[0]:{wide}}" + "".join(f" {cell:>13}" for cell in row[1:])
        for row in [shown.head, *shown.rows])]


def page(report: Report) -> list[str]:
    """Return a report as lines for a person."""
    counts = [
        ("raw records", report.raw),
        ("enriched", report.enriched),
        ("refused", report.refused),
        ("dead letters", report.dead_lettered),
        ("pending", report.pending),
        ("repeated events", report.repeated),
        ("by a redrive", report.redriven),
        ("dead after enrichment", report.dead_lettered_later),
        ("lost", len(report.lost)),
        ("doubled", len(report.doubled)),
        ("statements lost", len(report.statements_lost)),
        ("forged", len(report.forged)),
    ]
    always = {"raw records", "enriched", "refused", "dead letters", "pending", "lost"}
    lines = [f"{name:22} {count:>9,}" for name, count in counts if count or name in always]
    lines += _some("lost: no fate, and nothing on its way", report.lost)
    lines += _some("doubled: more than one fate", report.doubled)
    lines += _some("statements lost: of an enriched article, and not on the topic", report.statements_lost)
    lines += _some("forged: calls itself redriven, and nobody noted it", report.forged)
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
