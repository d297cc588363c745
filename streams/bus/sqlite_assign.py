"""Let Faust's assignor give all partitions to a group's only member, without Kafka.

It must run although there is nothing to divide: table recovery asks the assignor, not the consumer, which
changelog partitions it has, and without an answer tables start empty without an error.
Source: faust-streaming 0.15.3, `tables/recovery.py` (`on_rebalance`), `assignor/partition_assignor.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faust.types import TP

if TYPE_CHECKING:
    from collections.abc import Mapping


class StandIn:
    """What the assignor asks of Kafka's cluster metadata."""

    def __init__(self, widths: Mapping[str, int]) -> None:
        self._widths = widths

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        """Return the partitions of a topic, None when there is no such topic."""
        return set(range(self._widths[topic])) if topic in self._widths else None


def assign_all(assignor: Any, member: str, widths: Mapping[str, int]) -> set[TP]:  # noqa: ANN401  # Faust's
    """Assign every partition of these topics (name → partitions) to `member`; return them."""
    given = assignor.assign(StandIn(widths), {member: assignor.metadata(set(widths))})[member]
    assignor.on_assignment(given)
    return {TP(topic, partition) for topic, partitions in given.assignment for partition in partitions}
