"""ruleset: the rules on their topic: read how they stand, write what changed.

`news.rules.v1` is compacted, one partition, keyed by name: the latest record of a name is the rule, a
tombstone takes it away. Workers follow it (`standing`). Two who apply at the same moment both write; of a
name that both have, the later record is the rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from schemas.envelope import Envelope
from schemas.ids import ce_id
from schemas.registry import type_name
from schemas.rule import Rule
from streams import __version__
from streams.bus import codec, envelope
from streams.bus.standing import Followed
from streams.topics import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from streams.bus.interface import Bus
    from streams.bus.standing import Standing
    from streams.settings import Settings


class Applied(NamedTuple):
    """Names of rules by what became of them. `gone` only with `prune`; `left`: on the topic, not given."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    same: tuple[str, ...]
    left: tuple[str, ...]


async def rules_on(bus: Bus, settings: Settings) -> dict[str, Rule]:
    """Return the rules that stand on the topic, by name; {} when there is none, or no topic."""
    followed = Followed(codec.limits_of(settings))
    standing = followed(RULES)
    await followed.catch_up(bus)
    return {rule.name: rule for rule in of(standing)}


def of(standing: Standing) -> list[Rule]:
    """Return the rules that stand, by name; a record without a name, or under another key, is none.

    Two of one name would each raise the same alert.
    """
    rules = ((key, cast("Rule", event)) for key, event in sorted(standing.by_key.items()))
    return [rule for key, rule in rules if key and rule.name == key]


async def ever_written(bus: Bus) -> bool:
    """Return whether the topic ever had a record."""
    async with bus.admin() as admin:
        if RULES.name not in await admin.partition_counts():
            return False
        return any((await admin.end_offsets([RULES.name])).values())


def compared(known: Mapping[str, Rule], given: Iterable[Rule], *, prune: bool) -> Applied:
    """Return what applying would do."""
    wanted = {rule.name: rule for rule in given}
    others = tuple(sorted(known.keys() - wanted.keys()))
    return Applied(
        added=tuple(sorted(wanted.keys() - known.keys())),
        changed=tuple(sorted(name for name in wanted.keys() & known.keys() if wanted[name] != known[name])),
        gone=others if prune else (),
        same=tuple(sorted(name for name in wanted.keys() & known.keys() if wanted[name] == known[name])),
        left=() if prune else others,
    )


async def apply(
    bus: Bus, settings: Settings, rules: Iterable[Rule], now: datetime, *, prune: bool = False
) -> Applied:
    """Write the rules that are not on the topic as they are; with `prune` take the others away."""
    given = {rule.name: rule for rule in rules}
    found = compared(await rules_on(bus, settings), given.values(), prune=prune)
    if not (found.added or found.changed or found.gone):
        return found
    async with bus.producer(client_id="communique-rules") as producer:
        for name in (*found.added, *found.changed):
            await producer.send(
                RULES.name, codec.encode(given[name]), key=name.encode(), headers=_headers(given[name], now))
        for name in found.gone:
            await producer.send(RULES.name, None, key=name.encode())
        await producer.flush()
    return found


def _headers(rule: Rule, now: datetime) -> tuple[tuple[str, bytes], ...]:
    kind = type_name(Rule)
    place = f"{RULES.name}-0-{rule.name}"
    its = Envelope(
        id=ce_id(kind, place, rule.version), type=kind, source="/communique/rules", time=now, origin=place,
        origin_time=now, pipeline_version=__version__)
    return envelope.to_headers(its, processed_at=now)
