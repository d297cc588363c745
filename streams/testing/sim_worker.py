"""The simulator's worker: real agents, real guard, codec, state and shelves, on the simulated bus.

What Faust and the transport do is done here by hand, in the way FAUST.md says they must:

- positions come from the group's committed offsets, at each assignment;
- an event is a chunk of one partition; it is done when the agent asks for the next one; what may be committed is what is done;
- *at least once* (Kafka): sends wait in order, one queue a partition; the bus writes the head of one, later acknowledges it; a
  commit takes a snapshot of what is done, waits for every send issued so far, and then commits;
- *atomic* (embedded log): what an event sent is written with its offset in one transaction, in the order in which events were done;
- a crash loses memory; of each queue the head, as far as it may have been in flight, is written, the rest is lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn

from streams.bus.door import AgentBus, Clock
from streams.bus.interface import Headers, Record, RecordMetadata, TopicPartition
from streams.bus.tables_shelf import MemoryBase, Shelf, View
from streams.stages import group_of
from streams.testing.sim_bus import Ack, Gate, Sent, SimLog, Task

if TYPE_CHECKING:
    from streams.settings import Settings
    from streams.topics import TableSpec

Register = Callable[[Any, AgentBus], None]
"""An agent module's `register(app, bus)`."""

Disk = dict[tuple[str, int], MemoryBase]
"""What a worker's stores hold, by table and partition: kept over a crash, or lost with it."""


class Died(BaseException):
    """A worker gave up, as `os._exit(75)` does: nothing catches it but the simulator."""


@dataclass(slots=True)
class SimEvent:
    """A chunk in an agent's hands. `sent` is what it sent so far (atomic mode)."""

    value: tuple[Record, ...]
    message: SimpleNamespace
    sent: list[tuple[Sent, Callable[[RecordMetadata], None] | None]] = field(default_factory=list)

    @property
    def at(self) -> TopicPartition:
        """Return the partition that it comes from."""
        return TopicPartition(self.message.topic, self.message.partition)

    @property
    def next_offset(self) -> int:
        """Return the offset that may be committed when it is done."""
        return self.value[-1].offset + 1


class SimStream:
    """An agent's stream: `async for event in stream.events()`."""

    def __init__(self, worker: SimWorker, topic: str) -> None:
        self.worker, self.topic = worker, topic
        self.current: SimEvent | None = None
        self.next: SimEvent | None = None

    def events(self) -> SimStream:
        """Return the stream itself."""
        return self

    def __aiter__(self) -> SimStream:
        """Return the stream itself."""
        return self

    async def __anext__(self) -> SimEvent:
        """Say that the current event is done, and wait for another."""
        if self.current is not None:
            self.worker.done(self.current)
            self.current = None
        while self.next is None:
            await Hungry(self)
        self.current, self.next = self.next, None
        return self.current


class Hungry(Gate):
    """An agent waits for an event of its stream."""

    def __init__(self, stream: SimStream) -> None:
        self.stream = stream


