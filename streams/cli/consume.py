"""communique consume: read the events of any topic, one a line."""

from __future__ import annotations

import base64
from contextlib import aclosing
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Final

import orjson
import typer

from streams.cli import exits, output, start, when
from streams.topics import SHORT_NAMES

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from schemas.view import View
    from streams.bus.interface import Bus, Record, TopicPartition
    from streams.bus.views import Watch
    from streams.render.where import Condition
    from streams.settings import Settings

RESERVED: Final = "communique-"
"""Groups that begin so belong to the stages: a reader among them would take their records."""


def consume(
    name: Annotated[str, typer.Argument(help=f"{', '.join(SHORT_NAMES)}, or any topic.", metavar="NAME")],
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Start with the oldest record.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(help="Start at a time: 2018-02-14, 2018-02-14T12:00Z, 90m, 2h, 7d.", metavar="TIME"),
    ] = None,
    exit_at_end: Annotated[
        bool, typer.Option("--exit-at-end", help="End where the topic ends now. Alone: everything there is.")
    ] = False,
    group: Annotated[
        str | None,
        typer.Option(help="Carry on where this group stopped; commit what was printed.", metavar="ID"),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(help="Only events that fit: field=value or field!=value.", metavar="COND"),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="End after so many events.", min=1, metavar="N")] = None,
    envelope: Annotated[
        bool, typer.Option("--envelope", help="With --json: place, key and headers around each body.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print bodies as they are, one a line.")] = False,
) -> None:
    """Read events, one a line, from now on or from where you say.

    \b
    communique consume enriched                              what comes from now on
    communique consume enriched --from-beginning --exit-at-end --json | jq .headline
    communique consume refusals --since 2h
    communique consume enriched --where dedup.role=canonical --where mentions.text=Geneva
    communique consume news.articles.raw.v1.dlt --exit-at-end
    communique consume enriched --group mine --json          resumable: start it again and it carries on

    A short name means what production is: after a cutover of a replay, each article from the run that has it,
    once. A whole topic name means that topic.

    A body is one JSON object a line with --json; tombstones are left out. A body that is no JSON is printed
    as {"not_json_base64": …}. Fields in --where are paths (a.b); in lists any item may fit; ce_… is a
    header; a field that the topic's events do not have is wrong usage. A group starts at the oldest record
    and has at-least-once delivery: a record may be printed again after a crash, never skipped.
    """
    from streams.render import paths
    from streams.render import where as conditions

    if group is not None and (group.startswith(RESERVED) or not group.strip()):
        raise exits.Usage(
            f"--group {group}: names that begin with {RESERVED} belong to the stages; take another"
        )
    if group is not None and (from_beginning or since):
        raise exits.Usage(
            "--group carries on where it stopped: leave out --from-beginning and --since, or the group"
        )
    since_ms = None if since is None else int(when.moment(since, datetime.now(UTC)).timestamp() * 1000)
    wanted = [conditions.parse(each) for each in where or ()]
    for condition in wanted:
        paths.check(SHORT_NAMES.get(name, name), condition.field)
    write = _writer(as_json=as_json or envelope, envelope=envelope)
    source = _Source(name, group, since_ms, from_beginning or (exit_at_end and since is None), exit_at_end)
    source.left = limit
    start.run_while_wanted(_consume(start.settings(), source, wanted, write))


