"""admin: the topics that the catalogue wants, against those that the bus has.

`wanted` is the whole list: every topic, its dead letters, every table's changelog, as wide as the settings
say. `plan` names what is missing or different; `apply` creates and sets settings, and never deletes or
repartitions: the width of a keyed topic cannot change under data, so that is a conflict, for a person to
settle.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from streams.core.outcome import Usage
from streams.stages import REPLAYED, group_of
from streams.topics import (
    DAY_MS,
    MAX_DEAD_LETTER_BYTES,
    MAX_RECORD_BYTES,
    RAW_RETENTION_DAYS,
    SHADOWED,
    TABLES,
    TOPICS,
    TableSpec,
    Width,
    shadow,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from streams.bus.interface import Admin, Bus, TopicDescription
    from streams.settings import TopicSettings

APPEND_TIME: Final = {"message.timestamp.type": "LogAppendTime"}
DEFAULTS: Final = {"message.timestamp.type": "CreateTime"}
"""What holds where a topic says nothing of it. Of other settings, nothing said is as wanted."""

CONFLICTS_TOLD: Final = 3
"""So many topics of another width are named in an error."""

FATE_RETENTION_DAYS: Final = 2 * RAW_RETENTION_DAYS
"""Dead letters are fates: kept longer than the raw records they speak of."""


class TopicMismatch(Usage):
    """The bus does not have the catalogue's topics; the message names the command to run."""


@dataclass(frozen=True, slots=True)
class WantedTopic:
    """A topic as it should be."""

    name: str
    partitions: int
    config: Mapping[str, str]


class ChangeKind(StrEnum):
    """What `apply` does about a difference; nothing about a conflict."""

    CREATE = "create"
    ALTER = "alter"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `detail` is for people."""

    kind: ChangeKind
    topic: WantedTopic
    detail: str
    config: Mapping[str, str] = field(default_factory=dict)


def changelog_of(table: TableSpec, job: str | None = None) -> str:
    """Return the name of a table's changelog, which Faust derives in the same way; of a replay's own."""
    return f"{group_of(table.stage, job)}-{table.name}-changelog"


def wanted(settings: TopicSettings) -> tuple[WantedTopic, ...]:
    """Return every topic that the product uses, by the catalogue's order."""
    wide = {Width.ARTICLES: settings.partitions, Width.SHARDS: settings.shards,
            Width.STATEMENTS: settings.statements, Width.ONE: 1}
    found = []
    for spec in TOPICS:
        days = None if spec.compacted else spec.retention_days
        config = _config(days, settings, compacted=spec.compacted)
        stamped = APPEND_TIME if spec.append_time else {}
        found.append(WantedTopic(spec.name, wide[spec.width], config | stamped))
        letters = _config(FATE_RETENTION_DAYS, settings, max_bytes=MAX_DEAD_LETTER_BYTES)
        found.append(WantedTopic(spec.dead_letters, wide[spec.width], letters))
    found += [
        WantedTopic(changelog_of(table), wide[table.width], _config(None, settings, compacted=True))
        for table in TABLES
    ]
    return tuple(found)


def wanted_of_job(settings: TopicSettings, job: str) -> tuple[WantedTopic, ...]:
    """Return every topic of a replay's own, each as wide and kept as long as the one it stands beside."""
    names = {changelog_of(table): changelog_of(table, job) for table in TABLES if table.stage in REPLAYED}
    for spec in SHADOWED:
        names |= {name: shadow(name, job) for name in (spec.name, spec.dead_letters)}
    return tuple(replace(topic, name=names[topic.name]) for topic in wanted(settings) if topic.name in names)


def _config(
    days: int | None, settings: TopicSettings, *, compacted: bool = False, max_bytes: int = MAX_RECORD_BYTES
) -> dict[str, str]:
    return {
        "cleanup.policy": "compact" if compacted else "delete",
        "retention.ms": "-1" if days is None else str(days * DAY_MS),
        "max.message.bytes": str(max_bytes),
        "min.insync.replicas": str(settings.min_insync_replicas),
    }


