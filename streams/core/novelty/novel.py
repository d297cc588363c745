"""novel: what a statement adds to earlier ones that are alike: nothing, another number, the contrary, all.

Earlier is by event time, then id. The same said before makes it a repeat, whatever else was said; else the
latest that it updates or contradicts decides. Beside all statements, and beside live ones only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from schemas.statement_event import NoveltyKind
from streams.core.novelty.likeness import Likeness, Relation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from streams.core.novelty.speaker import Node

_KINDS = {Relation.UPDATE: NoveltyKind.UPDATE, Relation.CONTRADICTION: NoveltyKind.CONTRADICTION}


class Novel(NamedTuple):
    """A statement's novelty; `prior` decided `kind`, not `live_kind`."""

    kind: NoveltyKind
    live_kind: NoveltyKind
    prior: str | None = None
    similarity: float | None = None

    def never_new(self) -> Novel:
        """Return the same for a position that is held repeatedly: a repeat, where it would be new."""
        return self._replace(kind=_old(self.kind), live_kind=_old(self.live_kind))


def _old(kind: NoveltyKind) -> NoveltyKind:
    return NoveltyKind.REPEAT if kind is NoveltyKind.NEW else kind


class _Before(NamedTuple):
    time: datetime
    name: str
    found: Likeness
    live: bool


def novel(
    node: Node, root: str, near: Iterable[tuple[str, Likeness]], nodes: Mapping[str, Node]
) -> Novel:
    """Return a head's novelty. `near`: what is alike; `root`: the first of its proposition."""
    before = [
        _Before(nodes[name].time, name, found, nodes[name].live)
        for name, found in near if _counts(node, nodes[name], found)
    ]
    kind, prior = _decided(before, root)
    live_kind, _ = _decided([each for each in before if each.live], root)
    if prior is None:
        return Novel(kind, live_kind)
    return Novel(kind, live_kind, prior.name, prior.found.similarity)


def _counts(node: Node, other: Node, found: Likeness) -> bool:
    """Tell whether another is earlier. What one article says at once does not update or contradict itself."""
    if (other.time, other.name) >= (node.time, node.name):
        return False
    at_once = other.way.article_id == node.way.article_id and other.time == node.time
    return found.relation is Relation.SAME or not at_once


def _decided(before: list[_Before], root: str) -> tuple[NoveltyKind, _Before | None]:
    same = [each for each in before if each.found.relation is Relation.SAME]
    if same:
        first = min(same, key=lambda each: (each.name != root, each.time, each.name))
        return NoveltyKind.REPEAT, first
    crossed = max(before, key=lambda each: (each.time, each.name), default=None)
    return (_KINDS[crossed.found.relation], crossed) if crossed else (NoveltyKind.NEW, None)
