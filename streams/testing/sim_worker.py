"""The simulator's worker: real agents, real guard, codec, state and shelves, on the simulated bus.

What Faust and the transport do is done here by hand, in the way docs/adr/0004-transport.md says: positions
come from the committed offsets at each assignment; an event is a chunk of one partition, and is done when its
agent asks for the next; tables are recovered from their changelogs. A crash loses memory, and what `Outbox`
had not written. A worker's disk (`Disk`) holds what was acknowledged, as a `rocksdict` store does.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, NoReturn

from streams.bus.codec import limits_of
from streams.bus.door import AgentBus, Clock
from streams.bus.interface import Headers, RecordMetadata, TopicPartition
from streams.bus.standing import Standing
from streams.bus.tables_shelf import MemoryBase, Shelf, View
from streams.stages import group_of
from streams.testing.sim_agents import Hungry, Settle, SimApp, SimEvent, SimStream
from streams.testing.sim_bus import Ack, Gate, Sent, SimLog, Task
from streams.testing.sim_outbox import Action, Outbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.settings import Settings
    from streams.topics import TableSpec, TopicSpec

    Register = Callable[[Any, AgentBus], None]
    """An agent module's `register(app, bus)`."""

Disk = dict[tuple[str, int], MemoryBase]
"""What a worker's stores hold, by table and partition."""


class Died(BaseException):
    """A worker gave up, as `os._exit(75)` does: nothing catches it but the simulator."""


def die(why: str) -> NoReturn:
    """Give up."""
    raise Died(why)


def changelog_of(stage: str, table: str) -> str:
    """Return the name of a table's changelog."""
    return f"{group_of(stage)}-{table}-changelog"


@dataclass(slots=True)
class SimWorker:
    """One worker of a stage, and its agents' `Stores`; `running`: the stream of the agent that runs now."""

    stage: str
    log: SimLog
    settings: Settings
    random: Random
    outbox: Outbox
    disk: Disk
    tasks: dict[str, Task] = field(default_factory=dict)
    streams: dict[str, SimStream] = field(default_factory=dict)
    running: SimStream | None = None
    positions: dict[TopicPartition, int] = field(default_factory=dict)
    views: dict[tuple[str, int], View] = field(default_factory=dict)
    followed: dict[str, Standing] = field(default_factory=dict)

    def start(self, registers: list[Register]) -> None:
        """Make the agents; each waits for its first event."""
        app, bus = SimApp(), self._bus()
        for register in registers:
            register(app, bus)
        for name, topic, function in app.agents:
            self.streams[name] = SimStream(topic, self.outbox.done)
            self.tasks[name] = Task(name, function(self.streams[name]))
            self.tasks[name].resume()

    def _bus(self) -> AgentBus:
        clock = Clock(
            now=lambda: datetime.fromtimestamp(self.log.now_ms / 1000, UTC),
            monotonic=lambda: self.log.now_ms / 1000,
            sleep=self._sleep,
            jitter=lambda limit: limit * self.random.random(),
        )
        return AgentBus(
            settings=self.settings, stage=self.stage, sender=SimSender(self), stores=self,
            channels=lambda *topics: topics[0], clock=clock, die=die, bounds=self.log.bounds,
            standing=self._standing,
        )

    def _standing(self, spec: TopicSpec) -> Standing:
        """Return what stands on a topic: all of it at first, afterwards now and then all of it."""
        found = self.followed.setdefault(spec.name, Standing(spec, limits_of(self.settings)))
        found.apply(self.log.all(spec.name))
        return found

    async def _sleep(self, seconds: float) -> None:
        self.log.now_ms += int(seconds * 1000)
        await Gate()

    def assign(self, partitions: list[TopicPartition]) -> None:
        """Begin a new epoch: positions from the committed offsets, tables from their changelogs."""
        committed = self.log.committed[group_of(self.stage)]
        self.positions = {at: committed.get(at, 0) for at in partitions}
        self.outbox.finished.clear()
        for view in self.views.values():
            view.live = False
        self.views.clear()

    def partition(self, spec: TableSpec, partition: int) -> MutableMapping[bytes, bytes]:
        """Return a table's partition, recovered from its changelog at its first use in an assignment."""
        key = (spec.name, partition)
        if key not in self.views:
            base = self.disk.setdefault(key, MemoryBase())
            changelog = TopicPartition(changelog_of(self.stage, spec.name), partition)
            start = 0 if base.offset is None else base.offset + 1
            for record in self.log.read(changelog, start, self.log.end(changelog)):
                base.apply([(record.key or b"", record.value)], record.offset)
            self.views[key] = View(Shelf(base), partial(self._change, changelog))
        return self.views[key]

    def _change(self, changelog: TopicPartition, shelf: Shelf, key: bytes, value: bytes | None) -> None:
        def settle(metadata: RecordMetadata) -> None:
            shelf.settle(key, value, metadata.offset)

        self.send(Sent(*changelog, key, value), settle)

    def send(self, sent: Sent, settle: Settle | None = None) -> Ack:
        """Send a record, in the name of the event in progress."""
        event = self.running.current if self.running else None
        assert event is not None, "only an agent with an event in hand sends"
        return self.outbox.send(sent, settle, event)

    def moves(self, most: int) -> list[Action]:
        """Return what may happen now: an agent gets up to `most` records, or goes on; the bus moves."""
        return [*(partial(self._deliver, task, at, most) for task, at in self._hungry()), *self.leaving()]

    def leaving(self) -> list[Action]:
        """Return what may happen while no new events come in."""
        going = [partial(self._resume, task) for task in self.tasks.values() if task.may_go_on()]
        return [*going, *self.outbox.moves()]

    def idle(self) -> bool:
        """Tell whether no event is in progress."""
        return all(isinstance(task.waits_for, Hungry) for task in self.tasks.values())

    def _hungry(self) -> list[tuple[Task, TopicPartition]]:
        waiting = {
            self.streams[name].topic: task
            for name, task in self.tasks.items() if isinstance(task.waits_for, Hungry)
        }
        return [
            (waiting[at.topic], at) for at, position in self.positions.items()
            if at.topic in waiting and position < self.log.end(at)
        ]

    def _deliver(self, task: Task, at: TopicPartition, most: int) -> None:
        records = self.log.read(at, self.positions[at], self.random.randint(1, most))
        self.positions[at] = records[-1].offset + 1
        self.streams[task.agent].next = SimEvent(records)
        self._resume(task)

    def _resume(self, task: Task) -> None:
        for name, standing in self.followed.items():
            if self.random.random() < 0.5:
                standing.apply(self.log.all(name))
        self.running = self.streams[task.agent]
        try:
            task.resume()
        finally:
            self.running = None

    def crash(self) -> None:
        """Die."""
        self.outbox.crash(self.random)
        for task in self.tasks.values():
            task.coroutine.close()


class SimSender:
    """The `Sender` of a worker: between deciding to send and sending, others may run."""

    def __init__(self, worker: SimWorker) -> None:
        self.worker = worker
        self.atomic = worker.outbox.atomic

    async def send(
        self, topic: str, value: bytes | None, *, key: bytes | None = None, headers: Headers = (),
        partition: int | None = None,
    ) -> Any:  # noqa: ANN401  # a future, as far as the guard asks
        """Send a record; see `Sender`."""
        await Gate()
        place = self.worker.log.place(topic, key, partition)
        return self.worker.send(Sent(topic, place, key, value, headers))
