"""start: what every command does first: settings, a loop, and the topics that must be there."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from streams.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from streams.bus.interface import Bus

T = TypeVar("T")


def settings() -> Settings:
    """Return the settings of this call. Raises `SettingsError` for one that is unknown or out of bounds."""
    return load_settings()


def run(work: Coroutine[object, object, T]) -> T:
    """Run `work` on a loop of its own; Ctrl-C cancels it and raises KeyboardInterrupt once it has cleaned up."""
    return asyncio.run(work)


def run_until_interrupted(work: Coroutine[object, object, None]) -> None:
    """Run `work`; for commands that go on until Ctrl-C, which is then no failure."""
    with suppress(KeyboardInterrupt):
        asyncio.run(work)


def durable(settings: Settings) -> Settings:
    """Return settings under which the embedded log acknowledges only what survives a power cut."""
    return settings.model_copy(update={"log": settings.log.model_copy(update={"synchronous": "FULL"})})
