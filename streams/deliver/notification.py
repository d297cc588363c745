"""What a channel is given, what it answers, and what a kind of channel is.

A channel tries once and answers `Sent` or `Failed`; it never retries, waits or groups: the outbox does.
Whatever it raises counts as a failure of that attempt. The reason of a failure is written by us, from a
closed set: no message of a library gets into it, as that may quote an address or a secret.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import BaseModel

from schemas.alert import Alert


@dataclass(frozen=True, slots=True)
class Notification:
    """One message for one channel, frozen when its group left: the same bytes at every attempt."""

    key: str
    """Its idempotency key."""
    channel: str
    group: str
    repetition: int
    alerts: tuple[Alert, ...]
    body: bytes
    """JSON; see `streams.core.delivering.wording`."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The channel took it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The channel did not take it. `final`: it never will (410 Gone). `asked_seconds`: try after that."""

    reason: str
    asked_seconds: float | None = None
    final: bool = False


class Channel(Protocol):
    """Where notifications go."""

    async def send(self, notification: Notification) -> Sent | Failed: ...
    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Opening:
    """What a channel is opened with besides its options: its name, the time of day, the environment."""

    name: str
    timeout_seconds: float
    now: Callable[[], float]
    environment: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of channel: the model of its options, and how it is opened (raises `Usage` or ValueError)."""

    options: type[BaseModel]
    open: Callable[[BaseModel, Opening], Channel]
