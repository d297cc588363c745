"""The simulator's stand-ins for what an agent sees of Faust: the app, its stream, an event."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from streams.bus.interface import Record, RecordMetadata, TopicPartition
from streams.testing.sim_bus import Sent

Settle = Callable[[RecordMetadata], None]
"""What to do when a record has its place on the log."""

AgentFunction = Callable[[Any], Coroutine[Any, Any, None]]


@dataclass(slots=True)
class SimEvent:
    """A chunk in an agent's hands. `sent` is what it sent so far, on a bus that writes an event at once."""

    value: tuple[Record, ...]
    sent: list[tuple[Sent, Settle | None]] = field(default_factory=list)

    @property
    def at(self) -> TopicPartition:
        """Return the partition that it comes from."""
        return TopicPartition(self.value[0].topic, self.value[0].partition)

    @property
    def message(self) -> SimpleNamespace:
        """Return what agents ask of Faust's message: topic, partition, offset."""
        return SimpleNamespace(topic=self.at.topic, partition=self.at.partition, offset=self.value[0].offset)

    @property
    def next_offset(self) -> int:
        """Return the offset that may be committed when it is done."""
        return self.value[-1].offset + 1


class SimStream:
    """An agent's stream: `async for event in stream.events()`. Asking for the next ends the current one."""

    def __init__(self, topic: str, done: Callable[[SimEvent], None]) -> None:
        self.topic = topic
        self.done = done
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
            self.done(self.current)
            self.current = None
        while self.next is None:
            await Hungry(self)
        self.current, self.next = self.next, None
        return self.current


class Hungry:
    """An agent waits for an event of its stream."""

    def __init__(self, stream: SimStream) -> None:
        self.stream = stream

    def __await__(self) -> Generator[object, None, None]:
        """Wait once."""
        yield self


class SimApp:
    """Stands in for a Faust app: collects agents as (name, topic, function)."""

    def __init__(self) -> None:
        self.agents: list[tuple[str, str, AgentFunction]] = []

    def agent(self, channel: str, *, name: str) -> Callable[[AgentFunction], AgentFunction]:
        """Collect an agent."""

        def collect(function: AgentFunction) -> AgentFunction:
            self.agents.append((name, channel, function))
            return function

        return collect