def plan(want: Iterable[WantedTopic], there: Mapping[str, TopicDescription]) -> tuple[Change, ...]:
    """Return what is missing or different, in the order wanted; empty when the bus is as it should be."""
    return tuple(change for topic in want for change in _differences(topic, there.get(topic.name)))


def _differences(topic: WantedTopic, found: TopicDescription | None) -> list[Change]:
    if found is None:
        return [
            Change(
                ChangeKind.CREATE, topic, f"{topic.partitions} partitions, {topic.config['cleanup.policy']}"
            )
        ]
    changes = []
    if found.partitions != topic.partitions:
        detail = f"has {found.partitions} partitions, the settings say {topic.partitions}"
        changes.append(Change(ChangeKind.CONFLICT, topic, detail))
    has = {**DEFAULTS, **found.config}
    other = {name: value for name, value in topic.config.items() if has.get(name, value) != value}
    if other:
        told = ", ".join(f"{name} {has[name]} → {value}" for name, value in sorted(other.items()))
        changes.append(Change(ChangeKind.ALTER, topic, told, other))
    return changes


async def apply(admin: Admin, changes: Iterable[Change]) -> None:
    """Make the changes; made already is fine. Raises `TopicMismatch` when one is a conflict."""
    changes = tuple(changes)
    conflicts = [change for change in changes if change.kind is ChangeKind.CONFLICT]
    for change in changes:
        if change.kind is ChangeKind.CREATE:
            await admin.create_topic(change.topic.name, change.topic.partitions, change.topic.config)
        elif change.kind is ChangeKind.ALTER:
            await admin.alter_topic(change.topic.name, change.config)
    if conflicts:
        raise TopicMismatch(_told(conflicts))


async def ensure(admin: Admin, settings: TopicSettings) -> None:
    """Create what is missing. Raises `TopicMismatch` for a conflict; other settings are left to `apply`."""
    changes = plan(wanted(settings), await admin.describe_topics())
    await apply(admin, [change for change in changes if change.kind is not ChangeKind.ALTER])


async def check(admin: Admin, settings: TopicSettings) -> None:
    """Raise `TopicMismatch` unless every topic is there and as wide as the settings say."""
    changes = plan(wanted(settings), await admin.describe_topics())
    wrong = [change for change in changes if change.kind is not ChangeKind.ALTER]
    if wrong:
        raise TopicMismatch(_told(wrong))


async def at_start(bus: Bus, settings: TopicSettings) -> None:
    """Make sure of the topics before anything is read or written.

    The embedded log is one program's own: what is missing is created. On Kafka, whose topics others may keep
    in order, nothing is created by the way. Raises `TopicMismatch`.
    """
    async with bus.admin() as admin:
        await (ensure if bus.url.startswith("sqlite:") else check)(admin, settings)


def _told(changes: list[Change]) -> str:
    """Return a few lines, however many topics differ: `communique topics plan` has them all."""
    missing = [change.topic.name for change in changes if change.kind is ChangeKind.CREATE]
    conflicts = [change for change in changes if change.kind is ChangeKind.CONFLICT]
    lines = [f"  {change.topic.name} {change.detail}" for change in conflicts[:CONFLICTS_TOLD]]
    if len(conflicts) > CONFLICTS_TOLD:
        lines.append(f"  and {len(conflicts) - CONFLICTS_TOLD} more: `communique topics plan` shows them")
    if missing:
        lines.append(f"  {len(missing)} topics are missing, the first {missing[0]}")
    if conflicts:
        lines.append(
            "set topics.partitions and topics.shards to what the bus has, or use new topics (another bus)"
        )
    else:
        lines.append("run `communique topics apply`, which creates them")
    return "\n".join(["the bus is not as the catalogue has it:", *lines])
