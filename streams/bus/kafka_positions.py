"""kafka_positions: see when aiokafka moves a position itself.

A fetch from an offset that retention has deleted is answered "out of range", and aiokafka goes on from the
first record that is left, with one line in its log and no word to its caller. Here the position of each
partition is kept as it was left, by a fetch or a seek; one that stands elsewhere before the next fetch was
moved. What lies between was never read. (A hole that compaction left moves a position within a fetch: it
counts for nothing.)

Positions of another assignment are not compared: whoever had the partition meanwhile has read on.

Source: aiokafka 0.14 `consumer/fetcher.py` (`_proc_fetch_request`, `_update_fetch_positions`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer, TopicPartition


@dataclass(slots=True)
class Positions:
    """Of one consumer; used in its loop only."""

    client: AIOKafkaConsumer
    _left: dict[TopicPartition, tuple[Any, int]] = field(default_factory=dict)
    """Partition → aiokafka's state of it, new with each assignment, and the position."""
    _moved: list[tuple[TopicPartition, int, int]] = field(default_factory=list)

    def leave(self, place: TopicPartition) -> None:
        """Note where a partition stands: after a fetch, or a seek."""
        state = state_of(self.client, place)
        if state is not None:
            self._left[place] = (state, state.position)

    def forget(self, place: TopicPartition) -> None:
        """Note that somebody sought to where it stands: from there on nothing was read."""
        self._left.pop(place, None)

    def look(self) -> None:
        """See which positions were moved since they were left."""
        for place, (known, position) in list(self._left.items()):
            state = state_of(self.client, place)
            if state is known and state.position != position:
                self._moved.append((place, position, state.position))
                self._left[place] = (state, state.position)

    def taken(self) -> list[tuple[TopicPartition, int, int]]:
        """Return what was moved, from where, to where; each once."""
        moved, self._moved = self._moved, []
        return moved


def state_of(client: AIOKafkaConsumer, place: TopicPartition) -> Any:  # noqa: ANN401  # aiokafka's
    """Return aiokafka's state of a partition; None when it is not ours, or has no position."""
    subscription = client._subscription  # noqa: SLF001
    if subscription.reassignment_in_progress or not subscription.is_assigned(place):
        return None
    state = subscription.subscription.assignment.state_value(place)
    return state if state.has_valid_position and not state.paused else None