class SimApp:
    """Stands in for a Faust app: collects agents."""

    def __init__(self) -> None:
        self.agents: list[tuple[str, str, Callable[[Any], Any]]] = []

    def agent(self, channel: str, *, name: str) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
        """Collect an agent: (name, topic, function)."""

        def collect(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
            self.agents.append((name, channel, function))
            return function

        return collect


@dataclass(slots=True)
class Commit:
    """A commit that waits for its sends."""

    offsets: dict[TopicPartition, int]
    sends: list[Ack]


Verify = Callable[[Commit], bool]
"""Tells whether a commit may be made now."""


def all_acknowledged(commit: Commit) -> bool:
    """Tell whether every send issued before the commit is acknowledged."""
    return all(ack.done() for ack in commit.sends)


@dataclass(slots=True)
class SimWorker:
    """One worker of a stage. `run`: which of its tasks runs now, so that a send is known to be its event's."""

    stage: str
    log: SimLog
    settings: Settings
    random: Random
    atomic: bool
    verify: Verify = all_acknowledged
    disk: Disk = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)
    streams: list[SimStream] = field(default_factory=list)
    running: SimStream | None = None
    positions: dict[TopicPartition, int] = field(default_factory=dict)
    finished: dict[TopicPartition, int] = field(default_factory=dict)
    unwritten: dict[TopicPartition, deque[tuple[Sent, Ack, Any]]] = field(default_factory=dict)
    unacknowledged: dict[TopicPartition, deque[tuple[RecordMetadata, Ack, Any]]] = field(default_factory=dict)
    issued: list[Ack] = field(default_factory=list)
    commits: deque[Commit] = field(default_factory=deque)
    transactions: deque[SimEvent] = field(default_factory=deque)
    views: dict[tuple[str, int], View] = field(default_factory=dict)

    def start(self, registers: list[Register]) -> None:
        """Make the agents; each waits for its first event."""
        app, bus = SimApp(), self._bus()
        for register in registers:
            register(app, bus)
        for name, topic, function in app.agents:
            stream = SimStream(self, topic)
            task = Task(name, function(stream))
            self.streams.append(stream)
            self.tasks.append(task)
            task.resume()

    def _bus(self) -> AgentBus:
        clock = Clock(
            now=lambda: datetime.fromtimestamp(self.log.now_ms / 1000, UTC),
            monotonic=lambda: self.log.now_ms / 1000,
            sleep=self._sleep,
            jitter=lambda limit: limit * self.random.random(),
        )
        return AgentBus(
            settings=self.settings, stage=self.stage, sender=SimSender(self), stores=self, channels=str,
            clock=clock, die=_die, bounds=self.log.bounds,
        )

    async def _sleep(self, seconds: float) -> None:
        self.log.now_ms += int(seconds * 1000)
        await Gate()

    # --- partitions ---------------------------------------------------------------------------------------------------
    def assign(self, partitions: list[TopicPartition]) -> None:
        """Begin a new epoch: positions from the committed offsets, tables from their changelogs."""
        committed = self.log.committed.setdefault(group_of(self.stage), {})
        self.positions = {at: committed.get(at, 0) for at in partitions}
        self.finished.clear()
        for view in self.views.values():
            view.live = False
        self.views.clear()

    def partition(self, spec: TableSpec, partition: int) -> MutableMapping[bytes, bytes]:
        """Return a table's partition (`Stores`): recovered from its changelog at its first use in an assignment."""
        key = (spec.name, partition)
        if key not in self.views:
            base = self.disk.setdefault(key, MemoryBase())
            changelog = TopicPartition(changelog_of(self.stage, spec.name), partition)
            start = 0 if base.offset is None else base.offset + 1
            for record in self.log.read(changelog, start, self.log.end(changelog)):
                base.apply([(record.key or b"", record.value)], record.offset)
            self.views[key] = View(Shelf(base), partial(self._write_table, changelog))
        return self.views[key]

    def _write_table(self, changelog: TopicPartition, shelf: Shelf, key: bytes, value: bytes | None) -> None:
        def settle(metadata: RecordMetadata) -> None:
            shelf.settle(key, value, metadata.offset)

        self.send(Sent(changelog.topic, changelog.partition, key, value, ()), settle)

    # --- events -------------------------------------------------------------------------------------------------------
    def hungry(self) -> list[tuple[Task, TopicPartition]]:
        """Return the agents that wait for an event, each with the partitions that have one."""
        return [
            (task, at)
            for task in self.tasks if isinstance(task.waits_for, Hungry)
            for at, position in self.positions.items()
            if at.topic == task.waits_for.stream.topic and position < self.log.end(at)
        ]

    def deliver(self, task: Task, at: TopicPartition, most: int) -> None:
        """Give an agent a chunk, and let it run until it waits."""
        assert isinstance(task.waits_for, Hungry)
        records = self.log.read(at, self.positions[at], most)
        self.positions[at] = records[-1].offset + 1
        message = SimpleNamespace(topic=at.topic, partition=at.partition, offset=records[0].offset)
        task.waits_for.stream.next = SimEvent(records, message)
        self.resume(task)

    def resume(self, task: Task) -> None:
        """Let an agent run until it waits."""
        self.running = self.streams[self.tasks.index(task)]
        try:
            task.resume()
        finally:
            self.running = None

    def stopped(self) -> list[Task]:
        """Return the agents that could go on now."""
        return [t for t in self.tasks if not isinstance(t.waits_for, Hungry) and (not isinstance(t.waits_for, Ack) or t.waits_for.done())]

    def idle(self) -> bool:
        """Tell whether no event is in progress."""
        return all(isinstance(task.waits_for, Hungry) for task in self.tasks)

    def done(self, event: SimEvent) -> None:
        """An event is done: what it sent and its offset may be committed."""
        if self.atomic:
            self.transactions.append(event)
        else:
            self.finished[event.at] = event.next_offset

    # --- sends --------------------------------------------------------------------------------------------------------
    def send(self, sent: Sent, settle: Callable[[RecordMetadata], None] | None = None) -> Ack:
        """Send a record. Atomic: it goes with its event, and is acknowledged at once."""
        if self.atomic:
            assert self.running is not None
            assert self.running.current is not None
            self.running.current.sent.append((sent, settle))
            return Ack(RecordMetadata(sent.topic, sent.partition, -1))
        ack = Ack()
        self.unwritten.setdefault(TopicPartition(sent.topic, sent.partition), deque()).append((sent, ack, settle))
        self.issued.append(ack)
        return ack

    def write(self, at: TopicPartition) -> None:
        """The bus writes the first record that waits for a partition."""
        queue = self.unwritten[at]
        sent, ack, settle = queue.popleft()
        if not queue:
            del self.unwritten[at]
        self.unacknowledged.setdefault(at, deque()).append((self.log.append(sent), ack, settle))

    def acknowledge(self, at: TopicPartition) -> None:
        """The bus acknowledges the first record written to a partition."""
        queue = self.unacknowledged[at]
        metadata, ack, settle = queue.popleft()
        if not queue:
            del self.unacknowledged[at]
        if settle is not None:
            settle(metadata)
        ack.metadata = metadata

    def transact(self) -> None:
        """The bus writes the first event that is done: what it sent, and its offset, at once."""
        event = self.transactions.popleft()
        for sent, settle in event.sent:
            metadata = self.log.append(sent)
            if settle is not None:
                settle(metadata)
        self.log.committed[group_of(self.stage)][event.at] = event.next_offset

    # --- commits ------------------------------------------------------------------------------------------------------
    def begin_commit(self) -> None:
        """Take a snapshot of what is done, and of the sends it must wait for."""
        self.issued = [ack for ack in self.issued if not ack.done()]
        self.commits.append(Commit(dict(self.finished), list(self.issued)))

    def may_commit(self) -> bool:
        """Tell whether the first commit that waits may be made."""
        return bool(self.commits) and self.verify(self.commits[0])

    def commit(self) -> None:
        """Make the first commit that waits."""
        self.log.committed[group_of(self.stage)].update(self.commits.popleft().offsets)

    def uncommitted(self) -> bool:
        """Tell whether something is done that is not committed."""
        known = self.log.committed[group_of(self.stage)]
        return any(known.get(at, 0) != offset for at, offset in self.finished.items())

    # --- the end ------------------------------------------------------------------------------------------------------
    def crash(self) -> None:
        """Die: of what was sent a part is written; the rest, and all memory, is lost."""
        for at, queue in sorted(self.unwritten.items()):
            for sent, _, _ in list(queue)[: self.random.randint(0, len(queue))]:
                self.log.append(sent)
            assert at in self.unwritten
        for task in self.tasks:
            task.coroutine.close()


class SimSender:
    """The `Sender` port of a worker: between deciding to send and sending, others may run."""

    def __init__(self, worker: SimWorker) -> None:
        self.worker = worker
        self.atomic = worker.atomic

    async def send(
        self, topic: str, value: bytes | None, *, key: bytes | None = None, headers: Headers = (),
        partition: int | None = None,
    ) -> Any:  # noqa: ANN401  # a future, as far as the guard asks
        """Send a record; see `Sender`."""
        await Gate()
        place = self.worker.log.place(topic, key, partition)
        return self.worker.send(Sent(topic, place, key, value, headers))


def changelog_of(stage: str, table: str) -> str:
    """Return the name of a table's changelog."""
    return f"{group_of(stage)}-{table}-changelog"


def _die(why: str) -> NoReturn:
    raise Died(why)
