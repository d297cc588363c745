"""The simulator: stages of real agents on a bus in memory, in any legal interleaving, with crashes.

How it is used:

>>> from streams.settings import Settings
>>> simulation = Simulation({"dedup": []}, Settings(), seed=7)
>>> simulation.run(5_000, every=100)   # 5,000 steps, one in about a hundred a fault
True
>>> simulation.settle()                # no more faults, until everything is read, sent and committed

At each step the scheduler lists what may happen and picks by the seed: an agent gets its next chunk, or goes
on behind a gate (before a send, between two records); the bus writes or acknowledges a record; a commit is
begun or made. As a fault a worker is killed between any two of these, or a stage is rebalanced over one to
three workers, the events in progress finished or not; then everything that is not committed comes again. The
same seed gives the same history, whatever the machine.

What it does not model: time-outs, brokers that fail, and zombies (the transport fences itself; it has tests
of its own). Agents may wait for nothing but their stream, their sends and the bus's clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Final

from streams.bus.interface import Headers
from streams.stages import group_of
from streams.testing.sim_bus import Sent, SimLog
from streams.testing.sim_outbox import Action, Outbox, Verify, all_acknowledged
from streams.testing.sim_worker import Died, Disk, SimWorker, changelog_of
from streams.topics import TABLES, TOPICS, Width, shadow

if TYPE_CHECKING:
    from streams.settings import Settings
    from streams.testing.sim_worker import Register

MOST_WORKERS: Final = 3
MOST_STEPS: Final = 2_000_000
"""More steps than this in `settle`: the walk goes in circles."""

PATIENCE: Final = (0, 10, 10_000)
"""Steps that a revocation may wait for events in progress, one of these: then it is exit 75."""


@dataclass(slots=True)
class Stage:
    """One stage: its agents and its live workers by ordinal; a disk may outlive its worker."""

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
            for name in (spec.name, spec.dead_letters):
                self.log.widths[shadow(name, self.settings.run.job)] = self._width(spec.width)
        for table in TABLES:
            self.log.widths[changelog_of(table.stage, table.name)] = self._width(table.width)
        self.groups = [Stage(name, registers) for name, registers in self.stages.items()]
        for stage in self.groups:
            self.log.committed[group_of(stage.name)] = {}
            self._rebalance(stage, 1)

    def _width(self, width: Width) -> int:
        topics = self.settings.topics
        wide = {
            Width.ARTICLES: topics.partitions, Width.SHARDS: topics.shards,
            Width.STATEMENTS: topics.statements,
        }
        return wide.get(width, 1)

    def put(
        self, topic: str, value: bytes | None, *, key: bytes | None = None, headers: Headers = (),
        timestamp_ms: int | None = None,
    ) -> str:
        """Write a record, as a producer from outside; return its topic-partition-offset."""
        sent = Sent(topic, self.log.place(topic, key, None), key, value, headers)
        at = self.log.append(sent, timestamp_ms=timestamp_ms)
        return f"{at.topic}-{at.partition}-{at.offset}"

    def run(self, steps: int, *, every: int = 0) -> bool:
        """Let so many things happen, one in about `every` a fault (0: none); False: nothing is left to do."""
        for _ in range(steps):
            if every and self.random.random() * every < 1:
                self._fault()
            elif not self.step():
                return False
        return True

    def settle(self) -> None:
        """Let things happen, without faults, until nothing is left to do; what is dead is started again."""
        for _ in range(MOST_STEPS):
            if self.step():
                continue
            broken = [stage for stage in self.groups if not stage.whole]
            if not broken:
                return
            self._rebalance(broken[0], self.random.randint(1, MOST_WORKERS))
        message = f"seed {self.seed}: the walk does not come to an end"
        raise AssertionError(message)

    def step(self) -> bool:
        """Let one thing happen; return False when nothing can."""
        chunk = self.settings.stream.chunk_records
        found = [
            (stage, ordinal, action)
            for stage in self.groups for ordinal, worker in stage.workers.items()
            for action in worker.moves(chunk)
        ]
        if not found:
            return False
        self._try(*self.random.choice(found))
        return True

    def _try(self, stage: Stage, ordinal: int, action: Action) -> None:
        try:
            action()
        except Died as why:
            self.told.append(f"{stage.name}-{ordinal} gave up: {why}")
            self._kill(stage, ordinal)

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
        stage.workers.pop(ordinal).crash()
        stage.whole = False
        if self.random.random() < 0.5:
            stage.disks.pop(ordinal, None)

    def _rebalance(self, stage: Stage, workers: int) -> None:
        """Revoke everything, then assign it over so many workers. The first assignment starts the stage."""
        for ordinal in sorted(stage.workers):
            self._revoke(stage, ordinal)
        for ordinal in sorted(set(stage.workers) - set(range(workers))):
            stage.workers.pop(ordinal).crash()
        for ordinal in sorted(set(range(workers)) - set(stage.workers)):
            stage.workers[ordinal] = self._worker(stage, ordinal)
        stage.whole = True
        shift = self.random.randint(0, workers - 1)
        every = [at for topic in stage.topics for at in self.log.partitions(topic)]
        for ordinal, worker in sorted(stage.workers.items()):
            worker.assign([at for at in every if (at.partition + shift) % workers == ordinal])

    def _worker(self, stage: Stage, ordinal: int) -> SimWorker:
        outbox = Outbox(self.log, group_of(stage.name), self.atomic, self.verify)
        disk = stage.disks.setdefault(ordinal, {})
        worker = SimWorker(stage.name, self.log, self.settings, self.random, outbox, disk)
        worker.start(stage.registers)
        stage.topics = tuple(stream.topic for stream in worker.streams.values())
        return worker

    def _revoke(self, stage: Stage, ordinal: int) -> None:
        """Wait a while for events in progress, verify, commit. Not finished in time: exit 75."""
        worker = stage.workers[ordinal]
        for _ in range(self.random.choice(PATIENCE)):
            actions = worker.leaving()
            if not actions:
                break
            self._try(stage, ordinal, self.random.choice(actions))
            if ordinal not in stage.workers:
                return
        if worker.leaving() or not worker.idle():
            self._kill(stage, ordinal)
