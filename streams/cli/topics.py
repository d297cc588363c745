"""communique topics: what the catalogue wants of the bus, what the bus has, and making them one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from streams.cli import exits, output, start

if TYPE_CHECKING:
    from streams.bus.admin import Change
    from streams.bus.interface import TopicDescription, TopicPartition
    from streams.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Plan, create and list topics.

\b
communique topics plan          what is missing or different; exit 1 when something is
communique topics apply         create what is missing, set what is different
communique topics list          what there is, with its records

The widths come from topics.partitions and topics.shards, replicas from topics.replication. Nothing is ever
deleted, and the width of a topic that is there is never changed: records are placed by it.""",
)

COLUMNS: Final = ("topic", "partitions", "cleanup", "days kept", "records")

Json = Annotated[bool, typer.Option("--json", help="One object a line.")]


@app.command("plan")
def plan(*, as_json: Json = False) -> None:
    """Say what `apply` would do. Exit 1 when the bus is not as the catalogue has it.

    \b
    communique topics plan
    communique topics plan --json | jq -r .topic
    """
    changes = start.run(_differences(start.settings()))
    _show(changes, as_json=as_json)
    if not changes and not as_json:
        output.say("the bus is as the catalogue has it")
    if changes:
        raise typer.Exit(exits.DOES_NOT_HOLD)


@app.command("apply")
def apply(*, as_json: Json = False) -> None:
    """Create what is missing and set what is different. Exit 2 when a topic has another width.

    \b
    communique topics apply
    communique topics apply --bus kafka://localhost:9092 --set topics.replication=3
    """
    _show(start.run(_applied(start.settings())), as_json=as_json)
    if not as_json:
        output.say("the bus is as the catalogue has it")


@app.command("list")
def list_topics(
    *,
    every: Annotated[bool, typer.Option("--all", help="Topics that are not ours, too.")] = False,
    as_json: Json = False,
) -> None:
    """List topics: name, partitions, clean-up, days kept, records.

    \b
    communique topics list
    communique topics list --json | jq 'select(.records > 0)'
    """
    rows = start.run(_rows(start.settings(), every=every))
    if as_json:
        for row in rows:
            output.json_line(row)
        return
    rows.insert(0, dict(zip(COLUMNS, COLUMNS, strict=True)))
    wide = max((len(str(row["topic"])) for row in rows), default=0)
    for row in rows:
        topic, *numbers = ("for ever" if value is None else str(value) for value in row.values())
        output.out().print(topic.ljust(wide), *(number.rjust(10) for number in numbers))


async def _differences(settings: Settings) -> tuple[Change, ...]:
    from streams.bus import admin as catalogue
    from streams.bus.connect import connect

    async with connect(settings).admin() as admin:
        return catalogue.plan(catalogue.wanted(settings.topics), await admin.describe_topics())


async def _applied(settings: Settings) -> tuple[Change, ...]:
    from streams.bus import admin as catalogue
    from streams.bus.connect import connect

    async with connect(settings).admin() as admin:
        changes = catalogue.plan(catalogue.wanted(settings.topics), await admin.describe_topics())
        await catalogue.apply(admin, changes)
        return changes


def _show(changes: tuple[Change, ...], *, as_json: bool) -> None:
    for change in changes:
        if as_json:
            row = {"change": change.kind, "topic": change.topic.name, "partitions": change.topic.partitions}
            output.json_line({**row, "config": dict(change.topic.config), "detail": change.detail})
        else:
            output.out().print(f"{change.kind:<9} {change.topic.name}  {change.detail}")


async def _rows(settings: Settings, *, every: bool) -> list[dict[str, object]]:
    from streams.bus import admin as catalogue
    from streams.bus.connect import connect

    ours = {topic.name for topic in catalogue.wanted(settings.topics)}
    async with connect(settings).admin() as admin:
        found = await admin.describe_topics()
        names = sorted(name for name in found if every or name in ours)
        starts, ends = await admin.beginning_offsets(names), await admin.end_offsets(names)
    return [_row(found[name], starts, ends) for name in names]


def _row(
    topic: TopicDescription, starts: dict[TopicPartition, int], ends: dict[TopicPartition, int]
) -> dict[str, object]:
    from streams.topics import DAY_MS

    kept_ms = int(topic.config.get("retention.ms", "-1"))
    return {
        "topic": topic.name,
        "partitions": topic.partitions,
        "cleanup": topic.config.get("cleanup.policy", "delete"),
        "days_kept": None if kept_ms < 0 else kept_ms // DAY_MS,
        "records": sum(end - starts[place] for place, end in ends.items() if place.topic == topic.name),
    }
