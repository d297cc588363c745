"""The simulator: stages of real agents on a bus in memory, in any legal interleaving, with crashes, from a seed.

    simulation = Simulation(stages={"dedup": [sketch.register, …]}, settings=Settings(), seed=7, atomic=False)
    simulation.put(topics.TAGGED.name, value=…, headers=…)
    simulation.run(5_000, every=100)   # 5,000 steps, one in a hundred a fault
    simulation.settle()                # nothing more happens; everything is read, sent and committed
    simulation.log.all(topics.ENRICHED.name)

At each step the scheduler lists what may happen and picks by the seed: an agent gets its next chunk, or goes on behind a gate
(before a send, between two records); the bus writes or acknowledges a record; a commit is begun or made; and as a fault, a worker
is killed between any two of these, a stage is rebalanced over one, two or three workers, or everything uncommitted is
delivered again (a rebalance does that too). The same seed gives the same history, whatever the machine.

What it does not model: time-outs, brokers that fail, and zombies (the transport fences itself; it has tests of its own).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from streams.bus.interface import Headers, TopicPartition
from streams.stages import group_of
from streams.testing.sim_bus import Sent, SimLog
from streams.testing.sim_worker import Died, Disk, Register, SimWorker, Verify, all_acknowledged
from streams.topics import TABLES, TOPICS, Width

if TYPE_CHECKING:
    from streams.settings import Settings

Action = Callable[[], None]

MOST_WORKERS = 3
MOST_STEPS = 2_000_000
"""More steps than this in `settle`: the walk goes in circles."""


@dataclass(slots=True)
class Stage:
    """One stage: its agents and its live workers; disks by ordinal outlive their worker, or not."""

    name: str
    registers: list[Register]
    topics: tuple[str, ...] = ()
    workers: dict[int, SimWorker] = field(default_factory=dict)
    disks: dict[int, Disk] = field(default_factory=dict)
    whole: bool = True
    """False while a dead worker's partitions are nobody's."""


@dataclass(slots=True)
class Simulation:
    """See the module. `verify` is the transport's rule for commits: a test may take it out."""

    stages: dict[str, list[Register]]
    settings: Settings
    seed: int
    atomic: bool = False
    verify: Verify = all_acknowledged
    log: SimLog = field(default_factory=SimLog)
    random: Random = field(init=False)
    groups: list[Stage] = field(init=False)
    faults: int = 0
    told: list[str] = field(default_factory=list)
    """What went wrong, in order: for people."""

    def __post_init__(self) -> None:
        """Make the topics and start one worker a stage."""
        self.random = Random(self.seed)
        for spec in TOPICS:
            self.log.widths[spec.name] = self.log.widths[spec.dead_letters] = self._width(spec.width)
        self.groups = [Stage(name, registers) for name, registers in self.stages.items()]
        for stage in self.groups:
            self.log.committed[group_of(stage.name)] = {}
            self._rebalance(stage, 1)

    def _width(self, width: Width) -> int:
        wide = {Width.ARTICLES: self.settings.topics.partitions, Width.SHARDS: self.settings.topics.shards}
        return wide.get(width, 1)

    def put(
        self, topic: str, value: bytes | None, *, key: bytes | None = None, headers: Headers = (),
        partition: int | None = None, timestamp_ms: int | None = None,
    ) -> str:
        """Write a record, as a producer from outside; return its topic-partition-offset."""
        sent = Sent(topic, self.log.place(topic, key, partition), key, value, headers)
        at = self.log.append(sent, timestamp_ms=timestamp_ms)
        return f"{at.topic}-{at.partition}-{at.offset}"

    # --- running ------------------------------------------------------------------------------------------------------
    def run(self, steps: int, *, every: int = 0) -> bool:
        """Let so many things happen, one in about `every` a fault (0: none); return False when nothing is left to do."""
        for _ in range(steps):
            if every and self.random.random() * every < 1:
                self._fault()
            elif not self.step():
                return False
        return True

    def settle(self) -> None:
        """Start what is dead, then let things happen, without faults, until nothing is left to do."""
        for _ in range(MOST_STEPS):
            if self.step():
                continue
            broken = [stage for stage in self.groups if not stage.whole]
            if not broken:
                return
            self._rebalance(broken[0], self.random.randint(1, MOST_WORKERS))
        raise AssertionError(f"seed {self.seed}: the walk does not come to an end")

    def step(self) -> bool:
        """Let one thing happen; return False when nothing can."""
        actions = [(stage, n, action) for stage in self.groups for n in stage.workers for action in self._actions(stage.workers[n])]
        if not actions:
            return False
        stage, ordinal, action = self.random.choice(actions)
        self._try(stage, ordinal, action)
        return True

    def _try(self, stage: Stage, ordinal: int, action: Action) -> None:
        try:
            action()
        except Died as why:
            self.told.append(f"{stage.name}-{ordinal} gave up: {why}")
            self._kill(stage, ordinal)

    def _actions(self, worker: SimWorker) -> list[Action]:
        found: list[Action] = [lambda task=task: worker.resume(task) for task in worker.stopped()]  # type: ignore[misc]
        found += [lambda t=task, at=at: self._deliver(worker, t, at) for task, at in worker.hungry()]  # type: ignore[misc]
        found += [lambda at=at: worker.write(at) for at in worker.unwritten]  # type: ignore[misc]
        found += [lambda at=at: worker.acknowledge(at) for at in worker.unacknowledged]  # type: ignore[misc]
        if worker.transactions:
            found.append(worker.transact)
        if worker.may_commit():
            found.append(worker.commit)
        elif not worker.commits and worker.uncommitted():
            found.append(worker.begin_commit)
        return found

    def _deliver(self, worker: SimWorker, task: object, at: TopicPartition) -> None:
        worker.deliver(task, at, self.random.randint(1, self.settings.stream.chunk_records))  # type: ignore[arg-type]

    # --- faults -------------------------------------------------------------------------------------------------------
    def _fault(self) -> None:
        self.faults += 1
        stage = self.random.choice(self.groups)
        if stage.workers and self.random.random() < 0.6:
            ordinal = self.random.choice(sorted(stage.workers))
            self.told.append(f"kill {stage.name}-{ordinal}")
            self._kill(stage, ordinal)
        if not stage.workers or self.random.random() < 0.6:
            workers = self.random.randint(1, MOST_WORKERS)
            self.told.append(f"rebalance {stage.name} over {workers}")
            self._rebalance(stage, workers)

    def _kill(self, stage: Stage, ordinal: int) -> None:
        worker = stage.workers.pop(ordinal)
        worker.crash()
        stage.whole = False
        if self.random.random() < 0.5:
            stage.disks.pop(ordinal, None)

    def _rebalance(self, stage: Stage, workers: int) -> None:
        """Revoke everything, then assign it to so many workers. The first assignment starts the stage."""
        for ordinal in sorted(stage.workers):
            self._revoke(stage, ordinal)
        for ordinal in sorted(set(stage.workers) - set(range(workers))):
            stage.workers.pop(ordinal)
        for ordinal in range(workers):
            if ordinal not in stage.workers:
                stage.workers[ordinal] = self._worker(stage, ordinal)
        stage.whole = True
        shift = self.random.randint(0, workers - 1)
        for ordinal, worker in stage.workers.items():
            worker.assign([
                at for topic in stage.topics for at in self.log.partitions(topic)
                if (at.partition + shift) % workers == ordinal
            ])

    def _worker(self, stage: Stage, ordinal: int) -> SimWorker:
        worker = SimWorker(
            stage.name, self.log, self.settings, self.random, self.atomic, self.verify,
            disk=stage.disks.setdefault(ordinal, {}),
        )
        worker.start(stage.registers)
        stage.topics = tuple(stream.topic for stream in worker.streams)
        for spec in TABLES:
            if spec.stage == stage.name:
                self.log.widths.setdefault(f"{group_of(stage.name)}-{spec.name}-changelog", self._width(spec.width))
        return worker

    def _revoke(self, stage: Stage, ordinal: int) -> None:
        """Wait a while for events in progress, verify, commit. Not finished in time: exit 75."""
        worker = stage.workers[ordinal]
        patience = self.random.choice([0, 10, 10_000])
        while patience and (actions := self._leaving(worker)):
            patience -= 1
            self._try(stage, ordinal, self.random.choice(actions))
            if stage.workers.get(ordinal) is not worker:
                return
        if not worker.idle() or self._leaving(worker):
            self._kill(stage, ordinal)

    def _leaving(self, worker: SimWorker) -> list[Action]:
        hungry = {id(task) for task, _ in worker.hungry()}
        assert hungry is not None
        found: list[Action] = [lambda task=task: worker.resume(task) for task in worker.stopped()]  # type: ignore[misc]
        found += [lambda at=at: worker.write(at) for at in worker.unwritten]  # type: ignore[misc]
        found += [lambda at=at: worker.acknowledge(at) for at in worker.unacknowledged]  # type: ignore[misc]
        if worker.transactions:
            found.append(worker.transact)
        if worker.may_commit():
            found.append(worker.commit)
        elif not worker.commits and worker.uncommitted():
            found.append(worker.begin_commit)
        return found
