"""The simulator's outbox: what a worker has sent and done, on its way to the bus.

*At least once* (Kafka): records wait in order, one queue a partition; the bus writes the head of one, and
later acknowledges it; a commit takes a snapshot of what is done, waits for every send issued so far, then
commits. *Atomic* (embedded log): what an event sent is written with its offset in one transaction, in the
order in which events were done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random

from streams.bus.interface import RecordMetadata, TopicPartition
from streams.testing.sim_agents import Settle, SimEvent
from streams.testing.sim_bus import Ack, Sent, SimLog

Action = Callable[[], None]


@dataclass(slots=True)
class Commit:
    """A commit, and the sends that it must wait for."""

    offsets: dict[TopicPartition, int]
    sends: list[Ack]


Verify = Callable[[Commit], bool]
"""Tells whether a commit may be made now."""


def all_acknowledged(commit: Commit) -> bool:
    """Tell whether every send issued before the commit is acknowledged: the transport's rule."""
    return all(ack.done() for ack in commit.sends)


@dataclass(slots=True)
class Outbox:
    """See the module. `group` is the stage's."""

    log: SimLog
    group: str
    atomic: bool
    verify: Verify
    unwritten: dict[TopicPartition, deque[tuple[Sent, Ack, Settle | None]]] = field(default_factory=dict)
    unacknowledged: dict[TopicPartition, deque[tuple[RecordMetadata, Ack, Settle | None]]] = field(
        default_factory=dict)
    issued: list[Ack] = field(default_factory=list)
    finished: dict[TopicPartition, int] = field(default_factory=dict)
    commits: deque[Commit] = field(default_factory=deque)
    transactions: deque[SimEvent] = field(default_factory=deque)

    def send(self, sent: Sent, settle: Settle | None, event: SimEvent) -> Ack:
        """Take a record. Atomic: it goes with its event, and counts as acknowledged."""
        if self.atomic:
            event.sent.append((sent, settle))
            return Ack(RecordMetadata(*sent.at, -1))
        ack = Ack()
        self.unwritten.setdefault(sent.at, deque()).append((sent, ack, settle))
        self.issued.append(ack)
        return ack

    def done(self, event: SimEvent) -> None:
        """Take in that an event is done: its offset may be committed."""
        if self.atomic:
            self.transactions.append(event)
        else:
            self.finished[event.at] = event.next_offset

    def moves(self) -> list[Action]:
        """Return what the bus may do now; nothing when everything is written, acknowledged and committed."""
        found: list[Action] = [partial(self._write, at) for at in self.unwritten]
        found += [partial(self._acknowledge, at) for at in self.unacknowledged]
        if self.transactions:
            found.append(self._transact)
        if self.commits and self.verify(self.commits[0]):
            found.append(self._commit)
        if not self.commits and self._uncommitted():
            found.append(self._begin_commit)
        return found

    def _write(self, at: TopicPartition) -> None:
        queue = self.unwritten[at]
        sent, ack, settle = queue.popleft()
        if not queue:
            del self.unwritten[at]
        self.unacknowledged.setdefault(at, deque()).append((self.log.append(sent), ack, settle))

    def _acknowledge(self, at: TopicPartition) -> None:
        queue = self.unacknowledged[at]
        metadata, ack, settle = queue.popleft()
        if not queue:
            del self.unacknowledged[at]
        if settle is not None:
            settle(metadata)
        ack.metadata = metadata

    def _transact(self) -> None:
        event = self.transactions.popleft()
        for sent, settle in event.sent:
            metadata = self.log.append(sent)
            if settle is not None:
                settle(metadata)
        self.log.committed[self.group][event.at] = event.next_offset

    def _begin_commit(self) -> None:
        self.issued = [ack for ack in self.issued if not ack.done()]
        self.commits.append(Commit(dict(self.finished), list(self.issued)))

    def _commit(self) -> None:
        self.log.committed[self.group].update(self.commits.popleft().offsets)

    def _uncommitted(self) -> bool:
        known = self.log.committed[self.group]
        return any(known.get(at, 0) != offset for at, offset in self.finished.items())

    def crash(self, random: Random) -> None:
        """Write what was in flight when the worker died, a head of each queue; the rest is lost."""
        for _, queue in sorted(self.unwritten.items()):
            for sent, _, _ in list(queue)[: random.randint(0, len(queue))]:
                self.log.append(sent)