class _Source:
    """Where to read from, as the flags say."""

    def __init__(
        self, name: str, group: str | None, since_ms: int | None, beginning: bool, to_end: bool
    ) -> None:
        self.name, self.group, self.since_ms, self.beginning, self.to_end = (
            name,
            group,
            since_ms,
            beginning,
            to_end,
        )
        self.left: int | None = None  # how many more are wanted; None: no end

    async def records(self, bus: Bus) -> AsyncGenerator[list[Record], None]:
        """Yield records by the flags; empty lists while nothing comes."""
        from streams.bus.views import FOLLOWED, Watch

        topic = await topic_of(bus, self.name)
        if self.name not in SHORT_NAMES or topic not in FOLLOWED:
            async with aclosing(await self._whole(bus, topic)) as reading:
                async for records in reading:
                    yield records
            return
        async with (
            Watch(bus, _tell_of_a_move) as watch,
            aclosing(await self._produced(bus, watch, topic)) as reading,
        ):
            async for records in reading:
                yield records

    async def _whole(self, bus: Bus, topic: str) -> AsyncGenerator[list[Record], None]:
        """Return what reads one topic as it is."""
        from streams.bus import scan

        if self.group is not None:
            return scan.in_group(bus, [topic], self.group, to_end=self.to_end, room=lambda: self.left)
        if self.to_end:
            return scan.scan(bus, [topic], starts=await self._since(bus, [topic]))
        return scan.follow(bus, await self._starts(bus, [topic]))

    async def _produced(self, bus: Bus, watch: Watch, topic: str) -> AsyncGenerator[list[Record], None]:
        """Return what reads production's events of a topic, over cutovers, rollbacks and drops."""
        from streams.bus.errors import UnknownTopic
        from streams.bus.views import names

        while True:
            view = await watch.fresh()
            try:
                return await self._followed(bus, watch, view, topic)
            except UnknownTopic:
                if names(await watch.fresh(), topic) == names(view, topic):
                    raise

    async def _followed(
        self, bus: Bus, watch: Watch, view: View, topic: str
    ) -> AsyncGenerator[list[Record], None]:
        from streams.bus import following
        from streams.bus.views import names

        topics = names(view, topic)
        if self.group is not None:
            return following.in_group(
                bus, watch, topic, self.group, at_end=self.to_end, room=lambda: self.left)
        if self.to_end:
            return following.to_end(bus, view, topic, starts=await self._since(bus, topics))
        return following.on(bus, watch, topic, await self._starts(bus, topics))

    async def _since(self, bus: Bus, names: Sequence[str]) -> dict[TopicPartition, int]:
        from streams.bus import scan

        return {} if self.since_ms is None else await scan.starts_since(bus, names, self.since_ms)

    async def _starts(self, bus: Bus, names: Sequence[str]) -> dict[TopicPartition, int]:
        from streams.bus import scan

        if self.since_ms is not None:
            return await scan.starts_since(bus, names, self.since_ms)
        if self.beginning:
            return await scan.starts_since(bus, names, 0)
        return await scan.starts_at_end(bus, names)


def _tell_of_a_move(view: View) -> None:
    output.say(
        f"waiting: production is being moved ({view.reason or 'no reason given'}). If that was "
        "killed halfway, run the same `communique replay cutover`, `rollback` or `drop` again"
    )


async def topic_of(bus: Bus, name: str) -> str:
    """Return the topic that a short or whole name means.

    Raises `Usage` with the nearest names when there is none.
    """
    async with bus.admin() as admin:
        there = await admin.describe_topics()
    topic = SHORT_NAMES.get(name, name)
    if topic in there:
        return topic
    if name in SHORT_NAMES:
        raise exits.Usage(f"there is no topic {topic} on {bus.url} yet: `communique topics apply` creates it")
    known = [*SHORT_NAMES, *there]
    near = get_close_matches(name, known, 3, 0.5)
    raise exits.Usage(
        f"there is no topic {name}: "
        + (f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(known)}")
    )


async def _consume(
    settings: Settings,
    source: _Source,
    wanted: Sequence[Condition],
    write: Callable[[Record], bool],
) -> None:
    """Print until the limit. A group ends by itself there: it commits first."""
    from streams.bus.connect import connect
    from streams.render.where import all_hold

    async with aclosing(source.records(connect(settings))) as reading:
        async for records in reading:
            for record in records:
                if all_hold(wanted, record) and write(record) and source.left is not None:
                    source.left -= 1
                    if not source.left and source.group is None:
                        return


def _writer(*, as_json: bool, envelope: bool) -> Callable[[Record], bool]:
    """Return what prints a record; it says False for one that is not printed."""
    if envelope:
        return _write_envelope
    return _write_json if as_json else _write_line


def _write_line(record: Record) -> bool:
    from streams.render.lines import line_of

    output.body_line(line_of(record).encode())
    return True


def _write_json(record: Record) -> bool:
    if record.value is None:
        return False
    output.body_line(one_line(record.value))
    return True


def one_line(value: bytes) -> bytes:
    """Return a body as one line of JSON: as it is when it is one already."""
    try:
        parsed = orjson.loads(value)
    except orjson.JSONDecodeError:
        return orjson.dumps({"not_json_base64": base64.b64encode(value).decode()})
    return orjson.dumps(parsed) if b"\n" in value or b"\r" in value else value


def _write_envelope(record: Record) -> bool:
    output.json_line(
        {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "timestamp_ms": record.timestamp_ms,
            "key": None if record.key is None else record.key.decode("utf-8", "replace"),
            "headers": {name: value.decode("utf-8", "replace") for name, value in record.headers},
            "body": None if record.value is None else orjson.Fragment(one_line(record.value)),
        }
    )
    return True
