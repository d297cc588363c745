"""communique forget: take an article's text and statements back from everything that is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli import exits, output, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.takedown import Takedown
    from streams.settings import Settings
    from streams.takedown.job import Plan


def forget(
    article: Annotated[
        str | None,
        typer.Argument(help="Its id, URL, source id, or its raw record's place.", metavar="[ARTICLE]"),
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why; it is kept, and holds no text of the article.", metavar="TEXT")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who asks for it.", metavar="NAME")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without, only say what would be done.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List what was taken back.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Take an article back: its text, its statements, the alerts that rest on them, wherever they are kept.

    \b
    communique forget https://example.org/a
    communique forget https://example.org/a --reason "court order 12/26" --by Ines --yes
    communique forget --list

    A dry run unless --yes. Stages must stand still: `communique run --until-drained`, then forget, then run
    again. Records keep place, ids and a hash, so the audit still holds; the article is refused `taken_down`
    when it comes again. On Kafka single records cannot be removed: what remains there until when is told.
    Killed half-way, the same call finishes it. Exit code 75 while a stage runs or is behind.
    """
    if listed:
        _list(as_json=as_json)
        return
    if article is None or (yes and not reason):
        raise exits.Usage("give an article, and with --yes a --reason: `communique forget --help` shows how")
    settings = start.durable(start.settings())
    with output.progress(quiet=as_json, counted=False) as bar:
        task = bar.add_task("…", total=None)

        def tell(place: str) -> None:
            bar.update(task, description=place)

        if not yes:
            _show(start.run(_plan(settings, article, tell)), as_json=as_json)
            return
        done = _or_try_again(settings, article, reason or "", by, tell)
    _told(done, as_json=as_json)


def _or_try_again(
    settings: Settings, article: str, reason: str, by: str | None, tell: Callable[[str], None]
) -> Takedown:
    from streams.archive.errors import ArchiveBusy
    from streams.deliver.taken_down import OutboxBusy
    from streams.ingest.feeds.taken_down import FeedsBusy
    from streams.takedown.waiting import Busy

    try:
        return start.run(_forget(settings, article, reason, by, tell))
    except (Busy, ArchiveBusy, OutboxBusy, FeedsBusy) as busy:
        output.say(f"communique: {busy}")
        raise typer.Exit(exits.TRY_AGAIN) from None


async def _forget(
    settings: Settings, article: str, reason: str, by: str | None, tell: Callable[[str], None]
) -> Takedown:
    from streams.bus.connect import connect
    from streams.takedown.job import Job

    bus = connect(settings)
    await start.ensure_topics(bus, settings)
    return await Job(bus, settings, datetime.now(UTC), tell).forget(article, reason, by)


async def _plan(settings: Settings, article: str, tell: Callable[[str], None]) -> Plan:
    from streams.bus.connect import connect
    from streams.takedown.job import Job

    return await Job(connect(settings), settings, datetime.now(UTC), tell).plan(article)


def _show(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        output.json_line({
            "article_id": plan.article_id, "origins": sorted(plan.target.origins),
            "statement_ids": sorted(plan.target.statements), "would_remove": plan.removed,
            "in_the_way": list(plan.in_the_way), "elsewhere": list(plan.elsewhere), "done": False})
        return
    sizes = f"{len(plan.target.origins)} raw records, {len(plan.target.statements)} statements"
    lines = [f"article {plan.article_id}", sizes, *_counts(plan.removed)]
    lines += [f"in the way: {each}" for each in plan.in_the_way[:5]] + _elsewhere(plan.elsewhere)
    output.out().print("\n".join([*lines, "", "Nothing was removed: --yes --reason … does it."]))


def _counts(places: dict[str, int]) -> list[str]:
    return [f"  {count:>6,}  {place}" for place, count in places.items()]


def _told(done: Takedown, *, as_json: bool) -> None:
    if as_json:
        output.json_line(done.model_dump(mode="json"))
        return
    lines = [f"taken back: article {done.article_id}", *_counts(done.removed)]
    output.out().print("\n".join([*lines, *_remains(done), *_elsewhere(done.elsewhere)]))


def _elsewhere(places: tuple[str, ...]) -> list[str]:
    told = "is not on this machine, and may hold it: call this where it is, too"
    return [f"the {place} {told}" for place in places]


def _remains(done: Takedown) -> list[str]:
    """Return what Kafka still holds, until when, and what to do where that is for ever."""
    lines = []
    for topic, until in done.remains.items():
        when = f"until {until.date().isoformat()}" if until else "until its log cleaner has run"
        if topic in done.for_ever:
            when = "for ever: give it a retention.ms (docs/takedown.md), or delete it"
        lines.append(f"Kafka still holds it on {topic} {when}")
    return lines


def _list(*, as_json: bool) -> None:
    from streams.bus.connect import connect
    from streams.bus.takedowns import takedowns

    found = start.run(takedowns(connect(start.settings())))
    for each in sorted(found.values(), key=lambda one: one.taken_at):
        if as_json:
            output.json_line(each.model_dump(mode="json"))
        else:
            by = f", {each.by}" if each.by else ""
            state = "" if each.state == "done" else f"  ({each.state.value}: run it again)"
            output.out().print(f"{each.taken_at:%Y-%m-%d %H:%M}  {each.article_id}  {each.reason}{by}{state}")
    if not found and not as_json:
        output.say("nothing was taken back")
