"""fates: how a raw record may end, and what of that counts."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class FateKind(Enum):
    """How a raw record may end, as seen on the topics."""

    ENRICHED = "enriched"
    REFUSED = "refused"
    DEAD = "dead"
    DEAD_SHARD = "dead_shard"
    """A dead sketch, match or answer: the fate only when nothing else came of the article."""
    DEAD_UNSURE = "dead_unsure"
    """Dead by the moment's fault (TRANSIENT, KILLED): the fate only when the record did not succeed."""
    DEAD_LATER = "dead_later"
    """Dead on a topic that follows the enriched event: no fate."""


class Fate(NamedTuple):
    """One record that tells the end of an origin.

    `event_id`: `ce_id`, or a dead letter's topic-partition-offset.
    """

    kind: FateKind
    origin: str
    event_id: str
    redriven: bool = False


def settled(fates: Iterable[Fate]) -> frozenset[FateKind]:
    """Return the kinds of fates of one origin without what its success supersedes.

    For one who compares two runs: beside a success a death of the moment is none, nor one that was redriven.
    """
    told = list(fates)
    kinds = {fate.kind for fate in told}
    success = [fate for fate in told if fate.kind in {FateKind.ENRICHED, FateKind.REFUSED}]
    superseded = {FateKind.DEAD_UNSURE} if success else set()
    if any(fate.redriven for fate in success):
        superseded |= {FateKind.DEAD, FateKind.DEAD_SHARD}
    return frozenset(kinds - superseded)
