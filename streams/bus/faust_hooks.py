"""What both of our Faust transports (Kafka, embedded log) hang into Faust.

By its own settings and subclasses, no patching.

`Worker` is the app's monitor: the one object that the transport, the agents and recovery all reach
(`app.monitor`), so it carries the stage's settings and the way to give up, and counts next to nothing.
`Chunk` is the message that carries several records as one event. `Nowhere` swallows what Faust's Cython
iterator writes about acks: position is `delivery`'s business. `Agent`, `Recovery` and `Tables` end the
process where Faust would lose an event or wait for ever. `ChunkSchema` hands bytes on.

Tests pin every name used here (tests/contract/test_faust_pin.py): faust-streaming 0.15.3.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import faust
from faust.agents import Agent as FaustAgent
from faust.sensors.monitor import Monitor
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery as FaustRecovery
from faust.tables.recovery import ServiceStopped
from faust.types.tuples import ConsumerMessage

from streams.bus.fatal import die

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from faust.types import TP, AppT, EventT
    from mode.utils.queues import ThrowableQueue

    from streams.bus.delivery import Entry
    from streams.bus.fatal import Die
    from streams.bus.interface import Record
    from streams.settings import Settings

CHANGELOG_BUFFER = 4096
"""Changelog records that wait for recovery. Faust takes `stream_buffer_maxsize`, which counts chunks here: 16
would be slow."""


class Worker(Monitor):
    """This worker's settings, within reach of whoever has the app; as a monitor it measures nothing.

    Measured on a trivial stage: Faust's own monitor costs 18 % of its throughput.
    """

    def __init__(self, stage: str, settings: Settings, ordinal: int | None, *, fatal: Die = die) -> None:
        super().__init__()
        self.stage = stage
        self.settings = settings
        self.ordinal = ordinal
        self.die = fatal

    def on_message_in(self, tp: TP, offset: int, message: Any) -> None:  # noqa: ANN401
        """Measure nothing."""

    def on_stream_event_in(self, tp: TP, offset: int, stream: Any, event: EventT[Any]) -> None:  # noqa: ANN401
        """Measure nothing."""

    def on_stream_event_out(
        self, tp: TP, offset: int, stream: Any, event: EventT[Any], state: Any = None  # noqa: ANN401
    ) -> None:
        """Measure nothing."""

    def on_message_out(self, tp: TP, offset: int, message: Any) -> None:  # noqa: ANN401
        """Measure nothing."""

    def on_topic_buffer_full(self, tp: TP) -> None:
        """Measure nothing."""

    def on_table_get(self, table: Any, key: Any) -> None:  # noqa: ANN401
        """Measure nothing."""

    def on_table_set(self, table: Any, key: Any, value: Any) -> None:  # noqa: ANN401
        """Measure nothing."""

    def on_table_del(self, table: Any, key: Any) -> None:  # noqa: ANN401
        """Measure nothing."""


def worker_of(app: AppT) -> Worker:
    """Return the worker of an app that was made with `transport.app_options`; TypeError for another app."""
    if not isinstance(app.monitor, Worker):
        raise TypeError("this transport needs an app made with streams.bus.transport.app_options")
    return app.monitor


class Chunk(ConsumerMessage):
    """1..n records of one partition, as one event: `value` is the tuple of records, `offset` the first one's.

    Faust sets `acked` when the last stream is done with it; that is the only moment that counts, and
    `on_acked` hears of it.
    """

    def __init__(
        self,
        entry: Entry[TP],
        records: tuple[Record, ...],
        generation: int,
        on_acked: Callable[[Chunk], None],
    ) -> None:
        self._acked = False
        self._on_acked = on_acked
        self.entry = entry
        first = records[0]
        super().__init__(
            first.topic, first.partition, first.offset, first.timestamp_ms / 1000, 0, None, None,
            records,  # type: ignore[arg-type]  # Faust hands it on as it is
            None, 0, 0, entry.partition, generation_id=generation,
        )

    @property
    def acked(self) -> bool:
        """Say whether every stream is done with it."""
        return self._acked

    @acked.setter
    def acked(self, value: bool) -> None:
        if value and not self._acked:
            self._acked = True
            self._on_acked(self)


class Nowhere:
    """Takes what Faust writes down about acks and keeps nothing.

    Its books outlive the assignment they belong to.
    """

    def __getitem__(self, key: object) -> Nowhere:
        return self

    def __contains__(self, item: object) -> bool:
        return False

    def add(self, item: object) -> None:
        """Forget it."""

    append = discard = add

    def pop(self, key: object, default: object = None) -> object:  # noqa: ARG002
        """Return the default."""
        return default


class ChunkSchema(faust.Schema):  # type: ignore[type-arg]  # generic for checkers only
    """Gives the stream what the transport delivered; decoding is the guard's."""

    def compile(self, app: AppT, **_: Any) -> Callable[..., Awaitable[EventT[Any]]]:  # noqa: ANN401
        """Return the function that makes an event of a message."""
        async def decode(message: Any, *, propagate: bool = False) -> EventT[Any]:  # noqa: ANN401, ARG001
            return app.create_event(message.key, message.value, message.headers, message)

        return decode


class Agent(FaustAgent):
    """An agent whose body may not raise.

    The guard lets nothing out, so what gets out ends the process before any ack.

    Faust would ack the event in the iterator's `finally`, restart the agent and go on: the event is lost.
    """

    async def _execute_actor(self, coro: Awaitable[None], aref: Any) -> None:  # noqa: ANN401
        await super()._execute_actor(_watched(coro, self), aref)


async def _watched(coro: Awaitable[None], agent: Agent) -> None:
    how = "returned"
    try:
        await coro
    except asyncio.CancelledError:
        how = "was cancelled"
        raise
    except Exception as exc:
        how = f"raised {exc!r}"
        raise
    finally:
        if how.startswith("raised") or not (agent.should_stop or agent.app.should_stop):
            worker_of(agent.app).die(f"agent {agent.name} {how}")


class Recovery(FaustRecovery):
    """Faust takes a recovery step that timed out for "stopped" and waits for ever.

    This ends the process instead.
    """

    async def _wait(self, coro: Any, timeout: Any = None) -> None:  # noqa: ANN401, ASYNC109  # Faust's own signature
        try:
            await super()._wait(coro, timeout=timeout)
        except ServiceStopped:
            if not (self.should_stop or self.app.should_stop):
                worker_of(self.app).die(f"table recovery did not go on within {timeout} s")
            raise


class Tables(TableManager):
    """The table manager, with our recovery and a changelog queue that counts records."""

    @property
    def recovery(self) -> Recovery:
        """Return the recovery service, made on first use."""
        if self._recovery is None:
            self._recovery = Recovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery  # type: ignore[return-value]  # ours, made above

    @property
    def changelog_queue(self) -> ThrowableQueue[Any]:
        """Return the queue of changelog records that wait to be applied."""
        if self._changelog_queue is None:
            self._changelog_queue = self.app.FlowControlQueue(maxsize=CHANGELOG_BUFFER, clear_on_resume=True)
        return self._changelog_queue


OPTIONS: dict[str, object] = {
    "Agent": Agent,
    "TableManager": Tables,
}
"""Keyword arguments for `faust.App` that put these classes in."""
