"""door: what an agent sees of the bus, and the ports behind it.

The same class runs under Faust and in the simulator.

An agent gets an `AgentBus`, asks it for a channel (`topic`) and for tables (`state`), and gives it every
event (`handle`). Behind it stand ports, so that the simulator can put its own things there: `Sender` sends,
`Stores` keeps, `Clock` tells the time and waits, `Hands` remembers which record is in hand, `Trial` tries a
record in another process, `Die` gives up.

Guarantees, given by `streams.bus.guard`: no exception of a step gets out of `handle`; a step that fails
changes no state and sends nothing but what the failure asks for; sizes are checked before any state is
written. What cannot be written ends the process (`Die`): the event is not acknowledged and comes again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from schemas.envelope import Envelope
from streams.bus.codec import Limits
from streams.bus.scan import header
from streams.bus.standing import Standing
from streams.bus.tables_state import State
from streams.core.cleaning.taken_down import TakenBack
from streams.core.outcome import Outputs
from streams.topics import TAKEDOWNS, shadow

if TYPE_CHECKING:
    from asyncio import Future
    from datetime import datetime

    from streams.bus.fatal import Die
    from streams.bus.interface import Headers, Record, RecordMetadata
    from streams.settings import Settings
    from streams.topics import TableSpec, TopicSpec

Step = Callable[[Any, Envelope], Outputs]
"""A step: (the event's model, its envelope) → outputs. A function: called again for a retry, its state rolled
back before."""

Acked = Callable[[Any, Envelope], None]
"""Called once the outputs of a record are acknowledged; may change state."""


class Sender(Protocol):
    """Sends one record.

    `atomic`: what an event sends is written with its offset in one transaction; the future is done at once.
    """

    atomic: bool

    async def send(  # the bus interface's own shape
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> Future[RecordMetadata]:
        """Queue a record. Without `partition`: murmur2 of the key, or any partition without a key."""


class Stores(Protocol):
    """Keeps tables.

    A mapping is bound to the assignment it was made in; after a new assignment there is a new one.
    """

    def partition(self, spec: TableSpec, partition: int) -> MutableMapping[bytes, bytes]:
        """Return the raw bytes of one partition of a table; the same object until the next assignment."""


class Channels(Protocol):
    """Makes what `app.agent` reads from: a Faust channel of raw bytes, or the simulator's."""

    def __call__(self, *topics: str) -> object: ...


class Hands(Protocol):
    """Remembers across deaths which records were in hand (`streams.bus.inhand`)."""

    def hold(self, record: Record) -> None: ...
    def release(self) -> None: ...
    def deaths(self, record: Record) -> int:
        """Return how many times the process died with this record in hand."""

    def forget(self, record: Record) -> None:
        """Take the record's deaths back: it was processed, or buried."""


class Bounds(Protocol):
    """Tells what a topic keeps, as of some seconds ago: the worker asks the bus from time to time."""

    def __call__(self, topic: str) -> Mapping[int, tuple[int, int]]:
        """Return (first offset kept, next offset) of each partition; {} when it is not known."""


class Standings(Protocol):
    """Tells what stands on a small compacted topic, as of a second or so ago (`streams.bus.standing`)."""

    def __call__(self, spec: TopicSpec) -> Standing:
        """Return it; asked for in `register`, it is complete before the first record comes."""


class Production(Protocol):
    """Tells a stage that never forks what production is (`streams.bus.views.Produced`)."""

    @property
    def runs(self) -> tuple[str | None, ...]:
        """Return the runs whose topics are read: replays, None for the first."""

    async def seen(self, records: Sequence[Record]) -> Sequence[Record]:
        """Return those records that are production."""


class Trial(Protocol):
    """Tries a record alone in a child process (`streams.bus.trial`)."""

    async def __call__(self, agent: str, record: Record) -> bool:
        """Return False when the child died or took too long.

        True when it lived, whatever it made of the record.
        """


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, injected. `jitter(x)` is a number between 0 and x.

    Between two records of a chunk others get their turn once so many seconds have gone by; 0: always.
    """

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    jitter: Callable[[float], float]
    turn_seconds: float = 0.0


class NoHands:
    """Hands that remember nothing: for a simulator whose processes never die with a record in hand."""

    def hold(self, record: Record) -> None:
        """Do nothing."""

    def release(self) -> None:
        """Do nothing."""

    def deaths(self, record: Record) -> int:  # noqa: ARG002
        """Return 0."""
        return 0

    def forget(self, record: Record) -> None:
        """Do nothing."""


def nothing_known(topic: str) -> Mapping[int, tuple[int, int]]:  # noqa: ARG001
    """Return no bounds: nothing that depends on them is forgotten."""
    return {}


def nothing_stands(spec: TopicSpec) -> Standing:
    """Return an empty topic: for an agent that is run without a bus."""
    return Standing(spec, Limits(0, 0, 0))


class OwnRun:
    """What a stage that reads one run's topics sees of production: all of them."""

    runs: tuple[str | None, ...] = (None,)

    async def seen(self, records: Sequence[Record]) -> Sequence[Record]:
        """Return all records."""
        return records


async def always_alive(agent: str, record: Record) -> bool:  # noqa: ARG001
    """Say that every record is harmless: the trial of a simulator."""
    return True


@dataclass(slots=True, eq=False)
class AgentBus:
    """What `register(app, bus)` gets. One for each worker."""

    settings: Settings
    stage: str
    sender: Sender
    stores: Stores
    channels: Channels
    clock: Clock
    die: Die
    hands: Hands = field(default_factory=NoHands)
    trial: Trial = always_alive
    bounds: Bounds = nothing_known
    standing: Standings = nothing_stands
    production: Production = field(default_factory=OwnRun)
    specs: dict[str, TopicSpec] = field(default_factory=dict)
    _states: dict[tuple[str, int], State[Any]] = field(default_factory=dict)
    _taken_back: TakenBack | None = None
    settled: int = 0
    """Records that `handle` is done with, in this process: the progress watchdog looks at it."""
    touched: dict[State[Any], None] = field(default_factory=dict)
    """States that the running step has used, in order: written when its outputs are known to fit, else rolled
    back."""

    def topic(self, spec: TopicSpec) -> Any:  # noqa: ANN401  # Faust's channel, or the simulator's
        """Return the channel of a topic; its events' values are tuples of `Record`."""
        job = self.settings.run.job
        names = [shadow(spec.name, run) for run in (self.production.runs if job is None else (job,))]
        self.specs |= dict.fromkeys(names, spec)
        self._taken_back = self._taken_back or TakenBack(self.standing(TAKEDOWNS))
        return self.channels(*names)

    def state(self, spec: TableSpec, partition: int) -> State[Any]:
        """Return the table's partition as models; another object after each assignment."""
        raw = self.stores.partition(spec, partition)
        known = self._states.get((spec.name, partition))
        if known is None or known.raw is not raw:
            known = State(raw, spec, self.touched.setdefault)
            self._states[spec.name, partition] = known
        return known

    def taken_back(self, record: Record) -> str | None:
        """Return the raw record that a record comes from, if that was taken back; else None.

        It comes again where a redrive was under way, or a group's offsets were set back on Kafka, which has
        it whole.
        """
        known = self._taken_back() if self._taken_back else ()
        origin = header(record, "ce_origin") if known else None
        return origin if origin in known else None

    async def handle(
        self, event: Any, step: Step, *, acked: Acked | None = None, failed: Step | None = None  # noqa: ANN401
    ) -> None:
        """Give each record of the event to the step, send what it answers, retry and bury what fails.

        `acked` is called once a record's outputs are acknowledged; `failed` gives what to send besides the
        dead letter when a record that could be decoded is buried.
        """
        from streams.bus.guard import Guard  # noqa: PLC0415  # the guard needs this module's names

        records = await self.production.seen(event.value)
        await Guard(self, self.specs[event.message.topic], step, acked, failed).run(records)
        self.settled += len(event.value) - len(records)
